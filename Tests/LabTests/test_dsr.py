"""Mode dsr: servers that have the VIP get packets as clients sent them, and reply to the clients themselves."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from conftest import Bench, use_daemon

from shoal_lab.addresses import BALANCER_BACK, DIRECT, DIRECT_DATAGRAMS, DIRECT_ECHO, FAMILIES, HTTP, client
from shoal_lab.blob import make_blob
from shoal_lab.configuration import Wishes, document, service_name
from shoal_lab.processes import eventually
from shoal_lab.traffic import Traffic, http_burst

WISHES = Wishes(weights=(10, 20, 30), applications=(DIRECT, DIRECT_ECHO, DIRECT_DATAGRAMS), mode="dsr",
                unhealthy_threshold=1, healthy_threshold=1)


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """Clients, balancer and servers on one link."""
    with use_daemon(servers=3, topology="one-armed") as bench:
        make_blob(bench.lab.directory)
        for server in bench.servers:
            server.hold_vips()
        bench.serve(WISHES)
        yield bench


def replies(bench: Bench) -> int:
    """Packets that servers sent back by the balancer."""
    return sum(row["to_client_packets"] for row in bench.daemon.map("counters_listeners"))


def test_requests_are_answered_by_weight_and_past_the_balancer(bench: Bench, family: int, record_property):
    logged = {server.name: len(server.accesses()) for server in bench.servers}
    outcome = http_burst(bench.client, bench.lab.vip[family], DIRECT.listener_port, 3_000, sources=[client(1)[family]])
    shares = {name: count / 3_000 for name, count in outcome["byServer"].items()}
    record_property("shares", shares)
    assert (outcome["answered"], outcome["failed"]) == (3_000, 0), outcome["failedByKind"]
    assert all(abs(shares[f"s{number}"] - number / 6) <= 0.04 for number in (1, 2, 3)), shares
    assert replies(bench) == 0
    for server in bench.servers:
        seen = server.accesses()[logged[server.name]:]
        assert {(access.address, access.server_port) for access in seen} == {
            (client(1)[family], DIRECT.listener_port)}


def test_a_transfer_is_intact(bench: Bench, family: int):
    result = Traffic(bench.client, "transfer", bench.lab.vip[family], DIRECT.listener_port, rate=8 << 20,
                     seconds=2).result()
    assert result["broken"] is None


def test_every_datagram_is_answered_by_one_server(bench: Bench, family: int, record_property):
    result = Traffic(
        bench.client, "datagrams", bench.lab.vip[family], DIRECT_DATAGRAMS.listener_port, bench.lab.sources(50)[family],
        flows=500, rate=2_500, size=64, renew=100, seconds=4, timeout=5).result()
    record_property("datagrams", result)
    assert result["sent"] > 0
    assert (result["lost"], result["answeredTwice"], result["wrong"], result["moved"]) == (0, 0, 0, 0), result


def test_flows_stay_while_weights_change_and_the_daemon_dies(bench: Bench):
    running = [Traffic(
        bench.client, "datagrams", bench.lab.vip[family], DIRECT_DATAGRAMS.listener_port, bench.lab.sources(50)[family],
        flows=500, rate=1_500, size=64, renew=0, seconds=3_600, timeout=5).wait_until_running() for family in FAMILIES]
    for weights in ((10, 10, 60), (60, 10, 10), WISHES.weights):
        bench.daemon.apply(document(WISHES, weights=weights)).check()
        time.sleep(1)
    bench.daemon.kill9()
    bench.daemon.start()
    for traffic in running:
        result = traffic.stop()
        assert (result["lost"], result["wrong"], result["moved"]) == (0, 0, 0), result


def test_a_dead_server_gets_no_more(bench: Bench, family: int):
    victim = bench.servers[2]
    victim.kill()
    try:
        for application in (DIRECT, DIRECT_ECHO):
            bench.daemon.wait_for_health(
                service_name(application, family), {victim.address[family]: "unhealthy"}, 15)
        outcome = http_burst(bench.client, bench.lab.vip[family], DIRECT.listener_port, 500)
        assert (outcome["answered"], outcome["failed"]) == (500, 0), outcome["failedByKind"]
        assert victim.name not in outcome["byServer"]
    finally:
        victim.restore()
    bench.daemon.wait_until_healthy(
        service_name(application, family) for application in (DIRECT, DIRECT_ECHO))


def test_a_port_that_the_mode_would_have_to_change_is_refused(bench: Bench):
    before = bench.daemon.shoal("export").output
    answer = bench.daemon.apply(document(WISHES, applications=(HTTP,)))
    assert answer.code == 6
    assert "loadBalancers[0].listeners[0].port" in answer.errors and "mode dsr" in answer.errors
    assert bench.daemon.shoal("export").output == before


def test_a_target_behind_a_gateway_is_told(bench: Bench):
    first, second, _ = bench.servers
    route = f"{first.address.v4} via {second.address.v4}"
    problem = f"target {first.address.v4} is behind the gateway {second.address.v4}"

    def is_told() -> bool:
        return problem in bench.daemon.shoal("status").output

    assert not is_told()
    bench.lab.balancer.ip(f"route add {route}")
    try:
        eventually(is_told, 5, problem)
    finally:
        bench.lab.balancer.ip(f"route delete {route}")
    eventually(lambda: not is_told(), 5, f"not: {problem}")


def test_a_service_changes_its_mode(bench: Bench, family: int):
    """To nat and back. Flows that were there are lost, new ones are served at once."""
    own = client(1)[family]
    for mode in ("nat", "dsr"):
        bench.daemon.apply(document(WISHES, mode=mode, applications=(DIRECT,)), "--prune").check()
        before = replies(bench)
        for server in bench.servers:
            route = f"{own} via {BALANCER_BACK[family]}"
            server.namespace.ip(f"route {'add' if mode == 'nat' else 'delete'} {route}")
        outcome = http_burst(bench.client, bench.lab.vip[family], DIRECT.listener_port, 300, sources=[own])
        assert (outcome["answered"], outcome["failed"]) == (300, 0), (
            mode, outcome["failedByKind"])
        assert (replies(bench) > before) == (mode == "nat")
    bench.serve(WISHES)
