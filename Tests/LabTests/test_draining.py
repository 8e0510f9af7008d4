"""Targets that leave: no new flow after a second, the old ones live to the deadline, and only they are cut then."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest
from conftest import Bench, use_daemon
from fleet import SERVICES, Fleet, record, watch

from shoal_lab.addresses import ECHO, STICKY_ECHO
from shoal_lab.configuration import group_name, service_name
from shoal_lab.daemon import TargetRow
from shoal_lab.load import APPLICATIONS, FLOWS, Load, Outcome
from shoal_lab.processes import eventually

DEADLINE_SECONDS = 12
LATE_SECONDS = 6
"""A flow is cut at the deadline or so much later: the daemon looks every two seconds, lets packets on their way pass for
a second and looks again; and the next message may be a second away."""
EQUAL = {1: 10, 2: 10, 3: 10}
LEAVING = "s3"
FLOW_SERVICES = [service_name(application, 4) for application in (ECHO, STICKY_ECHO)]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with use_daemon(servers=3) as bench:
        yield bench


def test_a_drained_target_keeps_its_flows_to_the_deadline(bench: Bench, record_property):
    """Half of the flows end before it, as their clients please, and the table tells how many are left; the other half
    are cut at the deadline, and nobody else's."""
    fleet = Fleet(bench)
    fleet.begin(EQUAL)
    staying = fleet.start_load()
    going = Load(bench.lab, flows=FLOWS // 2, rate=0)

    asked = time.monotonic()
    for application in APPLICATIONS:
        bench.daemon.drain(group_name(application), address(bench), DEADLINE_SECONDS)
    answered = time.monotonic()
    watch(3)
    with_all = rows(bench)
    gone = going.stop()
    eventually(lambda: all(row.flows["closing"] > 0 for row in rows(bench).values()), 5, "flows have closed")
    with_half = rows(bench)
    assert time.monotonic() < asked + DEADLINE_SECONDS - 1, "too slow to have seen it before the deadline"
    watch(answered + DEADLINE_SECONDS + LATE_SECONDS - time.monotonic())
    after = rows(bench)
    outcome = staying.stop()

    record(record_property, outcome, fleet)
    assert len(gone.broken) == 0
    for application, service in zip((ECHO, STICKY_ECHO), FLOW_SERVICES):
        ended, kept = (each.flows[application.name]["byServer"][LEAVING] for each in (gone, outcome))
        record_property(f"{service}Flows", {"ended": ended, "kept": kept})
        row = with_all[service]
        assert (row.admin_state, row.slots, row.is_leaving) == ("draining", 0, False)
        assert row.previous_slots > 0
        assert row.living_flows == ended + kept
        assert with_half[service].living_flows == kept
        assert after[service].slots == after[service].previous_slots == 0
    assert_last_answers(outcome, answered)
    assert_cut(outcome, asked + DEADLINE_SECONDS, answered + DEADLINE_SECONDS, record_property)


def test_a_target_that_is_enabled_in_time_loses_nothing(bench: Bench, record_property):
    fleet = Fleet(bench)
    fleet.begin(EQUAL)
    load = fleet.start_load()
    for application in APPLICATIONS:
        bench.daemon.drain(group_name(application), address(bench), DEADLINE_SECONDS)
    watch(4)
    back = time.monotonic()
    for application in APPLICATIONS:
        bench.daemon.enable(group_name(application), address(bench))
    watch(DEADLINE_SECONDS)
    outcome = load.stop()

    record(record_property, outcome, fleet)
    assert (len(outcome.broken), outcome.moved, outcome.refused) == (0, 0, []), outcome.broken[:10]
    assert all(moment > back for moment in outcome.last_answer(LEAVING).values())
    assert len(outcome.last_answer(LEAVING)) == len(outcome.connections)


@pytest.mark.parametrize("drain_seconds", [0, 8], ids=["without drain", "with drain"])
def test_a_removed_target_breaks_only_its_own_flows(bench: Bench, drain_seconds: int, record_property):
    """At once without drain; with it, when its time is over."""
    fleet = Fleet(bench, drain_seconds=drain_seconds)
    fleet.begin(EQUAL)
    load = fleet.start_load()

    asked = time.monotonic()
    fleet.change(s3=None)
    answered = time.monotonic()
    if drain_seconds:
        watch(3)
        leaving = rows(bench)
    watch(answered + drain_seconds + LATE_SECONDS - time.monotonic())
    for service in SERVICES:
        eventually(lambda: address(bench) not in bench.daemon.table(service).targets, 5, f"{service} has forgotten it")
    outcome = load.stop()

    record(record_property, outcome, fleet)
    if drain_seconds:
        for application, service in zip((ECHO, STICKY_ECHO), FLOW_SERVICES):
            assert leaving[service].is_leaving and leaving[service].slots == 0
            assert leaving[service].living_flows == outcome.flows[application.name]["byServer"][LEAVING]
        assert outcome.refused == []
    else:
        # Those that were being answered by it in that moment.
        assert all(failure["at"] <= answered for failure in outcome.refused), outcome.refused
        assert len(outcome.refused) <= 10
    assert_last_answers(outcome, answered)
    assert_cut(outcome, asked + drain_seconds, answered + drain_seconds, record_property)


def address(bench: Bench) -> str:
    return bench.server(LEAVING).address.v4


def rows(bench: Bench) -> dict[str, TargetRow]:
    """The leaving target in the table of each service that has long-lived flows."""
    return {service: bench.daemon.table(service).targets[address(bench)] for service in FLOW_SERVICES}


def assert_last_answers(outcome: Outcome, answered: float) -> None:
    """It had new connections, and none after the second that followed."""
    last = outcome.last_answer(LEAVING)
    assert len(last) == len(outcome.connections)
    assert all(moment <= answered + 1 for moment in last.values()), (answered, last)


def assert_cut(outcome: Outcome, earliest: float, latest: float, record_property) -> None:
    """All of its flows were cut then, and no other flow ever."""
    assert outcome.moved == 0
    assert Counter(failure["server"] for failure in outcome.broken) == {LEAVING: outcome.flows_with(LEAVING)}
    moments = [failure["at"] for failure in outcome.broken]
    record_property("cutAfterSeconds", [round(min(moments) - earliest, 2), round(max(moments) - latest, 2)])
    assert earliest - 0.5 <= min(moments) and max(moments) <= latest + LATE_SECONDS, (
        earliest, latest, min(moments), max(moments))
