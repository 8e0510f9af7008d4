"""The way to a server: known before a packet needs it, and followed within a second when the network changes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from conftest import Bench, use_bench

from shoal_lab.addresses import FAMILIES, HTTP
from shoal_lab.configuration import Wishes
from shoal_lab.processes import eventually
from shoal_lab.traffic import http_burst

SOON = 1
"""Seconds in which a change is to be followed."""
UNKNOWN = "-"


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with use_bench(Wishes(weights=(10, 10), applications=(HTTP,))) as bench:
        yield bench


@pytest.fixture(autouse=True)
def serving(bench: Bench) -> Iterator[None]:
    """Before and after each test every way is known, and every request is answered."""
    wait_for(bench, {server.name: mac_of(server) for server in bench.servers}, 10)
    yield
    wait_for(bench, {server.name: mac_of(server) for server in bench.servers}, 10)
    answer_all(bench)


def mac_of(server) -> str:
    [link] = json.loads(server.namespace.run("ip", "-json", "link", "show", "eth0").stdout)
    return link["address"]


def hops(bench: Bench) -> dict[str, set[str]]:
    """What the program knows of the way to each server, over both families."""
    rows = bench.daemon.map("targets")
    return {server.name: {row["next_hop"] for row in rows if row["address"] in (server.address.v4, server.address.v6)}
            for server in bench.servers}


def wait_for(bench: Bench, wanted: dict[str, str], seconds: float = SOON) -> None:
    def is_so() -> bool:
        found = hops(bench)
        return all(found[name] == {mac} for name, mac in wanted.items())

    eventually(is_so, seconds, f"next hops {wanted}")


def answer_all(bench: Bench) -> None:
    for family in FAMILIES:
        outcome = http_burst(bench.client, bench.lab.vip[family], HTTP.listener_port, 200)
        assert outcome["answered"] == 200, outcome


@contextmanager
def route_by(bench: Bench, server, gateway) -> Iterator[None]:
    """One server is reached through the other."""
    gateway.namespace.sysctl({
        "net.ipv4.ip_forward": 1, "net.ipv6.conf.all.forwarding": 1, "net.ipv4.conf.all.send_redirects": 0,
        "net.ipv4.conf.eth0.send_redirects": 0})
    routes = [f"{server.address[family]} via {gateway.address[family]} dev back" for family in FAMILIES]
    bench.lab.balancer.ip(*(f"route add {route}" for route in routes))
    try:
        yield
    finally:
        bench.lab.balancer.ip(*(f"route delete {route}" for route in routes))


def test_a_server_with_another_mac_address(bench: Bench):
    """It says so, as hosts do that are made for that."""
    server = bench.servers[0]
    old = mac_of(server)
    server.namespace.sysctl({"net.ipv4.conf.eth0.arp_notify": 1, "net.ipv6.conf.eth0.ndisc_notify": 1})
    for new in ("02:5a:00:00:00:01", old):
        server.namespace.ip(f"link set eth0 address {new}")
        wait_for(bench, {server.name: new})
        answer_all(bench)


def test_a_route_by_a_gateway(bench: Bench):
    first, second = bench.servers
    with route_by(bench, first, second):
        wait_for(bench, {first.name: mac_of(second), second.name: mac_of(second)})
        answer_all(bench)
    wait_for(bench, {first.name: mac_of(first)})


def test_a_link_that_goes_and_comes(bench: Bench):
    bench.lab.switch.ip("link set lb-back down")
    try:
        wait_for(bench, {server.name: UNKNOWN for server in bench.servers})
    finally:
        bench.lab.switch.ip("link set lb-back up")
    wait_for(bench, {server.name: mac_of(server) for server in bench.servers}, 3)


def test_policy_routing_leaves_the_way_to_the_kernel(bench: Bench):
    """With it the way may depend on more than where a packet goes."""
    bench.lab.balancer.ip("rule add from 192.0.2.1 lookup 7")
    try:
        wait_for(bench, {server.name: UNKNOWN for server in bench.servers})
        answer_all(bench)
    finally:
        bench.lab.balancer.ip("rule delete from 192.0.2.1 lookup 7")
    wait_for(bench, {server.name: mac_of(server) for server in bench.servers})


def test_without_a_daemon_the_kernel_is_asked_again(bench: Bench):
    """Nobody follows changes then, so what was known is trusted for ten seconds only."""
    server = bench.servers[0]
    old = mac_of(server)
    server.namespace.sysctl({"net.ipv4.conf.eth0.arp_notify": 1, "net.ipv6.conf.eth0.ndisc_notify": 1})
    bench.daemon.kill9()
    try:
        server.namespace.ip("link set eth0 address 02:5a:00:00:00:02")
        eventually(lambda: reaches(bench, server), 15, f"{server.name} is reached again")
        answer_all(bench)
    finally:
        bench.daemon.start()
        server.namespace.ip(f"link set eth0 address {old}")


def reaches(bench: Bench, server) -> bool:
    before = server.client_syns()
    for family in FAMILIES:
        http_burst(bench.client, bench.lab.vip[family], HTTP.listener_port, 20, timeout=1)
    return server.client_syns() > before
