"""Hands TCP connections on to a unix socket, for clients that know TCP only.

    python3 -m shoal_lab.forward --listen 127.0.0.1:9440 --socket /run/shoal/api.sock
"""

from __future__ import annotations

import argparse
import asyncio
import sys


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while part := await reader.read(1 << 16):
            writer.write(part)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def serve(host: str, port: int, path: str) -> None:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_unix_connection(path)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))

    server = await asyncio.start_server(accept, host, port)
    print("running", file=sys.stderr, flush=True)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser(prog="shoal_lab.forward", description=__doc__.splitlines()[0])
    parser.add_argument("--listen", required=True, metavar="ADDRESS:PORT")
    parser.add_argument("--socket", required=True, metavar="PATH")
    options = parser.parse_args()
    host, _, port = options.listen.rpartition(":")
    asyncio.run(serve(host, int(port), options.socket))


if __name__ == "__main__":
    main()
