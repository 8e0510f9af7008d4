"""An availability group that services of two load balancers use: equal shares on each service's own port, and whoever
joins or leaves does so everywhere at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import Bench, use_daemon

from shoal_lab.addresses import COMMON_PORTS
from shoal_lab.processes import eventually
from shoal_lab.traffic import http_burst

VIPS = ("10.10.0.100", "10.10.0.101")
REQUESTS = 600


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with use_daemon() as bench:
        yield bench


def test_members_come_and_go_for_all_services(bench: Bench, record_property):
    rest = bench.rest
    for server in bench.servers:
        rest.create("instances", {"instanceId": server.name, "privateIpAddress": server.address.v4})
    pool = rest.create("availabilityGroups", {"name": "pool", "instanceIds": ["s1", "s2"]})
    services = [make_service(bench, number, pool) for number in range(2)]
    # That one of them weighs more elsewhere is no matter here.
    elsewhere = rest.create("targetGroups", {
        "targetGroupName": "elsewhere", "loadBalancerId": rest.read("backends", services[0])["loadBalancerId"]})
    rest.ask("POST", f"targetGroups/{elsewhere}:registerTargets", {
        "targetSpecs": [{"instanceId": "s2", "port": 9000, "weight": 90}]}).result

    def wait_for(members: set[str]) -> None:
        addresses = {bench.server(name).address.v4: "healthy" for name in members}
        eventually(lambda: all(rest.health(service) == addresses for service in services), 30,
                   f"{members} are healthy in both services", pause=0.1)

    wait_for({"s1", "s2"})
    check_shares(bench, {"s1", "s2"}, record_property)

    # One joins: no change of any service, and both have it.
    before = [rest.read("backends", service) for service in services]
    rest.ask("POST", f"availabilityGroups/{pool}:addInstances", {"instanceIds": ["s3"]}).result
    wait_for({"s1", "s2", "s3"})
    check_shares(bench, {"s1", "s2", "s3"}, record_property)

    # One leaves, and gets nothing from the answer on.
    rest.ask("POST", f"availabilityGroups/{pool}:removeInstances", {"instanceIds": ["s1"]}).result
    syns = bench.server("s1").client_syns()
    check_shares(bench, {"s2", "s3"}, record_property)
    assert bench.server("s1").client_syns() == syns, "connections reach an instance that has left"
    assert [rest.read("backends", service) for service in services] == before

    # Nobody but the group says how much, nobody but the service where.
    members = rest.all(f"backends/{services[0]}/agTargets")
    assert [(each["instanceId"], each["port"], each["weight"]) for each in members] == [("s2", 0, 10), ("s3", 0, 10)]
    assert {each["port"] for each in rest.all(f"backends/{services[1]}/health")} == {COMMON_PORTS[1]}


def make_service(bench: Bench, number: int, pool: str) -> str:
    """A load balancer with a service of the group, on a port of its own: replies must tell the services apart."""
    rest = bench.rest
    balancer = rest.create("loadBalancers", {"loadBalancerName": f"web-{number}", "subnetId": "default",
                                             "privateIpAddress": VIPS[number]})
    service = rest.create("backends", {
        "backendName": "http", "loadBalancerId": balancer, "protocol": "Tcp", "port": COMMON_PORTS[number],
        "algorithm": "QuintupleHash", "agIds": [pool],
        "healthCheckSpec": {"protocol": "Tcp", "intervalSeconds": 5, "checkTimeoutSeconds": 2}})
    rest.create("listeners", {"listenerName": "http", "loadBalancerId": balancer, "protocol": "Tcp", "port": 80,
                              "backendId": service})
    return service


def check_shares(bench: Bench, members: set[str], record_property) -> None:
    """Each member's share within 4 standard deviations of a fair choice, and 1 % of the table's; on the port of the
    service that was asked, and from the client's own address."""
    wanted = 1 / len(members)
    tolerance = 4 * (wanted * (1 - wanted) / REQUESTS) ** 0.5 + 0.01
    for vip, port in zip(VIPS, COMMON_PORTS):
        already = {server.name: len(server.accesses()) for server in bench.servers}
        outcome = http_burst(bench.client, vip, 80, REQUESTS)
        record_property(f"{vip} with {len(members)} members", outcome["byServer"])
        assert outcome["failed"] == 0, outcome["failedByKind"]
        assert set(outcome["byServer"]) == members
        for count in outcome["byServer"].values():
            assert abs(count / REQUESTS - wanted) <= tolerance, outcome["byServer"]
        new = [access for server in bench.servers for access in server.accesses()[already[server.name]:]]
        assert {(access.server_port, access.address) for access in new} == {(port, "10.10.10.1")}
