"""UDP: every datagram is answered once, by the server that the flow began with, which sees the client's own address;
also while slots move, and while the daemon is killed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from conftest import Bench, use_daemon

from shoal_lab.addresses import DATAGRAMS, FAMILIES, STICKY_DATAGRAMS, Application
from shoal_lab.configuration import Wishes, balancer_name, group_name, service_name
from shoal_lab.traffic import Traffic

APPLICATIONS = (DATAGRAMS, STICKY_DATAGRAMS)
SOURCES = 200
FLOWS = 1_000
RATE = 2_500
"""Datagrams a second of each application: each flow sends more than two a second."""
RENEWED = 50
"""Flows a second that begin in the place of others."""
ENDLESS = 3_600
UDP_IDLE_SECONDS = 30
FULL_SIZE = {4: 1472, 6: 1452}
"""What fits into a frame of 1,500 bytes, the answer's prefix not counted."""
PREFIX_MAX = 45
LEAVING = "s3"


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with use_daemon(servers=3) as bench:
        yield bench


def serve(bench: Bench, weights=(10, 10, 10), **more) -> None:
    for server in bench.servers:
        server.restore()
    bench.apply(Wishes(
        weights=weights, applications=APPLICATIONS, interval=5, timeout=2, unhealthy_threshold=1, healthy_threshold=1,
        drain_seconds=3_000, **more))
    for application in APPLICATIONS:
        for family in FAMILIES:
            bench.daemon.wait_for_health(service_name(application, family), {
                server.address[family]: "healthy" for server, weight in zip(bench.servers, weights)
                if weight is not None}, 20)


def start(bench: Bench, application: Application, family: int = 4, **options) -> Traffic:
    wishes = {"flows": FLOWS, "rate": RATE, "size": 64, "renew": RENEWED, "seconds": ENDLESS, "timeout": 5} | options
    return Traffic(
        bench.client, "datagrams", bench.lab.vip[family], application.listener_port,
        bench.lab.sources(SOURCES)[family], **wishes).wait_until_running()


def assert_faithful(result: dict) -> None:
    assert result["sent"] > 0
    assert (result["lost"], result["answeredTwice"], result["wrong"], result["moved"]) == (0, 0, 0, 0), result


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("application", APPLICATIONS, ids=lambda application: application.name)
def test_every_datagram_is_answered(bench: Bench, application: Application, family: int, record_property):
    """From the VIP, since the client's socket takes no others; by servers in proportion to their weights."""
    serve(bench, weights=(10, 20, 30))
    result = start(bench, application, family, seconds=4, renew=500).result()
    record_property("datagrams", result)
    assert_faithful(result)
    flows = result["flowsByServer"]
    if application is DATAGRAMS:
        shares = [flows[server.name] / sum(flows.values()) for server in bench.servers]
        assert all(abs(share - weight / 60) <= 0.05 for share, weight in zip(shares, (10, 20, 30))), flows
    else:
        assert set(flows) == {server.name for server in bench.servers}


@pytest.mark.parametrize("family", FAMILIES)
def test_datagrams_as_large_as_a_frame(bench: Bench, family: int):
    serve(bench)
    size = FULL_SIZE[family] - PREFIX_MAX
    assert_faithful(start(bench, DATAGRAMS, family, seconds=2, size=size, rate=1_000).result())


def test_flows_stay_while_slots_move(bench: Bench, record_property):
    """Weights, a target that leaves, one that comes: flows that go on go on where they are, new ones follow the weights
    when no older flow can have been silent any more."""
    serve(bench)
    running = [start(bench, application) for application in APPLICATIONS]
    for weights in ((10, 10, 40), (40, 10, 10), (10, 10, None), (10, 10, 10)):
        serve(bench, weights)
        time.sleep(3)
    results = [traffic.stop() for traffic in running]
    record_property("datagrams", [result["sent"] for result in results])
    for result in results:
        assert_faithful(result)


def test_a_drained_target_gets_no_new_flows(bench: Bench, record_property):
    """Half a minute later, since no packet of UDP says that it begins a flow; its own flows are counted, and stay."""
    serve(bench)
    old = [start(bench, application, renew=0, rate=FLOWS) for application in APPLICATIONS]
    time.sleep(2)
    address = bench.server(LEAVING).address.v4
    for application in APPLICATIONS:
        bench.daemon.drain(f"{balancer_name(4)}/{group_name(application)}", address, 3_000)
    time.sleep(UDP_IDLE_SECONDS + 3)
    new = [start(bench, application, seconds=3).result() for application in APPLICATIONS]
    rows = [bench.daemon.table(service_name(application, 4)).targets[address] for application in APPLICATIONS]
    results = [traffic.stop() for traffic in old]
    for result, row, latecomers in zip(results, rows, new):
        assert_faithful(result)
        record_property("flowsOfDrained", row.flows)
        assert row.flows["udp"] == result["flowsByServer"][LEAVING] > 0
        assert_faithful(latecomers)
        assert LEAVING not in latecomers["flowsByServer"]


def test_no_datagram_is_lost_while_the_daemon_is_killed(bench: Bench, record_property):
    serve(bench)
    running = [start(bench, application, renew=0) for application in APPLICATIONS]
    for _ in range(5):
        time.sleep(1)
        bench.daemon.kill9()
        time.sleep(0.5)
        bench.daemon.start()
    results = [traffic.stop() for traffic in running]
    record_property("datagrams", [result["sent"] for result in results])
    for result in results:
        assert_faithful(result)


@pytest.mark.parametrize("family", FAMILIES)
def test_health_by_echo_requests(bench: Bench, family: int):
    """A service of UDP can have them, for servers that speak nothing else: what counts is that the host replies."""
    serve(bench, check_protocol="Icmp")
    name, server = service_name(DATAGRAMS, family), bench.server(LEAVING)
    address = server.address[family]
    server.kill()
    server.ignore_pings()
    bench.daemon.wait_for_health(name, {address: "unhealthy"}, 15)
    targets = bench.daemon.shoal("health", name, "-o", "json").json["targets"]
    (found,) = (target for target in targets if target["address"] == address)
    assert (found["reason"], found["detail"]) == ("echo_timeout", "no echo reply within 2.0 seconds")
    result = start(bench, DATAGRAMS, family, seconds=2).result()
    assert_faithful(result)
    assert LEAVING not in result["flowsByServer"]
    server.restore()
    bench.daemon.wait_for_health(name, {address: "healthy"}, 15)


def test_without_pins_the_same_flows_move(record_property):
    """The counter-proof: the tests above can fail."""
    with use_daemon(flags=["--pins", "off"], servers=3) as bench:
        serve(bench)
        running = start(bench, DATAGRAMS, renew=0)
        time.sleep(1)
        serve(bench, (10, 10, 40))
        time.sleep(2)
        result = running.stop()
        record_property("moved", result["moved"])
        assert result["lost"] == 0
        assert result["moved"] > FLOWS // 10
