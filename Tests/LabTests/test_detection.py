"""Servers that fail: when they leave, that nothing reaches them then, and that they return to their old place."""

from __future__ import annotations

import time

import pytest
from conftest import Bench, use_bench

from shoal_lab.addresses import FAMILIES, HTTP, STICKY
from shoal_lab.configuration import Wishes, service_name
from shoal_lab.servers import Server
from shoal_lab.traffic import Traffic

WISHES = Wishes(interval=5, timeout=2, unhealthy_threshold=2, healthy_threshold=2, applications=(HTTP, STICKY))
RATE = 50

BOUNDS = {
    # A check that is refused tells at once; one that is not answered after its timeout.
    Server.kill: WISHES.unhealthy_threshold * WISHES.interval + 1,
    Server.silence: WISHES.unhealthy_threshold * WISHES.interval + WISHES.timeout + 1,
}


@pytest.fixture(scope="module")
def bench():
    with use_bench(WISHES) as bench:
        yield bench


@pytest.mark.parametrize("fail", BOUNDS, ids=["killed", "silent"])
def test_a_failed_server_leaves_and_returns(bench: Bench, fail, record_property):
    victim = bench.servers[1]
    before = bench.daemon.owners()
    traffic = [
        Traffic(bench.client, "open-loop", bench.lab.vip[family], application.listener_port, rate=RATE, seconds=90)
        .wait_until_running()
        for family in FAMILIES for application in WISHES.applications]

    failed_at = time.monotonic()
    fail(victim)
    left_at = wait_for_all(bench, victim, "unhealthy", BOUNDS[fail] + 5)
    record_property("leftAfterSeconds", round(left_at - failed_at, 2))
    assert left_at - failed_at <= BOUNDS[fail]
    assert len(bench.daemon.owners()) == len(before)

    syns = victim.client_syns()
    # Absence has no event to wait for: 600 connections are what proves it.
    time.sleep(3)
    assert victim.client_syns() == syns, "connections reach a server that has left"

    restored_from = time.monotonic()
    victim.restore()
    restored_at = time.monotonic()
    returned_at = wait_for_all(bench, victim, "healthy", WISHES.healthy_threshold * WISHES.interval + 6)
    record_property("returnedAfterSeconds", round(returned_at - restored_at, 2))
    # The first good check may have begun before: TCP sends a lost SYN again, as long as the check waits.
    assert returned_at - restored_from >= (WISHES.healthy_threshold - 1) * WISHES.interval - WISHES.timeout
    assert returned_at - restored_at <= WISHES.healthy_threshold * WISHES.interval + 1
    assert bench.daemon.owners() == before, "the table is not the one before"

    for outcome in (each.stop() for each in traffic):
        assert outcome["answered"] > 0
        outside = [failure for failure in outcome["failures"]
                   if failure["at"] + failure["afterSeconds"] < failed_at or failure["at"] > left_at]
        assert not outside, "requests failed before the server did, or after it had left"
    assert victim.client_syns() > syns, "connections do not reach the server that has returned"


def wait_for_all(bench: Bench, server: Server, word: str, seconds: float) -> float:
    """When the last of all services had it so."""
    deadline = time.monotonic() + seconds
    return max(
        bench.daemon.wait_for_health(
            service_name(application, family), {server.address[family]: word}, max(0.1, deadline - time.monotonic()))
        for application in WISHES.applications for family in FAMILIES)
