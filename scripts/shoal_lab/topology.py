"""The `Lab`: network namespaces joined by veths and bridges, gone again when it is left.

    two-armed                                            one-armed

    c1 ──┐                                ┌── s1         c1 ──┐      ┌── s1
         ├─ front ── front [lb] back ── back ── s2            ├── bridge ── s2
    c2 ──┘ (bridge)               (bridge)└── s3         c2 ──┘   │  └── s3
           └──────── namespace sw ────────┘                     eth0 [lb]   both subnets

Nothing touches the host's own network: every device is born in a namespace of the lab, whose names are its own.

What veth asks for, and the lab does (an operator with containers on the balancer's host must do the same):

- a frame that native XDP sends is delivered only if the *receiving* end of the veth has a native program too,
  so the switch's ends of the balancer's devices carry `xdp_pass`;
- veth leaves TCP checksums to hardware that is not there, and XDP can't finish what it has not begun,
  so the same ends have `tx off`: the kernel then completes checksums before a frame enters the balancer.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from . import addresses
from .addresses import BACK, BALANCER_BACK, BALANCER_FRONT, FRONT, Pair, with_prefix
from .errors import LabError
from .processes import Process, end, eventually, inside, raise_file_limit, run, tail
from .registry import Record
from .signals import UninterruptedBySignals, interrupt_on_sigterm
from .xdp_pass import XDPPass

TOPOLOGIES = ("two-armed", "one-armed")

EVERYWHERE = {
    "net.ipv4.conf.all.rp_filter": 0,
    "net.ipv4.conf.default.rp_filter": 0,
    # Address collisions are not looked for: an IPv6 address would be unusable for a second.
    "net.ipv6.conf.all.accept_dad": 0,
    "net.ipv6.conf.default.accept_dad": 0,
    "net.ipv6.conf.default.dad_transmits": 0,
    "net.ipv6.conf.default.accept_ra": 0,
    "net.ipv6.conf.default.router_solicitations": 0,
}
BALANCER = {
    "net.ipv4.ip_forward": 1,
    "net.ipv6.conf.all.forwarding": 1,
    # With one arm, clients and servers share a wire, and the kernel would tell them to skip the balancer.
    "net.ipv4.conf.all.send_redirects": 0,
    "net.ipv4.conf.default.send_redirects": 0,
}
ENDPOINT = {
    # A client may open 500 connections a second for minutes.
    "net.ipv4.ip_local_port_range": "1024 65535",
    "net.core.somaxconn": 8192,
    "net.ipv4.tcp_max_syn_backlog": 8192,
}


class Namespace:
    """One network namespace of a lab."""

    def __init__(self, lab: "Lab", role: str):
        self._lab = lab
        self.role = role
        self.name = lab.record.prefix + role

    @property
    def path(self) -> Path:
        return Path("/run/netns") / self.name

    @property
    def directory(self) -> Path:
        return self._lab.directory

    def run(self, *argv, input: str | None = None, check: bool = True) -> subprocess.CompletedProcess:
        return run(inside(self.name, argv), input=input, check=check)

    def ip(self, *lines: str) -> None:
        """Runs lines of `ip` in one go, so that a lab is built in well under a second."""
        run(["ip", "-n", self.name, "-batch", "-"], input="\n".join(lines) + "\n")

    def sysctl(self, values: dict) -> None:
        self.run("sysctl", "-q", "-w", *(f"{key}={value}" for key, value in values.items()))

    def start(self, name: str, *argv, variables=None) -> Process:
        """Starts a process here; the lab ends it at the latest when it is left itself."""
        process = Process(self._lab.record, name, argv, self.name, variables)
        self._lab.processes.append(process)
        return process


class Lab:
    """A built network, as a context manager. Use as `with Lab(servers=3) as lab: …`.

    - Parameter offload_on: Leaves the checksum offload of clients and servers as veth has it. The switch's side of
      the balancer never has it.
    - Parameter keep: Leaves everything running at the end, for `scripts/lab down NAME`.
    """

    def __init__(
        self, topology: str = "two-armed", servers: int = 3, clients: int = 1, name: str | None = None,
        offload_on: bool = False, keep: bool = False,
    ):
        if topology not in TOPOLOGIES:
            raise ValueError(f"topology {topology} is none of {', '.join(TOPOLOGIES)}")
        if os.geteuid() != 0:
            raise LabError("the lab needs root: it makes network namespaces and loads XDP programs")
        self.topology = topology
        self.offload_on = offload_on
        self.keep = keep
        self.processes: list[Process] = []
        self.record = Record.create(name, topology)
        self.switch = Namespace(self, "sw")
        self.balancer = Namespace(self, "lb")
        self.clients = [Namespace(self, f"c{number}") for number in range(1, clients + 1)]
        self.servers = [Namespace(self, f"s{number}") for number in range(1, servers + 1)]
        self._source_counts = {client.name: 0 for client in self.clients}

    # What users of a lab ask it.

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def directory(self) -> Path:
        """Configuration, logs and run-time files of everything in the lab."""
        return self.record.directory

    @property
    def vip(self) -> Pair:
        return addresses.VIP

    @property
    def interfaces(self) -> list[str]:
        """The balancer's devices that see traffic."""
        return ["front", "back"] if self.topology == "two-armed" else ["eth0"]

    @property
    def namespaces(self) -> list[Namespace]:
        return [self.switch, self.balancer, *self.clients, *self.servers]

    def sources(self, count: int, client: Namespace | None = None) -> dict[int, list[str]]:
        """Gives a client further addresses of its own, so that it has `count`, and returns them by family."""
        client = client or self.clients[0]
        number = self.clients.index(client) + 1
        pairs = [addresses.source(number, index) for index in range(count)]
        new = pairs[self._source_counts[client.name] :]
        if new:
            client.ip(*(
                f"address add {with_prefix(pair[family], FRONT)} dev eth0{' nodad' if family == 6 else ''}"
                for pair in new for family in addresses.FAMILIES))
            self._source_counts[client.name] = count
        return {family: [pair[family] for pair in pairs] for family in addresses.FAMILIES}

    def logs(self, lines: int = 20) -> str:
        """The ends of all logs, for the report of a failure."""
        return "\n".join(filter(None, (tail(path, lines) for path in sorted(self.directory.glob("*.log")))))

    # Life.

    def __enter__(self) -> "Lab":
        interrupt_on_sigterm()
        try:
            raise_file_limit()
            self._build()
        except BaseException:
            self._destroy()
            raise
        return self

    def __exit__(self, kind, error, _) -> None:
        if self.keep and kind is None:
            self.record.kept = True
            self.record.save()
            return
        if kind is not None and not issubclass(kind, KeyboardInterrupt) and (logs := self.logs()):
            print(logs, file=sys.stderr)
        self._destroy()

    def _destroy(self) -> None:
        with UninterruptedBySignals():
            try:
                destroy(self.record)
            finally:
                for process in self.processes:
                    process.wait(5)

    # Building.

    def _build(self) -> None:
        passing = XDPPass(self.directory)
        self._make_namespaces()
        if self.topology == "two-armed":
            self._make_two_arms()
        else:
            self._make_one_arm()
        self._address_endpoints()
        self._prepare_peers([f"lb-{interface}" for interface in self.interfaces], passing.compiled())
        if not self.offload_on:
            for endpoint in [*self.clients, *self.servers]:
                endpoint.run("ethtool", "-K", "eth0", "tx", "off")

    def _make_namespaces(self) -> None:
        self.record.namespaces = [namespace.name for namespace in self.namespaces]
        self.record.save()
        run(["ip", "-batch", "-"], input="".join(f"netns add {name}\n" for name in self.record.namespaces))
        self.switch.sysctl({"net.ipv6.conf.all.disable_ipv6": 1, "net.ipv6.conf.default.disable_ipv6": 1})
        self.balancer.sysctl({**EVERYWHERE, **BALANCER})
        for endpoint in [*self.clients, *self.servers]:
            endpoint.sysctl({**EVERYWHERE, **ENDPOINT})

    def _make_two_arms(self) -> None:
        self._make_bridge("front", {"lb-front": (self.balancer, "front"), **self._ports(self.clients)})
        self._make_bridge("back", {"lb-back": (self.balancer, "back"), **self._ports(self.servers)})
        self._address_balancer({"front": [BALANCER_FRONT], "back": [BALANCER_BACK]})

    def _make_one_arm(self) -> None:
        self._make_bridge(
            "br0", {"lb-eth0": (self.balancer, "eth0"), **self._ports([*self.clients, *self.servers])})
        self._address_balancer({"eth0": [BALANCER_FRONT, BALANCER_BACK]})

    def _ports(self, namespaces: list[Namespace]) -> dict:
        return {namespace.role: (namespace, "eth0") for namespace in namespaces}

    def _make_bridge(self, bridge: str, ports: dict) -> None:
        lines = [f"link add {bridge} type bridge forward_delay 0 mcast_snooping 0", f"link set {bridge} up"]
        for port, (namespace, device) in ports.items():
            lines += [
                f"link add {port} type veth peer name {device} netns {namespace.name}",
                f"link set {port} master {bridge} up",
            ]
        self.switch.ip(*lines)

    def _address_balancer(self, devices: dict[str, list[Pair]]) -> None:
        lines = ["link set lo up"]
        for device, pairs in devices.items():
            lines.append(f"link set {device} up")
            for pair in pairs:
                networks = FRONT if pair is BALANCER_FRONT else BACK
                lines += [f"address add {with_prefix(pair.v4, networks)} dev {device}",
                          f"address add {with_prefix(pair.v6, networks)} dev {device} nodad"]
        self.balancer.ip(*lines)

    def _address_endpoints(self) -> None:
        for number, client in enumerate(self.clients, 1):
            self._address_endpoint(client, addresses.client(number), FRONT, BALANCER_FRONT)
        for number, server in enumerate(self.servers, 1):
            self._address_endpoint(server, addresses.server(number), BACK, BALANCER_BACK)

    def _address_endpoint(self, namespace: Namespace, own: Pair, networks: dict, gateway: Pair) -> None:
        namespace.ip(
            "link set lo up",
            "link set eth0 up",
            f"address add {with_prefix(own.v4, networks)} dev eth0",
            f"address add {with_prefix(own.v6, networks)} dev eth0 nodad",
            f"route add 0.0.0.0/0 via {gateway.v4}",
            f"route add ::/0 via {gateway.v6}",
        )

    def _prepare_peers(self, ports: list[str], program: Path) -> None:
        for port in ports:
            # With gro on, a port that has a program merges frames again, and what clients and servers see on their
            # devices would no longer be what was on the wire.
            self.switch.run("ethtool", "-K", port, "tx", "off", "gro", "off")
        # `ip` makes directories in whatever bpffs it finds, be it another lab's: show it one that vanishes with it.
        self.switch.run(
            "unshare", "--mount", "sh", "-c", "mount -t bpf bpf /sys/fs/bpf && exec ip -batch -",
            input="".join(f"link set dev {port} xdpdrv obj {program} sec xdp\n" for port in ports))


def destroy(record: Record) -> None:
    """Ends a lab's processes and removes its mounts, namespaces and files. Works on half-built and damaged labs.

    Raises LabError when something can't be removed; what is left then stays on record for another try.
    """
    end(record.living_processes())
    _unmount_below(record.directory)
    existing = [path.name for path in Path("/run/netns").glob(record.prefix + "*")]
    if existing:
        run(["ip", "-batch", "-"], input="".join(f"netns delete {name}\n" for name in existing))
    # Last, since it holds the record.
    shutil.rmtree(record.directory, ignore_errors=True)
    if record.directory.exists():
        raise LabError(f"{record.directory} can't be removed")


def _unmount_below(directory: Path) -> None:
    """bpffs, which the daemon mounts; its pins, and what only they held, go with it."""

    def mounts() -> list[str]:
        points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
        return [point for point in points if point.startswith(f"{directory}/")]

    for point in reversed(mounts()):
        # A process that has just been killed may hold it for a moment.
        eventually(lambda: run(["umount", point], check=False).returncode == 0 or point not in mounts(), 3,
                   f"umount {point}")
