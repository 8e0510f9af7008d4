"""ICMP errors reach the end of the flow that they are about: servers learn the MTU of a client's path, clients that a
port is closed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from conftest import Bench, use_daemon

from shoal_lab.addresses import DATAGRAMS, FAMILIES, HTTP, VIP, Pair, client
from shoal_lab.blob import make_blob
from shoal_lab.configuration import Wishes
from shoal_lab.processes import eventually
from shoal_lab.traffic import Traffic

FAR = Pair("10.30.0.2", "2001:db8:30::2")
"""A client behind a router, which is another client."""
NARROW = 1_300

ASK = """
import socket, sys
client = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
client.settimeout(5)
client.connect((sys.argv[1], int(sys.argv[2])))
client.send(b"0")
try:
    print(client.recv(100))
except OSError as error:
    print(type(error).__name__)
"""


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with use_daemon(servers=2, clients=2) as bench:
        make_blob(bench.lab.directory)
        bench.apply(Wishes(weights=(10, 10), applications=(HTTP, DATAGRAMS), is_checked=False))
        yield bench


def errors(bench: Bench) -> dict[str, int]:
    return {row["reason"]: row["packets"] for row in bench.daemon.map("counters_reasons")
            if row["reason"].startswith("error_")}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_path_that_becomes_narrow_in_mid_transfer(bench: Bench, family: int, record_property):
    router, far = bench.lab.clients
    address, network = FAR[family], {4: "10.30.0.0/24", 6: "2001:db8:30::/64"}[family]
    forwarding = {4: "net.ipv4.ip_forward", 6: "net.ipv6.conf.all.forwarding"}[family]
    router.sysctl({forwarding: 1, "net.ipv4.conf.all.send_redirects": 0, "net.ipv4.conf.eth0.send_redirects": 0})
    far.ip(f"address add {address}/32 dev eth0" if family == 4 else f"address add {address}/128 dev eth0 nodad",
           f"route add {VIP[family]} via {client(1)[family]} dev eth0 src {address} proto static")
    router.ip(f"route add {network} dev eth0")
    bench.lab.balancer.ip(f"route add {network} via {client(1)[family]} dev front")
    before = errors(bench)

    running = Traffic(far, "transfer", VIP[family], HTTP.listener_port, [address], rate=2 << 20, seconds=6)
    running.wait_until_running()
    time.sleep(2)
    assert errors(bench) == before, "the path was wide"
    router.ip(f"route replace {network} dev eth0 mtu lock {NARROW}")
    result = running.result()

    made = errors(bench)["error_to_target"] - before["error_to_target"]
    record_property("errors", made)
    record_property("transfer", result)
    assert result["broken"] is None and result["bytes"] > 8 << 20, result
    assert made > 0, "the path was not narrow, so it was no test"
    learnt = [server.namespace.run("ip", "route", "get", address).stdout for server in bench.servers]
    assert sum(f"mtu {NARROW}" in text for text in learnt) == 1, learnt


@pytest.mark.parametrize("family", FAMILIES)
def test_a_closed_port_is_told_to_the_client(bench: Bench, family: int):
    """At once, by an error that seems to come from the VIP."""
    for server in bench.servers:
        server.kill()
    try:
        began = time.monotonic()
        answer = bench.client.run("/usr/bin/python3", "-c", ASK, VIP[family], DATAGRAMS.listener_port).stdout
        assert answer.strip() == "ConnectionRefusedError"
        assert time.monotonic() - began < 3
    finally:
        for server in bench.servers:
            server.restore()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_client_that_is_gone_is_told_to_the_server(bench: Bench, family: int):
    """Its host refuses an answer that comes too late."""
    table = "icmp type destination-unreachable" if family == 4 else "icmpv6 type destination-unreachable"
    for server in bench.servers:
        server.namespace.run("nft", "-f", "-", input=(
            f"table inet errors {{\n counter arrived {{ }}\n chain input {{\n  type filter hook input priority filter;\n"
            f"  {table} counter name arrived\n }}\n}}\n"))
    try:
        with ExitStack() as frozen:
            for server in bench.servers:
                frozen.enter_context(server.frozen())
            answer = bench.client.run("/usr/bin/python3", "-c", ASK.replace("settimeout(5)", "settimeout(0.1)"),
                                      VIP[family], DATAGRAMS.listener_port).stdout
            assert answer.strip() == "TimeoutError"
        eventually(lambda: sum(
            "packets 1" in server.namespace.run("nft", "list", "counter", "inet", "errors", "arrived").stdout
            for server in bench.servers) == 1, 5, "a server has had the error")
    finally:
        for server in bench.servers:
            server.namespace.run("nft", "delete table inet errors", check=False)
