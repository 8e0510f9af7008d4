"""Numbered datagrams: each is wanted back once, from the server that its flow began with, which saw the real sender."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .clients import Endpoint, Run


@dataclass
class Datagrams:
    """Outcome of flows of numbered datagrams: each is sent once and wanted back once."""

    started: float = field(default_factory=time.monotonic)
    sent: int = 0
    answered: int = 0
    twice: int = 0
    wrong: list = field(default_factory=list)
    """Answers that are not what was sent, or went to a server that saw another sender."""
    moves: list = field(default_factory=list)
    """When the flow's server became another one, and which."""
    by_server: Counter = field(default_factory=Counter)
    last_first: dict = field(default_factory=dict)
    """When the last flow began that each server has had from its first answer."""
    last_answer: float = field(default_factory=time.monotonic)
    longest_gap: float = 0.0

    def document(self) -> dict:
        return {
            "sent": self.sent,
            "answered": self.answered,
            "lost": self.sent - self.answered,
            "answeredTwice": self.twice,
            "wrong": len(self.wrong),
            "wrongs": self.wrong[:10],
            "moved": len(self.moves),
            "moves": self.moves,
            "flowsByServer": dict(sorted(self.by_server.items())),
            "lastFlowBeganAt": self.last_first,
            "longestGapSeconds": round(self.longest_gap, 3),
            "seconds": round(time.monotonic() - self.started, 3),
        }

    def progress(self) -> str:
        return f"{self.sent} sent, {self.answered} answered, {len(self.moves)} moved"


class DatagramFlow(asyncio.DatagramProtocol):
    """One flow: a connected socket, whose answers come from the VIP or not at all."""

    def __init__(self, outcome: Datagrams, size: int):
        self._outcome = outcome
        self._size = size
        self._began: float | None = None
        self._waiting: set[int] = set()
        self._next = 0
        self.server: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        address, port = transport.get_extra_info("sockname")[:2]
        self._sender = [address, str(port)]

    def send(self) -> None:
        self._began = self._began or time.monotonic()
        self._waiting.add(self._next)
        self._outcome.sent += 1
        self._transport.sendto(str(self._next).encode().ljust(self._size, b"."))
        self._next += 1

    def datagram_received(self, data: bytes, _) -> None:
        outcome, now = self._outcome, time.monotonic()
        try:
            server, *sender, text = data.decode().split(" ")
            number = int(text.rstrip("."))
        except ValueError:
            outcome.wrong.append(repr(data[:80]))
            return
        if sender != self._sender or number >= self._next or len(text) != max(self._size, len(str(number))):
            outcome.wrong.append(repr(data[:80]))
        elif number not in self._waiting:
            outcome.twice += 1
        else:
            self._waiting.remove(number)
            outcome.answered += 1
            self._note(server, now)
            outcome.longest_gap = max(outcome.longest_gap, now - outcome.last_answer)
            outcome.last_answer = now

    def _note(self, server: str, now: float) -> None:
        if self.server is None:
            self._outcome.by_server[server] += 1
            self._outcome.last_first[server] = self._began
        elif server != self.server:
            self._outcome.moves.append({"at": now, "from": self.server, "to": server})
        self.server = server

    def error_received(self, error: OSError) -> None:
        self._outcome.wrong.append(type(error).__name__)

    def close(self) -> None:
        self._transport.close()


async def datagrams(
    endpoint: Endpoint, sources: list[str], flows: int, rate: float, size: int, renew: float, seconds: float,
    run: Run,
) -> dict:
    """So many flows at once, which together send `rate` datagrams of `size` bytes a second, in turn; `renew` flows a
    second end, and others begin in their places."""
    outcome = Datagrams()
    loop = asyncio.get_running_loop()

    async def begin(number: int) -> DatagramFlow:
        client = endpoint.datagram_socket(sources[number % len(sources)] if sources else None)
        _, made = await loop.create_datagram_endpoint(lambda: DatagramFlow(outcome, size), sock=client)
        return made

    async with run.telling(outcome.progress):
        active = [await begin(number) for number in range(flows)]
        retired: list[DatagramFlow] = []
        outcome.started = outcome.last_answer = time.monotonic()
        renewed = 0
        while (elapsed := time.monotonic() - outcome.started) < seconds and not run.is_stopped:
            while renewed < int(elapsed * renew):
                place = renewed % flows
                retired.append(active[place])
                active[place] = await begin(flows + renewed)
                renewed += 1
            while outcome.sent < int(elapsed * rate) + 1:
                active[outcome.sent % flows].send()
            await asyncio.sleep(0.002)
        last = time.monotonic()
        while outcome.answered < outcome.sent and time.monotonic() - last < endpoint.timeout:
            await asyncio.sleep(0.01)
        for each in active + retired:
            each.close()
    return outcome.document()
