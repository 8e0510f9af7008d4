"""GET /openapi.json describes the API as it is: schemathesis makes requests from the description and compares."""

from __future__ import annotations

import json
import os
import subprocess
from collections import Counter
from pathlib import Path

from conftest import Bench, use_daemon

from shoal_lab.processes import inside
from shoal_lab.venv import python_of

HERE = Path(__file__).resolve().parent / "openapi"
ENDPOINT = "127.0.0.1:9440"
CASES = 5000
"""At least so many requests must have been made."""
RUN_SECONDS = 600

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
    ("--phases=examples,coverage,fuzzing", "--max-examples=20"),
    # Chains of requests about what the one before has made.
    ("--phases=stateful", "--max-examples=60"),
    # Schemathesis takes these for the best to begin with, and begins with others only where they are missing.
    ("--phases=stateful", "--max-examples=60", "--exclude-operation-id=createListener",
     "--exclude-operation-id=createTargetGroup", "--exclude-operation-id=createKey",
     "--exclude-operation-id=createToken"),
)


def test_requests_made_from_the_description_find_no_difference(record_property):
    cases, statuses, failures = 0, Counter(), []
    for options in RUNS:
        with use_daemon(["--listen", ENDPOINT], servers=1) as bench:
            bench.daemon.apply(GROUND).check()
            run = Run(bench, options)
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
    with use_daemon(servers=1) as bench:
        answer = bench.rest.send("GET", "/openapi.json")
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        path = bench.lab.directory / "openapi.json"
        path.write_text(answer.text)
        done = subprocess.run(
            [python_of("schemathesis"), HERE / "check_description.py", path], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        count = int(done.stdout.splitlines()[-1].partition(" examples")[0])
        assert count > 150, "examples are missed"


class Run:
    """One run of schemathesis in the balancer's namespace, and what came of it."""

    def __init__(self, bench: Bench, options: tuple[str, ...]):
        directory = bench.lab.directory / "schemathesis"
        directory.mkdir()
        report, statuses = directory / "report.json", directory / "statuses.json"
        new = bench.daemon.shoal("token", "create", "--role", "admin", "-o", "json").json
        program = python_of("schemathesis").parent / "schemathesis"
        done = subprocess.run(
            inside(bench.lab.balancer.name, [
                program, "--config-file", HERE / "schemathesis.toml", "run", f"http://{ENDPOINT}/openapi.json",
                *options, "--report=json", f"--report-json-path={report}", "--generation-database=none", "--no-color"]),
            cwd=directory, capture_output=True, text=True, timeout=RUN_SECONDS, env={
                **os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1",
                "SHOAL_TOKEN": new["token"], "SHOAL_TOKEN_ID": new["tokenId"], "SHOAL_GROUND": json.dumps(GROUND),
                "SHOAL_STATUSES": str(statuses)})
        self.output = done.stdout + done.stderr
        assert report.exists(), self.output
        results = json.loads(report.read_text())
        self.cases: int = results["test_cases"]["generated"]
        self.statuses = Counter({int(status): count for status, count in json.loads(statuses.read_text()).items()})
        self.is_good = done.returncode == 0 and not results["failures"] and not results["errors"]
