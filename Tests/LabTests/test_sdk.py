"""The unmodified Python SDK of the public API: creates, reads, changes and deletes everything, and requests of real
clients show in between that it is so.

Instances and availability groups belong to other products of that cloud, which its SDK for load balancers only refers
to: they are made through our own API.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from conftest import Bench, use_daemon

from shoal_lab.addresses import COMMON_PORTS, HTTP, STICKY, Application
from shoal_lab.processes import eventually
from shoal_lab.public_clients import LISTEN, SDK, access_to, filters, model
from shoal_lab.traffic import http_burst

WEIGHTS = {"s1": 10, "s2": 20, "s3": 30}
HEALTH_SECONDS = 25
SPARE_VIPS = [f"10.10.0.{number}" for number in range(110, 122)]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with use_daemon(flags=["--listen", LISTEN]) as bench:
        yield bench


@pytest.fixture(scope="module")
def sdk(bench: Bench) -> Iterator[SDK]:
    with SDK(access_to(bench.daemon, bench.lab)) as sdk:
        yield sdk


@dataclass
class Site:
    """A website that the SDK has made."""

    sdk: SDK
    vip: str
    load_balancer: str = ""
    group: str = ""
    service: str = ""
    listener: str = ""

    def build(self, bench: Bench) -> "Site":
        self.load_balancer = self.sdk(
            "CreateLoadBalancer", loadBalancerName="shop", subnetId="default", type="dnlb",
            privateIpAddress=self.vip, description="made by the SDK", deleteProtection=False)["loadBalancerId"]
        self.group = self.add_group(bench, "servers", HTTP)
        check = model("HealthCheckSpec", protocol="Tcp", checkTimeoutSeconds=2, intervalSeconds=5,
                      unhealthyThresholdCount=2, healthyThresholdCount=2)
        self.service = self.sdk(
            "CreateBackend", backendName="web", loadBalancerId=self.load_balancer, protocol="Tcp",
            port=COMMON_PORTS[0], healthCheckSpec=check, algorithm="QuintupleHash",
            targetGroupIds=[self.group])["backendId"]
        self.listener = self.sdk(
            "CreateListener", listenerName="http", protocol="Tcp", port=80, backendId=self.service,
            loadBalancerId=self.load_balancer)["listenerId"]
        return self

    def add_group(self, bench: Bench, name: str, application: Application) -> str:
        """A group of all servers by address, on their ports for the application."""
        group = self.sdk(
            "CreateTargetGroup", targetGroupName=name, loadBalancerId=self.load_balancer, type="ip")["targetGroupId"]
        self.sdk("RegisterTargets", targetGroupId=group, targetSpecs=[
            model("TargetSpec", type="ip", ipAddress=server.address.v4, port=server.port(application),
                  weight=WEIGHTS[server.name])
            for server in bench.servers])
        return group

    def update(self, **changes) -> None:
        self.sdk("UpdateBackend", backendId=self.service, **changes)

    def read(self) -> dict:
        return self.sdk("DescribeBackend", backendId=self.service)["backend"]

    def health(self) -> dict[str, str]:
        healths = self.sdk("DescribeTargetHealth", backendId=self.service)["targetHealths"]
        return {each["ipAddress"]: each["status"] for each in healths}

    def wait_until_healthy(self) -> None:
        eventually(lambda: set(self.health().values()) == {"healthy"}, HEALTH_SECONDS, "all targets are healthy",
                   pause=0.2)


@pytest.fixture
def site(bench: Bench, sdk: SDK) -> Iterator[Site]:
    site = Site(sdk, bench.lab.vip.v4)
    try:
        yield site.build(bench)
    finally:
        # With everything below it.
        sdk("DeleteLoadBalancer", loadBalancerId=site.load_balancer)


def test_what_the_sdk_creates_serves(bench: Bench, sdk: SDK, site: Site, record_property):
    """600 connections: none fails, shares are those of the weights within 4 standard deviations of a fair choice, and
    servers see the client's own address."""
    site.wait_until_healthy()
    already = {server.name: len(server.accesses()) for server in bench.servers}

    outcome = http_burst(bench.client, site.vip, 80, 600)

    record_property("shares", outcome["byServer"])
    assert outcome["failed"] == 0, outcome["failedByKind"]
    for server, weight in WEIGHTS.items():
        wanted = weight / sum(WEIGHTS.values())
        tolerance = 4 * (wanted * (1 - wanted) / 600) ** 0.5 + 0.01
        assert abs(outcome["byServer"].get(server, 0) / 600 - wanted) <= tolerance, outcome["byServer"]
    for server in bench.servers:
        accesses = server.accesses()[already[server.name]:]
        assert {access.address for access in accesses} == {"10.10.10.1"}
        assert {access.server_port for access in accesses} == {server.port(HTTP)}

    balancer = sdk("DescribeLoadBalancer", loadBalancerId=site.load_balancer)["loadBalancer"]
    assert (balancer["loadBalancerName"], balancer["type"]) == ("shop", "dnlb")
    assert balancer["privateIp"]["privateIpAddress"] == site.vip
    assert balancer["state"]["code"] == "ACTIVE" and not balancer["deleteProtection"]
    service = site.read()
    assert (service["protocol"], service["port"], service["algorithm"]) == ("Tcp", COMMON_PORTS[0], "QuintupleHash")
    assert service["targetGroupIds"] == [site.group] and not service["agIds"]
    assert service["healthCheck"] == {
        "protocol": "Tcp", "port": 0, "checkTimeoutSeconds": 2, "intervalSeconds": 5, "unhealthyThresholdCount": 2,
        "healthyThresholdCount": 2}
    listener = sdk("DescribeListener", listenerId=site.listener)["listener"]
    assert (listener["status"], listener["port"], listener["backendId"]) == ("On", 80, site.service)


def test_what_the_sdk_changes_takes_effect(bench: Bench, sdk: SDK, site: Site, record_property):
    def ask(requests: int = 200) -> dict:
        outcome = http_burst(bench.client, site.vip, 80, requests)
        assert outcome["failed"] == 0, outcome["failedByKind"]
        return outcome["byServer"]

    site.wait_until_healthy()

    # Algorithm: one client is one choice, or each of its connections is.
    site.update(algorithm="IpHash")
    assert site.read()["algorithm"] == "IpHash" and len(ask()) == 1
    site.update(algorithm="QuintupleHash")
    assert set(ask()) == set(WEIGHTS)

    # Health check: what is left out stays.
    site.update(healthCheckSpec=model("HealthCheckSpec", protocol="Tcp", intervalSeconds=7, healthyThresholdCount=1))
    check = site.read()["healthCheck"]
    assert (check["intervalSeconds"], check["healthyThresholdCount"], check["checkTimeoutSeconds"]) == (7, 1, 2)
    site.update(healthCheckSpec=model("HealthCheckSpec", protocol="Tcp", intervalSeconds=5))

    # Off and on.
    site.update(closeHealthCheck=True)
    assert set(site.health().values()) == {"N/A"} and set(ask()) == set(WEIGHTS)
    site.update(closeHealthCheck=False)
    assert set(site.health().values()) <= {"initial", "healthy"}
    site.wait_until_healthy()

    # Weights and ports.
    targets = sdk("DescribeTargets", targetGroupId=site.group)["targets"]
    sdk("UpdateTargets", targetGroupId=site.group, targetUpdateSpecs=[
        model("TargetUpdateSpec", targetId=each["targetId"], weight=0 if each["weight"] == 10 else 50)
        for each in targets])
    assert set(ask()) == {"s2", "s3"}

    # Server group: another one, an availability group, back, none.
    for server in bench.servers:
        bench.rest.create("instances", {"instanceId": server.name, "privateIpAddress": server.address.v4})
    pool = bench.rest.create("availabilityGroups", {"name": "pool", "instanceIds": ["s1", "s2"]})
    other = site.add_group(bench, "others", STICKY)
    served = {"other group": other, "availability group": pool, "first group": site.group}
    for name, change, expected, ports in (
        ("other group", {"targetGroupIds": [other]}, {"s1", "s2", "s3"}, {each.port(STICKY) for each in bench.servers}),
        ("availability group", {"agIds": [pool]}, {"s1", "s2"}, {COMMON_PORTS[0]}),
        ("first group", {"targetGroupIds": [site.group]}, {"s2", "s3"},
         {each.port(HTTP) for each in bench.servers[1:]}),
    ):
        site.update(**change)
        service = site.read()
        assert service["targetGroupIds"] + service["agIds"] == [served[name]], name
        site.wait_until_healthy()
        already = {server.name: len(server.accesses()) for server in bench.servers}
        assert set(ask()) == expected, name
        assert {access.server_port for server in bench.servers
                for access in server.accesses()[already[server.name]:]} == ports, name
        if name == "availability group":
            members = sdk("DescribeAgTargets", backendId=site.service)["targets"]
            assert [(each["instanceId"], each["weight"]) for each in members] == [("s1", 10), ("s2", 10)]
    site.update(targetGroupIds=[])
    assert site.read()["targetGroupIds"] == [] and site.health() == {}
    assert http_burst(bench.client, site.vip, 80, 8, timeout=0.5)["answered"] == 0
    site.update(targetGroupIds=[site.group])
    site.wait_until_healthy()

    # Listener: off, nobody answers; on, as before.
    sdk("UpdateListener", listenerId=site.listener, status="Off")
    assert sdk("DescribeListener", listenerId=site.listener)["listener"]["status"] == "Off"
    off = http_burst(bench.client, site.vip, 80, 8, timeout=0.5)
    record_property("listenerOff", off["failedByKind"])
    assert off["answered"] == 0
    sdk("UpdateListener", listenerId=site.listener, status="On")
    assert set(ask()) == {"s2", "s3"}

    # Targets that leave get nothing; the others take it.
    leaving = next(each for each in targets if each["ipAddress"] == bench.server("s2").address.v4)
    syns = bench.server("s2").client_syns()
    sdk("DeRegisterTargets", targetGroupId=site.group, targetIds=[leaving["targetId"]])
    assert set(ask()) == {"s3"} and bench.server("s2").client_syns() == syns
    refusal = sdk.refusal("DeRegisterTargets", targetGroupId=site.group, targetIds=[
        next(each["targetId"] for each in targets if each["weight"] == 10), leaving["targetId"]])
    assert refusal["code"] == 404, "one of them has left already, so none goes"
    assert len(sdk("DescribeTargets", targetGroupId=site.group)["targets"]) == 2

    sdk("DeleteBackend", backendId=sdk(
        "CreateBackend", backendName="spare", loadBalancerId=site.load_balancer, protocol="Tcp", port=9000,
        healthCheckSpec=model("HealthCheckSpec", protocol="Tcp"))["backendId"])
    site.update(targetGroupIds=[])
    bench.rest.delete("availabilityGroups", pool)
    for server in bench.servers:
        bench.rest.delete("instances", server.name)


def test_deletion_in_the_wrong_order_is_refused(bench: Bench, sdk: SDK, record_property):
    site = Site(sdk, bench.lab.vip.v4).build(bench)
    for name in ("i-1", "i-2"):
        bench.rest.create("instances", {"instanceId": name, "privateIpAddress": f"10.20.1.{name[-1]}"})
    pool = bench.rest.create("availabilityGroups", {"name": "pool", "instanceIds": ["i-1"]})
    pooled = sdk("CreateBackend", backendName="pooled", loadBalancerId=site.load_balancer, protocol="Tcp", port=8003,
                 healthCheckSpec=model("HealthCheckSpec", protocol="Tcp"), agIds=[pool])["backendId"]
    sdk("UpdateLoadBalancer", loadBalancerId=site.load_balancer, deleteProtection=True)
    before, revision = bench.rest.export(), bench.rest.status()["desiredRevision"]

    for operation, code, arguments in (
        ("DeleteBackend", 409, {"backendId": site.service}),
        ("DeleteTargetGroup", 409, {"targetGroupId": site.group}),
        ("DeleteLoadBalancer", 409, {"loadBalancerId": site.load_balancer}),
        ("DeleteListener", 404, {"listenerId": "listener-nobody"}),
        ("DeleteBackend", 404, {"backendId": site.listener}),
        ("DeRegisterTargets", 400, {"targetGroupId": site.group, "targetIds": []}),
    ):
        refusal = sdk.refusal(operation, **arguments)
        assert refusal["code"] == code, (operation, refusal)
        record_property(f"{operation} {code}", refusal["message"])
    assert bench.rest.ask("DELETE", f"availabilityGroups/{pool}").status == 409
    assert bench.rest.ask("DELETE", "instances/i-1").status == 409
    assert (bench.rest.export(), bench.rest.status()["desiredRevision"]) == (before, revision)

    # The right order. Deleting a service leaves its group.
    sdk("DeleteListener", listenerId=site.listener)
    sdk("DeleteBackend", backendId=site.service)
    sdk("DeleteBackend", backendId=pooled)
    assert sdk("DescribeTargetGroup", targetGroupId=site.group)["targetGroup"]["targetGroupName"] == "servers"
    sdk("DeleteTargetGroup", targetGroupId=site.group)
    assert sdk.refusal("DeleteLoadBalancer", loadBalancerId=site.load_balancer)["code"] == 409
    sdk("UpdateLoadBalancer", loadBalancerId=site.load_balancer, deleteProtection=False)
    sdk("DeleteLoadBalancer", loadBalancerId=site.load_balancer)
    assert sdk.refusal("DescribeLoadBalancer", loadBalancerId=site.load_balancer)["code"] == 404
    bench.rest.delete("availabilityGroups", pool)
    for name in ("i-1", "i-2"):
        bench.rest.delete("instances", name)
    assert bench.daemon.map("listeners") == []


# Lists.


@dataclass(frozen=True)
class Shelf:
    """Twelve of each kind, to be listed."""

    load_balancers: list[str]
    groups: list[str]
    services: list[str]
    listeners: list[str]
    targets: list[str]
    members: list[str]
    pool: str
    pooled: str
    ipv6: str


@pytest.fixture(scope="module")
def shelf(bench: Bench, sdk: SDK) -> Iterator[Shelf]:
    check = model("HealthCheckSpec", protocol="Tcp")
    load_balancers = [
        sdk("CreateLoadBalancer", loadBalancerName=f"lb-{index}", subnetId="default", privateIpAddress=vip)
        ["loadBalancerId"] for index, vip in enumerate(SPARE_VIPS)]
    ipv6 = sdk("CreateLoadBalancer", loadBalancerName="负载均衡", subnetId="default",
               privateIpAddress="2001:db8:10::110")["loadBalancerId"]
    owner = load_balancers[0]
    groups = [sdk("CreateTargetGroup", targetGroupName=f"group-{index}", loadBalancerId=owner)["targetGroupId"]
              for index in range(12)]
    for index in range(12):
        bench.rest.create("instances", {"instanceId": f"m-{index}", "privateIpAddress": f"10.20.2.{index + 1}"})
    pool = bench.rest.create("availabilityGroups", {
        "name": "members", "instanceIds": [f"m-{index}" for index in range(12)]})
    sdk("RegisterTargets", targetGroupId=groups[0], targetSpecs=[
        model("TargetSpec", type="ip", ipAddress=f"10.20.3.{index}", port=9000 + index) for index in range(1, 11)]
        + [model("TargetSpec", type="vm", instanceId="m-0", port=9000),
           model("TargetSpec", type="container", instanceId="m-1", weight=0)])
    targets = [each["targetId"] for each in sdk("DescribeTargets", targetGroupId=groups[0])["targets"]]
    services = [
        sdk("CreateBackend", backendName=f"service-{index}", loadBalancerId=owner, protocol="Tcp", port=9000,
            healthCheckSpec=check, targetGroupIds=[groups[0]] if index == 0 else None,
            agInfoSpec=[model("AgInfoSpec", agId=pool)] if index == 1 else None)["backendId"]
        for index in range(12)]
    listeners = [
        sdk("CreateListener", listenerName=f"listener-{index}", protocol="Tcp", port=9000 + index,
            backendId=services[2], loadBalancerId=owner)["listenerId"] for index in range(12)]
    # Newest first, by the second, unless another order is asked for.
    created = {each["instanceId"]: each["createdTime"] for each in bench.rest.all("instances/")}
    members = sorted((f"m-{index}" for index in range(12)), key=lambda id: created[id], reverse=True)
    yield Shelf(load_balancers + [ipv6], groups, services, listeners, targets, members, pool, services[1], ipv6)
    for load_balancer in [*load_balancers, ipv6]:
        sdk("DeleteLoadBalancer", loadBalancerId=load_balancer)
    bench.rest.delete("availabilityGroups", pool)
    for index in range(12):
        bench.rest.delete("instances", f"m-{index}")


@dataclass(frozen=True)
class Listing:
    """A list: how it is asked for, what is in it, and what each documented filter leaves of it."""

    operation: str
    field: str
    id_field: str
    ids: list[str]
    arguments: dict
    filters: dict[str, list[tuple[str | list[str], list[str]]]]


def listings(shelf: Shelf) -> list[Listing]:
    every, nothing = shelf.load_balancers, []
    own, balancer = every[3:5], every[0]
    kinds = [("dnlb", "all"), ("alb", []), ("nlb", [])]

    def types(ids: list[str]) -> list[tuple[str, list[str]]]:
        return [(kind, ids if found == "all" else []) for kind, found in kinds]

    return [
        Listing("DescribeLoadBalancers", "loadBalancers", "loadBalancerId", every, {}, {
            "loadBalancerType": types(every),
            "loadBalancerIds": [(own, own), (["lb-nobody"], nothing)],
            "loadBalancerNames": [(["lb-3", "lb-4"], own), ("负载均衡", [shelf.ipv6])],
            "vpcId": [("default", every), ("elsewhere", nothing)],
            "azType": [("all", every), ("standard", every), ("edge", nothing)],
            "azs": [("zone-1", nothing)],
            "privateIpAddresses": [(SPARE_VIPS[3:5], own)],
            "ipv6Addresses": [("2001:db8:10::110", [shelf.ipv6])],
            "serviceCodes": [("code", nothing)], "serviceIds": [("id", nothing)],
            "elasticIpAddress": [("203.0.113.1", nothing)],
            "targetPrivateIpAddress": [("10.20.3.4", [balancer]), ("10.20.2.1", [balancer]), ("10.20.9.9", nothing)],
            "customizedConfigurationIds": [("id", nothing)],
        }),
        Listing("DescribeListeners", "listeners", "listenerId", shelf.listeners, {}, {
            "listenerNames": [(["listener-1", "listener-2"], shelf.listeners[1:3])],
            "listenerIds": [(shelf.listeners[5:7], shelf.listeners[5:7])],
            "loadBalancerId": [(balancer, shelf.listeners), (every[1], nothing)],
            "loadBalancerType": types(shelf.listeners),
            "urlMapIds": [("map", nothing)], "securityPolicyIds": [("policy", nothing)],
        }),
        Listing("DescribeBackends", "backends", "backendId", shelf.services, {}, {
            "backendIds": [(shelf.services[5:7], shelf.services[5:7])],
            "backendNames": [(["service-1", "service-2"], shelf.services[1:3])],
            "loadBalancerId": [(balancer, shelf.services), (every[1], nothing)],
            "agId": [(shelf.pool, [shelf.pooled])],
            "loadBalancerType": types(shelf.services),
            "protocol": [("Tcp", shelf.services), ("Udp", nothing)],
        }),
        Listing("DescribeTargetGroups", "targetGroups", "targetGroupId", shelf.groups, {}, {
            "targetGroupIds": [(shelf.groups[5:7], shelf.groups[5:7])],
            "targetGroupNames": [(["group-1", "group-2"], shelf.groups[1:3])],
            "loadBalancerId": [(balancer, shelf.groups), (every[1], nothing)],
            "loadBalancerType": types(shelf.groups),
        }),
        Listing("DescribeTargets", "targets", "targetId", shelf.targets, {"targetGroupId": shelf.groups[0]}, {
            "targetIds": [(shelf.targets[5:7], shelf.targets[5:7])],
            "instanceId": [("m-1", shelf.targets[11:])],
            "type": [("ip", shelf.targets[:10]), ("vm", shelf.targets[10:11]), ("container", shelf.targets[11:])],
            "port": [("9003", shelf.targets[2:3])],
            "ipAddress": [("10.20.3.4", shelf.targets[3:4]), ("10.20.2.1", shelf.targets[10:11])],
        }),
        Listing("DescribeAgTargets", "targets", "targetId", shelf.members, {"backendId": shelf.pooled}, {
            "weight": [("10", shelf.members), ("20", nothing)],
            "targetIds": [(shelf.members[5:7], shelf.members[5:7])],
            "instanceId": [("m-1", ["m-1"])],
            "ipAddress": [("10.20.2.4", ["m-3"])],
        }),
    ]


def test_lists_are_paged_and_filtered(bench: Bench, sdk: SDK, shelf: Shelf, record_property):
    tried = 0
    for listing in listings(shelf):
        def page(**arguments) -> tuple[list[str], int]:
            result = sdk(listing.operation, **listing.arguments, **arguments)
            return [each[listing.id_field] for each in result[listing.field]], result["totalCount"]

        total = len(listing.ids)
        assert page() == (listing.ids, total), listing.operation
        assert page(pageSize=10, pageNumber=1) == (listing.ids[:10], total), listing.operation
        assert page(pageSize=10, pageNumber=2) == (listing.ids[10:], total), listing.operation
        assert page(pageSize=10, pageNumber=99) == (listing.ids[10:], total), "beyond the last page is the last"
        for name, questions in listing.filters.items():
            for values, expected in questions:
                tried += 1
                found = page(filters=filters(**{name: values}))
                assert found == (expected, len(expected)), (listing.operation, name, values)
        for wrong in ({"pageSize": 9}, {"pageSize": 101}, {"pageNumber": 0}, {"filters": filters(color="red")}):
            refusal = sdk.refusal(listing.operation, **listing.arguments, **wrong)
            assert refusal["code"] == 400, (listing.operation, wrong)
    tags = [model("TagFilter", key="team", values=["web"])]
    assert sdk("DescribeLoadBalancers", tags=tags)["totalCount"] == 0, "no load balancer has tags"
    like = [model("Filter", name="loadBalancerNames", operator="like", values=["lb-1"])]
    found = sdk("DescribeLoadBalancers", filters=like)["loadBalancers"]
    assert [each["loadBalancerName"] for each in found] == ["lb-1", "lb-10", "lb-11"]
    for name, direction, expected in (
        ("createdTime", "desc", shelf.members), ("weight", "asc", [f"m-{index}" for index in range(12)])
    ):
        sorts = [model("Sort", name=name, direction=direction)]
        found = sdk("DescribeAgTargets", backendId=shelf.pooled, sorts=sorts)["targets"]
        assert [each["targetId"] for each in found] == expected
    record_property("filtersTried", tried)


def test_health_of_targets_is_paged(bench: Bench, sdk: SDK, shelf: Shelf):
    def page(**arguments) -> tuple[list[str], int]:
        result = sdk("DescribeTargetHealth", backendId=shelf.services[0], **arguments)
        return [each["ipAddress"] for each in result["targetHealths"]], result["totalCount"]

    addresses = [f"10.20.3.{index}" for index in range(1, 11)] + ["10.20.2.1", "10.20.2.2"]
    assert page() == (addresses, 12), "without a page everything is told"
    assert page(pageSize=10, pageNumber=1) == (addresses[:10], 12)
    assert page(pageSize=10, pageNumber=2) == page(pageSize=10, pageNumber=7) == (addresses[10:], 12)
    first = sdk("DescribeTargetHealth", backendId=shelf.services[0])["targetHealths"][0]
    assert (first["targetGroupId"], first["type"], first["port"], first["weight"]) == (shelf.groups[0], "ip", 9001, 10)
