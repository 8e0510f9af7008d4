"""The largest configuration that Shoal promises to serve quickly, its targets, and a client that changes weights.

100 load balancers of 10 listeners, services and groups each, 10 targets a group: 10,000 targets. All of their addresses
are routed to one server of the lab.
"""

from __future__ import annotations

import http.client
import json
import math
import random
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from . import addresses
from .addresses import FRONT
from .errors import LabError
from .processes import listens
from .topology import Lab

LOAD_BALANCERS = 100
SERVICES = 10
"""Of each load balancer, as many as listeners and groups."""
TARGETS = 10
"""Of each group."""
WEIGHT = 10
CHECK_INTERVAL = 60
"""Seconds between two checks of a target: 167 checks a second of all together."""
TARGET_PORT = 8000
LISTENER_PORTS_FROM = 8001
TARGETS_NETWORK = "10.64.0.0/16"


def load_balancer_name(number: int) -> str:
    return f"lb-{number}"


def group_name(number: int) -> str:
    return f"servers-{number}"


def target_address(load_balancer: int, group: int, target: int) -> str:
    return f"10.64.{load_balancer}.{group * TARGETS + target + 1}"


def group(load_balancer: int, number: int, weights: dict[int, int] = {}) -> dict:
    """A group of a load balancer with all its targets, of weight 10 where nothing else is said."""
    return {"name": group_name(number), "targets": [
        {"address": target_address(load_balancer, number, target), "port": TARGET_PORT,
         "weight": weights.get(target, WEIGHT)}
        for target in range(TARGETS)]}


def document() -> dict:
    """All of it."""
    return {"apiVersion": "shoal/v1", "region": "local",
            "loadBalancers": [_load_balancer(number) for number in range(LOAD_BALANCERS)]}


def _load_balancer(number: int) -> dict:
    return {
        "name": load_balancer_name(number),
        "vip": vip(number),
        "listeners": [
            {"name": f"listener-{service}", "protocol": "Tcp", "port": LISTENER_PORTS_FROM + service,
             "service": f"service-{service}"}
            for service in range(SERVICES)],
        "services": [
            {"name": f"service-{service}", "protocol": "Tcp", "port": TARGET_PORT, "algorithm": "QuintupleHash",
             "healthCheck": {"enabled": True, "intervalSeconds": CHECK_INTERVAL}, "group": group_name(service)}
            for service in range(SERVICES)],
        "groups": [group(number, service) for service in range(SERVICES)],
    }


def vip(load_balancer: int) -> str:
    return str(FRONT[4][200 * 256 + 1 + load_balancer])


def route_targets(lab: Lab) -> None:
    """Makes all targets addresses of the lab's first server, behind one next hop of the balancer."""
    lab.balancer.ip(f"route add {TARGETS_NETWORK} via {addresses.server(1).v4}")
    lab.servers[0].ip(f"route add local {TARGETS_NETWORK} dev lo")


def start_targets(lab: Lab) -> None:
    """Has all targets accept connections, until the lab goes."""
    server = lab.servers[0].start(
        "targets", sys.executable, "-m", "shoal_lab.echo", "--name", "s1", "--port", TARGET_PORT)
    server.wait_until(lambda: listens(server.pid, TARGET_PORT, 6), 10, f"targets accept on port {TARGET_PORT}")


@dataclass(frozen=True)
class WeightChange:
    """One target of one group gets another weight."""

    load_balancer: int
    group: int
    target: int
    weight: int

    @classmethod
    def random(cls, source: random.Random) -> "WeightChange":
        """Of any target, to a weight that it has not."""
        return cls(source.randrange(LOAD_BALANCERS), source.randrange(SERVICES), source.randrange(TARGETS),
                   source.choice([weight for weight in range(1, 101) if weight != WEIGHT]))

    @property
    def document(self) -> dict:
        """What is to be applied: a group is given with all its targets."""
        return {"apiVersion": "shoal/v1", "loadBalancers": [{
            "name": load_balancer_name(self.load_balancer), "vip": vip(self.load_balancer),
            "groups": [group(self.load_balancer, self.group, {self.target: self.weight})]}]}


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path):
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


class Changer:
    """Applies documents over one connection to the daemon's socket, as a controller of an operator would."""

    def __init__(self, path: Path):
        self._connection = _UnixConnection(path)

    def apply(self, document: dict) -> tuple[dict, float]:
        """The answer, and how many seconds it took."""
        body = json.dumps(document)
        began = time.perf_counter()
        self._connection.request("POST", "/v1/regions/local:apply", body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        text = response.read()
        took = time.perf_counter() - began
        if response.status != 200:
            raise LabError(f"apply: {response.status} {text.decode(errors='replace')}")
        answer = json.loads(text)
        return answer.get("result", answer), took


def percentile(values: list[float], share: float) -> float:
    """The smallest value that at least this share of all does not exceed."""
    return sorted(values)[math.ceil(len(values) * share) - 1]


def resident_bytes(pid: int) -> int:
    """Memory of a process that is in RAM."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise LabError(f"process {pid} has no VmRSS")
