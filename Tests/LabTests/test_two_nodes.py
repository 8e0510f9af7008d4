"""Two nodes that are told the same have the same tables and send the same client to the same target."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from conftest import Bench, use_lab
from fleet import SERVICES, Fleet

from shoal_lab.addresses import STICKY
from shoal_lab.daemon import Daemon
from shoal_lab.processes import eventually
from shoal_lab.servers import start_servers
from shoal_lab.traffic import http_burst

SECRET = "flow-hash-key.json"
"""In the state directory: what flows are hashed with. Nodes of a cluster have the same one."""
SOURCES = 200
CHANGES = [
    {"s3": 40},
    {"s4": 25},
    {"s1": None},
    {"s2": 7, "s3": 1},
    {"s1": 10},
]


@contextmanager
def use_nodes(count: int, secret_of_first: bool) -> Iterator[list[Bench]]:
    """Labs with a daemon each, which all have the first one's secret, or each its own."""
    with ExitStack() as stack:
        nodes: list[Bench] = []
        for _ in range(count):
            lab = stack.enter_context(use_lab(servers=4))
            node = Bench(lab, start_servers(lab), Daemon(lab))
            if nodes and secret_of_first:
                shutil.copy2(nodes[0].daemon.state / SECRET, node.daemon.state / SECRET)
            node.daemon.start()
            nodes.append(node)
        yield nodes


def test_two_nodes_agree(record_property):
    """The same documents, one after the other, and the same health, although each node saw it for itself."""
    with use_nodes(2, secret_of_first=True) as nodes:
        fleets = [Fleet(node) for node in nodes]
        for fleet in fleets:
            fleet.begin({1: 10, 2: 10, 3: 10})
        seen = {digests(nodes)}
        for change in CHANGES:
            for fleet in fleets:
                fleet.change(**change)
                fleet.wait_for_health("healthy", *(fleet.bench.servers[number - 1] for number in fleet.weights))
            seen.add(digests(nodes))
        for fleet in fleets:
            fleet.bench.servers[1].silence()
            fleet.wait_for_health("unhealthy", fleet.bench.servers[1])
        seen.add(digests(nodes))
        record_property("digests", len(seen))
        assert len(seen) == len(CHANGES) + 2, "a digest that is always the same says nothing"

        first, second = (chosen(node) for node in nodes)
        assert first == second
        assert set(first.values()) == {"s1", "s3", "s4"}


def test_two_nodes_with_secrets_of_their_own_do_not(record_property):
    """The counter-proof: the same tables, and yet other targets for the same clients."""
    with use_nodes(2, secret_of_first=False) as nodes:
        for node in nodes:
            Fleet(node).begin({1: 10, 2: 10, 3: 10})
        assert digests(nodes)
        first, second = (chosen(node) for node in nodes)
        same = sum(server == second[source] for source, server in first.items())
        record_property("sameTarget", same)
        # A third by chance; 100 of 200 is five standard deviations from that.
        assert same < SOURCES // 2


def digests(nodes: list[Bench]) -> tuple:
    """The digests of all services, which all nodes have."""

    def of(node: Bench) -> tuple:
        tables = [node.daemon.table(service) for service in SERVICES]
        return tuple((table.digest, table.canonical_digest) for table in tables)

    first = eventually(lambda: len({of(node) for node in nodes}) == 1 and of(nodes[0]), 10, "nodes have one digest")
    slots = [targets_of_slots(node) for node in nodes]
    assert all(each == slots[0] for each in slots), "digests are the same, slots are not"
    return first


def targets_of_slots(node: Bench) -> dict[str, list[str]]:
    """The targets of each service's slots in the kernel, in their order; services by a target that they have."""
    targets = {row["target"]: row for row in node.daemon.map("targets")}
    services: dict[int, list[str]] = {}
    for slot in node.daemon.map("slots"):
        target = targets[slot["target"]]
        services.setdefault(slot["service"], []).append(f"{target['address']}:{target['port']}")
    return {min(owners): owners for owners in services.values()}


def chosen(node: Bench) -> dict[str, str]:
    """The server that each of many clients has with `IpHash`."""
    sources = node.lab.sources(SOURCES)[4]
    outcome = http_burst(node.client, node.lab.vip.v4, STICKY.listener_port, SOURCES, sources=sources)
    assert outcome["failed"] == 0, outcome["failedByKind"]
    return {source: next(iter(servers)) for source, servers in outcome["bySource"].items()}
