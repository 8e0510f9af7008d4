"""Processes of a lab: started in a namespace, ended by pid, waited for by what they do and never by sleeping."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from .errors import LabError
from .registry import Record, start_time

PACKAGES = Path(__file__).resolve().parent.parent
FILES_MAX = 20_000
POLL_SECONDS = 0.02


def eventually(condition: Callable[[], object], seconds: float, what: str, pause: float = POLL_SECONDS):
    """The first true answer of the condition.

    Raises LabError, naming `what` was waited for, when there is none within the time.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() >= deadline:
            raise LabError(f"{what}: not within {seconds:g} s")
        time.sleep(pause)


def run(argv: Iterable, input: str | None = None, check: bool = True) -> subprocess.CompletedProcess:
    """Runs a command to its end. Raises LabError with what it said when it fails and `check` is set."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(words, input=input, capture_output=True, text=True)
    except FileNotFoundError:
        raise LabError(f"{words[0]} is missing: scripts/setup installs it") from None
    if check and done.returncode != 0:
        said = (done.stderr + done.stdout).strip()
        raise LabError(f"{' '.join(words)}: exit code {done.returncode}: {said}")
    return done


def inside(namespace: str | None, argv: Iterable) -> list[str]:
    """The command as it runs in the network namespace. `ip netns exec` would mount another /sys and so hide bpffs."""
    words = [str(word) for word in argv]
    return ["nsenter", f"--net=/run/netns/{namespace}", *words] if namespace else words


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PACKAGES), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}


def raise_file_limit() -> None:
    """Thousands of sockets need more than the usual 1,024 files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES_MAX if hard == resource.RLIM_INFINITY else min(hard, FILES_MAX)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def listens(pid: int, port: int, family: int = 4) -> bool:
    """Whether something listens on the TCP port in the network namespace of the process."""
    table = Path(f"/proc/{pid}/net/tcp{'6' if family == 6 else ''}")
    try:
        rows = table.read_text().splitlines()[1:]
    except OSError:
        return False
    columns = (row.split() for row in rows)
    return any(column[3] == "0A" and int(column[1].rpartition(":")[2], 16) == port for column in columns)


class Process:
    """A running program with its output in the lab's directory, as `<name>.out` and `<name>.log`."""

    def __init__(
        self, record: Record, name: str, argv: Iterable, namespace: str | None = None,
        variables: Mapping[str, str] | None = None,
    ):
        self.name = name
        self.output = record.directory / f"{name}.out"
        self.log = record.directory / f"{name}.log"
        with self.output.open("wb") as output, self.log.open("ab") as log:
            try:
                # A session of its own: Ctrl-C on the terminal reaches the lab, which ends its processes in order.
                self._child = subprocess.Popen(
                    inside(namespace, argv), stdin=subprocess.DEVNULL, stdout=output, stderr=log,
                    env={**environment(), **(variables or {})}, start_new_session=True)
            except FileNotFoundError as error:
                raise LabError(f"{error.filename} is missing: scripts/setup installs what Debian has") from None
        self.pid = self._child.pid
        record.add_process(self.pid, name)

    @property
    def is_running(self) -> bool:
        return self._child.poll() is None

    @property
    def exit_code(self) -> int | None:
        return self._child.poll()

    def signal(self, number: int) -> None:
        """Sends a signal, if the process still runs. It is our child, so its pid can't belong to another one."""
        if self.is_running:
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> int:
        """Its exit code. Raises LabError when it still runs after the time."""
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            raise LabError(f"{self.name} (pid {self.pid}) still runs after {seconds:g} s\n{self.tail()}") from None

    def kill(self) -> None:
        """Ends it at once, as a crash would, and collects it."""
        self.signal(signal.SIGKILL)
        self.wait(5)

    def terminate(self, seconds: float = 5) -> int:
        """Asks it to end and gives its exit code; kills it when it takes longer."""
        self.signal(signal.SIGTERM)
        try:
            return self.wait(seconds)
        except LabError:
            self.kill()
            raise

    def wait_until(self, condition: Callable[[], object], seconds: float, what: str):
        """Like `eventually`, and stops waiting when the process has ended."""

        def answer():
            if not self.is_running:
                raise LabError(f"{self.name} ended with exit code {self.exit_code} before {what}\n{self.tail()}")
            return condition()

        try:
            return eventually(answer, seconds, what)
        except LabError as error:
            raise LabError(f"{error}\n{self.tail()}") from None

    def wait_for_log(self, text: str, seconds: float) -> None:
        self.wait_until(lambda: text in self.log.read_text(errors="replace"), seconds, f"{self.name} says “{text}”")

    def tail(self, lines: int = 20) -> str:
        return tail(self.log, lines)


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log with its name, to be read by a person; empty when there is nothing in it."""
    try:
        text = log.read_text(errors="replace").splitlines()[-lines:]
    except OSError:
        return ""
    return "\n".join([f"--- {log.name}", *(line[:400] for line in text)]) if text else ""


def end(pids: list[int], seconds: float = 3) -> None:
    """Ends processes that may be another process's children: asks first, then kills."""
    started = {pid: start_time(pid) for pid in pids}

    def living() -> list[int]:
        return [pid for pid in pids if started[pid] is not None and start_time(pid) == started[pid]]

    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, 5)):
        for pid in living():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass
        try:
            return eventually(lambda: not living(), patience, "processes ended") and None
        except LabError:
            continue
    raise LabError(f"processes {living()} can't be ended")
