"""A flood of SYNs from strangers, sent by the small C program beside this file."""

from __future__ import annotations

import json
from pathlib import Path

from .addresses import STRANGERS
from .compilers import clang
from .errors import LabError
from .processes import Process, run
from .topology import Lab, Namespace

_SOURCE = Path(__file__).with_name("syn_flood.c")


def _program(directory: Path) -> Path:
    """The generator, compiled once for a lab."""
    program = directory / "syn_flood"
    if not program.exists():
        run([clang(), "-O2", "-Wall", "-Werror", _SOURCE, "-o", program])
    return program


class Flood:
    """SYNs of random strangers to one listener, for so many seconds.

    They are put onto the switch's end of the balancer's cable: what client and bridge would cost is better spent on
    packets.

    - Parameter rate: Packets a second; 0 is as many as one thread can send.
    """

    _count = 0

    def __init__(self, lab: Lab, port: int, seconds: float, rate: float = 0, seed: int = 1):
        Flood._count += 1
        device = lab.interfaces[0]
        self.process: Process = lab.switch.start(
            f"flood-{Flood._count}", _program(lab.directory), f"lb-{device}", _mac(lab.balancer, device), STRANGERS,
            lab.vip.v4, port, seconds, rate, seed)
        self._seconds = seconds

    def wait_until_running(self) -> "Flood":
        self.process.wait_for_log("running", 10)
        return self

    def result(self) -> dict:
        """How many packets it `sent`, and in how many `seconds`, when it has ended."""
        if code := self.process.wait(self._seconds + 30):
            raise LabError(f"{self.process.name} ended with exit code {code}\n{self.process.tail()}")
        return json.loads(self.process.output.read_text())


def _mac(namespace: Namespace, device: str) -> str:
    (link,) = json.loads(namespace.run("ip", "-j", "link", "show", device).stdout)
    return link["address"]
