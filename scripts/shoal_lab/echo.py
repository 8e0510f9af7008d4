"""The echo server of the lab: answers each line with its own name and that line, and each datagram with its own name,
the sender as it sees it and what it got, on IPv4 and IPv6.

    python3 -m shoal_lab.echo --name s1 --port 7001 --port 6001 --address 10.10.0.100
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket

from .processes import raise_file_limit


SO_RCVBUFFORCE = 33
IP_FREEBIND = 15
RECEIVE_BUFFER = 4 << 20
"""Bytes for datagrams that wait: none is lost because a busy machine lets the server wait for a CPU."""


class Echo(asyncio.Protocol):
    """One connection."""

    def __init__(self, name: str):
        self._prefix = name.encode() + b" "
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._transport.write(b"".join(self._prefix + line + b"\n" for line in lines))


class DatagramEcho(asyncio.DatagramProtocol):
    """One port of UDP."""

    def __init__(self, name: str):
        self._name = name

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, sender: tuple) -> None:
        address = sender[0].removeprefix("::ffff:")
        self._transport.sendto(f"{self._name} {address} {sender[1]} ".encode() + data, sender)


def datagram_socket(address: str, port: int) -> socket.socket:
    """For all addresses of the host, or for one, which it need not have yet: then answers come from there."""
    family = socket.AF_INET if "." in address else socket.AF_INET6
    datagrams = socket.socket(family, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
    if family == socket.AF_INET6:
        datagrams.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1 if address else 0)
    datagrams.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    datagrams.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    datagrams.bind((address, port))
    return datagrams


async def serve(name: str, ports: list[int], addresses: list[str]) -> None:
    loop = asyncio.get_running_loop()
    servers = []
    for port in ports:
        listener = socket.create_server(("", port), family=socket.AF_INET6, backlog=4096, dualstack_ipv6=True)
        servers.append(await loop.create_server(lambda: Echo(name), sock=listener))
        for address in ("", *addresses):
            await loop.create_datagram_endpoint(lambda: DatagramEcho(name), sock=datagram_socket(address, port))
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    for server in servers:
        server.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="shoal_lab.echo", description=__doc__.splitlines()[0])
    parser.add_argument("--name", required=True)
    parser.add_argument("--port", type=int, action="append", required=True)
    parser.add_argument("--address", action="append", default=[], help="where datagrams are answered from, too")
    options = parser.parse_args()
    raise_file_limit()
    asyncio.run(serve(options.name, options.port, options.address))


if __name__ == "__main__":
    main()
