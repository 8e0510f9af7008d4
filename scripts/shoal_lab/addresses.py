"""Who has which address and port in a lab. Each lab has namespaces of its own, so all labs use the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network

FAMILIES = (4, 6)

FRONT = {4: IPv4Network("10.10.0.0/16"), 6: IPv6Network("2001:db8:10::/64")}
"""Where clients, the balancer and the VIPs are."""

BACK = {4: IPv4Network("10.20.0.0/16"), 6: IPv6Network("2001:db8:20::/64")}
"""Where servers are; their default gateway is the balancer."""

STRANGERS = IPv4Network("198.18.0.0/15")
"""Where floods come from: addresses for benchmarks (RFC 2544), to which no namespace of a lab has a route beyond the
balancer, and the balancer none at all."""

SOURCES_MAX = 2_000
"""More source addresses than this of one client would run into the next client's."""


@dataclass(frozen=True)
class Pair:
    """An IPv4 and an IPv6 address of the same thing, as text."""

    v4: str
    v6: str

    def __getitem__(self, family: int) -> str:
        return {4: self.v4, 6: self.v6}[family]


def _at(networks: dict, v4: int, v6: int) -> Pair:
    return Pair(str(networks[4][v4]), str(networks[6][v6]))


BALANCER_FRONT = _at(FRONT, 1, 1)
BALANCER_BACK = _at(BACK, 1, 1)
VIP = _at(FRONT, 100, 0x100)


def client(number: int) -> Pair:
    """The first address of client 1, 2, …: 10.10.10.1, 10.10.20.1, …"""
    return _at(FRONT, number * 10 << 8 | 1, number << 16 | 1)


def source(number: int, index: int) -> Pair:
    """Further addresses of client 1, 2, …, counted from 0: 10.10.11.1 … 10.10.11.250, 10.10.12.1, …"""
    if not 0 <= index < SOURCES_MAX:
        raise ValueError(f"source {index} is outside 0...{SOURCES_MAX - 1}")
    block, host = divmod(index, 250)
    return _at(FRONT, (number * 10 + 1 + block) << 8 | host + 1, number << 16 | index + 0x1000)


def server(number: int) -> Pair:
    """The address of server 1, 2, …: 10.20.0.11, 10.20.0.12, …"""
    return _at(BACK, 10 + number, 0x10 + number)


def with_prefix(address: str, networks: dict) -> str:
    """The address as `ip address add` wants it."""
    network = networks[6] if ":" in address else networks[4]
    interface = IPv6Interface if ":" in address else IPv4Interface
    return str(interface((address, network.prefixlen)))


@dataclass(frozen=True)
class Application:
    """What servers serve and the listener's port for it.

    Target ports differ from the listener's and from each other. They also differ between applications: where one
    target port belonged to two listeners, the balancer would have to remember each flow.
    """

    name: str
    listener_port: int
    target_ports_from: int | None
    """Without it, every server serves on the listener's port."""
    protocol: str = "Tcp"

    def target_port(self, number: int) -> int:
        """The port of server 1, 2, …"""
        return self.listener_port if self.target_ports_from is None else self.target_ports_from + number


HTTP = Application("http", 80, 8080)
"""HTTP behind `QuintupleHash`."""

STICKY = Application("sticky", 81, 9080)
"""The same HTTP server behind `IpHash`."""

ECHO = Application("echo", 7, 7000)
"""The echo server, for long-lived flows of numbered messages."""

STICKY_ECHO = Application("sticky-echo", 8, 6000)
"""The same echo server behind `IpHash`."""

DATAGRAMS = Application("datagrams", 7, 7000, "Udp")
"""The echo server again, now of numbered datagrams: the same ports, in the other protocol."""

STICKY_DATAGRAMS = Application("sticky-datagrams", 8, 6000, "Udp")
"""The same behind `IpHash`."""

COMMON_PORTS = (8001, 8002)
"""Where every server serves HTTP, for members of availability groups and targets without a port: they serve on the
service's."""

DIRECT = Application("direct", COMMON_PORTS[0], None)
"""The same HTTP server where every server has the listener's port, as modes that keep ports need it."""

DIRECT_ECHO = Application("direct-echo", 8003, None)
DIRECT_DATAGRAMS = Application("direct-datagrams", 8003, None, "Udp")
"""The echo server there."""

CLOSED_PORT = 9
"""Where no server listens."""
