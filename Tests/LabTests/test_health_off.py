"""A service whose health check is switched off: health is N/A, and whatever runs takes connections; switched on again,
it begins anew.

The check port is one on which nobody listens, so that only the switch explains what happens.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from conftest import Bench, use_daemon

from shoal_lab.addresses import CLOSED_PORT, COMMON_PORTS
from shoal_lab.processes import eventually
from shoal_lab.traffic import http_burst

INTERVAL = 5
UNHEALTHY_THRESHOLD = 2


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with use_daemon() as bench:
        yield bench


def test_without_a_health_check_everything_that_runs_is_served(bench: Bench, record_property):
    rest = bench.rest
    for server in bench.servers:
        rest.create("instances", {"instanceId": server.name, "privateIpAddress": server.address.v4,
                                  "status": "stopped" if server.name == "s3" else "running"})
    balancer = rest.create("loadBalancers", {"loadBalancerName": "web", "subnetId": "default",
                                             "privateIpAddress": bench.lab.vip.v4})
    group = rest.create("targetGroups", {"targetGroupName": "servers", "loadBalancerId": balancer})
    rest.ask("POST", f"targetGroups/{group}:registerTargets", {
        "targetSpecs": [{"instanceId": server.name} for server in bench.servers]}).result
    check = {"protocol": "Tcp", "port": CLOSED_PORT, "intervalSeconds": INTERVAL, "checkTimeoutSeconds": 2,
             "unhealthyThresholdCount": UNHEALTHY_THRESHOLD, "healthyThresholdCount": 1}
    service = rest.create("backends", {
        "backendName": "http", "loadBalancerId": balancer, "protocol": "Tcp", "port": COMMON_PORTS[0],
        "algorithm": "QuintupleHash", "targetGroupIds": [group], "healthCheckSpec": check,
        "allUnhealthyPolicy": "drop"})
    rest.create("listeners", {"listenerName": "http", "loadBalancerId": balancer, "protocol": "Tcp", "port": 80,
                              "backendId": service})

    def health() -> dict[str, str]:
        words = rest.health(service)
        return {server.name: words[server.address.v4] for server in bench.servers}

    def wait_for(word: str) -> float:
        began = time.monotonic()
        eventually(lambda: {health()["s1"], health()["s2"]} == {word}, 2 * UNHEALTHY_THRESHOLD * INTERVAL + 10,
                   f"what runs is {word}", pause=0.1)
        return round(time.monotonic() - began, 2)

    def served(requests: int = 300) -> dict[str, int]:
        outcome = http_burst(bench.client, bench.lab.vip.v4, 80, requests)
        assert outcome["failed"] == 0, outcome["failedByKind"]
        return outcome["byServer"]

    def answered() -> int:
        return http_burst(bench.client, bench.lab.vip.v4, 80, 8, timeout=0.5)["answered"]

    # On: nobody passes, and nobody is served. What is stopped is not even asked.
    assert health() == {"s1": "initial", "s2": "initial", "s3": "N/A"}
    record_property("unhealthyAfterSeconds", wait_for("unhealthy"))
    assert health()["s3"] == "N/A" and answered() == 0
    reasons = [each["unhealthReason"]["reason"] for each in rest.all(f"backends/{service}/health")
               if each["status"] == "unhealthy"]
    assert reasons == ["CONNECT_FAILED"] * 2

    # Off: what runs is served though its check port is closed, what is stopped is not.
    rest.update("backends", service, {"closeHealthCheck": True})
    assert health() == {"s1": "N/A", "s2": "N/A", "s3": "N/A"}
    syns = bench.server("s3").client_syns()
    shares = served()
    record_property("shares", shares)
    assert set(shares) == {"s1", "s2"}
    assert bench.server("s3").client_syns() == syns, "connections reach an instance that is stopped"
    rest.update("instances", "s3", {"status": "running"})
    assert set(served()) == {"s1", "s2", "s3"}, "an instance that has been started is served at once"
    rest.update("instances", "s3", {"status": "stopped"})
    assert set(served()) == {"s1", "s2"}

    # On again: nothing is known, until the probes have told.
    rest.update("backends", service, {"closeHealthCheck": False})
    assert health() == {"s1": "initial", "s2": "initial", "s3": "N/A"}
    assert answered() == 0, "the policy is to drop while nobody has passed"
    record_property("unhealthyAgainAfterSeconds", wait_for("unhealthy"))
    rest.update("backends", service, {"healthCheckSpec": {"protocol": "Tcp", "port": 0}})
    record_property("healthyAfterSeconds", wait_for("healthy"))
    assert set(served()) == {"s1", "s2"}
