"""Documents that break a rule: refused with the field's path and what is allowed, exit code 6, and nothing changes."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest
from conftest import Bench

INVALID = 6

FRESH = {
    "apiVersion": "shoal/v1",
    "loadBalancers": [{
        "name": "fresh",
        "vip": "10.10.0.101",
        "listeners": [{"name": "web", "protocol": "Tcp", "port": 80, "service": "fresh-web"}],
        "services": [{
            "name": "fresh-web", "protocol": "Tcp", "port": 8080, "algorithm": "IpHash", "drainSeconds": 60,
            "healthCheck": {"timeoutSeconds": 3, "intervalSeconds": 5, "unhealthyThreshold": 3, "healthyThreshold": 3},
            "group": "servers"}],
        "groups": [{"name": "servers", "targets": [
            {"address": "10.20.0.21", "port": 6001, "weight": 10},
            {"address": "10.20.0.22", "port": 6002, "weight": 10}]}],
    }],
}
"""A valid document of a load balancer that is not there yet; each case spoils a copy of it."""

Case = tuple[str, Callable[[dict], object], str, str]


def put(path: str, value) -> Callable[[dict], None]:
    """Puts the value at a path as errors name it."""
    def spoil(document: dict) -> None:
        *parents, last = path.replace("]", "").replace("[", ".").split(".")
        for step in parents:
            document = document[int(step)] if isinstance(document, list) else document[step]
        document[int(last) if isinstance(document, list) else last] = value
    return spoil


def put_case(name: str, path: str, value, allowed: str, told_at: str | None = None) -> Case:
    return name, put(path, value), told_at or path, allowed


def add(path: str, value) -> Callable[[dict], None]:
    """Adds the value to the list at a path."""
    def spoil(document: dict) -> None:
        for step in path.replace("]", "").replace("[", ".").split("."):
            document = document[int(step)] if isinstance(document, list) else document[step]
        document.append(value)
    return spoil


LISTENER = "loadBalancers[0].listeners[0]"
SERVICE = "loadBalancers[0].services[0]"
CHECK = SERVICE + ".healthCheck"
TARGET = "loadBalancers[0].groups[0].targets[0]"

CASES: list[Case] = [
    put_case("listener port 0", f"{LISTENER}.port", 0, "1...65535"),
    put_case("listener port 65536", f"{LISTENER}.port", 65536, "1...65535"),
    put_case("listener port is text", f"{LISTENER}.port", "http", "number"),
    put_case("service port 0", f"{SERVICE}.port", 0, "1...65535"),
    put_case("target port 65536", f"{TARGET}.port", 65536, "0...65535"),
    put_case("weight 101", f"{TARGET}.weight", 101, "0...100"),
    put_case("weight -1", f"{TARGET}.weight", -1, "0...100"),
    put_case("weight is text", f"{TARGET}.weight", "heavy", "number"),
    put_case("timeout 1", f"{CHECK}.timeoutSeconds", 1, "2...60"),
    put_case("timeout 61", f"{CHECK}.timeoutSeconds", 61, "2...60"),
    put_case("interval 4", f"{CHECK}.intervalSeconds", 4, "5...300"),
    put_case("interval 301", f"{CHECK}.intervalSeconds", 301, "5...300"),
    put_case("unhealthy threshold 6", f"{CHECK}.unhealthyThreshold", 6, "1...5"),
    put_case("healthy threshold 0", f"{CHECK}.healthyThreshold", 0, "1...5"),
    put_case("health check port 65536", f"{CHECK}.port", 65536, "0...65535"),
    put_case("health check by ICMP of a TCP service", f"{CHECK}.protocol", "Icmp", "Tcp"),
    put_case("drain of 3601 seconds", f"{SERVICE}.drainSeconds", 3601, "0...3600"),
    put_case("unknown algorithm", f"{SERVICE}.algorithm", "RoundRobin", "QuintupleHash"),
    put_case("mode of a later version", f"{SERVICE}.forwardingMode", "ipip", "nat"),
    put_case("unknown mode", f"{SERVICE}.forwardingMode", "magic", "nat"),
    put_case("unknown policy", f"{SERVICE}.allUnhealthyPolicy", "maybe", "forward"),
    put_case("UDP listener of a TCP service", f"{LISTENER}.protocol", "Udp", "cannot lead to",
             told_at=f"{LISTENER}.service"),
    put_case("listener naming no service", f"{LISTENER}.service", "nobody", "no backend service"),
    put_case("service naming no group", f"{SERVICE}.group", "nobody", "no group"),
    put_case("service with two groups", f"{SERVICE}.availabilityGroup", "pool", "", told_at=SERVICE),
    ("two listeners on one port",
     add("loadBalancers[0].listeners", {"name": "twin", "protocol": "Tcp", "port": 80, "service": "fresh-web"}),
     "loadBalancers[0].listeners[1].port", "listeners[0]"),
    ("two listeners to one target port",
     add("loadBalancers[0].listeners", {"name": "twin", "protocol": "Tcp", "port": 81, "service": "fresh-web"}),
     "loadBalancers[0].listeners[1]", "port of its own"),
    ("two services of one name", lambda document: add("loadBalancers[0].services", copy.deepcopy(
        document["loadBalancers"][0]["services"][0]))(document), "loadBalancers[0].services[1].name", "services[0]"),
    put_case("two targets at one address and port", "loadBalancers[0].groups[0].targets[1]",
             {"address": "10.20.0.21", "port": 6001}, "targets[0]", told_at="loadBalancers[0].groups[0].targets[1]"),
    put_case("VIP equal to a target", f"{TARGET}.address", "10.10.0.101", "VIP"),
    put_case("VIP of another load balancer", "loadBalancers[0].vip", "10.10.0.100", "10.10.0.100"),
    put_case("VIP is an address of the host", "loadBalancers[0].vip", "10.10.0.1", "address of its own"),
    put_case("VIP is a loopback address", "loadBalancers[0].vip", "127.0.0.1", "loopback"),
    put_case("VIP is no address", "loadBalancers[0].vip", "shoal.example", "address"),
    put_case("target is link-local", f"{TARGET}.address", "169.254.1.1", "link-local"),
    put_case("target of the other family", f"{TARGET}.address", "2001:db8:20::21", "IPv4"),
    put_case("name of 33 letters", "loadBalancers[0].name", "x" * 33, "1 to 32"),
    put_case("name with a blank", "loadBalancers[0].name", "my web", "1 to 32"),
    ("no VIP", lambda document: document["loadBalancers"][0].pop("vip"), "loadBalancers[0].vip", "missing"),
    put_case("misspelt field", f"{SERVICE}.algoritm", "IpHash", "algorithm"),
    put_case("version of another time", "apiVersion", "shoal/v9", "shoal/v1"),
]


@pytest.fixture(scope="module")
def served(bench: Bench) -> tuple:
    """What the daemon has when none of the documents has been tried."""
    return bench.daemon.export(), bench.daemon.maps(), bench.daemon.status()["desiredRevision"]


def is_unchanged(bench: Bench, served: tuple) -> bool:
    return (bench.daemon.export(), bench.daemon.maps(), bench.daemon.status()["desiredRevision"]) == served


@pytest.mark.parametrize("spoil, path, allowed", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_invalid_document_is_refused(bench: Bench, served, spoil, path: str, allowed: str):
    document = copy.deepcopy(FRESH)
    spoil(document)
    answer = bench.daemon.apply(document)
    assert answer.code == INVALID, answer.errors or answer.output
    line = next((line for line in answer.errors.splitlines() if path in line), None)
    assert line, answer.errors
    assert allowed in line, answer.errors
    assert is_unchanged(bench, served)


def test_what_is_no_yaml_is_refused_with_its_line(bench: Bench, served):
    answer = bench.daemon.apply("apiVersion: shoal/v1\nloadBalancers: [\n")
    assert answer.code == INVALID
    assert "line 3" in answer.errors
    assert is_unchanged(bench, served)


def test_all_problems_are_told_at_once(bench: Bench, served):
    document = copy.deepcopy(FRESH)
    wrong = {f"{LISTENER}.port": 0, f"{TARGET}.weight": 101, f"{CHECK}.timeoutSeconds": 1,
             f"{CHECK}.intervalSeconds": 4, f"{CHECK}.unhealthyThreshold": 6, "loadBalancers[0].vip": "nowhere"}
    for path, value in wrong.items():
        put(path, value)(document)
    answer = bench.daemon.apply(document)
    assert answer.code == INVALID
    for path in wrong:
        assert path in answer.errors
    assert is_unchanged(bench, served)


def test_the_document_that_they_spoil_is_valid(bench: Bench, served):
    """Last, since it changes something; a dry run would not prove as much."""
    bench.daemon.apply(FRESH).check()
    assert "fresh" in bench.daemon.export()


def test_what_is_exported_can_be_applied_and_changes_nothing(bench: Bench):
    exported = bench.daemon.export()
    revision, maps = bench.daemon.status()["desiredRevision"], bench.daemon.maps()
    bench.daemon.apply(exported).check()
    assert bench.daemon.export() == exported
    assert bench.daemon.maps() == maps
    assert bench.daemon.status()["desiredRevision"] == revision
