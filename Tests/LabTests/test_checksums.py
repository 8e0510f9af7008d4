"""TCP checksums on the wire, judged by tcpdump at both ends.

With the offloads of clients and servers off, each packet is judged where it leaves and where it arrives. With them
on, as veth has them, a sender's own device shows packets whose checksum is still to come, so only arrival counts.
"""

from __future__ import annotations

import re

import pytest
from conftest import Bench, use_bench

from shoal_lab.addresses import FAMILIES, HTTP
from shoal_lab.blob import make_blob
from shoal_lab.configuration import Wishes
from shoal_lab.processes import Process
from shoal_lab.topology import TOPOLOGIES, Namespace
from shoal_lab.traffic import Traffic, http_burst


@pytest.fixture(scope="module", params=[(topology, is_on) for topology in TOPOLOGIES for is_on in (False, True)],
                ids=lambda value: f"{value[0]}-offload-{'on' if value[1] else 'off'}")
def bench(request):
    topology, offload_on = request.param
    with use_bench(Wishes(applications=(HTTP,)), topology=topology, offload_on=offload_on) as bench:
        make_blob(bench.lab.directory)
        yield bench


def test_checksums_are_right_on_the_wire(bench: Bench, record_property):
    direction = "in" if bench.lab.offload_on else "inout"
    captures = [start_capture(namespace, direction) for namespace in (bench.client, *bench.lab.servers)]
    for family in FAMILIES:
        vip = bench.lab.vip[family]
        transfer = Traffic(bench.client, "transfer", vip, HTTP.listener_port, rate=1 << 20, seconds=1)
        outcome = http_burst(bench.client, vip, HTTP.listener_port, 300, concurrency=8)
        assert outcome["failed"] == 0, outcome["failedByKind"]
        assert transfer.result()["broken"] is None
    for capture in captures:
        judge(capture, record_property)


def start_capture(namespace: Namespace, direction: str) -> Process:
    capture = namespace.start(
        f"{namespace.role}-tcpdump", "tcpdump", "-vv", "-nn", "-l", "-i", "eth0", "-Q", direction, "-B", "65536", "tcp")
    capture.wait_for_log("listening on", 10)
    return capture


def judge(capture: Process, record_property) -> None:
    capture.terminate()
    text = capture.output.read_text()
    correct, incorrect = text.count("(correct)"), text.count("incorrect")
    record_property(capture.name, {"correct": correct, "incorrect": incorrect})
    assert re.search(r"\b0 packets dropped by kernel", capture.log.read_text()), capture.log.read_text()
    assert correct > 300
    assert incorrect == 0, next(line for line in text.splitlines() if "incorrect" in line)
    assert "bad cksum" not in text, "IPv4 header checksum"
