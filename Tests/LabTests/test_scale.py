"""100 load balancers, 1,000 services, 10,000 targets: how long the daemon takes for all of it, and for one weight.

What is timed is the whole request: the answer comes when the kernel holds the change. Every target has a health check,
167 of them a second. In the first test nobody answers them; in the second everybody does, so that while weights change
10,000 targets become healthy one after another, and each of them changes a table, too.
"""

from __future__ import annotations

import json
import random
import time

import pytest
from conftest import use_lab

from shoal_lab import scale
from shoal_lab.configuration import yaml
from shoal_lab.daemon import Daemon
from shoal_lab.processes import eventually
from shoal_lab.topology import Lab

APPLY_SECONDS = 5
EXPORT_AND_APPLY_SECONDS = 2
CHANGES = 250
CHANGE_SECONDS = 0.1
"""At most, for 99 of 100 changes."""
CHANGE_SECONDS_MEANWHILE = 0.25
"""The same while everything else changes, too: more than it takes on a machine that has nothing else to do."""


@pytest.fixture
def lab():
    with use_lab(servers=1) as lab:
        scale.route_targets(lab)
        yield lab


@pytest.fixture
def daemon(lab: Lab):
    daemon = Daemon(lab)
    daemon.start()
    return daemon


def test_the_largest_configuration_is_applied_and_changed_in_time(daemon: Daemon, record_property):
    assert apply_all(daemon, record_property) <= APPLY_SECONDS

    revision = daemon.status()["desiredRevision"]
    began = time.monotonic()
    daemon.apply(daemon.export()).check()
    took = time.monotonic() - began
    record_property("exportAndApplySeconds", round(took, 2))
    assert daemon.status()["desiredRevision"] == revision, "what was exported is no change"
    assert took <= EXPORT_AND_APPLY_SECONDS

    last, seconds = change_weights(daemon, record_property)
    assert daemon.status()["installedRevision"] == revision + CHANGES
    assert share_in_kernel(daemon, last) == pytest.approx(expected_share(last), abs=1 / 1021)
    assert scale.percentile(seconds, 0.99) <= CHANGE_SECONDS


def test_weights_change_in_time_while_all_targets_become_healthy(lab: Lab, daemon: Daemon, record_property):
    scale.start_targets(lab)
    apply_all(daemon, record_property)
    _, seconds = change_weights(daemon, record_property)
    healthy = sum(service["usable"] for service in daemon.status()["services"])
    record_property("healthyTargets", healthy)
    assert healthy > 0, "no target has become healthy meanwhile"
    eventually(lambda: healthy_on_disk(daemon) >= healthy, 5, "a restart would find them healthy", pause=0.5)
    assert scale.percentile(seconds, 0.99) <= CHANGE_SECONDS_MEANWHILE


def healthy_on_disk(daemon: Daemon) -> int:
    records = json.loads((daemon.state / "health.json").read_text())
    return sum(record["tracker"]["state"] == "healthy" for record in records.values())


def apply_all(daemon: Daemon, record_property) -> float:
    """Applies the document; returns how many seconds the command took."""
    path = daemon.state.parent / "document.yaml"
    path.write_text(yaml(scale.document()))
    began = time.monotonic()
    daemon.shoal("apply", "-f", path).check()
    took = time.monotonic() - began
    record_property("applySeconds", round(took, 2))
    return took


def change_weights(daemon: Daemon, record_property) -> tuple[scale.WeightChange, list[float]]:
    """Changes one weight after the other; the last change, and the seconds that each took."""
    changer = scale.Changer(daemon.socket)
    source = random.Random(1)
    seconds = []
    for _ in range(CHANGES):
        change = scale.WeightChange.random(source)
        answer, took = changer.apply(change.document)
        assert answer["installedRevision"] == answer["revision"] and not answer.get("failure"), answer
        seconds.append(took)
    figures = {f"p{share * 100:g}": round(scale.percentile(seconds, share) * 1000, 1) for share in (0.5, 0.9, 0.99, 1)}
    record_property("changeMilliseconds", figures)
    record_property("residentMiB", scale.resident_bytes(daemon.pid) >> 20)
    print(figures)
    return change, seconds


def share_in_kernel(daemon: Daemon, change: scale.WeightChange) -> float:
    """The share of its service's slots that the maps give the target of a change."""
    address = scale.target_address(change.load_balancer, change.group, change.target)
    target = next(target for target in daemon.map("targets") if target["address"] == address)
    owners = [slot["target"] for slot in daemon.map("slots") if slot["service"] == target["service"]]
    return owners.count(target["target"]) / len(owners)


def expected_share(change: scale.WeightChange) -> float:
    return change.weight / (change.weight + (scale.TARGETS - 1) * scale.WEIGHT)
