"""Fixtures of the lab tests: labs with servers, a daemon, a configuration; and the check that nothing is left behind.

    sudo /usr/bin/python3 -m pytest Tests/LabTests

Python 3.11 and pytest, both Debian's. Tests skip, with the reason, without root or without the release build.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from shoal_lab import configuration  # noqa: E402
from shoal_lab.addresses import FAMILIES  # noqa: E402
from shoal_lab.configuration import Wishes, service_name  # noqa: E402
from shoal_lab.daemon import Daemon, binaries, missing_binaries  # noqa: E402
from shoal_lab.processes import run  # noqa: E402
from shoal_lab.registry import ROOT, Record  # noqa: E402
from shoal_lab.rest import RestClient  # noqa: E402
from shoal_lab.servers import Server, start_servers  # noqa: E402
from shoal_lab.topology import Lab, Namespace  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "network: needs root for namespaces, but no shoald")


def pytest_collection_modifyitems(items):
    unprivileged = os.geteuid() != 0
    missing = missing_binaries()
    for item in items:
        if unprivileged:
            item.add_marker(pytest.mark.skip(reason="needs root: it makes network namespaces"))
        elif missing and "network" not in item.keywords:
            reason = f"{', '.join(missing)} missing in {binaries()}: swift build -c release"
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Shows the ends of the logs of all labs in use with a failure."""
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        for lab in _labs_in_use:
            if lab.directory.exists() and (logs := lab.logs()):
                report.sections.append((f"logs of lab {lab.name}", logs))


def long_form(short: float, long: float) -> float:
    """A duration: the short one, or with SHOAL_LAB_LONG=1 the long one."""
    return long if os.environ.get("SHOAL_LAB_LONG") == "1" else short


# Nothing is left behind.


@dataclass(frozen=True)
class Surroundings:
    """What a lab could leave on a machine, without that which labs of other running programs have."""

    namespaces: frozenset
    links: frozenset
    mounts: frozenset
    processes: frozenset

    @classmethod
    def now(cls) -> "Surroundings":
        # Before and after, since labs come and go while this looks around.
        others = _labs_of_others()
        namespaces = [path.name for path in Path("/run/netns").glob("*")]
        links = run(["ip", "-o", "link"]).stdout.splitlines()
        mounts = [line.split()[:3] for line in Path("/proc/mounts").read_text().splitlines()]
        processes = list(_processes_of_a_lab())
        others += _labs_of_others()

        def is_ours(text: str) -> bool:
            return not any(record.prefix in text or f"{record.directory}/" in text for record in others)

        return cls(
            namespaces=frozenset(filter(is_ours, namespaces)),
            links=frozenset(link.split(": ")[1] for link in links),
            mounts=frozenset(point for _, point, kind in mounts
                             if (kind == "bpf" or str(ROOT) in point) and is_ours(point)),
            processes=frozenset(filter(is_ours, processes)))


def _labs_of_others() -> list[Record]:
    records = [Record.load(name) for name in Record.names()]
    return [record for record in records if record.kept or record.has_living_owner and record.owner[0] != os.getpid()]


def _processes_of_a_lab() -> Iterator[str]:
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            words = (directory / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        line = " ".join(words).strip()
        if line and (Path(words[0]).name in ("shoald", "nginx") or line.startswith("nginx:") or str(ROOT) in line):
            yield f"{directory.name} {line}"


@pytest.fixture(scope="session", autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """Compares namespaces, links, bpffs mounts and processes before all tests and after them."""
    if os.geteuid() != 0:
        yield
        return
    before = Surroundings.now()
    yield
    after = Surroundings.now()
    for what in ("namespaces", "links", "mounts", "processes"):
        left = getattr(after, what) - getattr(before, what)
        assert not left, f"{what} left behind: {sorted(left)}"
    assert not [name for name in Record.names() if Record.load(name).owner[0] == os.getpid()]


# A lab in service.


@dataclass
class Bench:
    """A lab with servers and a daemon that serves them."""

    lab: Lab
    servers: list[Server]
    daemon: Daemon

    @property
    def client(self) -> Namespace:
        return self.lab.clients[0]

    @property
    def rest(self) -> RestClient:
        return self.daemon.rest

    def apply(self, wishes: Wishes) -> None:
        """Applies the document of these wishes, which is then all that there is; the kernel has it."""
        self.daemon.apply(configuration.document(wishes), "--prune").check()

    def serve(self, wishes: Wishes) -> None:
        """Applies the document of these wishes and waits until all targets are healthy and installed."""
        self.daemon.apply(configuration.document(wishes)).check()
        self.daemon.wait_until_healthy(
            service_name(application, family) for application in wishes.applications for family in wishes.families)

    def server(self, name: str) -> Server:
        return next(server for server in self.servers if server.name == name)


_labs_in_use: list[Lab] = []


@contextmanager
def use_lab(*arguments, **options) -> Iterator[Lab]:
    """A lab whose logs are shown when a test fails."""
    with Lab(*arguments, **options) as lab:
        _labs_in_use.append(lab)
        try:
            yield lab
        finally:
            _labs_in_use.remove(lab)


@contextmanager
def use_daemon(flags: Iterable[str] = (), **options) -> Iterator[Bench]:
    """A lab with servers and a daemon that has nothing to serve yet."""
    with use_lab(**options) as lab:
        bench = Bench(lab, start_servers(lab), Daemon(lab, flags))
        bench.daemon.start()
        yield bench


@contextmanager
def use_bench(wishes: Wishes = Wishes(), **options) -> Iterator[Bench]:
    """A lab in service."""
    with use_daemon(servers=len(wishes.weights), **options) as bench:
        bench.serve(wishes)
        yield bench


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    """The usual lab of a module: two arms, three servers of weights 10, 20, 30, both families."""
    with use_bench() as bench:
        yield bench


@pytest.fixture(params=FAMILIES, ids=lambda family: f"IPv{family}")
def family(request) -> int:
    return request.param
