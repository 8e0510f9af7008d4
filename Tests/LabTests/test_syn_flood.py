"""A flood of SYNs from strangers, as fast as the generator goes: 2,000 established flows do not notice.

Servers drop the strangers' SYNs unanswered, so that it is the balancer that is tested. SHOAL_LAB_LONG=1 makes it 60 s.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from conftest import Bench, long_form, use_daemon
from fleet import SERVICES, Fleet, record, watch

from shoal_lab.addresses import ECHO, STICKY_ECHO
from shoal_lab.configuration import service_name
from shoal_lab.flood import Flood
from shoal_lab.load import FLOWS, Load, Outcome
from shoal_lab.processes import eventually

SECONDS = long_form(16, 60)
LISTENERS = (ECHO, STICKY_ECHO)
"""Where the flows are, and so the floods, one after the other."""
CONNECTIONS_PER_SECOND = 100
DELIVERED = 0.9
"""Of the flood, at least; the rest may be lost on the cable, whose queue a busy machine empties too slowly."""


def test_settled_slots_keep_no_trace_of_a_flood(record_property):
    with use_daemon(servers=3) as bench:
        fleet = Fleet(bench, drain_seconds=0)
        fleet.begin({1: 10, 2: 10, 3: 10})
        eventually(lambda: moving_slots(bench) == 0 and not bench.daemon.map("pins"), 60, "all slots settle", pause=1)
        pins: list[int] = []
        outcome = flood(fleet, record_property, lambda: pins.append(len(bench.daemon.map("pins"))))
        assert_nothing_broke(outcome)
        assert pins and set(pins) == {0}
        assert moving_slots(bench) == 0
        assert all(sum(target.flows.values()) == 0
                   for service in SERVICES for target in bench.daemon.table(service).targets.values())


def test_moving_slots_keep_their_flows_in_a_flood(record_property):
    """A third of the slots move and go on moving; the flood makes pins as fast as the budget allows, and more."""
    with use_daemon(servers=3) as bench:
        fleet = Fleet(bench)
        fleet.begin({1: 1, 2: 1, 3: 1})
        load = Load(bench.lab, rate=CONNECTIONS_PER_SECOND)
        fleet.change(s3=10)
        moving = moving_slots(bench)
        assert moving > 0
        # Two messages of each flow: its pin is there, and says that it is established.
        watch(3)
        before = established(bench)
        assert sum(before.values()) > FLOWS // 10
        events = pin_events(bench)
        meanwhile: list[dict[str, int]] = []

        outcome = flood(fleet, record_property, lambda: meanwhile.append(established(bench)), load)

        made = {event: count - events.get(event, 0) for event, count in pin_events(bench).items()}
        record_property("pinEvents", made)
        record_property("establishedPins", before)
        print(made, before)
        assert_nothing_broke(outcome)
        assert meanwhile and all(counts == before for counts in meanwhile), (before, meanwhile)
        assert made["made"] > 0 and made["over_budget"] > 0, "the flood spent no budget, so it was no test"
        assert moving_slots(bench) == moving, "slots settled in the midst of the flood, so it was no test"


@pytest.mark.parametrize("is_moving", [False, True], ids=["settled", "moving"])
def test_the_flood_reaches_every_target(is_moving: bool, record_property):
    """The counter-proof of the generator: its SYNs are good ones, from many sources, and spread as weights say."""
    with use_daemon(servers=2) as bench:
        fleet = Fleet(bench)
        fleet.begin({1: 10, 2: 10})
        if is_moving:
            fleet.change(s2=30)
        sent = Flood(bench.lab, ECHO.listener_port, seconds=2, rate=5_000).wait_until_running().result()["sent"]
        arrived = [server.stranger_packets() for server in bench.servers]
        record_property("arrived", arrived)
        assert sum(arrived) == sent >= 9_000
        wanted = 0.75 if is_moving else 0.5
        assert abs(arrived[1] / sent - wanted) <= 0.03, "new flows of moving slots go to their new target"


def flood(
    fleet: Fleet, record_property, sample: Callable[[], object], load: Load | None = None,
) -> Outcome:
    """What became of the load while one listener after the other was flooded. `sample` is called now and then."""
    bench = fleet.bench
    load = load or Load(bench.lab, rate=CONNECTIONS_PER_SECOND)
    arrived, sent = strangers(bench), 0
    for application in LISTENERS:
        running = Flood(bench.lab, application.listener_port, seconds=SECONDS / len(LISTENERS)).wait_until_running()
        while running.process.is_running:
            sample()
            watch(1)
        sent += running.result()["sent"]
    watch(2)
    arrived = strangers(bench) - arrived
    outcome = load.stop()
    record(record_property, outcome, fleet)
    record_property("sent", sent)
    record_property("sentPerSecond", round(sent / SECONDS))
    record_property("arrived", arrived)
    print({"sent": sent, "perSecond": round(sent / SECONDS), "arrived": arrived})
    assert arrived >= DELIVERED * sent > 0
    return outcome


def assert_nothing_broke(outcome: Outcome) -> None:
    figures = outcome.figures()
    assert (figures["broken"], figures["moved"]) == (0, 0), outcome.broken[:10]
    assert figures["refused"] == 0, outcome.refused[:10]
    assert figures["flows"] == FLOWS


def strangers(bench: Bench) -> int:
    return sum(server.stranger_packets() for server in bench.servers)


def moving_slots(bench: Bench) -> int:
    return sum(bench.daemon.table(service).moving_slots for service in SERVICES)


def established(bench: Bench) -> dict[str, int]:
    """Pinned flows that are established, by service."""
    services = [service_name(application, 4) for application in LISTENERS]
    return {service: sum(target.flows["established"] for target in bench.daemon.table(service).targets.values())
            for service in services}


def pin_events(bench: Bench) -> dict[str, int]:
    return {row["event"]: row["pins"] for row in bench.daemon.map("counters_pins")}
