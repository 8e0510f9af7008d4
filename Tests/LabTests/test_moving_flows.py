"""Targets come, go, weigh more, weigh less and recover; the daemon dies in the midst of it: no flow notices.

2,000 long-lived flows of numbered messages and 500 new connections a second, judged by the clients: broken, moved,
refused, lost SYNs, all of them 0. SHOAL_LAB_LONG=1 gives the long form, 5 minutes of random changes in place of 30 s.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator

import pytest
from conftest import Bench, long_form, use_daemon
from fleet import SERVICES, WATCH_SECONDS, Fleet, record, watch

from shoal_lab.addresses import HTTP
from shoal_lab.configuration import balancer_name
from shoal_lab.load import CONNECTIONS_PER_SECOND, FLOWS, Outcome
from shoal_lab.processes import eventually
from shoal_lab.traffic import http_burst

SERVERS = 6
RANDOM_SECONDS = long_form(30, 300)
CHANGES_A_MINUTE = 100


def change_at_random(fleet: Fleet, source: random.Random) -> str:
    """One of the changes that may happen at any time; server 1 is left alone, so that somebody always serves."""
    others = range(2, SERVERS + 1)
    members = [number for number in others if number in fleet.weights]
    changes: dict[str, tuple[list[int], Callable[[int], object]]] = {
        "weight": (members, lambda number: fleet.weights.update({number: source.choice((0, 1, 10, 100))})),
        "remove": (members, lambda number: (fleet.weights.pop(number), fleet.draining.discard(number))),
        "add": ([number for number in others if number not in fleet.weights],
                lambda number: fleet.weights.update({number: source.randint(1, 100)})),
        "drain": ([number for number in members if number not in fleet.draining], fleet.draining.add),
        "enable": (sorted(fleet.draining), fleet.draining.discard),
    }
    name = source.choice([name for name, (numbers, _) in changes.items() if numbers])
    numbers, act = changes[name]
    act(source.choice(numbers))
    fleet.apply()
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


def remove_a_target_that_has_just_joined(fleet: Fleet) -> Callable[[], None]:
    """Its slots go back to whom they came from, so that no slot names it any more: only the pins of its flows do."""
    fleet.begin(EQUAL)
    fleet.change(s4=10)
    fleet.wait_for_health("healthy", fleet.bench.servers[3])

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


EVENTS = [
    add_a_target, remove_a_target, remove_a_target_that_has_just_joined, change_a_weight, recover_a_target,
    kill_the_daemon_while_slots_move,
]


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
        changes.append(change_at_random(fleet, source))
        time.sleep(max(0.0, load.began + len(changes) * 60 / CHANGES_A_MINUTE - time.monotonic()))
    watch()
    outcome = load.stop()

    record(record_property, outcome, fleet)
    record_property("changes", {name: changes.count(name) for name in sorted(set(changes))})
    assert_nothing_broke(outcome)
    assert len(changes) >= 0.9 * CHANGES_A_MINUTE * RANDOM_SECONDS / 60
    assert fleet.moved_slots > 0


def test_flows_break_without_pins(record_property):
    """The same load and change, but flows follow their slots: the tests above can fail."""
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
    load.stop()

    bench.daemon.shoal("lb", "delete", balancer_name(4), "--yes").check()
    assert bench.daemon.map("listeners") == [] and bench.daemon.map("targets") == []
    eventually(lambda: bench.daemon.map("pins") == [], 10, "pins of a load balancer that is gone go, too")
    assert http_burst(bench.client, bench.lab.vip.v4, HTTP.listener_port, 4, timeout=0.5)["answered"] == 0

    # Without health checks, so that no slot has a reason to move.
    fleet.is_checked = False
    fleet.apply()
    outcome = http_burst(bench.client, bench.lab.vip.v4, HTTP.listener_port, 500)
    record_property("answeredAtOnce", outcome["answered"])
    assert outcome["answered"] == 500, outcome["failedByKind"]
    assert not any(slot["previous"] for slot in bench.daemon.map("slots"))
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


def assert_nothing_broke(outcome: Outcome) -> None:
    figures = outcome.figures()
    assert (figures["broken"], figures["moved"]) == (0, 0), outcome.broken[:10]
    assert figures["refused"] == 0, outcome.refused[:10]
    assert figures["lostSYNs"] == 0
    assert figures["flows"] == FLOWS
    assert figures["connections"] >= 0.95 * CONNECTIONS_PER_SECOND * WATCH_SECONDS
