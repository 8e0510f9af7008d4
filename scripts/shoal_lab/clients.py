"""Traffic of clients, and what became of it. Runs in a client's namespace, prints one JSON document when it ends.

    python3 -m shoal_lab.clients http      --vip ADDRESS --port 80 --requests 6000 --concurrency 64
    python3 -m shoal_lab.clients open-loop --vip ADDRESS --port 80 --rate 500 --seconds 60
    python3 -m shoal_lab.clients numbered  --vip ADDRESS --port 7 --flows 200 --period 0.2 --seconds 60
    python3 -m shoal_lab.clients datagrams --vip ADDRESS --port 7 --flows 1000 --rate 2500 --size 64 --renew 50 --seconds 60
    python3 -m shoal_lab.clients transfer  --vip ADDRESS --port 80 --rate 524288 --seconds 60

SIGTERM ends a run early, with its result. Progress goes to standard error. Times named `at` are seconds of the
machine's monotonic clock, which all processes of the lab share.

Nothing is ever tried again: an error that a client would see is an error in the result.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import signal
import socket
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from .blob import blob_content
from .datagrams import datagrams
from .processes import raise_file_limit

IP_BIND_ADDRESS_NO_PORT = 24
ALL_BEGUN = "all flows have begun"
LOST_SYN_SECONDS = 0.9
"""A connect that took longer lost its SYN or the answer to it: the first retransmission comes after 1 s."""
REUSE_SECONDS = 2.1
"""A connection from an address and port that ended one so recently is the same flow to the balancer: SHOAL_PIN_REUSE_TICKS
of 1.024 s each."""


# One connection.


@dataclass(frozen=True)
class Endpoint:
    """The listener, the address to come from, and how long to wait for anything."""

    vip: str
    port: int
    timeout: float = 3.0

    async def connect(self, source: str | None) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.vip else socket.AF_INET
        connection = socket.socket(family, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if source:
                # The port is chosen by connect, which knows the other end: 64,000 of them to each listener.
                connection.setsockopt(socket.IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1)
                connection.bind((source, 0))
            await asyncio.get_running_loop().sock_connect(connection, (self.vip, self.port))
        except BaseException:
            connection.close()
            raise
        return connection

    def datagram_socket(self, source: str | None) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.vip else socket.AF_INET
        client = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        if source:
            client.bind((source, 0))
        client.connect((self.vip, self.port))
        return client


class Cut(Exception):
    """The connection ended before the answer did."""


class Wrong(Exception):
    """The answer is not what a server of the lab says."""


KINDS = {
    ConnectionRefusedError: "refused", ConnectionResetError: "reset", BrokenPipeError: "reset",
    TimeoutError: "timeout", Cut: "cut", Wrong: "wrong",
}


def kind_of(error: Exception) -> str:
    """The word for an error in the results."""
    if isinstance(error, OSError) and error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return "unreachable"
    for kind, word in KINDS.items():
        if isinstance(error, kind):
            return word
    if isinstance(error, OSError) and error.errno:
        return errno.errorcode.get(error.errno, str(error.errno)).lower()
    return type(error).__name__


# HTTP, a fresh connection for each request.


@dataclass
class Requests:
    """Outcome of any number of requests."""

    started: float = field(default_factory=time.monotonic)
    by_server: Counter = field(default_factory=Counter)
    by_source: dict = field(default_factory=lambda: defaultdict(Counter))
    last_answer: dict = field(default_factory=dict)
    """When each server last answered a flow that was new to the balancer."""
    ended: dict = field(default_factory=dict)
    """When each flow, by source address and port, ended last."""
    reused: int = 0
    """Flows that began anew while the balancer still keeps the earlier one of that name with its server."""
    failures: list = field(default_factory=list)
    connect_seconds: list = field(default_factory=list)
    seconds: list = field(default_factory=list)

    @property
    def answered(self) -> int:
        return sum(self.by_server.values())

    def document(self) -> dict:
        return {
            "requests": self.answered + len(self.failures),
            "answered": self.answered,
            "byServer": dict(sorted(self.by_server.items())),
            "bySource": {source: dict(servers) for source, servers in self.by_source.items()},
            "lastAnswerAt": self.last_answer,
            "reusedPorts": self.reused,
            "failed": len(self.failures),
            "failedByKind": dict(Counter(failure["kind"] for failure in self.failures)),
            "failures": self.failures,
            "lostSYNs": sum(seconds > LOST_SYN_SECONDS for seconds in self.connect_seconds),
            "seconds": round(time.monotonic() - self.started, 3),
            "latencySeconds": _distribution(self.seconds),
        }

    def note_answer(self, server: str, source: str | None, port: int, began: float, now: float) -> None:
        self.seconds.append(now - began)
        self.by_server[server] += 1
        if source:
            self.by_source[source][server] += 1
        if began - self.ended.get((source, port), -REUSE_SECONDS) < REUSE_SECONDS:
            self.reused += 1
        else:
            self.last_answer[server] = now
        self.ended[source, port] = now

    def progress(self) -> str:
        return f"{self.answered} answered, {len(self.failures)} failed"


def _distribution(samples: list[float]) -> dict:
    ordered = sorted(samples)
    if not ordered:
        return {}
    return {name: round(ordered[min(len(ordered) - 1, int(len(ordered) * part))], 6)
            for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1))}


async def request(endpoint: Endpoint, source: str | None, into: Requests) -> None:
    """One request over a connection of its own. Never raises for what the network or a server does."""
    began = time.monotonic()
    phase, port = "connect", None
    try:
        async with asyncio.timeout(endpoint.timeout):
            connection = await endpoint.connect(source)
            into.connect_seconds.append(time.monotonic() - began)
            phase, port = "answer", connection.getsockname()[1]
            with connection:
                server = await _ask(connection)
    except (OSError, Cut, Wrong) as error:
        into.failures.append({
            "at": began, "kind": kind_of(error), "phase": phase, "source": source, "sourcePort": port,
            "afterSeconds": round(time.monotonic() - began, 3)})
        return
    into.note_answer(server, source, port, began, time.monotonic())


async def _ask(connection: socket.socket) -> str:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, b"GET / HTTP/1.1\r\nHost: shoal.example\r\nConnection: close\r\n\r\n")
    answer = b""
    while part := await loop.sock_recv(connection, 4096):
        answer += part
    if not answer:
        raise Cut
    return _server_of(answer)


def _server_of(answer: bytes) -> str:
    header, separator, body = answer.partition(b"\r\n\r\n")
    server = body.decode(errors="replace").strip()
    if not header.startswith(b"HTTP/1.1 200 ") or not server or f"X-Server: {server}".encode() not in header:
        raise Cut if not separator else Wrong
    return server


async def burst(endpoint: Endpoint, sources: list[str], requests: int, concurrency: int, run: "Run") -> dict:
    """So many requests, `concurrency` at a time, sources in turn."""
    outcome = Requests()
    numbers = iter(range(requests))

    async def worker() -> None:
        for number in numbers:
            if run.is_stopped:
                return
            await request(endpoint, sources[number % len(sources)] if sources else None, outcome)

    async with run.telling(outcome.progress), asyncio.TaskGroup() as group:
        for _ in range(min(concurrency, requests)):
            group.create_task(worker())
    return outcome.document()


async def open_loop(endpoint: Endpoint, sources: list[str], rate: float, seconds: float, run: "Run") -> dict:
    """Starts `rate` requests a second whether or not earlier ones have been answered, as the world does."""
    outcome = Requests()
    total = int(rate * seconds)
    async with run.telling(outcome.progress), asyncio.TaskGroup() as group:
        number = 0
        while number < total and not run.is_stopped:
            due = min(total, int((time.monotonic() - outcome.started) * rate) + 1)
            for number in range(number, due):
                source = sources[number % len(sources)] if sources else None
                group.create_task(request(endpoint, source, outcome))
            number = due
            await run.pause(max(0.005, outcome.started + number / rate - time.monotonic()))
    return outcome.document()


# Long-lived flows.


@dataclass
class Flows:
    """Outcome of long-lived flows of numbered messages."""

    started: float = field(default_factory=time.monotonic)
    messages: int = 0
    by_server: Counter = field(default_factory=Counter)
    broken: list = field(default_factory=list)
    moved: int = 0
    longest_stall: float = 0.0

    @property
    def begun(self) -> int:
        """Flows that have had an answer, or never will."""
        return sum(self.by_server.values()) + sum(failure["server"] is None for failure in self.broken)

    def document(self) -> dict:
        return {
            "flows": self.begun,
            "messages": self.messages,
            "byServer": dict(sorted(self.by_server.items())),
            "broken": len(self.broken),
            "failures": self.broken,
            "moved": self.moved,
            "longestStallSeconds": round(self.longest_stall, 3),
            "seconds": round(time.monotonic() - self.started, 3),
        }

    def progress(self) -> str:
        return f"{self.messages} messages, {len(self.broken)} flows broken, longest stall {self.longest_stall:.3f} s"


async def flow(endpoint: Endpoint, source: str | None, period: float, end: float, outcome: Flows, run: "Run") -> None:
    """One flow: sends a numbered line every period, wants it back with the same server's name, stops at the first
    error."""
    loop = asyncio.get_running_loop()
    server, connection = None, None
    try:
        async with asyncio.timeout(endpoint.timeout):
            connection = await endpoint.connect(source)
        sequence = 0
        while time.monotonic() < end and not run.is_stopped:
            sent = time.monotonic()
            async with asyncio.timeout(endpoint.timeout):
                await loop.sock_sendall(connection, b"%d\n" % sequence)
                name, answered = await _line(connection)
            outcome.longest_stall = max(outcome.longest_stall, time.monotonic() - sent)
            if server is None:
                server = name
                outcome.by_server[server] += 1
            if name != server:
                outcome.moved += 1
                raise Wrong
            if answered != sequence:
                raise Wrong
            outcome.messages += 1
            sequence += 1
            await run.pause(max(0.0, sent + period - time.monotonic()))
    except (OSError, Cut, Wrong) as error:
        outcome.broken.append({"at": time.monotonic(), "kind": kind_of(error), "server": server})
    finally:
        if connection:
            connection.close()


async def _line(connection: socket.socket) -> tuple[str, int]:
    line = b""
    while not line.endswith(b"\n"):
        part = await asyncio.get_running_loop().sock_recv(connection, 256)
        if not part:
            raise Cut
        line += part
    try:
        name, number = line.decode().split()
        return name, int(number)
    except ValueError:
        raise Wrong from None


async def numbered(
    endpoint: Endpoint, sources: list[str], flows: int, period: float, seconds: float, run: "Run",
) -> dict:
    """So many flows at once, their starts spread over one period."""
    outcome = Flows()
    end = outcome.started + seconds
    async with run.telling(outcome.progress), asyncio.TaskGroup() as group:
        for number in range(flows):
            source = sources[number % len(sources)] if sources else None
            group.create_task(flow(endpoint, source, period, end, outcome, run))
            await run.pause(period / flows)
        while outcome.begun < flows and not run.is_stopped:
            await run.pause(0.02)
        print(ALL_BEGUN, file=sys.stderr, flush=True)
    return outcome.document()


# One long transfer.


@dataclass
class Transfer:
    """Outcome of reading the large file."""

    started: float = field(default_factory=time.monotonic)
    server: str | None = None
    received: int = 0
    longest_stall: float = 0.0
    broken: str | None = None
    is_complete: bool = False

    def document(self) -> dict:
        return {
            "server": self.server, "bytes": self.received, "broken": self.broken, "complete": self.is_complete,
            "longestStallSeconds": round(self.longest_stall, 3),
            "seconds": round(time.monotonic() - self.started, 3),
        }

    def progress(self) -> str:
        return f"{self.received} bytes of one transfer, longest stall {self.longest_stall:.3f} s"


async def transfer(endpoint: Endpoint, source: str | None, rate: int, seconds: float, run: "Run") -> dict:
    """Reads the large file at a limited rate for so long, comparing every byte."""
    outcome = Transfer()
    async with run.telling(outcome.progress):
        try:
            await _read_blob(endpoint, source, rate, seconds, run, outcome)
        except (OSError, Cut, Wrong) as error:
            outcome.broken = kind_of(error)
    return outcome.document()


async def _read_blob(
    endpoint: Endpoint, source: str | None, rate: int, seconds: float, run: "Run", outcome: Transfer,
) -> None:
    loop = asyncio.get_running_loop()
    with await endpoint.connect(source) as connection:
        await loop.sock_sendall(
            connection, f"GET /blob?rate={rate} HTTP/1.1\r\nHost: shoal.example\r\n\r\n".encode())
        rest, length = await _read_header(connection, outcome)
        last = time.monotonic()
        while not run.is_stopped and time.monotonic() - outcome.started < seconds:
            if rest != blob_content(outcome.received, len(rest)):
                raise Wrong
            outcome.received += len(rest)
            if outcome.received == length:
                outcome.is_complete = True
                return
            async with asyncio.timeout(endpoint.timeout + 2):
                rest = await loop.sock_recv(connection, 1 << 16)
            if not rest:
                raise Cut
            now = time.monotonic()
            outcome.longest_stall, last = max(outcome.longest_stall, now - last), now


async def _read_header(connection: socket.socket, outcome: Transfer) -> tuple[bytes, int]:
    answer = b""
    while b"\r\n\r\n" not in answer:
        async with asyncio.timeout(5):
            part = await asyncio.get_running_loop().sock_recv(connection, 4096)
        if not part:
            raise Cut
        answer += part
    header, _, rest = answer.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in header.decode().split("\r\n")[1:])
    if not header.startswith(b"HTTP/1.1 200 "):
        raise Wrong
    outcome.server = fields["X-Server"]
    return rest, int(fields["Content-Length"])


# The program.


class Run:
    """The life of one run: can be stopped early, and tells how it is getting on."""

    def __init__(self):
        self._stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stopped.set)

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    async def pause(self, seconds: float) -> None:
        """Waits so long, or until the run is stopped."""
        # Cheaper than wait_for on the event, and this is done hundreds of times a second.
        while seconds > 0 and not self.is_stopped:
            step = min(seconds, 0.25)
            await asyncio.sleep(step)
            seconds -= step

    def telling(self, progress: Callable[[], str]) -> "_Teller":
        return _Teller(progress)


class _Teller:
    """Writes a line of progress every second while in use."""

    def __init__(self, progress: Callable[[], str]):
        self._progress = progress

    async def __aenter__(self) -> None:
        print("running", file=sys.stderr, flush=True)
        self._task = asyncio.create_task(self._tell())

    async def __aexit__(self, *_) -> None:
        self._task.cancel()

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(1)
            print(self._progress(), file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="shoal_lab.clients", description=__doc__.splitlines()[0])
    modes = parser.add_subparsers(dest="mode", required=True)
    for mode, own in {
        "http": {"requests": int, "concurrency": int},
        "open-loop": {"rate": float, "seconds": float},
        "numbered": {"flows": int, "period": float, "seconds": float},
        "datagrams": {"flows": int, "rate": float, "size": int, "renew": float, "seconds": float},
        "transfer": {"rate": int, "seconds": float},
    }.items():
        options = modes.add_parser(mode)
        options.add_argument("--vip", required=True)
        options.add_argument("--port", type=int, required=True)
        options.add_argument("--timeout", type=float, default=3.0)
        options.add_argument("--sources", default="", metavar="FILE", help="a file with a source address a line")
        for name, kind in own.items():
            options.add_argument(f"--{name}", type=kind, required=True)
    return parser


def _mode(options: argparse.Namespace) -> Callable[[Run], Awaitable[dict]]:
    endpoint = Endpoint(options.vip, options.port, options.timeout)
    sources = Path(options.sources).read_text().split() if options.sources else []
    match options.mode:
        case "http":
            return lambda run: burst(endpoint, sources, options.requests, options.concurrency, run)
        case "open-loop":
            return lambda run: open_loop(endpoint, sources, options.rate, options.seconds, run)
        case "numbered":
            return lambda run: numbered(endpoint, sources, options.flows, options.period, options.seconds, run)
        case "datagrams":
            return lambda run: datagrams(
                endpoint, sources, options.flows, options.rate, options.size, options.renew, options.seconds, run)
        case _:
            source = sources[0] if sources else None
            return lambda run: transfer(endpoint, source, options.rate, options.seconds, run)


async def _run(mode: Callable[[Run], Awaitable[dict]]) -> dict:
    return await mode(Run())


def main() -> None:
    options = _parser().parse_args()
    raise_file_limit()
    json.dump(asyncio.run(_run(_mode(options))), sys.stdout)


if __name__ == "__main__":
    main()
