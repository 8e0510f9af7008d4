"""The echo server of the lab: answers each line with its own name and that line, on IPv4 and IPv6.

    python3 -m shoal_lab.echo --name s1 --port 7001 --port 6001
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import socket

from .processes import raise_file_limit


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


async def serve(name: str, ports: list[int]) -> None:
    loop = asyncio.get_running_loop()
    servers = []
    for port in ports:
        listener = socket.create_server(("", port), family=socket.AF_INET6, backlog=4096, dualstack_ipv6=True)
        servers.append(await loop.create_server(lambda: Echo(name), sock=listener))
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
    options = parser.parse_args()
    raise_file_limit()
    asyncio.run(serve(options.name, options.port))


if __name__ == "__main__":
    main()
