"""Every rule of the resources, at every door: what breaks it is refused with its code and with the field named, and
nothing has changed afterwards, neither what is stored nor what the kernel holds.

Doors are the REST API, documents (`shoal apply`, always exit code 6) and the commands for single resources.
"""

from __future__ import annotations

import copy
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from conftest import Bench, use_daemon

from shoal_lab import commands
from shoal_lab.addresses import BALANCER_FRONT, HTTP, VIP
from shoal_lab.daemon import binaries
from shoal_lab.rest import Reply

EXIT_CODES = {400: 6, 404: 3, 409: 5, 412: 5, 429: 6}

# What is there.

CHECK = {"protocol": "Tcp", "checkTimeoutSeconds": 3, "intervalSeconds": 5, "unhealthyThresholdCount": 3,
         "healthyThresholdCount": 3}

STAGE = {
    "apiVersion": "shoal/v1",
    "loadBalancers": [
        {"name": "web", "vip": VIP.v4,
         "listeners": [{"name": "http", "port": 80, "service": "web-http"}],
         "services": [
             {"name": "web-http", "port": 8080, "group": "servers"},
             {"name": "spare", "port": 8090},
             {"name": "pooled", "port": 8091, "availabilityGroup": "pool"}],
         "groups": [
             {"name": "servers", "targets": [{"address": "10.20.0.11", "port": HTTP.target_port(1), "weight": 10}]},
             {"name": "idle", "targets": [{"address": "10.20.0.31", "port": 6000, "weight": 10}]},
             {"name": "by-address", "type": "ip"},
             {"name": "of-instances", "targets": [{"instance": "i-2", "port": 6000}]}]},
        {"name": "other", "vip": "10.10.0.101",
         "listeners": [{"name": "other-http", "port": 80, "service": "other-http"}],
         "services": [{"name": "other-http", "port": 8080}],
         "groups": [{"name": "other-servers"}]},
        {"name": "kept", "vip": "10.10.0.102", "deletionProtection": True},
    ],
    "availabilityGroups": [
        {"name": "pool", "instances": ["i-1"]},
        {"name": "foreign", "vpc": "elsewhere", "instances": ["x-1"]}],
    "instances": [
        {"id": "i-1", "address": "10.20.1.1"}, {"id": "i-2", "address": "10.20.1.2"},
        {"id": "i-3", "address": "10.20.1.3"}, {"id": "x-1", "address": "10.20.1.9", "vpc": "elsewhere"}],
}

FRESH = {
    "apiVersion": "shoal/v1",
    "loadBalancers": [{
        "name": "fresh", "vip": "10.10.0.140",
        "listeners": [{"name": "new", "protocol": "Tcp", "port": 80, "service": "new"}],
        "services": [{"name": "new", "protocol": "Tcp", "port": 8080, "healthCheck": {"port": 0}, "group": "new"}],
        "groups": [{"name": "new", "targets": [{"address": "10.20.0.41", "port": 6001, "weight": 10}]}]}],
    "availabilityGroups": [{"name": "new", "instances": ["i-3"]}],
    "instances": [{"id": "new", "address": "10.20.0.42"}],
}
"""A valid document; cases spoil a copy of it."""

BALANCER = "loadBalancers[0]"
LISTENER = f"{BALANCER}.listeners[0]"
SERVICE = f"{BALANCER}.services[0]"
CHECKED = f"{SERVICE}.healthCheck"
GROUP = f"{BALANCER}.groups[0]"
TARGET = f"{GROUP}.targets[0]"
POOL = "availabilityGroups[0]"
INSTANCE = "instances[0]"

LATER = "2126-11-23T22:00:00Z"


@dataclass
class Stage:
    bench: Bench
    ids: dict[str, str]

    def filled(self, value: Any) -> Any:
        """The value with `{service web-http}` and the like replaced by ids."""
        match value:
            case str():
                return re.sub(r"{([a-z]+(?: [\w-]+)?)}", lambda found: self.ids[found[1]], value)
            case dict():
                return {key: self.filled(each) for key, each in value.items()}
            case list():
                return [self.filled(each) for each in value]
        return value

    def ask(self, request: "Request") -> Reply:
        return self.bench.rest.ask(request.method, self.filled(request.path), self.filled(request.body))

    def snapshot(self) -> tuple:
        return self.bench.rest.export(), self.bench.rest.status()["desiredRevision"]


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with use_daemon(["--vip-cidr", "10.10.0.0/16", "--vip-cidr", "2001:db8:10::/64", "--target-cidr", "10.20.0.0/16",
                     "--target-cidr", "2001:db8:20::/64"], servers=1) as bench:
        bench.daemon.apply(STAGE).check()
        rest = bench.rest
        ids = {f"{kind} {name}": id for kind, collection, field in (
            ("lb", "loadBalancers", "loadBalancerName"), ("listener", "listeners", "listenerName"),
            ("service", "backends", "backendName"), ("group", "targetGroups", "targetGroupName"),
            ("ag", "availabilityGroups", "name")) for name, id in rest.ids(collection, field).items()}
        targets = rest.all(f"targetGroups/{ids['group servers']}:describeTargets")
        (ids["target"],) = [each["targetId"] for each in targets]
        bench.daemon.wait_until_healthy(["web-http"])
        yield Stage(bench, ids)


@pytest.fixture(scope="module")
def maps_stay(stage: Stage) -> Iterator[None]:
    """Whatever was refused, the kernel holds what it held."""
    before = stage.bench.daemon.maps()
    yield
    assert stage.bench.daemon.maps() == before


# The cases.


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: Any = None


@dataclass(frozen=True)
class Document:
    """A document, and the path that its refusal names."""

    make: Callable[[dict], dict]
    """Gets what `shoal export` would print."""
    path: str
    prune: bool = False


@dataclass(frozen=True)
class Case:
    """A rule broken: at the REST API with this status and field, and at the other doors where they have it."""

    rule: str
    request: Request
    status: int
    field: str | None
    document: Document | None = None
    command: list[str] | None = None


def put(target: Any, path: str, value: Any) -> None:
    """Puts the value at a path as errors name it; an index one beyond the end appends."""
    *parents, last = path.replace("]", "").replace("[", ".").split(".")
    for step in parents:
        target = target[int(step)] if isinstance(target, list) else target[step]
    if isinstance(target, list) and int(last) == len(target):
        target.append(value)
    else:
        target[int(last) if isinstance(target, list) else last] = value


def fresh(path: str, value: Any, told_at: str | None = None) -> Document:
    """The valid document with this value there."""
    def make(_: dict) -> dict:
        document = copy.deepcopy(FRESH)
        put(document, path, value)
        return document
    return Document(make, told_at or path)


def staged(path: str, value: Any, told_at: str | None = None) -> Document:
    """What is there, with this value there."""
    def make(exported: dict) -> dict:
        put(exported, path, value)
        return exported
    return Document(make, told_at or path)


def without(path: str, told_at: str) -> Document:
    """What is there but for this, as the whole truth."""
    def make(exported: dict) -> dict:
        *parents, last = path.replace("]", "").replace("[", ".").split(".")
        owner = exported
        for step in parents:
            owner = owner[int(step)] if isinstance(owner, list) else owner[step]
        del owner[int(last) if isinstance(owner, list) else last]
        return exported
    return Document(make, told_at, prune=True)


def post(collection: str, standard: dict, path: str | None = None, value: Any = None) -> Request:
    body = copy.deepcopy(standard)
    if path:
        put(body, path, value)
    return Request("POST", f"{collection}/", body)


def new_balancer(path: str, value: Any) -> Request:
    standard = {"loadBalancerName": "new", "subnetId": "default", "privateIpAddress": "10.10.0.130"}
    return post("loadBalancers", standard, path, value)


def new_listener(path: str, value: Any) -> Request:
    return post("listeners", {"listenerName": "new", "loadBalancerId": "{lb web}", "protocol": "Tcp", "port": 81,
                              "backendId": "{service spare}"}, path, value)


def new_service(path: str, value: Any) -> Request:
    return post("backends", {"backendName": "new", "loadBalancerId": "{lb web}", "protocol": "Tcp", "port": 8080,
                             "healthCheckSpec": CHECK}, path, value)


def change_service(path: str, value: Any, service: str = "{service web-http}") -> Request:
    body: dict = {"healthCheckSpec": {}} if path.startswith("healthCheckSpec") else {}
    put(body, path, value)
    return Request("PATCH", f"backends/{service}", body)


def new_group(path: str, value: Any) -> Request:
    return post("targetGroups", {"targetGroupName": "new", "loadBalancerId": "{lb web}"}, path, value)


def register(group: str = "{group idle}", **changes) -> Request:
    target = {"type": "ip", "ipAddress": "10.20.0.41", "port": 6001, "weight": 10, **changes}
    return Request("POST", f"targetGroups/{group}:registerTargets", {"targetSpecs": [
        {name: value for name, value in target.items() if value is not None}]})


def register_instance(instance: str, group: str = "{group idle}", **changes) -> Request:
    return register(group, type="vm", ipAddress=None, instanceId=instance, **changes)


def change_target(**changes) -> Request:
    return Request("POST", "targetGroups/{group servers}:updateTargets", {
        "targetUpdateSpecs": [{"targetId": "{target}", **changes}]})


def new_pool(path: str, value: Any) -> Request:
    return post("availabilityGroups", {"name": "new", "instanceIds": ["i-3"]}, path, value)


def new_instance(path: str, value: Any) -> Request:
    return post("instances", {"instanceId": "new", "privateIpAddress": "10.20.0.42"}, path, value)


def delete(collection: str, id: str) -> Request:
    return Request("DELETE", f"{collection}/{id}")


def ranges() -> Iterator[Case]:
    """Ports, weights, times and thresholds."""
    for port in (0, 65536, -1):
        yield Case(f"port of a listener is 1...65535, not {port}", new_listener("port", port), 400, "port",
                   fresh(f"{LISTENER}.port", port), commands.create_listener(port=port))
        yield Case(f"port of a service is 1...65535, not {port}", new_service("port", port), 400, "port",
                   fresh(f"{SERVICE}.port", port), commands.create_service(port=port))
    for port in (65536, -1):
        yield Case(f"port of a target is 0...65535, not {port}", register(port=port), 400, "targetSpecs[0].port",
                   fresh(f"{TARGET}.port", port), commands.add_target(port=port))
    for weight in (101, -1):
        yield Case(f"weight is 0...100, not {weight}", register(weight=weight), 400, "targetSpecs[0].weight",
                   fresh(f"{TARGET}.weight", weight), commands.add_target(weight=weight))
        yield Case(f"weight is not changed to {weight}", change_target(weight=weight), 400,
                   "targetUpdateSpecs[0].weight", staged(f"{TARGET}.weight", weight),
                   commands.update("target", "web/servers", "10.20.0.11", weight=weight))
    for seconds in (-1, 3601):
        yield Case(f"a slow start is 0...3600 seconds, not {seconds}", new_service("slowStartSeconds", seconds), 400,
                   "slowStartSeconds", fresh(f"{SERVICE}.slowStartSeconds", seconds),
                   commands.create_service(slow_start_seconds=seconds))
        yield Case(f"a slow start is not changed to {seconds}", change_service("slowStartSeconds", seconds), 400,
                   "slowStartSeconds", staged(f"{SERVICE}.slowStartSeconds", seconds),
                   commands.update("service", "web/web-http", slow_start_seconds=seconds))
    for seconds in (-1, 86401):
        yield Case(f"a deadline is 0...86400 seconds away, not {seconds}",
                   change_target(adminState="draining", drainSeconds=seconds), 400, "targetUpdateSpecs[0].drainSeconds",
                   command=commands.drain("web/servers", "10.20.0.11", deadline=seconds))
    for field, named, option, wrong in (
        ("port", "port", "check_port", (-1, 65536)),
        ("checkTimeoutSeconds", "timeoutSeconds", "check_timeout", (1, 61)),
        ("intervalSeconds", "intervalSeconds", "check_interval", (4, 301)),
        ("unhealthyThresholdCount", "unhealthyThreshold", "unhealthy_threshold", (0, 6)),
        ("healthyThresholdCount", "healthyThreshold", "healthy_threshold", (0, 6)),
    ):
        for value in wrong:
            path = f"healthCheckSpec.{field}"
            yield Case(f"health check: {field} {value} is refused for a new service", new_service(path, value), 400,
                       path, fresh(f"{CHECKED}.{named}", value), commands.create_service(**{option: value}))
            yield Case(f"health check: {field} is not changed to {value}", change_service(path, value), 400, path,
                       staged(f"{SERVICE}.healthCheck.{named}", value),
                       commands.update("service", "web/web-http", **{option: value}))


def kinds() -> Iterator[Case]:
    """What may be said at all, and what goes together."""
    yield Case("health check protocol is TCP", new_service("healthCheckSpec.protocol", "Http"), 400,
               "healthCheckSpec.protocol", fresh(f"{CHECKED}.protocol", "Http"))
    yield Case("ICMP is for UDP services", new_service("healthCheckSpec.protocol", "Icmp"), 400,
               "healthCheckSpec.protocol", fresh(f"{CHECKED}.protocol", "Icmp"),
               commands.create_service(check_protocol="Icmp"))
    yield Case("a new service has its health check on", new_service("closeHealthCheck", True), 400, "closeHealthCheck")
    yield Case("a service has one group", new_service("targetGroupIds", ["{group servers}", "{group idle}"]), 400,
               "targetGroupIds")
    yield Case("a service has one availability group", new_service("agIds", ["{ag pool}", "{ag foreign}"]), 400,
               "agIds")
    both = new_service("agIds", ["{ag pool}"])
    both.body["targetGroupIds"] = ["{group servers}"]
    yield Case("a service has a group of one kind", both, 400, "agIds",
               fresh(f"{SERVICE}.availabilityGroup", "pool"))
    yield Case("a listener leads to a service of its load balancer", new_listener("backendId", "{service other-http}"),
               400, "backendId", fresh(f"{LISTENER}.service", "other-http"))
    yield Case("a listener leads to a service that there is", new_listener("backendId", "backend-nobody"), 400,
               "backendId", fresh(f"{LISTENER}.service", "nobody"))
    yield Case("a service uses a group of its load balancer", new_service("targetGroupIds", ["{group other-servers}"]),
               400, "targetGroupIds[0]", fresh(f"{SERVICE}.group", "other-servers"))
    yield Case("members of an availability group have no weight of their own", new_service(
        "agInfoSpec", [{"agId": "{ag pool}", "defaultWeight": 20}]), 400, "agInfoSpec[0].defaultWeight",
        fresh(f"{POOL}.instances[0]", {"instance": "i-3", "weight": 20}))
    weigh = {"targetUpdateSpecs": [{"targetId": "i-1", "weight": 20}]}
    yield Case("members of an availability group are not weighed later",
               Request("PATCH", "backends/{service pooled}:updateAgTargets", weigh), 400, "targetUpdateSpecs",
               fresh(f"{POOL}.instances[0]", {"instance": "i-3", "port": 8080}))
    for mode in ("ipip", "full_nat"):
        yield Case(f"what the data plane cannot do is refused: {mode}", new_service("forwardingMode", mode), 400,
                   "forwardingMode", fresh(f"{SERVICE}.forwardingMode", mode),
                   commands.create_service(forwarding_mode=mode))
    yield Case("what the data plane cannot do is refused: another port in mode dsr", change_service(
        "forwardingMode", "dsr"), 400, 'loadBalancers["web"].listeners["http"].port',
        fresh(f"{SERVICE}.forwardingMode", "dsr", f"{LISTENER}.port"),
        commands.update("service", "web/web-http", forwarding_mode="dsr"))
    yield Case("what the data plane cannot do is refused: two listeners to one target port",
               new_listener("backendId", "{service web-http}"), 400, "",
               staged(f"{BALANCER}.listeners[1]", {"name": "twin", "port": 81, "service": "web-http"}),
               commands.create_listener(service="web-http"))
    yield Case("what the data plane cannot do is refused: another address family",
               register("{group servers}", ipAddress="2001:db8:20::41"), 400, "targetSpecs[0].ipAddress",
               fresh(f"{TARGET}.address", "2001:db8:20::41"),
               commands.add_target("web/servers", address="2001:db8:20::41"))
    yield Case("a group of addresses takes no instance", register_instance("i-3", "{group by-address}"), 400,
               "targetSpecs[0].instanceId", staged(f"{BALANCER}.groups[2].targets", [{"instance": "i-3"}],
                                                   f"{BALANCER}.groups[2].targets[0].instance"),
               commands.add_instance_target("web/by-address"))


    for state in ("enabled", "disabled"):
        target = {"address": "10.20.0.41", "port": 6001, "adminState": state, "drainUntil": LATER}
        yield Case(f"a new target that is {state} has no deadline", register(adminState=state, drainUntil=LATER), 400,
                   "targetSpecs[0].drainUntil", fresh(TARGET, target, f"{TARGET}.drainUntil"))
        yield Case(f"a target is not {state} with a deadline", change_target(adminState=state, drainUntil=LATER), 400,
                   "targetUpdateSpecs[0].drainUntil", staged(f"{TARGET}", target, f"{TARGET}.drainUntil"))
        yield Case(f"a target is not {state} with a deadline in seconds",
                   change_target(adminState=state, drainSeconds=60), 400, "targetUpdateSpecs[0].drainSeconds")
    yield Case("a target that does not drain has no deadline", change_target(drainUntil=LATER), 400,
               "targetUpdateSpecs[0].drainUntil", staged(f"{TARGET}.drainUntil", LATER))
    yield Case("a deadline is told in one way",
               change_target(adminState="draining", drainUntil=LATER, drainSeconds=60), 400,
               "targetUpdateSpecs[0].drainSeconds", fresh(f"{TARGET}.drainSeconds", 60))


def places() -> Iterator[Case]:
    """Region, VPC, and blocks of addresses."""
    yield Case("members are in the VPC of the load balancer", register_instance("x-1"), 409,
               "targetSpecs[0].instanceId", fresh(TARGET, {"instance": "x-1", "port": 6001}, f"{TARGET}.instance"),
               commands.add_instance_target(instance="x-1"))
    yield Case("the availability group is in the VPC of the load balancer", new_service("agIds", ["{ag foreign}"]), 409,
               "agIds[0]", fresh(SERVICE, {"name": "new", "port": 8080, "availabilityGroup": "foreign"},
                                 f"{SERVICE}.availabilityGroup"),
               commands.create_service(availability_group="foreign"))
    yield Case("members are in the VPC of the availability group", new_pool("instanceIds", ["x-1"]), 409,
               "instanceIds[0]", fresh(f"{POOL}.instances[0]", "x-1"),
               commands.create_availability_group(instances=("x-1",)))
    yield Case("members of an availability group are instances that there are", new_pool("instanceIds", ["i-9"]), 400,
               "instanceIds[0]", fresh(f"{POOL}.instances[0]", "i-9"))
    for vip, why in (("192.0.2.10", "outside the blocks for VIPs"), (BALANCER_FRONT.v4, "an address of the host"),
                     ("127.0.0.1", "loopback"), ("169.254.1.1", "link-local"), ("::1", "loopback"),
                     ("fe80::1", "link-local"), ("224.0.0.1", "multicast"), ("0.0.0.0", "unspecified")):
        yield Case(f"VIP {vip} is refused: {why}", new_balancer("privateIpAddress", vip), 400, "privateIpAddress",
                   fresh(f"{BALANCER}.vip", vip), commands.create_load_balancer(vip=vip))
    yield Case("VIP is changed by the same rules", Request(
        "PATCH", "loadBalancers/{lb other}", {"privateIpAddress": "192.0.2.10"}), 400, "privateIpAddress",
        staged("loadBalancers[1].vip", "192.0.2.10"), commands.update("lb", "other", vip="192.0.2.10"))
    for address, why in (("192.0.2.20", "outside the blocks for targets"), ("127.0.0.1", "loopback"),
                         ("169.254.1.1", "link-local"), (VIP.v4, "the VIP itself"), ("10.10.0.101", "another VIP")):
        yield Case(f"target {address} is refused: {why}", register("{group servers}", ipAddress=address), 400,
                   "targetSpecs[0].ipAddress", fresh(f"{TARGET}.address", address),
                   commands.add_target("web/servers", address=address))
        yield Case(f"instance at {address} is refused: {why}", new_instance("privateIpAddress", address), 400,
                   "privateIpAddress", fresh(f"{INSTANCE}.address", address), commands.create_instance(address=address))
    yield Case("VIP of another load balancer", new_balancer("privateIpAddress", "10.10.0.101"), 409, "privateIpAddress",
               fresh(f"{BALANCER}.vip", "10.10.0.101"), commands.create_load_balancer(vip="10.10.0.101"))
    yield Case("VIP that is a target", new_balancer("privateIpAddress", "10.20.0.11"), 400, None,
               fresh(f"{BALANCER}.vip", "10.20.0.11"), commands.create_load_balancer(vip="10.20.0.11"))


def names() -> Iterator[Case]:
    """Names and descriptions, and what is there only once."""
    wrong = {"empty": "", "33 letters": "x" * 33, "with a blank": "my web", "with a dot": "web.example"}
    for kind, make, field, place, taken, twin, command, owner in (
        ("load balancer", new_balancer, "loadBalancerName", "loadBalancers", "web",
         {"name": "fresh", "vip": "10.10.0.141"}, commands.create_load_balancer, ""),
        ("listener", new_listener, "listenerName", f"{BALANCER}.listeners", "http",
         {"name": "new", "port": 81, "service": "new"}, commands.create_listener, "web/"),
        ("service", new_service, "backendName", f"{BALANCER}.services", "spare",
         {"name": "new", "port": 8081}, commands.create_service, "web/"),
        ("group", new_group, "targetGroupName", f"{BALANCER}.groups", "idle",
         {"name": "new"}, commands.create_group, "web/"),
        ("availability group", new_pool, "name", "availabilityGroups", "pool",
         {"name": "new"}, commands.create_availability_group, ""),
        ("instance", new_instance, "instanceId", "instances", "i-1",
         {"id": "new", "address": "10.20.0.43"}, commands.create_instance, ""),
    ):
        key = next(iter(twin))
        for why, name in wrong.items():
            yield Case(f"name of a {kind} is refused: {why}", make(field, name), 400, field,
                       fresh(f"{place}[0].{key}", name), command(owner + name) if name else None)
        yield Case(f"description of a {kind} has at most 256 characters", make("description", "y" * 257), 400,
                   "description", fresh(f"{place}[0].description", "y" * 257),
                   command(owner + "new", description="y" * 257))
        yield Case(f"name of a {kind} is there once", make(field, taken), 409, field,
                   fresh(f"{place}[1]", twin, f"{place}[1].{key}"), command(owner + taken))
    yield Case("a renamed service keeps its name to itself", change_service("backendName", "spare"), 409, "backendName",
               command=commands.update("service", "web/web-http", name="spare"))
    yield Case("protocol and port of a listener are there once in a load balancer", new_listener("port", 80), 409,
               "port", staged(f"{BALANCER}.listeners[1]", {"name": "twin", "port": 80, "service": "spare"},
                              f"{BALANCER}.listeners[1].port"), commands.create_listener(port=80))
    yield Case("a server is in a group once", register("{group servers}", ipAddress="10.20.0.11",
                                                       port=HTTP.target_port(1)), 409, "targetSpecs[0]",
               fresh(f"{GROUP}.targets[1]", {"address": "10.20.0.41", "port": 6001}),
               commands.add_target("web/servers", address="10.20.0.11", port=HTTP.target_port(1)))
    yield Case("an instance is in an availability group once", Request(
        "POST", "availabilityGroups/{ag pool}:addInstances", {"instanceIds": ["i-1"]}), 409, "instanceIds[0]",
        fresh(f"{POOL}.instances[1]", "i-3"), commands.command("ag", "add", "pool", "i-1"))


def lives() -> Iterator[Case]:
    """What never changes, and what does not go away."""
    yield Case("port of a listener never changes", Request("PATCH", "listeners/{listener http}", {"port": 81}), 400,
               "port", staged(f"{LISTENER}.port", 81))
    yield Case("protocol of a listener never changes",
               Request("PATCH", "listeners/{listener http}", {"protocol": "Udp"}), 400, "protocol",
               staged(f"{LISTENER}.protocol", "Udp"))
    yield Case("port of a service never changes", change_service("port", 8081), 400, "port",
               staged(f"{SERVICE}.port", 8081))
    yield Case("protocol of a service never changes", change_service("protocol", "Udp"), 400, "protocol",
               staged(f"{SERVICE}.protocol", "Udp"))
    yield Case("a service that a listener uses stays", delete("backends", "{service web-http}"), 409, None,
               without(f"{BALANCER}.services[0]", f"{LISTENER}.service"), commands.delete("service", "web/web-http"))
    yield Case("a group that a service uses stays", delete("targetGroups", "{group servers}"), 409, None,
               without(f"{BALANCER}.groups[0]", f"{SERVICE}.group"), commands.delete("group", "web/servers"))
    yield Case("an availability group that a service uses stays", delete("availabilityGroups", "{ag pool}"), 409, None,
               without("availabilityGroups[0]", f"{BALANCER}.services[2].availabilityGroup"),
               commands.delete("ag", "pool"))
    yield Case("an instance that an availability group uses stays", delete("instances", "i-1"), 409, None,
               without("instances[0]", "availabilityGroups[0].instances[0]"), commands.delete("instance", "i-1"))
    yield Case("an instance that a group uses stays", delete("instances", "i-2"), 409, None,
               without("instances[1]", f"{BALANCER}.groups[3].targets[0].instance"), commands.delete("instance", "i-2"))
    yield Case("a protected load balancer stays", delete("loadBalancers", "{lb kept}"), 409, None,
               without("loadBalancers[2]", 'loadBalancers["kept"]'), commands.delete("lb", "kept"))


def unknown() -> Iterator[Case]:
    """What is not there."""
    for kind, collection, family, name in (
        ("load balancer", "loadBalancers", "lb", "nobody"), ("listener", "listeners", "listener", "web/nobody"),
        ("service", "backends", "service", "web/nobody"), ("group", "targetGroups", "group", "web/nobody"),
        ("availability group", "availabilityGroups", "ag", "nobody"), ("instance", "instances", "instance", "nobody"),
    ):
        yield Case(f"{kind} that is not there: read", Request("GET", f"{collection}/nobody"), 404, None,
                   command=[family, "show", name])
        yield Case(f"{kind} that is not there: changed",
                   Request("PATCH", f"{collection}/nobody", {"description": "new"}), 404, None,
                   command=commands.update(family, name, description="new"))
        yield Case(f"{kind} that is not there: deleted", delete(collection, "nobody"), 404, None,
                   command=commands.delete(family, name))
    for kind, request, command in (
        ("listener", new_listener("loadBalancerId", "lb-nobody"), commands.create_listener("nobody/new")),
        ("service", new_service("loadBalancerId", "lb-nobody"), commands.create_service("nobody/new")),
        ("group", new_group("loadBalancerId", "lb-nobody"), commands.create_group("nobody/new")),
        ("target", register("tg-nobody"), commands.add_target("web/nobody")),
    ):
        yield Case(f"{kind} of what is not there", request, 404, None, command=command)
    some = {"targetIds": ["{target}", "target-nobody"]}
    yield Case("some targets that are not there",
               Request("POST", "targetGroups/{group servers}:deregisterTargets", some), 404, None)


def forms() -> Iterator[Case]:
    """What cannot be read."""
    yield Case("a missing field", Request("POST", "listeners/", {"loadBalancerId": "{lb web}", "protocol": "Tcp"}), 400,
               "port", fresh(LISTENER, {"name": "new", "service": "new"}, f"{LISTENER}.port"))
    yield Case("a number in words", new_listener("port", "http"), 400, "port", fresh(f"{LISTENER}.port", "http"))
    yield Case("a fraction", register(weight=1.5), 400, "targetSpecs[0].weight", fresh(f"{TARGET}.weight", 1.5))
    for moment in ("tomorrow", "2026-02-29T00:00:00Z", "2026-11-23T22:00:00+01:00", "1969-12-31T23:59:59Z", 1795471200):
        target = {"address": "10.20.0.41", "port": 6001, "adminState": "draining", "drainUntil": moment}
        yield Case(f"no deadline: {moment}", register(adminState="draining", drainUntil=moment), 400,
                   "targetSpecs[0].drainUntil", fresh(TARGET, target, f"{TARGET}.drainUntil"))
    yield Case("no admin state", change_target(adminState="drained"), 400, "targetUpdateSpecs[0].adminState",
               staged(f"{TARGET}.adminState", "drained"))
    yield Case("a word that is none of the allowed ones", new_service("algorithm", "RoundRobin"), 400, "algorithm",
               fresh(f"{SERVICE}.algorithm", "RoundRobin"))
    yield Case("a list that names nothing", Request(
        "POST", "targetGroups/{group idle}:registerTargets", {"targetSpecs": []}), 400, "targetSpecs")
    yield Case("no address", new_instance("privateIpAddress", "nowhere"), 400, "privateIpAddress",
               fresh(f"{INSTANCE}.address", "nowhere"))
    yield Case("no JSON", Request("POST", "backends/", "{"), 400, "")
    yield Case("no object", Request("POST", "backends/", "[]"), 400, "",
               Document(lambda _: "[]", "mapping"))


CASES = [case for make in (ranges, kinds, places, names, lives, unknown, forms) for case in make()]


def named(cases: list[Case]) -> dict:
    return {"argvalues": cases, "ids": [case.rule for case in cases]}


@pytest.mark.parametrize("case", **named(CASES))
def test_the_api_refuses(stage: Stage, maps_stay, case: Case):
    before = stage.snapshot()
    reply = stage.ask(case.request)
    assert reply.status == case.status == reply.error["code"], reply.text
    assert reply.document["requestId"] and reply.error["status"] and reply.error["message"]
    if case.field is not None:
        assert case.field in reply.problems, reply.text
    assert stage.snapshot() == before


WITH_DOCUMENT = [case for case in CASES if case.document]


@pytest.mark.parametrize("case", **named(WITH_DOCUMENT))
def test_documents_are_refused(stage: Stage, maps_stay, case: Case):
    before = stage.snapshot()
    document = case.document.make(copy.deepcopy(before[0]))
    answer = stage.bench.daemon.apply(document, *(["--prune"] if case.document.prune else []))
    assert answer.code == 6, answer.errors or answer.output
    assert case.document.path in answer.errors, answer.errors
    assert stage.snapshot() == before


WITH_COMMAND = [case for case in CASES if case.command]


@pytest.fixture(scope="module")
def families() -> set[str]:
    """The families of commands that `shoal` has."""
    said = subprocess.run([binaries() / "shoal", "--help"], capture_output=True, text=True).stdout
    return {line.split()[0] for line in said.splitlines() if line.startswith("  ") and line.strip()}


@pytest.mark.parametrize("case", **named(WITH_COMMAND))
def test_commands_are_refused(stage: Stage, maps_stay, families: set[str], case: Case):
    if case.command[0] not in families:
        pytest.skip(f"shoal has no family {case.command[0]}")
    before = stage.snapshot()
    refuse_command(stage, case.command, case.status)
    assert stage.snapshot() == before


def refuse_command(stage: Stage, command: list[str], status: int) -> None:
    answer = stage.bench.daemon.shoal(*command)
    assert answer.code == EXIT_CODES[status], answer.errors or answer.output
    assert answer.errors


# What the rules allow, and the numbers that they count.


def test_what_is_allowed_is_done(stage: Stage):
    """The other side of the rules: the requests that the cases spoil are granted."""
    rest = stage.bench.rest
    before = rest.export()
    made = [(collection, rest.create(collection, stage.filled(request.body))) for collection, request in (
        ("loadBalancers", new_balancer("loadBalancerName", "网站-1_a")),
        ("listeners", new_listener("port", 65535)),
        ("backends", new_service("port", 8080)),
        ("targetGroups", new_group("description", "y" * 256)),
        ("availabilityGroups", new_pool("name", "x" * 32)),
        ("instances", new_instance("instanceId", "new")),
    )]
    ports = [each["port"] for each in rest.all("backends/", {"loadBalancerId": stage.ids["lb web"]})]
    assert ports.count(8080) == 2, "ports of services may repeat"
    stage.ask(register(weight=0)).result
    (new,) = [each["targetId"] for each in rest.all(stage.filled("targetGroups/{group idle}:describeTargets"))
              if each["weight"] == 0]
    stage.ask(Request("POST", "targetGroups/{group idle}:deregisterTargets", {"targetIds": [new]})).result
    for collection, id in reversed(made):
        rest.delete(collection, id)
    assert rest.export() == before
    # A service that goes leaves its group.
    service = rest.create("backends", stage.filled(new_service("targetGroupIds", ["{group idle}"]).body))
    rest.delete("backends", service)
    assert rest.export() == before
    dry = stage.bench.daemon.apply(FRESH, "--dry-run")
    assert dry.code == 0, dry.errors
    assert stage.bench.daemon.apply(before).code == 0 and rest.export() == before


def test_states_of_targets_are_set_and_kept(stage: Stage):
    """`drain`, `enable` and `disable` do what requests do; the default deadline is the longest of the group's services."""
    daemon, rest = stage.bench.daemon, stage.bench.rest
    before = rest.export()
    name = ("web/idle", "10.20.0.31")

    def target() -> tuple[str, str | None]:
        (target,) = daemon.shoal("target", "list", "web/idle", "-o", "json").json
        return target["adminState"], target.get("drainUntil")

    def drain(seconds: int, **options) -> None:
        asked = time.time()
        answer = daemon.shoal(*commands.drain(*name, **options)).check()
        state, until = target()
        assert state == "draining"
        assert seconds - 1 <= datetime.fromisoformat(until).timestamp() - asked <= seconds + 30
        assert f"draining until {until}" in answer.output, answer.output
        assert f"draining until {until}" in daemon.shoal("target", "list", "web/idle").output

    drain(86400, deadline=86400)
    drain(300)
    drain(0, deadline=0)
    daemon.shoal(*commands.update("target", *name, weight=10)).check()
    assert target()[0] == "draining"
    exported = rest.export()
    assert daemon.apply(exported).code == 0 and rest.export() == exported
    daemon.shoal(*commands.command("target", "disable", *name)).check()
    assert target() == ("disabled", None)
    daemon.shoal(*commands.command("target", "enable", *name)).check()
    assert target() == ("enabled", None) and rest.export() == before
    users = [rest.create("backends", stage.filled(new_service("targetGroupIds", ["{group idle}"]).body) | each)
             for each in ({"backendName": "new", "drainSeconds": 600}, {"backendName": "newer", "drainSeconds": 60})]
    drain(600)
    for user in users:
        rest.delete("backends", user)
    # A document that says nothing of states wants what they are by default.
    assert daemon.apply(before).code == 0
    assert target() == ("enabled", None) and rest.export() == before


def test_a_slow_start_is_set_and_kept(stage: Stage):
    daemon, rest = stage.bench.daemon, stage.bench.rest
    before = rest.export()
    name = "web/spare"
    daemon.shoal(*commands.update("service", name, slow_start_seconds=30)).check()
    assert "30 s" in daemon.shoal("service", "show", name).output
    daemon.shoal(*commands.update("service", name, drain=299)).check()
    assert daemon.shoal("service", "show", name, "-o", "json").json["slowStartSeconds"] == 30
    daemon.shoal(*commands.update("service", name, slow_start_seconds=0, drain=300)).check()
    assert rest.export() == before


def test_groups_are_listed_by_place(stage: Stage):
    """What a console offers for a service is what it can be given."""
    rest = stage.bench.rest
    assert set(rest.ids("availabilityGroups", "name", vpcId="default")) == {"pool"}
    assert set(rest.ids("availabilityGroups", "name", vpcId="elsewhere")) == {"foreign"}
    mine = rest.ids("targetGroups", "targetGroupName", loadBalancerId=stage.ids["lb web"])
    assert set(mine) == {"servers", "idle", "by-address", "of-instances"}
    assert rest.send("GET", "/v1/regions/elsewhere/backends/").status == 404
    answer = stage.bench.daemon.apply({**FRESH, "region": "elsewhere"})
    assert answer.code == 6 and "region: " in answer.errors, answer.errors


def test_all_problems_are_told_at_once(stage: Stage, maps_stay):
    before = stage.snapshot()
    request = new_service("port", 0)
    request.body.update({"backendName": "my web", "description": "y" * 257, "algorithm": "RoundRobin",
                         "agIds": ["ag-nobody"], "drainSeconds": 3601, "healthCheckSpec": {
                             "protocol": "Tcp", "port": -1, "checkTimeoutSeconds": 1, "intervalSeconds": "often",
                             "healthyThresholdCount": 6}})
    reply = stage.ask(request)
    assert reply.status == 400
    assert set(reply.problems) >= {
        "port", "backendName", "description", "algorithm", "agIds[0]", "drainSeconds", "healthCheckSpec.port",
        "healthCheckSpec.checkTimeoutSeconds", "healthCheckSpec.intervalSeconds",
        "healthCheckSpec.healthyThresholdCount"}
    assert stage.snapshot() == before


def test_a_stale_version_is_refused(stage: Stage, maps_stay, families: set[str]):
    rest, path = stage.bench.rest, stage.filled("backends/{service spare}")
    version = rest.ask("GET", path).version
    rest.ask("PATCH", path, {"description": "newer"}, headers={"If-Match": version}).result
    before = stage.snapshot()
    for method, body in (("PATCH", {"description": "older"}), ("DELETE", None)):
        reply = rest.ask(method, path, body, headers={"If-Match": version})
        assert (reply.status, reply.error["status"]) == (412, "FAILED_PRECONDITION")
    if "service" in families:
        old = version.strip('"')
        refuse_command(stage, commands.update("service", "web/spare", if_version=old, description="older"), 412)
        refuse_command(stage, commands.delete("service", "web/spare", if_version=old), 412)
    assert rest.ask("PATCH", path, {"description": "older"}, headers={"If-Match": "spare"}).status == 400
    assert stage.snapshot() == before
    rest.ask("PATCH", path, {"description": ""}, headers={"If-Match": rest.ask("GET", path).version}).result


def test_the_numbers_are_limited(stage: Stage, maps_stay, families: set[str], record_property):
    """100 load balancers a region; 50 listeners, services and groups each; 1,000 targets a group. Last of all: what it
    fills is taken away again, and costs the most."""
    rest, daemon = stage.bench.rest, stage.bench.daemon
    before = stage.snapshot()[0]
    full = {
        "name": "full", "vip": "10.10.1.1",
        "listeners": [{"name": f"n-{number}", "port": 9000 + number, "service": "n-0", "enabled": False}
                      for number in range(50)],
        "services": [{"name": f"n-{number}", "port": 9000} for number in range(50)],
        "groups": [{"name": f"n-{number}"} for number in range(49)] + [{"name": "n-49", "targets": [
            {"address": f"10.20.{100 + number // 250}.{1 + number % 250}", "port": 9000} for number in range(1000)]}]}
    balancers = [full] + [{"name": f"n-{number}", "vip": f"10.10.2.{number}"} for number in range(1, 97)]
    daemon.apply({"apiVersion": "shoal/v1", "loadBalancers": balancers}).check()
    ids = rest.ids("loadBalancers", "loadBalancerName")
    assert len(ids) == 100
    stage.ids.update({"lb full": ids["full"],
                      "group last": rest.ids("targetGroups", "targetGroupName", loadBalancerId=ids["full"])["n-49"],
                      "service full": rest.ids("backends", "backendName", loadBalancerId=ids["full"])["n-0"]})

    def more(request: Request) -> Request:
        request.body.update({"loadBalancerId": "{lb full}"})
        return request

    listener = more(new_listener("port", 81))
    listener.body["backendId"] = "{service full}"
    filled = stage.snapshot()
    for request, field, document, path, command in (
        (new_balancer("loadBalancerName", "new"), "loadBalancers", ("loadBalancers[1]", {
            "name": "new", "vip": "10.10.3.1"}), "loadBalancers", commands.create_load_balancer()),
        (listener, "listeners", (f"{BALANCER}.listeners[50]", {"name": "new", "port": 81, "service": "n-0"}),
         f"{BALANCER}.listeners", commands.create_listener("full/new", service="n-0")),
        (more(new_service("backendName", "new")), "services", (f"{BALANCER}.services[50]", {"name": "new", "port": 81}),
         f"{BALANCER}.services", commands.create_service("full/new")),
        (more(new_group("targetGroupName", "new")), "groups", (f"{BALANCER}.groups[50]", {"name": "new"}),
         f"{BALANCER}.groups", commands.create_group("full/new")),
        (register("{group last}"), "targets", (f"{BALANCER}.groups[49].targets[1000]", {"address": "10.20.0.41"}),
         f"{BALANCER}.groups[49].targets", commands.add_target("full/n-49")),
    ):
        reply = stage.ask(request)
        assert reply.status == 429 == reply.error["code"], reply.text
        assert any(path.endswith(field) for path in reply.problems), reply.text
        record_property(field, reply.error["message"])
        text = {"apiVersion": "shoal/v1", "loadBalancers": [copy.deepcopy(full)]}
        put(text, *document)
        answer = daemon.apply(text)
        assert answer.code == 6 and f"{path}: " in answer.errors, answer.errors
        if command[0] in families:
            refuse_command(stage, command, 429)
        assert stage.snapshot() == filled
    quota = rest.ask("GET", "quotas/", query={"type": "target", "parentResourceId": stage.ids["group last"]}).result
    assert (quota["quota"]["maxLimit"], quota["quota"]["count"]) == (1000, 1000)
    daemon.apply(before, "--prune").check()
    assert rest.export() == before
