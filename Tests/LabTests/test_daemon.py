"""The daemon comes and goes; the traffic does not notice. Only `shoal detach` stops forwarding."""

from __future__ import annotations

import time

import pytest
from conftest import Bench, use_bench

from shoal_lab.addresses import BACK, ECHO, FAMILIES, HTTP
from shoal_lab.blob import make_blob
from shoal_lab.configuration import Wishes
from shoal_lab.processes import Process
from shoal_lab.traffic import Traffic, http_burst

SECONDS = 60
CONNECTIONS_PER_SECOND = 500


@pytest.fixture(scope="module")
def bench():
    with use_bench(Wishes(applications=(HTTP, ECHO))) as bench:
        make_blob(bench.lab.directory)
        yield bench


def test_a_killed_daemon_breaks_nothing(bench: Bench, family: int, record_property):
    """kill -9 twice during a transfer of 60 s, 500 new connections a second and 100 long-lived flows."""
    vip = bench.lab.vip[family]
    before = bench.daemon.maps()
    witness = start_witness(bench)
    began = time.monotonic()
    transfer = Traffic(bench.client, "transfer", vip, HTTP.listener_port, rate=1 << 20, seconds=SECONDS)
    flows = Traffic(bench.client, "numbered", vip, ECHO.listener_port, flows=100, period=0.2, seconds=SECONDS)
    loop = Traffic(bench.client, "open-loop", vip, HTTP.listener_port, rate=CONNECTIONS_PER_SECOND, seconds=SECONDS)
    for traffic in (transfer, flows, loop):
        traffic.wait_until_running()

    until(began + 10)
    bench.daemon.kill9()
    until(began + 25)
    assert bench.daemon.maps() == before, "maps changed while there was no daemon"
    took = bench.daemon.start()
    assert bench.daemon.maps() == before, "the daemon changed the maps when it started"
    until(began + 40)
    bench.daemon.kill9()
    bench.daemon.start()

    outcomes = {"transfer": transfer.result(), "flows": flows.result(), "connections": loop.result()}
    record_property("startSeconds", round(took, 2))
    for name, outcome in outcomes.items():
        record_property(name, {key: value for key, value in outcome.items() if not isinstance(value, (dict, list))})
    witness.terminate()
    assert outcomes["transfer"]["broken"] is None, witness.output.read_text()
    assert outcomes["transfer"]["seconds"] >= SECONDS - 1 or outcomes["transfer"]["complete"]
    assert outcomes["flows"]["broken"] == 0 and outcomes["flows"]["moved"] == 0, outcomes["flows"]
    assert outcomes["flows"]["flows"] == 100
    assert outcomes["connections"]["failedByKind"] == {}
    assert outcomes["connections"]["answered"] == CONNECTIONS_PER_SECOND * SECONDS
    assert bench.daemon.maps() == before, "the daemon changed the maps later"


def test_a_daemon_that_is_asked_to_stop_leaves_forwarding(bench: Bench):
    before = bench.daemon.maps()
    transfer = Traffic(bench.client, "transfer", bench.lab.vip.v4, HTTP.listener_port, rate=1 << 20, seconds=30)
    transfer.wait_until_running()
    assert bench.daemon.terminate() == 0
    for family in FAMILIES:
        assert http_burst(bench.client, bench.lab.vip[family], HTTP.listener_port, 500)["answered"] == 500
    assert bench.daemon.maps() == before
    bench.daemon.start()
    outcome = transfer.stop()
    assert outcome["broken"] is None and outcome["bytes"] > 0
    assert bench.daemon.maps() == before


def test_two_daemons_work_side_by_side(bench: Bench):
    """Directories and interfaces of their own are all that two daemons of one machine need."""
    with use_bench(Wishes(weights=(0, 10), applications=(HTTP,)), topology="one-armed") as other:
        mine = http_burst(bench.client, bench.lab.vip.v4, HTTP.listener_port, 300)
        others = http_burst(other.client, other.lab.vip.v4, HTTP.listener_port, 300)
        assert set(mine["byServer"]) == {"s1", "s2", "s3"} and mine["failed"] == 0
        assert others["byServer"] == {"s2": 300}
    assert http_burst(bench.client, bench.lab.vip.v4, HTTP.listener_port, 300)["answered"] == 300


def test_commands_say_at_once_that_the_daemon_is_dead(bench: Bench):
    bench.daemon.kill9()
    began = time.monotonic()
    for command in (["health", "http4"], ["export"], ["status"]):
        answer = bench.daemon.shoal(*command)
        assert answer.code == 7, answer.errors
        assert str(bench.daemon.socket) in answer.errors
    assert time.monotonic() - began < 3
    assert bench.daemon.map("listeners"), "the maps are shown without the daemon too"
    bench.daemon.start()


@pytest.mark.parametrize("is_running", [True, False], ids=["with the daemon", "without the daemon"])
def test_detaching_removes_program_pins_and_vip(bench: Bench, is_running: bool):
    document = bench.daemon.export()
    if not is_running:
        bench.daemon.terminate()
    assert attached(bench) == set(bench.lab.interfaces)
    assert pins(bench) and held_vips(bench) == set(FAMILIES)

    began = time.monotonic()
    bench.daemon.shoal("detach", "--yes").check()

    assert time.monotonic() - began < 5
    assert not attached(bench)
    assert not pins(bench)
    assert not held_vips(bench)
    for family in FAMILIES:
        outcome = http_burst(bench.client, bench.lab.vip[family], HTTP.listener_port, 4, timeout=0.5)
        assert outcome["answered"] == 0

    # Its resources are not gone: the next start serves them again.
    if is_running:
        bench.daemon.terminate()
    bench.daemon.start()
    assert bench.daemon.export() == document
    bench.serve(Wishes(applications=(HTTP, ECHO)))
    for family in FAMILIES:
        assert http_burst(bench.client, bench.lab.vip[family], HTTP.listener_port, 300)["answered"] == 300


def start_witness(bench: Bench) -> Process:
    """Records what a client must not get: resets, and packets that still carry a target's address."""
    reset = "(tcp[tcpflags] & tcp-rst != 0) or (ip6[6] = 6 and ip6[53] & 4 != 0)"
    witness = bench.client.start(
        "witness", "tcpdump", "-tt", "-nn", "-l", "-i", "eth0", "-Q", "in",
        f"{reset} or src net {BACK[4]} or src net {BACK[6]}")
    witness.wait_for_log("listening on", 10)
    return witness


def until(moment: float) -> None:
    """Lets traffic flow until then, and nothing else."""
    time.sleep(max(0.0, moment - time.monotonic()))


def attached(bench: Bench) -> set[str]:
    """The balancer's devices with an XDP program."""
    lines = bench.lab.balancer.run("ip", "-d", "-o", "link").stdout.splitlines()
    return {line.split(": ")[1].partition("@")[0] for line in lines if "prog/xdp" in line}


def pins(bench: Bench) -> list[str]:
    # bpffs itself has two files that end so.
    return [str(path) for path in bench.daemon.bpffs.rglob("*") if path.suffix != ".debug"]


def held_vips(bench: Bench) -> set[int]:
    """Families whose VIP the balancer's kernel holds as an address of its own."""
    listing = bench.lab.balancer.run("ip", "-o", "address").stdout
    return {family for family in FAMILIES if f" {bench.lab.vip[family]}/" in listing}
