"""Traffic in a lab: starts the client program in a client's namespace, and fetches what became of it."""

from __future__ import annotations

import json
import signal
import sys

from .clients import ALL_BEGUN
from .errors import LabError
from .processes import Process
from .topology import Namespace


class Traffic:
    """A client program that runs in a namespace of the lab."""

    _count = 0

    def __init__(self, namespace: Namespace, mode: str, vip: str, port: int, sources: list[str] = (), **options):
        Traffic._count += 1
        name = f"{namespace.role}-{mode}-{Traffic._count}"
        words = ["--vip", vip, "--port", port]
        for key, value in options.items():
            words += [f"--{key}", value]
        if sources:
            path = namespace.directory / f"{name}.sources"
            path.write_text("\n".join(sources))
            words += ["--sources", path]
        self.process: Process = namespace.start(name, sys.executable, "-m", "shoal_lab.clients", mode, *words)

    def wait_until_running(self) -> "Traffic":
        """Returns when it has begun to send."""
        self.process.wait_for_log("running", 10)
        return self

    def wait_until_begun(self, seconds: float = 30) -> "Traffic":
        """Returns when all of its numbered flows have had an answer."""
        self.process.wait_for_log(ALL_BEGUN, seconds)
        return self

    def result(self, seconds: float = 120) -> dict:
        """What became of it, when it has ended by itself."""
        if code := self.process.wait(seconds):
            raise LabError(f"{self.process.name} ended with exit code {code}\n{self.process.tail()}")
        return json.loads(self.process.output.read_text())

    def stop(self) -> dict:
        """Ends it early and returns what became of it until then."""
        self.process.signal(signal.SIGTERM)
        return self.result(15)

    @property
    def progress(self) -> str:
        """Its last line of progress."""
        return self.process.log.read_text().rstrip().rpartition("\n")[2]


def http_burst(namespace: Namespace, vip: str, port: int, requests: int, concurrency: int = 64, sources=(), **more):
    """Runs a burst to its end."""
    return Traffic(
        namespace, "http", vip, port, sources, requests=requests, concurrency=concurrency, **more).result()
