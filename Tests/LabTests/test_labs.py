"""The lab itself, without a balancer: it connects, it is alone, and it leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import use_lab

from shoal_lab import addresses
from shoal_lab.addresses import ECHO, HTTP
from shoal_lab.blob import make_blob
from shoal_lab.processes import environment, eventually, inside
from shoal_lab.registry import Record
from shoal_lab.servers import start_servers
from shoal_lab.topology import TOPOLOGIES, Lab
from shoal_lab.traffic import Traffic, http_burst

pytestmark = pytest.mark.network

LAB_SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "lab"


def namespaces_of(name: str) -> list[str]:
    return [path.name for path in Path("/run/netns").glob(f"shoal-{name}-*")]


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_clients_reach_servers_through_the_balancer(topology, family):
    began = time.monotonic()
    with use_lab(topology) as lab:
        took = time.monotonic() - began
        servers = start_servers(lab)
        for server in servers:
            outcome = http_burst(lab.clients[0], server.address[family], server.port(HTTP), 20)
            assert outcome["byServer"] == {server.name: 20}, outcome
        assert {access.address for access in servers[0].accesses()} == {addresses.client(1)[family]}
    assert took < 3, "building a lab takes too long"


def test_a_client_has_many_addresses(family):
    with use_lab() as lab:
        server = start_servers(lab)[0]
        sources = lab.sources(200)[family]
        outcome = http_burst(lab.clients[0], server.address[family], server.port(HTTP), 400, sources=sources)
        assert outcome["failed"] == 0
        assert set(outcome["bySource"]) == set(sources) == {access.address for access in server.accesses()}


def test_clients_notice_what_goes_wrong():
    """The oracles of all other tests: a dead, a silent and a broken server are not taken for good ones."""
    with use_lab() as lab:
        dead, silent, breaking = start_servers(lab)
        make_blob(lab.directory)
        client = lab.clients[0]
        dead.kill()
        silent.silence()
        address = breaking.address.v4
        transfer = Traffic(client, "transfer", address, breaking.port(HTTP), rate=1 << 20, seconds=30)
        flows = Traffic(client, "numbered", address, breaking.port(ECHO), flows=20, period=0.05, seconds=30)
        loop = Traffic(client, "open-loop", address, breaking.port(HTTP), rate=100, seconds=2)

        refused = http_burst(client, dead.address.v4, dead.port(HTTP), 10)
        timed_out = http_burst(client, silent.address.v4, silent.port(HTTP), 10, timeout=1.2)
        for traffic in (transfer, flows):
            traffic.process.wait_for_log(" of one transfer" if traffic is transfer else " messages", 10)
        assert loop.result()["answered"] == 200
        breaking.kill()

        assert refused["failedByKind"] == {"refused": 10}
        assert timed_out["failedByKind"] == {"timeout": 10}
        assert silent.client_syns() == 20, "each SYN is sent twice within 1.2 s"
        assert transfer.result()["broken"] in ("cut", "reset")
        assert flows.result()["broken"] == 20

        for server in (dead, silent, breaking):
            server.restore()
            assert http_burst(client, server.address.v4, server.port(HTTP), 10)["answered"] == 10


def test_two_labs_do_not_meet():
    with use_lab() as one, use_lab("one-armed") as other:
        assert one.name != other.name
        servers = {lab.name: start_servers(lab) for lab in (one, other)}
        for lab in (one, other):
            server = servers[lab.name][0]
            assert http_burst(lab.clients[0], server.address.v4, server.port(HTTP), 50)["answered"] == 50
            assert len(server.accesses()) == 50


def test_an_exception_removes_the_lab():
    with pytest.raises(ZeroDivisionError), Lab() as lab:
        start_servers(lab)
        pids = lab.record.living_processes()
        assert len(pids) == 6 and namespaces_of(lab.name)
        raise ZeroDivisionError
    assert not namespaces_of(lab.name) and not lab.directory.exists()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_a_lab_that_cannot_be_built_is_removed(monkeypatch):
    monkeypatch.setattr(Lab, "_address_endpoints", lambda self: 1 / 0)
    lab = Lab()
    with pytest.raises(ZeroDivisionError):
        lab.__enter__()
    assert not namespaces_of(lab.name) and not lab.directory.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_removes_the_lab(number):
    child = start_holder()
    name = child.stdout.readline().strip()
    assert namespaces_of(name)
    child.send_signal(number)
    assert child.wait(10) != 0
    assert not namespaces_of(name) and name not in Record.names()


def test_what_a_killed_program_left_is_removed_by_name():
    child = start_holder()
    name = child.stdout.readline().strip()
    child.kill()
    child.wait(5)
    record = Record.load(name)
    pids = record.living_processes()
    assert namespaces_of(name) and pids and not record.has_living_owner
    subprocess.run([LAB_SCRIPT, "down", name], check=True, capture_output=True)
    assert not namespaces_of(name) and name not in Record.names()
    eventually(lambda: not record.living_processes(), 3, "processes ended")


def start_holder() -> subprocess.Popen:
    """A program that holds a lab, and says its name when it is built."""
    text = ("import signal\nfrom shoal_lab.topology import Lab\nfrom shoal_lab.servers import start_servers\n"
            "with Lab(servers=1) as lab:\n    start_servers(lab)\n    print(lab.name, flush=True)\n"
            "    signal.pause()\n")
    return subprocess.Popen([sys.executable, "-c", text], env=environment(), stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True)


def test_a_named_lab_is_left_running_and_removed():
    name = f"t{os.getpid()}"[:12]
    subprocess.run([LAB_SCRIPT, "up", "--name", name, "--servers", "1"], check=True, capture_output=True)
    try:
        address, port = addresses.server(1).v6, HTTP.target_port(1)
        said = subprocess.run(inside(f"shoal-{name}-c1", ["curl", "-s", f"http://[{address}]:{port}/"]),
                              capture_output=True, text=True).stdout
        assert said == "s1\n"
        again = subprocess.run([LAB_SCRIPT, "up", "--name", name], capture_output=True, text=True)
        assert again.returncode != 0 and name in again.stderr
    finally:
        subprocess.run([LAB_SCRIPT, "down", name], check=True, capture_output=True)
    assert not namespaces_of(name)
