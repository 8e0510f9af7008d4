"""The fleet of servers that tests change under load, and what they record of it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from conftest import Bench, long_form

from shoal_lab.configuration import Wishes, service_name
from shoal_lab.load import APPLICATIONS, Load, Outcome
from shoal_lab.servers import Server

WATCH_SECONDS = long_form(5, 30)
"""How long the load goes on after each step of a change."""
INTERVAL = 5
SERVICES = [service_name(application, 4) for application in APPLICATIONS]


class Fleet:
    """The servers that serve, and how; each change of it is one document, for all four services at once."""

    def __init__(self, bench: Bench, drain_seconds: int = 3_000):
        """`drain_seconds`: how long a target that leaves keeps its flows, and slots remember who had them."""
        self.bench = bench
        self.drain_seconds = drain_seconds
        self.is_checked = True
        self.weights: dict[int, int] = {}
        self.draining: set[int] = set()
        self.moved_slots = 0
        """How many slots have changed hands since the load began, each time that they did."""
        self._owners: dict[tuple, str] = {}
        self._drain_until = (datetime.now(timezone.utc) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def begin(self, weights: dict[int, int], dead: Iterable[Server] = ()) -> None:
        """These servers and nobody else serve, and are healthy but for the dead ones."""
        dead = list(dead)
        for server in self.bench.servers:
            server.restore()
        for server in dead:
            server.silence()
        self.weights, self.draining = dict(weights), set()
        self.apply()
        self.wait_for_health("unhealthy", *dead)
        living = [server for server in self.bench.servers if server.number in weights and server not in dead]
        self.wait_for_health("healthy", *living)

    def start_load(self, **options) -> Load:
        load = Load(self.bench.lab, **options)
        watch(1)
        self._owners, self.moved_slots = self._slot_owners(), 0
        return load

    def apply(self) -> None:
        """Returns when the kernel has it."""
        fields = {"adminState": "draining", "drainUntil": self._drain_until}
        self.bench.apply(Wishes(
            weights=[self.weights.get(server.number) for server in self.bench.servers], families=(4,),
            applications=APPLICATIONS, interval=INTERVAL, timeout=2, unhealthy_threshold=1, healthy_threshold=1,
            is_checked=self.is_checked, drain_seconds=self.drain_seconds,
            target_fields={number: fields for number in self.draining & set(self.weights)}))
        self._note_slots()

    def _note_slots(self) -> None:
        owners = self._slot_owners()
        self.moved_slots += sum(self._owners.get(slot) != owner for slot, owner in owners.items())
        self._owners = owners

    def _slot_owners(self) -> dict[tuple, str]:
        """The target of each slot of each service."""
        daemon = self.bench.daemon
        names = {target["target"]: f"{target['address']}:{target['port']}" for target in daemon.map("targets")}
        return {(slot["service"], slot["slot"]): names.get(slot["target"], "nobody") for slot in daemon.map("slots")}

    def change(self, **weights: int | None) -> None:
        """`change(s1=10, s2=None)`: s1 weighs 10 from now on, s2 is no target any more."""
        for name, weight in weights.items():
            self.weights.pop(int(name[1:]), None)
            if weight is not None:
                self.weights[int(name[1:])] = weight
        self.apply()

    def wait_for_health(self, word: str, *servers: Server, seconds: float = 20) -> None:
        for service in SERVICES:
            self.bench.daemon.wait_for_health(service, {server.address.v4: word for server in servers}, seconds)
        self._note_slots()


def watch(seconds: float = WATCH_SECONDS) -> None:
    """Lets traffic flow: that nothing breaks has no event to wait for."""
    time.sleep(max(0.0, seconds))


def record(record_property, outcome: Outcome, fleet: Fleet) -> None:
    figures = {**outcome.figures(), "movedSlots": fleet.moved_slots}
    for name, value in figures.items():
        record_property(name, value)
    print(figures)
