"""The unmodified clients of the public API: the Python SDK and the `jdc` command line, in a namespace of a lab."""

from __future__ import annotations

import json
import select
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .daemon import Daemon
from .errors import LabError
from .processes import environment, inside
from .topology import Lab, Namespace
from .venv import python_of

REGION = "local"


@dataclass(frozen=True)
class Access:
    """Where the API is, and who asks."""

    namespace: Namespace
    endpoint: str
    access_key: str
    secret_key: str


LISTEN = "127.0.0.1:9440"
"""Where a daemon that such clients speak to listens, in the balancer's namespace."""


def access_to(daemon: Daemon, lab: Lab) -> Access:
    """An access key of a daemon that was started with `--listen` and LISTEN."""
    key = daemon.shoal("key", "create", "--role", "admin", "-o", "json").json
    return Access(lab.balancer, LISTEN, key["accessKey"], key["secretKey"])


class ClientRefused(LabError):
    """A call that a test relied on was refused, or not understood by the client."""


# The Python SDK.


def model(kind: str, /, **fields) -> dict:
    """One of the SDK's own parameter objects."""
    return {"model": kind, "fields": fields}


def filters(**values) -> list[dict]:
    """The SDK's filters; a single value stands for a list of one."""
    return [model("Filter", name=name, values=value if isinstance(value, list) else [value])
            for name, value in values.items()]


class SDK:
    """A program that makes calls through the SDK, for the length of a `with` block."""

    SECONDS = 60

    def __init__(self, access: Access):
        self._access = access
        self._child: subprocess.Popen | None = None
        self.calls = 0

    def __enter__(self) -> "SDK":
        access = self._access
        argv = [python_of("sdk"), "-m", "shoal_lab.sdk_child", "--endpoint", access.endpoint,
                "--access-key", access.access_key, "--secret-key", access.secret_key]
        with (access.namespace.directory / "sdk.log").open("ab") as log:
            self._child = subprocess.Popen(
                inside(access.namespace.name, argv), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
                text=True, env=environment())
        return self

    def __exit__(self, *_) -> None:
        self._child.stdin.close()
        try:
            self._child.wait(10)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(5)
        self._child.stdout.close()

    def answer(self, operation: str, **arguments) -> dict:
        """What the SDK makes of the answer: request id, and result or error."""
        self.calls += 1
        order = {"operation": operation, "arguments": {"regionId": REGION, **arguments}}
        self._child.stdin.write(json.dumps(order) + "\n")
        self._child.stdin.flush()
        ready, _, _ = select.select([self._child.stdout], [], [], self.SECONDS)
        line = self._child.stdout.readline() if ready else ""
        if not line:
            raise LabError(f"{operation}: no answer of the SDK's program within {self.SECONDS} s; see sdk.log")
        answer = json.loads(line)
        if "exception" in answer or not answer["requestId"]:
            raise ClientRefused(f"{operation}: the SDK did not understand the answer: {answer}")
        return answer

    def __call__(self, operation: str, **arguments) -> dict:
        """The result of a call that is to be granted."""
        answer = self.answer(operation, **arguments)
        if answer["error"]:
            raise ClientRefused(f"{operation}: {answer['error']}")
        return answer["result"] or {}

    def refusal(self, operation: str, **arguments) -> dict:
        """The error of a call that is to be refused: `code`, `status`, `message`."""
        answer = self.answer(operation, **arguments)
        if not answer["error"]:
            raise LabError(f"{operation} was not refused: {answer['result']}")
        return answer["error"]


# The command line.


class JDC:
    """`jdc lb …`, with a home directory of its own in the lab."""

    SECONDS = 60

    def __init__(self, access: Access):
        self._namespace = access.namespace
        self._python = python_of("jdc")
        self._home = access.namespace.directory / "home"
        self._home.mkdir()
        self._last_change: tuple = ()
        self._last_end = 0.0
        self.calls = 0
        said = self._run("configure", "add", "--profile", REGION, "--access-key", access.access_key, "--secret-key",
                         access.secret_key, "--region-id", REGION, "--endpoint", access.endpoint, "--scheme", "http")
        if "success" not in said:
            raise LabError(f"jdc configure add: {said}")

    def _run(self, *words) -> str:
        argv = ["env", f"HOME={self._home}", self._python, Path(self._python).parent / "jdc", *words]
        done = subprocess.run(
            inside(self._namespace.name, argv), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=self.SECONDS)
        # It ends with 0 whatever was answered, and with something else only when it was used wrongly.
        if done.returncode != 0:
            raise LabError(f"jdc {' '.join(map(str, words))}: exit code {done.returncode}: {done.stderr}")
        return done.stdout

    def answer(self, operation: str, *words, **options) -> dict:
        """What it prints for `jdc lb OPERATION`. Options that are no text are passed as JSON; further words as they
        are."""
        self.calls += 1
        flags = [word for name, value in options.items() for word in (
            f"--{name.replace('_', '-')}", value if isinstance(value, str) else json.dumps(value))]
        command = (operation, *words, *flags)
        if not operation.startswith("describe") and command == self._last_change:
            # As in the SDK: two equal changes within a second would have one signature.
            time.sleep(max(0.0, self._last_end + 1 - time.time()))
        said = self._run("lb", *command)
        self._last_change, self._last_end = command, time.time()
        try:
            return json.loads(said)
        except ValueError:
            raise ClientRefused(f"jdc lb {' '.join(map(str, command))} did not understand the answer: {said}") from None

    def __call__(self, operation: str, *words, **options) -> dict:
        """The result of a command that is to be granted."""
        answer = self.answer(operation, *words, **options)
        if answer["error"]:
            raise ClientRefused(f"jdc lb {operation}: {answer['error']}")
        return answer["result"] or {}

    def refusal(self, operation: str, *words, **options) -> dict:
        """The error of a command that is to be refused."""
        answer = self.answer(operation, *words, **options)
        if not answer["error"]:
            raise LabError(f"jdc lb {operation} was not refused: {answer['result']}")
        return answer["error"]
