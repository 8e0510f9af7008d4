"""Many who change resources at once: none is lost, none is refused without need, and what is answered is done."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import Bench, use_daemon

from shoal_lab.addresses import COMMON_PORTS

WRITERS = 32
SUCCESSES = 10
SECONDS = 60
"""Until which all writers must be done."""


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with use_daemon() as bench:
        yield bench


def write_at_once(write: Callable[[int], list]) -> list:
    """What all writers come back with, each in a thread of its own."""
    with ThreadPoolExecutor(WRITERS) as pool:
        return [answer for answers in pool.map(write, range(WRITERS)) for answer in answers]


def spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {"median": round(ordered[len(ordered) // 2], 4), "max": round(ordered[-1], 4)}


def revision(bench: Bench) -> int:
    return bench.rest.status()["desiredRevision"]


def test_writers_of_one_resource_lose_nothing(bench: Bench, record_property):
    """Each has a place in the description, in which it counts its successes: whoever overwrote another's change would
    take a count back. Each reads, changes, and reads again when it came too late, as If-Match tells it."""
    rest = bench.rest
    balancer = rest.create("loadBalancers", {"loadBalancerName": "web", "subnetId": "default",
                                             "privateIpAddress": bench.lab.vip.v4, "description": "0" * WRITERS})
    path = f"loadBalancers/{balancer}"
    before, version = revision(bench), int(rest.ask("GET", path).version.strip('"'))
    began = time.monotonic()

    def write(writer: int) -> list[int]:
        statuses: list[int] = []
        while statuses.count(200) < SUCCESSES:
            assert time.monotonic() - began < SECONDS, f"writer {writer} succeeded {statuses.count(200)} times only"
            found = rest.ask("GET", path)
            counts = list(found.result["loadBalancer"]["description"])
            assert int(counts[writer], 16) == statuses.count(200), "a change is lost"
            counts[writer] = f"{int(counts[writer], 16) + 1:x}"
            reply = rest.ask("PATCH", path, {"description": "".join(counts)}, headers={"If-Match": found.version})
            assert reply.status in (200, 412), reply.text
            statuses.append(reply.status)
        return statuses

    statuses = Counter(write_at_once(write))
    record_property("answers", dict(statuses))
    record_property("seconds", round(time.monotonic() - began, 2))
    assert statuses[200] == WRITERS * SUCCESSES
    assert rest.read("loadBalancers", balancer)["description"] == f"{SUCCESSES:x}" * WRITERS
    assert revision(bench) - before == WRITERS * SUCCESSES
    assert int(rest.ask("GET", path).version.strip('"')) - version == WRITERS * SUCCESSES
    rest.delete("loadBalancers", balancer)


def test_writers_of_different_resources_do_not_disturb_each_other(bench: Bench, record_property):
    """Services, groups, instances and availability groups, eight writers each, and nobody says If-Match."""
    rest = bench.rest
    balancer = rest.create("loadBalancers", {"loadBalancerName": "web", "subnetId": "default",
                                             "privateIpAddress": bench.lab.vip.v4})
    own: list[tuple[str, str]] = []
    for number in range(WRITERS // 4):
        own += [
            ("backends", rest.create("backends", {
                "backendName": f"n-{number}", "loadBalancerId": balancer, "protocol": "Tcp", "port": 80,
                "healthCheckSpec": {"protocol": "Tcp"}})),
            ("targetGroups", rest.create("targetGroups", {
                "targetGroupName": f"n-{number}", "loadBalancerId": balancer})),
            ("instances", rest.create("instances", {
                "instanceId": f"n-{number}", "privateIpAddress": f"10.20.1.{number + 1}"})),
            ("availabilityGroups", rest.create("availabilityGroups", {"name": f"n-{number}"}))]
    before = revision(bench)
    began = time.monotonic()

    def write(writer: int) -> list[tuple[int, float]]:
        collection, id = own[writer]
        answers = []
        for number in range(SUCCESSES):
            sent = time.monotonic()
            reply = rest.ask("PATCH", f"{collection}/{id}", {"description": f"change {number} of {writer}"})
            answers.append((reply.status, time.monotonic() - sent))
        return answers

    answers = write_at_once(write)
    seconds = [seconds for _, seconds in answers]
    record_property("changes", len(answers))
    record_property("seconds", round(time.monotonic() - began, 2))
    record_property("secondsOfOneAnswer", spread(seconds))
    assert Counter(status for status, _ in answers) == {200: WRITERS * SUCCESSES}
    assert revision(bench) - before == WRITERS * SUCCESSES
    for writer, (collection, id) in enumerate(own):
        assert rest.read(collection, id)["description"] == f"change {SUCCESSES - 1} of {writer}"
    rest.delete("loadBalancers", balancer)
    for collection, id in own:
        if collection in ("instances", "availabilityGroups"):
            rest.delete(collection, id)


def test_what_is_answered_is_in_the_kernel(bench: Bench, record_property):
    """After each change of a weight, the slots in the maps are as the weights say, within 1 % of the table."""
    rest = bench.rest
    balancer = rest.create("loadBalancers", {"loadBalancerName": "web", "subnetId": "default",
                                             "privateIpAddress": bench.lab.vip.v4})
    group = rest.create("targetGroups", {"targetGroupName": "servers", "loadBalancerId": balancer})
    rest.ask("POST", f"targetGroups/{group}:registerTargets", {"targetSpecs": [
        {"type": "ip", "ipAddress": server.address.v4, "weight": 10} for server in bench.servers]}).result
    service = rest.create("backends", {
        "backendName": "http", "loadBalancerId": balancer, "protocol": "Tcp", "port": COMMON_PORTS[0],
        "targetGroupIds": [group], "healthCheckSpec": {"protocol": "Tcp"}})
    rest.create("listeners", {"listenerName": "http", "loadBalancerId": balancer, "protocol": "Tcp", "port": 80,
                              "backendId": service})
    # Without health checks nothing but the weights decides.
    rest.update("backends", service, {"closeHealthCheck": True})
    targets = {each["ipAddress"]: each["targetId"] for each in rest.all(f"targetGroups/{group}:describeTargets")}

    def owned() -> dict[str, float]:
        addresses = {row["target"]: row["address"] for row in bench.daemon.map("targets")}
        owners = Counter(addresses[row["target"]] for row in bench.daemon.map("slots"))
        return {address: count / owners.total() for address, count in owners.items()}

    seconds = []
    for weights in (
        (10, 20, 30), (0, 50, 50), (100, 1, 1), (0, 0, 7), (33, 33, 34), (10, 10, 10), (5, 0, 95), (1, 2, 3),
    ):
        wanted = dict(zip(targets, weights))
        began = time.monotonic()
        result = rest.ask("POST", f"targetGroups/{group}:updateTargets", {"targetUpdateSpecs": [
            {"targetId": targets[address], "weight": weight} for address, weight in wanted.items()]}).result
        seconds.append(time.monotonic() - began)
        assert result["installedRevision"] == result["revision"] and "failure" not in result
        shares = owned()
        for address, weight in wanted.items():
            share = weight / sum(weights)
            assert abs(shares.get(address, 0) - share) <= 0.01, (weights, shares)
            assert weight or address not in shares, "weight 0 has slots"
    record_property("secondsOfAChange", spread(seconds))
    rest.delete("loadBalancers", balancer)
    assert bench.daemon.map("listeners") == bench.daemon.map("slots") == []
