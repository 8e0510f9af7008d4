"""Targets come, go, weigh more, weigh less and recover; the daemon dies in the midst of it: no flow notices.

2,000 long-lived flows of numbered messages and 500 new connections a second, judged by the clients: broken, moved,
refused, lost SYNs, all of them 0. SHOAL_LAB_LONG=1 gives the long form, 5 minutes of random changes in place of 30 s.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone

import pytest
from conftest import Bench, long_form, use_daemon

from shoal_lab.addresses import HTTP
from shoal_lab.configuration import Wishes, balancer_name, service_name
from shoal_lab.load import APPLICATIONS, CONNECTIONS_PER_SECOND, FLOWS, Load, Outcome
from shoal_lab.processes import eventually
from shoal_lab.servers import Server
from shoal_lab.traffic import http_burst

SERVERS = 6
WATCH_SECONDS = long_form(5, 30)
"""How long the load goes on after each step of a change."""
RANDOM_SECONDS = long_form(30, 300)
CHANGES_A_MINUTE = 100
INTERVAL = 5

SERVICES = [service_name(application, 4) for application in APPLICATIONS]


class Fleet:
    """The servers that serve, and how; each change of it is one document, for all four services at once."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.weights: dict[int, int] = {}
        self.draining: set[int] = set()
        self.moved_slots = 0
        """How many slots have changed hands since the load began, each time that they did."""
        self._owners: dict[tuple, str] = {}

    def begin(self, weights: dict[int, int], dead: Iterable[Server] = ()) -> None:
        """These servers and nobody else serve, and are healthy but for the dead ones."""
        dead = list(dead)
        for server in self.bench.servers:
            server.silence() if server in dead else server.restore()
        self.weights, self.draining = dict(weights), set()
        self.apply()
        self.wait_for_health("unhealthy", *dead)
        self.wait_for_health("healthy", *(self.bench.servers[number - 1] for number in weights
                                          if self.bench.servers[number - 1] not in dead))

    def start_load(self, **options) -> Load:
        load = Load(self.bench.lab, **options)
        watch(1)
        self._owners, self.moved_slots = self._slot_owners(), 0
        return load

    def apply(self) -> None:
        """Returns when the kernel has it."""
        until = datetime.now(timezone.utc) + timedelta(seconds=3_000)
        fields = {"adminState": "draining", "drainUntil": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
        self.bench.apply(Wishes(
            weights=[self.weights.get(number) for number in range(1, SERVERS + 1)], families=(4,),
            applications=APPLICATIONS, interval=INTERVAL, timeout=2, unhealthy_threshold=1, healthy_threshold=1,
            drain_seconds=3_000, target_fields={number: fields for number in self.draining & set(self.weights)}))
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

    def change_at_random(self, source: random.Random) -> str:
        """One of the changes that may happen at any time; server 1 is left alone, so that somebody always serves."""
        others = range(2, SERVERS + 1)
        members = [number for number in others if number in self.weights]
        changes: dict[str, tuple[list[int], Callable[[int], object]]] = {
            "weight": (members, lambda number: self.weights.update({number: source.choice((0, 1, 10, 100))})),
            "remove": (members, lambda number: (self.weights.pop(number), self.draining.discard(number))),
            "add": ([number for number in others if number not in self.weights],
                    lambda number: self.weights.update({number: source.randint(1, 100)})),
            "drain": ([number for number in members if number not in self.draining], self.draining.add),
            "enable": (sorted(self.draining), self.draining.discard),
        }
        name = source.choice([name for name, (numbers, _) in changes.items() if numbers])
        numbers, act = changes[name]
        act(source.choice(numbers))
        self.apply()
        return name


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with use_daemon(servers=SERVERS) as bench:
        yield bench


# Events. Each first makes what it needs, before there is any flow, and returns what it then does.

EQUAL = {1: 10, 2: 10, 3: 10}


def add_a_target(fleet: Fleet) -> Callable[[], None]:
    fleet.begin(EQUAL)

    def during() -> None:
        fleet.change(s4=10)
        fleet.wait_for_health("healthy", *fleet.bench.servers[:4])
        watch()

    return during


def remove_a_target(fleet: Fleet) -> Callable[[], None]:
    fleet.begin({**EQUAL, 4: 10})

    def during() -> None:
        fleet.change(s4=None)
        watch()

    return during


def change_a_weight(fleet: Fleet) -> Callable[[], None]:
    fleet.begin({1: 1, 2: 1, 3: 1})

    def during() -> None:
        fleet.change(s3=10)
        watch()
        fleet.change(s3=1)
        watch()

    return during


def recover_a_target(fleet: Fleet) -> Callable[[], None]:
    dead = fleet.bench.servers[2]
    fleet.begin(EQUAL, dead=[dead])

    def during() -> None:
        dead.restore()
        fleet.wait_for_health("healthy", dead)
        watch()

    return during


def kill_the_daemon_while_slots_move(fleet: Fleet) -> Callable[[], None]:
    fleet.begin({1: 1, 2: 1, 3: 1})

    def during() -> None:
        fleet.change(s3=10)
        fleet.bench.daemon.kill9()
        watch()
        fleet.bench.daemon.start()
        fleet.change(s3=1, s2=10)
        watch()

    return during


EVENTS = [add_a_target, remove_a_target, change_a_weight, recover_a_target, kill_the_daemon_while_slots_move]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_no_flow_notices(bench: Bench, event, record_property):
    fleet = Fleet(bench)
    outcome = run(fleet, event)
    record(record_property, outcome, fleet)
    assert_nothing_broke(outcome)
    assert fleet.moved_slots > 0, "the event moved no slot, so it has shown nothing"


def test_no_flow_notices_random_changes(bench: Bench, record_property):
    """100 changes a minute: weights, targets that join, leave, drain and return; and two that recover from death."""
    seed = int(time.time())
    record_property("seed", seed)
    source = random.Random(seed)
    fleet, dead = Fleet(bench), bench.servers[-2:]
    fleet.begin({number: 10 for number in range(1, SERVERS + 1)}, dead=dead)

    load = fleet.start_load()
    changes: list[str] = []
    # Each takes its turn at one third and two thirds of the time.
    recoveries = {load.began + RANDOM_SECONDS * part / 3: server for part, server in enumerate(dead, 1)}
    while time.monotonic() < load.began + RANDOM_SECONDS:
        for moment in [moment for moment in recoveries if moment <= time.monotonic()]:
            recoveries.pop(moment).restore()
        changes.append(fleet.change_at_random(source))
        time.sleep(max(0.0, load.began + len(changes) * 60 / CHANGES_A_MINUTE - time.monotonic()))
    watch()
    outcome = load.stop()

    record(record_property, outcome, fleet)
    record_property("changes", {name: changes.count(name) for name in sorted(set(changes))})
    assert_nothing_broke(outcome)
    assert len(changes) >= 0.9 * CHANGES_A_MINUTE * RANDOM_SECONDS / 60
    assert fleet.moved_slots > 0


def test_flows_break_without_pins(record_property):
    """The same load and the same change, but flows follow their slots: what the tests above would see, if they could."""
    with use_daemon(flags=["--pins", "off"], servers=SERVERS) as bench:
        fleet = Fleet(bench)
        outcome = run(fleet, change_a_weight)
        record(record_property, outcome, fleet)
        assert fleet.moved_slots > 0
        assert len(outcome.broken) > FLOWS // 10, "the test cannot tell whether flows break"
        assert all(result["broken"] > 0 for result in outcome.flows.values()), "with either algorithm"


def test_a_vip_that_was_deleted_and_made_again_inherits_nothing(bench: Bench, record_property):
    fleet = Fleet(bench)
    change = change_a_weight(fleet)
    load = fleet.start_load(flows=400, rate=0)
    change()
    assert bench.daemon.map("pins"), "no slot moved, so there is nothing to inherit"
    document = bench.daemon.export()
    load.stop()

    bench.daemon.shoal("lb", "delete", balancer_name(4), "--yes").check()
    assert bench.daemon.map("listeners") == [] and bench.daemon.map("targets") == []
    eventually(lambda: bench.daemon.map("pins") == [], 10, "pins of a load balancer that is gone go, too")
    assert http_burst(bench.client, bench.lab.vip.v4, HTTP.listener_port, 4, timeout=0.5)["answered"] == 0

    bench.daemon.apply(document).check()
    outcome = http_burst(bench.client, bench.lab.vip.v4, HTTP.listener_port, 500)
    record_property("answeredAtOnce", outcome["answered"])
    assert outcome["answered"] == 500, outcome["failedByKind"]
    assert all(slot["previous"] == slot["target"] for slot in bench.daemon.map("slots"))
    for service in SERVICES:
        table = bench.daemon.table(service)
        assert table.moving_slots == 0
        assert not any(target.previous_slots or target.is_leaving for target in table.targets.values())
    assert bench.daemon.map("pins") == []


# How the tests above run and judge.


def run(fleet: Fleet, event: Callable[[Fleet], Callable[[], None]]) -> Outcome:
    """What became of the load while the event happened."""
    during = event(fleet)
    load = fleet.start_load()
    during()
    return load.stop()


def watch(seconds: float = WATCH_SECONDS) -> None:
    """Lets traffic flow: that nothing breaks has no event to wait for."""
    time.sleep(seconds)


def record(record_property, outcome: Outcome, fleet: Fleet) -> None:
    figures = {**outcome.figures(), "movedSlots": fleet.moved_slots}
    for name, value in figures.items():
        record_property(name, value)
    print(figures)


def assert_nothing_broke(outcome: Outcome) -> None:
    figures = outcome.figures()
    assert (figures["broken"], figures["moved"]) == (0, 0), outcome.broken[:10]
    assert figures["refused"] == 0, outcome.refused[:10]
    assert figures["lostSYNs"] == 0
    assert figures["flows"] == FLOWS
    assert figures["connections"] >= 0.95 * CONNECTIONS_PER_SECOND * WATCH_SECONDS
