"""Shoal's program with something to do: one service of each protocol and family, settled or moving."""

from __future__ import annotations

import os
import random
import socket
import struct
import subprocess
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from pathlib import Path

from shoal_lab.compilers import clang
from shoal_lab.errors import LabError
from shoal_lab.processes import run

from .libbpf import Object, Program

ROOT = Path(__file__).resolve().parents[2]
SLOTS = 65_536
TARGETS = 100
TCP, UDP = 6, 17
CLIENT = {4: "100.64.0.1", 6: "2001:db8:c::1"}
TARGET = {4: "10.1.0.11", 6: "fd00:1::11"}
SETTLED = {4: "203.0.113.10", 6: "2001:db8:a::10"}
MOVING = {4: "203.0.113.11", 6: "2001:db8:a::11"}
DIRECT = {4: "203.0.113.12", 6: "2001:db8:a::12"}
NAT, DSR = 0, 1
NOBODY = "203.0.113.99"
PORT, TARGET_PORT = 80, 8081


@dataclass(frozen=True)
class Work:
    """A kind of packet, and what becomes of it."""

    packet: bytes
    address_at: int
    port_at: int
    action: int


XDP_DROP, XDP_PASS, XDP_TX, XDP_REDIRECT = 1, 2, 3, 4


def compile_program(directory: Path, name: str, revision: str | None = None) -> Path:
    """The program of the working tree, or of a revision, compiled as the build does."""
    source = ROOT
    if revision:
        source = directory / f"{name}-source"
        source.mkdir()
        archive = subprocess.run(["git", "-C", ROOT, "archive", revision, "bpf"], capture_output=True)
        if archive.returncode != 0:
            raise LabError(f"{revision}: {archive.stderr.decode().strip()}")
        subprocess.run(["tar", "x", "-C", source], input=archive.stdout, check=True)
    return compile_bpf(source / "bpf/shoal.bpf.c", directory / f"{name}.o", source / "bpf/abi")


def compile_bpf(source: Path, output: Path, *includes: Path) -> Path:
    run([clang(), "-O2", "-g", "-target", "bpf", "-mcpu=v3", *(f"-I{path}" for path in includes),
         f"-I/usr/include/{os.uname().machine}-linux-gnu", "-c", source, "-o", output])
    return output


def make_network() -> dict[str, int]:
    """Interfaces with next hops that are known; returns the index of each."""
    run(["sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1",
         "net.ipv6.conf.default.accept_dad=0"])
    run(["ip", "-batch", "-"], input="\n".join([
        "link set lo up",
        *(f"link add {name} type veth peer name {name}peer" for name in ("front", "back")),
        *(f"link set {name} up" for name in ("front", "frontpeer", "back", "backpeer")),
        "address add 198.51.100.1/24 dev front", "address add 2001:db8:f::1/64 dev front nodad",
        "address add 10.1.0.1/24 dev back", "address add fd00:1::1/64 dev back nodad",
        "neighbour add 198.51.100.7 lladdr 02:00:00:00:01:02 nud permanent dev front",
        "neighbour add 2001:db8:f::7 lladdr 02:00:00:00:01:02 nud permanent dev front",
        "route add 100.64.0.0/10 via 198.51.100.7", "route add 2001:db8:c::/64 via 2001:db8:f::7",
        *(f"neighbour add {TARGET[family]} lladdr 02:00:00:00:02:02 nud permanent dev back" for family in (4, 6)),
    ]) + "\n")
    return {name: socket.if_nametoindex(name) for name in ("front", "back")}


def mapped(address: str) -> bytes:
    """As it is in keys: IPv4 as ::ffff:a.b.c.d."""
    parsed = ip_address(address)
    return bytes(10) + b"\xff\xff" + parsed.packed if isinstance(parsed, IPv4Address) else parsed.packed


def word_sum(data: bytes) -> int:
    """One's complement sum of 16-bit words as they lie in memory."""
    total = sum(struct.unpack(f"={len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


class Shoal:
    """A loaded program and its maps, ready to serve."""

    def __init__(self, path: Path, interfaces: dict[str, int]):
        key = random.Random(1)
        # struct shoal_config: hash key, pins on, shift of the tick, a budget that never ends, long patience.
        constants = struct.pack("=11Q", *(key.getrandbits(64) for _ in range(11)))
        self.object = Object(path, constants + struct.pack("=3I", 1, 10, 0xffffffff) + struct.pack("=I", 300) * 16)
        self.program: Program = self.object.program("shoal")
        self._listeners, self._services = self.object.map("listeners"), self.object.map("services")
        self._targets, self._paths = self.object.map("targets"), self.object.map("return_paths")
        devices = self.object.map("interfaces")
        for index in interfaces.values():
            devices.put(struct.pack("=I", index), struct.pack("=I", index))
        if self._targets.value_size > 24:
            self.object.map("egresses").put(
                struct.pack("=I", 1), struct.pack("=I6s6xQ", interfaces["back"], bytes.fromhex("020000000201"), 1 << 63))
        slots: list[tuple[int, int]] = []
        for number, (family, protocol, vips) in enumerate(
                (family, protocol, vips)
                for family in (4, 6) for protocol in (TCP, UDP) for vips in (SETTLED, MOVING, DIRECT)):
            self._serve(number, family, protocol, vips[family], slots)
        self.object.map("slots").fill(b"".join(struct.pack("=HH", *slot) for slot in slots))

    def _serve(self, number: int, family: int, protocol: int, vip: str, slots: list) -> None:
        is_moving, mode = vip in MOVING.values(), DSR if vip in DIRECT.values() else NAT
        first = 1 + number * TARGETS
        offset = len(slots)
        is_settled = vip in SETTLED.values()
        vip, target = mapped(vip), mapped(TARGET[family])
        vip_sum, target_sum = word_sum(vip), word_sum(target)
        # As in the ABI before, when a target had no next hop of its own.
        knows_hops = self._targets.value_size > 24
        hop = struct.pack("=6sH", bytes.fromhex("020000000202"), 1) if knows_hops else b""
        # All targets are one server: where packets go is no part of what is measured.
        for place in range(TARGETS):
            self._targets.put(struct.pack("=I", first + place),
                              target + struct.pack(">H", TARGET_PORT) + struct.pack("=HI", target_sum, number) + hop)
        slots += [(first + slot % TARGETS, (first + (slot + 1) % TARGETS) if is_moving else 0)
                  for slot in range(SLOTS)]
        self._services.put(struct.pack("=I", number),
                           struct.pack("=3IBBHQ", offset, SLOTS, 1, 1, mode, 0, number + 1))
        endpoint = struct.pack(">HBB", PORT, protocol, 0)
        self._listeners.put(vip + endpoint, struct.pack("=IIHHHH", number, number, vip_sum, 0, 0, 0))
        if is_settled:
            self._paths.put(target + struct.pack(">HBB", TARGET_PORT, protocol, 0),
                            vip + struct.pack(">H", PORT) + struct.pack("=HHHII", vip_sum, target_sum, first, number, 0))


class Flows:
    """The driver: sends the packets of many flows through a program."""

    def __init__(self, directory: Path):
        self._object = Object(compile_bpf(Path(__file__).with_name("flows.bpf.c"), directory / "flows.o"))
        self._driver = self._object.program("flows")
        self._plan, self._under_test = self._object.map("plan"), self._object.map("under_test")
        self.empty, self.rewrite = self._object.program("empty"), self._object.program("rewrite")

    def run(self, program: Program, work: Work, flows: int, packets: int) -> int:
        """The mean time of a packet, the driver's included."""
        header = work.packet[:80].ljust(80, b"\0")
        self._plan.put(bytes(4), struct.pack("=QIIII", 0, flows - 1, work.address_at, work.port_at, 0) + header)
        self._under_test.put(bytes(4), struct.pack("=I", program.descriptor))
        answer, nanoseconds = self._driver.run(work.packet.ljust(128, b"\0"), packets)
        if answer != work.action:
            raise LabError(f"the program answers {answer}, not {work.action}")
        return nanoseconds


def packet(family: int, protocol: int, source: str, source_port: int, destination: str, destination_port: int,
           flags: int = 0x10) -> bytes:
    """An Ethernet frame; checksums are left out, since they are updated and not looked at."""
    if protocol == TCP:
        segment = struct.pack(">HHIIBBHHH", source_port, destination_port, 1, 1, 5 << 4, flags, 8192, 0, 0)
    else:
        segment = struct.pack(">HHHH", source_port, destination_port, 20, 1)
    segment = segment.ljust(20, b"\0")
    addresses = ip_address(source).packed + ip_address(destination).packed
    if family == 4:
        header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), 1, 0x4000, 64, protocol, 0)
        return bytes([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0]) + header + addresses + segment
    header = struct.pack(">IHBB", 6 << 28, len(segment), protocol, 64)
    return bytes([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x86, 0xdd]) + header + addresses + segment


def request(family: int = 4, protocol: int = TCP, vip: str | None = None, flags: int = 0x10,
            action: int = XDP_REDIRECT) -> Work:
    frame = packet(family, protocol, CLIENT[family], 1024, vip or SETTLED[family], PORT, flags)
    source_at, port_at = (26, 34) if family == 4 else (22, 54)
    return Work(frame, source_at + (0 if family == 4 else 12), port_at, action)


def reply(family: int = 4, protocol: int = TCP) -> Work:
    frame = packet(family, protocol, TARGET[family], TARGET_PORT, CLIENT[family], 1024)
    destination_at, port_at = (30, 36) if family == 4 else (38, 56)
    return Work(frame, destination_at + (0 if family == 4 else 12), port_at, XDP_REDIRECT)
