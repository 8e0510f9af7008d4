"""GET /openapi.json describes the API as it is: schemathesis makes requests from the description and compares."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from conftest import use_lab

from shoal_lab.daemon import CHECKOUT, Daemon

TESTS = Path(__file__).resolve().parent
CASES = 5000
"""At least so many requests must have been made."""

GROUND = {
    "apiVersion": "shoal/v1",
    "loadBalancers": [{
        "name": "web", "vip": "203.0.113.10",
        "listeners": [{"name": "http", "protocol": "Tcp", "port": 80, "service": "web-http"}],
        "services": [
            {"name": "idle", "protocol": "Tcp", "port": 8082},
            {"name": "web-http", "protocol": "Tcp", "port": 8080, "group": "servers"},
            {"name": "pool", "protocol": "Tcp", "port": 8081, "availabilityGroup": "pool-a"}],
        "groups": [
            {"name": "servers", "targets": [
                {"address": "10.1.0.11", "port": 8080, "weight": 20}, {"instance": "i-1"}]},
            {"name": "spare"}]},
        {"name": "spare", "vip": "203.0.113.9"}],
    "availabilityGroups": [{"name": "pool-a", "instances": ["i-1"]}],
    "instances": [{"id": "i-1", "address": "10.1.0.21"}, {"id": "i-2", "address": "10.1.0.22"}],
}
"""What is there before the first request, with the names that the examples of the description have."""

RUNS = (
    # Operation by operation: examples, every border of every schema, and what chance brings.
    ("--phases=examples,coverage,fuzzing", "--max-examples=25", "--workers=2"),
    # Chains of requests about what the one before has made.
    ("--phases=stateful", "--max-examples=60"),
    # Schemathesis takes these two for the best to begin with, and begins with others only where they are missing.
    ("--phases=stateful", "--max-examples=60", "--exclude-operation-id=createListener",
     "--exclude-operation-id=createTargetGroup"),
)


def test_requests_made_from_the_description_find_no_difference(record_property):
    cases, statuses, failures = 0, Counter(), []
    for number, options in enumerate(RUNS):
        with use_lab(servers=1) as lab:
            daemon = Daemon(lab)
            daemon.start()
            daemon.apply(GROUND).check()
            with tcp(daemon) as url:
                run = Run(lab.directory / f"run{number}", url, options)
            cases += run.cases
            statuses += run.statuses
            failures += [] if run.is_good else [run.output]
    server_errors = sum(count for status, count in statuses.items() if status >= 500)
    record_property("cases", cases)
    record_property("statuses", dict(sorted(statuses.items())))
    record_property("failures", len(failures))
    record_property("serverErrors", server_errors)
    assert not failures, "\n".join(failures)
    assert server_errors == 0, statuses
    assert cases >= CASES


def test_the_description_is_openapi_and_its_examples_are_as_described():
    with use_lab(servers=1) as lab:
        daemon = Daemon(lab)
        daemon.start()
        with tcp(daemon) as url, urllib.request.urlopen(f"{url}/openapi.json") as answer:
            assert answer.headers["Content-Type"] == "application/json"
            path = lab.directory / "openapi.json"
            path.write_bytes(answer.read())
        done = subprocess.run(
            [tools() / "bin" / "python", TESTS / "openapi" / "check_description.py", path], capture_output=True,
            text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert int(done.stdout.split()[-4]) > 150, done.stdout


class Run:
    """One run of schemathesis, and what came of it."""

    def __init__(self, directory: Path, url: str, options: tuple[str, ...]):
        directory.mkdir()
        report, statuses = directory / "report.json", directory / "statuses.json"
        variables = {
            **os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(TESTS / "openapi"),
            "PYTHONDONTWRITEBYTECODE": "1", "SHOAL_GROUND": json.dumps(GROUND), "SHOAL_STATUSES": str(statuses)}
        done = subprocess.run(
            [tools() / "bin" / "schemathesis", "--config-file", TESTS / "openapi" / "schemathesis.toml", "run",
             f"{url}/openapi.json", *options, *WITHOUT_CREDENTIALS, "--report=json", f"--report-json-path={report}",
             "--generation-database=none", "--no-color"],
            cwd=directory, env=variables, capture_output=True, text=True, timeout=600)
        self.output = done.stdout + done.stderr
        assert report.exists(), self.output
        results = json.loads(report.read_text())
        self.cases: int = results["test_cases"]["generated"]
        self.statuses = Counter({int(status): count for status, count in json.loads(statuses.read_text()).items()})
        self.is_good = done.returncode == 0 and not results["failures"] and not results["errors"]


WITHOUT_CREDENTIALS = ("--exclude-checks=ignored_auth", "--generation-with-security-parameters=false")
"""The unix socket asks for none, so that none can be ignored."""


@contextmanager
def tcp(daemon: Daemon) -> Iterator[str]:
    """The URL of the daemon's API over TCP, by way of its unix socket."""
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=forward, args=(listener, daemon.socket), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


def forward(listener: socket.socket, path: Path) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(path))
        for source, sink in ((client, server), (server, client)):
            threading.Thread(target=pump, args=(source, sink), daemon=True).start()


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(1 << 16):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def tools() -> Path:
    """The virtual environment with what requirements/schemathesis.txt names, made at the first use."""
    requirements = TESTS / "requirements" / "schemathesis.txt"
    pins = [line for line in requirements.read_text().splitlines() if "==" in line]
    version = next(pin.partition("==")[2] for pin in pins if pin.startswith("schemathesis=="))
    place = CHECKOUT / ".build" / "venvs" / f"schemathesis-{version}"
    marker = place / "complete"
    if not marker.exists() or marker.read_text().splitlines() != pins:
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run(["/usr/bin/python3", "-m", "venv", place], check=True)
        installed = subprocess.run(
            [place / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements],
            capture_output=True, text=True)
        if installed.returncode != 0:
            pytest.fail(f"schemathesis can't be installed from PyPI: {installed.stderr}")
        marker.write_text("\n".join(pins))
    return place
