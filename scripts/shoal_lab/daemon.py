"""`shoald` in the lab's balancer namespace, and `shoal` talking to it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .configuration import yaml
from .errors import LabError
from .processes import Process, eventually
from .rest import RestClient
from .topology import Lab

CHECKOUT = Path(__file__).resolve().parents[2]

STEADY_MAPS = ("listeners", "services", "slots", "targets", "return_paths")
"""Maps that only the controller writes, so that nothing but a change of configuration or health may change them."""


def binaries() -> Path:
    """Where `shoald` and `shoal` are: in SHOAL_BIN, else where a release build puts them."""
    return Path(os.environ.get("SHOAL_BIN") or CHECKOUT / ".build" / "release")


def missing_binaries() -> list[str]:
    return [name for name in ("shoald", "shoal") if not os.access(binaries() / name, os.X_OK)]


class CommandFailed(LabError):
    """`shoal` ended with another code than 0."""

    def __init__(self, arguments: tuple, code: int, said: str):
        super().__init__(f"shoal {' '.join(map(str, arguments))}: exit code {code}: {said}")
        self.code = code


class Answer:
    """What a `shoal` command said and how it ended."""

    def __init__(self, arguments: tuple, done):
        self.arguments = arguments
        self.code: int = done.returncode
        self.output: str = done.stdout
        self.errors: str = done.stderr

    @property
    def json(self):
        """Its output, decoded. Raises CommandFailed when the command failed."""
        self.check()
        try:
            return json.loads(self.output)
        except ValueError:
            raise LabError(f"shoal {' '.join(map(str, self.arguments))} printed no JSON: {self.output!r}") from None

    def check(self) -> "Answer":
        if self.code != 0:
            raise CommandFailed(self.arguments, self.code, (self.errors + self.output).strip())
        return self


@dataclass(frozen=True)
class TargetRow:
    """A target of a service's table."""

    admin_state: str | None
    """None of a target that is no longer configured, of which only its flows are left."""
    weight: int
    slots: int
    previous_slots: int
    """Slots that it had, and whose flows it may still have."""
    flows: dict[str, int]
    """Its pinned flows by state."""
    is_leaving: bool

    @property
    def living_flows(self) -> int:
        return self.flows["seenOnce"] + self.flows["established"] + self.flows["udp"]


@dataclass(frozen=True)
class ServiceTable:
    """What `shoal table` tells of a service."""

    generation: int
    slots: int
    moving_slots: int
    digest: str
    canonical_digest: str
    targets: dict[str, TargetRow]
    """By address: a lab's targets of one service have one each."""

    @classmethod
    def of(cls, answer: dict) -> "ServiceTable":
        return cls(
            generation=answer["generation"], slots=answer["slots"], moving_slots=answer["movingSlots"],
            digest=answer["digest"], canonical_digest=answer["canonicalDigest"],
            targets={
                target["endpoint"].rpartition(":")[0].strip("[]"): TargetRow(
                    admin_state=target.get("adminState"), weight=target["weight"], slots=target["slots"],
                    previous_slots=target["previousSlots"], flows=target["flows"], is_leaving=target["isLeaving"])
                for target in answer["targets"]})


class Daemon:
    """One `shoald`, started and stopped any number of times; its directories are the lab's, and stay."""

    def __init__(self, lab: Lab, flags: Iterable[str] = ()):
        """`flags` are those that every start adds to the lab's own."""
        self._lab = lab
        self._flags = list(flags)
        self.state = lab.directory / "state"
        self.runtime = lab.directory / "run"
        self.bpffs = lab.directory / "bpf"
        self.socket = self.runtime / "api.sock"
        self.rest = RestClient.over_socket(self.socket)
        self._process: Process | None = None
        self._starts = 0
        for directory in (self.state, self.runtime, self.bpffs):
            directory.mkdir(exist_ok=True)

    # Life and death.

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process and self._process.is_running else None

    def start(self, seconds: float = 10) -> float:
        """Starts it and waits until it answers; returns how many seconds that took."""
        began = time.monotonic()
        self._starts += 1
        interfaces = [word for name in self._lab.interfaces for word in ("--interface", name)]
        self._process = self._lab.balancer.start(
            f"shoald-{self._starts}", binaries() / "shoald", *interfaces, "--state-directory", self.state,
            "--runtime-directory", self.runtime, "--bpffs-directory", self.bpffs,
            "--config", CHECKOUT / "examples" / "shoald.yaml", *self._flags)
        self._process.wait_until(lambda: self.shoal("status").code in (0, 9), seconds, "shoald answers")
        return time.monotonic() - began

    def kill9(self) -> None:
        self._running.kill()

    def terminate(self, seconds: float = 10) -> int:
        """Asks it to end; its exit code."""
        return self._running.terminate(seconds)

    def restart(self) -> float:
        """Stops it the polite way and starts it again; returns how long the start took."""
        self.terminate()
        return self.start()

    @property
    def _running(self) -> Process:
        if not (self._process and self._process.is_running):
            raise LabError("shoald does not run")
        return self._process

    def log(self) -> str:
        return self._process.log.read_text(errors="replace") if self._process else ""

    # Talking to it.

    def shoal(self, *arguments, input: str | None = None) -> Answer:
        """Runs `shoal` with these arguments and the daemon's directories, in the balancer's namespace."""
        done = self._lab.balancer.run(*self.command(*arguments), input=input, check=False)
        return Answer(arguments, done)

    def command(self, *arguments) -> list:
        """The whole command, for a person to copy."""
        options = {"--socket": self.socket, "--bpffs-directory": self.bpffs}
        match arguments:
            case ["map", *_]:
                del options["--socket"]
            case ["store", *_]:
                options = {"--state-directory": self.state}
            case [word, *_] if word not in ("status", "detach"):
                del options["--bpffs-directory"]
        return [binaries() / "shoal", *arguments, *(word for option in options.items() for word in option)]

    def apply(self, document: dict | str, *flags) -> Answer:
        """Applies a document, given as such or as text."""
        path = self._lab.directory / "document.yaml"
        path.write_text(document if isinstance(document, str) else yaml(document))
        return self.shoal("apply", "-f", path, *flags)

    def export(self) -> str:
        return self.shoal("export").check().output

    def status(self) -> dict:
        """Its status; a degraded one is a status too."""
        answer = self.shoal("status", "-o", "json")
        if answer.code not in (0, 9):
            answer.check()
        return json.loads(answer.output)

    def map(self, name: str) -> list:
        return self.shoal("map", "dump", name, "-o", "json").json

    def maps(self, names: Iterable[str] = STEADY_MAPS) -> dict[str, list]:
        return {name: self.map(name) for name in names}

    def owners(self) -> list[tuple[int, int, int]]:
        """Service, slot and the target that gets its new flows, of every slot."""
        return [(slot["service"], slot["slot"], slot["target"]) for slot in self.map("slots")]

    # Tables and pins.

    def table(self, service: str) -> ServiceTable:
        return ServiceTable.of(self.shoal("table", service, "-o", "json").json)

    def drain(self, group: str, target: str, deadline: int) -> None:
        """No new flows from the answer on; those that it has may go on for so many seconds."""
        self.shoal("target", "drain", group, target, "--deadline", deadline, "--no-wait").check()

    def enable(self, group: str, target: str) -> None:
        self.shoal("target", "enable", group, target).check()

    # Health.

    def health(self, service: str) -> dict[str, str]:
        """Health of each target of a service, by address."""
        targets = self.shoal("health", service, "-o", "json").json["targets"]
        return {target["address"]: target["health"].lower() for target in targets}

    def wait_for_health(self, service: str, wanted: dict[str, str], seconds: float) -> float:
        """Waits until the named targets of the service are so, and it is in the maps.

        Returns the moment, in seconds of the monotonic clock.
        """

        def is_so() -> bool:
            health = self.health(service)
            return all(health.get(address) == word for address, word in wanted.items()) and self.is_installed()

        eventually(is_so, seconds, f"{service} has {wanted}", pause=0.1)
        return time.monotonic()

    def wait_until_healthy(self, services: Iterable[str], seconds: float = 20) -> None:
        """Waits until all targets of the services are healthy."""
        for service in services:
            eventually(lambda: set(self.health(service).values()) == {"healthy"} and self.is_installed(), seconds,
                       f"all targets of {service} are healthy", pause=0.1)

    def is_installed(self) -> bool:
        """Whether the kernel has what the configuration and health ask for."""
        status = self.status()
        return status["desiredRevision"] == status["installedRevision"]
