"""Who gets how much: shares against weights, clients and their servers, addresses that the servers see."""

from __future__ import annotations

from collections import Counter

import pytest
from conftest import Bench, use_bench

from shoal_lab.addresses import HTTP, STICKY
from shoal_lab.configuration import Wishes
from shoal_lab.topology import TOPOLOGIES
from shoal_lab.traffic import http_burst

WEIGHTS = {"s1": 10, "s2": 20, "s3": 30}
WANTED = {server: weight / sum(WEIGHTS.values()) for server, weight in WEIGHTS.items()}


@pytest.fixture(scope="module", params=TOPOLOGIES)
def bench(request):
    with use_bench(Wishes(weights=tuple(WEIGHTS.values()), applications=(HTTP, STICKY)),
                   topology=request.param) as bench:
        yield bench


def test_shares_of_connections_follow_weights(bench: Bench, family: int, record_property):
    """6,000 fresh connections from many ports of one client: each share within 3 points, which is 4.6 standard
    deviations of a fair choice."""
    outcome = http_burst(bench.client, bench.lab.vip[family], HTTP.listener_port, 6_000)
    shares = {server: outcome["byServer"].get(server, 0) / 6_000 for server in WEIGHTS}
    record_property("shares", shares)
    assert outcome["failed"] == 0, outcome["failedByKind"]
    assert outcome["answered"] == 6_000
    for server, wanted in WANTED.items():
        assert abs(shares[server] - wanted) <= 0.03, shares


def test_a_client_stays_with_its_server(bench: Bench, family: int, record_property):
    """200 clients, 10 connections each. A client is one choice, not ten, so the tolerance is that of 200 choices: 4
    standard deviations, exceeded by chance in less than one run of a thousand."""
    sources = bench.lab.sources(200)[family]
    already = {server.name: len(server.accesses()) for server in bench.servers}
    outcome = http_burst(bench.client, bench.lab.vip[family], STICKY.listener_port, 2_000, sources=sources)

    assert outcome["failed"] == 0, outcome["failedByKind"]
    assert set(outcome["bySource"]) == set(sources)
    for source, servers in outcome["bySource"].items():
        assert list(servers.values()) == [10], f"{source} was served by {servers}"

    clients = Counter(next(iter(servers)) for servers in outcome["bySource"].values())
    record_property("clients", dict(clients))
    for server, wanted in WANTED.items():
        tolerance = 4 * (wanted * (1 - wanted) / 200) ** 0.5
        assert abs(clients[server] / 200 - wanted) <= tolerance, clients

    # The servers' own logs tell the same: the clients' addresses, on the targets' ports.
    for server in bench.servers:
        accesses = server.accesses()[already[server.name] :]
        expected = {source for source, servers in outcome["bySource"].items() if server.name in servers}
        assert {access.address for access in accesses} == expected
        assert {access.server_port for access in accesses} == {server.port(STICKY)}


def test_target_ports_are_their_own(bench: Bench):
    ports = [server.port(application) for server in bench.servers for application in (HTTP, STICKY)]
    assert len(set(ports)) == len(ports)
    assert not {HTTP.listener_port, STICKY.listener_port} & set(ports)
