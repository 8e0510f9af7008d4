"""The load under which tables change: long-lived flows of numbered messages and new connections at a steady rate, half
of each on a `QuintupleHash` service and half on an `IpHash` one, from 200 addresses."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass

from .addresses import ECHO, HTTP, STICKY, STICKY_ECHO
from .topology import Lab
from .traffic import Traffic

APPLICATIONS = (HTTP, STICKY, ECHO, STICKY_ECHO)
FLOWS = 2_000
CONNECTIONS_PER_SECOND = 500
SOURCES = 200
PERIOD = 1.0
"""Seconds between two messages of a flow."""
PATIENCE = 10.0
"""Seconds that anything may take: a moved flow is told at once, by a reset; a lost packet is sent again in time."""
ENDLESS = 3_600


@dataclass(frozen=True)
class Outcome:
    """What became of all of it, as the clients saw it."""

    flows: dict[str, dict]
    """Results of `numbered`, by application."""
    connections: dict[str, dict]
    """Results of `open-loop`, by application."""

    @property
    def broken(self) -> list[dict]:
        """Each broken flow: when, how, and with which server."""
        return [failure for result in self.flows.values() for failure in result["failures"]]

    @property
    def refused(self) -> list[dict]:
        """Each connection that was not answered."""
        return [failure for result in self.connections.values() for failure in result["failures"]]

    @property
    def moved(self) -> int:
        return sum(result["moved"] for result in self.flows.values())

    @property
    def lost_syns(self) -> int:
        return sum(result["lostSYNs"] for result in self.connections.values())

    def flows_with(self, server: str) -> int:
        return sum(result["byServer"].get(server, 0) for result in self.flows.values())

    def last_answer(self, server: str) -> dict[str, float]:
        """When the server last answered a new connection, by application; one that uses the name of a flow that has just
        ended is not new."""
        return {name: result["lastAnswerAt"][server] for name, result in self.connections.items()
                if server in result["lastAnswerAt"]}

    def figures(self) -> dict:
        """What a test records."""
        everything = [*self.flows.values(), *self.connections.values()]
        return {
            "flows": sum(result["flows"] for result in self.flows.values()),
            "messages": sum(result["messages"] for result in self.flows.values()),
            "broken": len(self.broken),
            "brokenByKind": dict(Counter(failure["kind"] for failure in self.broken)),
            "brokenByServer": dict(Counter(failure["server"] for failure in self.broken)),
            "moved": self.moved,
            "longestStallSeconds": max((result["longestStallSeconds"] for result in self.flows.values()), default=0),
            "connections": sum(result["requests"] for result in self.connections.values()),
            "refused": len(self.refused),
            "refusedByKind": dict(Counter(failure["kind"] for failure in self.refused)),
            "lostSYNs": self.lost_syns,
            "connectionsByServer": dict(sum(
                (Counter(result["byServer"]) for result in self.connections.values()), Counter())),
            "seconds": max(result["seconds"] for result in everything),
        }


class Load:
    """The load, running from here on until it is stopped."""

    def __init__(self, lab: Lab, flows: int = FLOWS, rate: float = CONNECTIONS_PER_SECOND):
        """Returns when all flows have begun, and connections are being made."""
        self._rate = rate
        vip, sources = lab.vip.v4, lab.sources(SOURCES)[4]
        self._flows = {
            application.name: Traffic(
                lab.clients[0], "numbered", vip, application.listener_port, sources, flows=flows // 2, period=PERIOD,
                seconds=ENDLESS, timeout=PATIENCE)
            for application in (ECHO, STICKY_ECHO)} if flows else {}
        for traffic in self._flows.values():
            traffic.wait_until_begun()
        self._connections = {
            application.name: Traffic(
                lab.clients[0], "open-loop", vip, application.listener_port, sources, rate=rate / 2, seconds=ENDLESS,
                timeout=PATIENCE)
            for application in (HTTP, STICKY)} if rate else {}
        for traffic in self._connections.values():
            traffic.wait_until_running()
        self.began = time.monotonic()

    def stop(self) -> Outcome:
        """Ends all of it."""
        connections = {name: traffic.stop() for name, traffic in self._connections.items()}
        return Outcome(flows={name: traffic.stop() for name, traffic in self._flows.items()}, connections=connections)
