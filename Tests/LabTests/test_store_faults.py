"""The disk below the store fails in the ways in which disks do. Connections go on as if nothing were, the daemon says
what is wrong and what to do, and goes on by itself once that is done.

A steady stream of requests runs across each fault, and none of them may fail.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from conftest import Bench, use_lab

from shoal_lab.addresses import HTTP
from shoal_lab.configuration import Wishes, balancer_name
from shoal_lab.daemon import Daemon
from shoal_lab.processes import eventually, run
from shoal_lab.rest import Reply
from shoal_lab.servers import start_servers
from shoal_lab.traffic import Traffic

DISK_BYTES = 2 << 20
RATE = 200
SECONDS = 20
"""How long the daemon may take to notice that something has been put right: it looks every two seconds."""


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with use_lab() as lab:
        bench = Bench(lab, start_servers(lab), Daemon(lab))
        # Goes with everything else in the lab's directory.
        run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=0700", "shoal-lab", bench.daemon.state])
        bench.daemon.start()
        bench.serve(Wishes(applications=(HTTP,), families=(4,)))
        yield bench


@contextmanager
def unbroken_traffic(bench: Bench, record_property) -> Iterator[None]:
    stream = Traffic(bench.client, "open-loop", bench.lab.vip.v4, HTTP.listener_port, rate=RATE, seconds=120)
    stream.wait_until_running()
    maps = bench.daemon.maps()
    yield
    outcome = stream.stop()
    record_property("requests", outcome["answered"])
    assert outcome["failed"] == 0, outcome["failures"][:5]
    assert outcome["answered"] > 0
    assert bench.daemon.maps() == maps


class Changes:
    """Changes that leave the forwarding as it is: descriptions."""

    def __init__(self, bench: Bench):
        self._rest = bench.rest
        self._count = 0
        self._id = None
        self.granted = ""
        """The last one that was."""

    def ask(self) -> Reply:
        self._id = self._id or self._rest.ids("loadBalancers", "loadBalancerName")[balancer_name(4)]
        self._count += 1
        text = f"{self._count:-<200}"
        reply = self._rest.ask("PATCH", f"loadBalancers/{self._id}", {"description": text})
        if reply.status == 200:
            self.granted = text
        return reply

    def ask_until_refused(self) -> Reply:
        for _ in range(500):
            if (reply := self.ask()).status != 200:
                return reply
        raise AssertionError("500 changes were granted")

    def grant(self) -> None:
        """One more is granted, as soon as the daemon has noticed that it can."""
        eventually(lambda: self.ask().status == 200, SECONDS, "a change is granted", pause=0.2)

    def stored(self) -> str:
        return self._rest.read("loadBalancers", self._id)["description"]


@pytest.fixture
def changes(bench: Bench) -> Changes:
    if not bench.daemon.pid:
        bench.daemon.start()
    changes = Changes(bench)
    changes.ask().result
    return changes


@pytest.fixture
def backup(bench: Bench) -> Path:
    """A copy of the store, made while the daemon is down, which it is left."""
    file = bench.lab.directory / f"backup-{os.urandom(4).hex()}.db"
    bench.daemon.terminate()
    bench.daemon.shoal("store", "backup", file).check()
    return file


def fill(bench: Bench) -> Path:
    """Leaves no byte on the disk."""
    ballast = bench.daemon.state / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 16, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError as error:
                assert error.errno == errno.ENOSPC
    return ballast


def remount(bench: Bench, how: str) -> None:
    run(["mount", "-o", f"remount,{how}", bench.daemon.state])


def store(bench: Bench) -> Path:
    return bench.daemon.state / "shoal.db"


@contextmanager
def database(bench: Bench) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(store(bench))) as connection:
        yield connection
        connection.commit()


# The disk is full.


def test_changes_alone_do_not_fill_the_disk(bench: Bench, changes: Changes, record_property):
    """The log of the database does not grow until nothing fits any more."""
    with unbroken_traffic(bench, record_property):
        for _ in range(300):
            assert (reply := changes.ask()).status == 200, reply.text
    record_property("bytes", {path.name: path.stat().st_size for path in bench.daemon.state.iterdir()})


def test_a_full_disk_refuses_changes_and_nothing_else(bench: Bench, changes: Changes, record_property):
    with unbroken_traffic(bench, record_property):
        ballast = fill(bench)
        refusal = changes.ask_until_refused()
        record_property("message", refusal.error["message"])
        assert (refusal.status, refusal.error["status"]) == (507, "INSUFFICIENT_STORAGE")
        assert str(store(bench)) in refusal.error["message"] and "make room" in refusal.error["message"]
        assert changes.ask().status == 507
        assert any("make room" in problem for problem in bench.rest.status()["problems"])
        assert changes.stored() == changes.granted, "what is told is what was granted"
        document = bench.daemon.apply({"apiVersion": "shoal/v1", "instances": [{"id": "new", "address": "10.20.9.1"}]})
        assert document.code == 1 and "make room" in document.errors
        ballast.unlink()
        assert changes.ask().status == 200, "a restart is not needed"
        assert not any("make room" in problem for problem in bench.rest.status()["problems"])


def test_a_daemon_starts_on_a_full_disk(bench: Bench, changes: Changes, record_property):
    with unbroken_traffic(bench, record_property):
        bench.daemon.kill9()
        ballast = fill(bench)
        bench.daemon.start()
        assert changes.stored() == changes.granted
        assert changes.ask_until_refused().status == 507
        ballast.unlink()
        assert changes.ask().status == 200


def test_the_secret_of_the_flow_hash_is_no_reason_not_to_start(bench: Bench, record_property):
    """What is installed knows it, too: the file is for the next start of the host."""
    secret = bench.daemon.state / "flow-hash-key.json"
    content = secret.read_text()
    with unbroken_traffic(bench, record_property):
        bench.daemon.terminate()
        secret.write_text(content[: len(content) // 2])
        bench.daemon.start()
        assert secret.read_text() == content
        bench.daemon.terminate()
        secret.unlink()
        ballast = fill(bench)
        bench.daemon.start()
        ballast.unlink()
        bench.daemon.restart()
        assert secret.read_text() == content


# The disk is read-only.


def test_a_read_only_disk_refuses_changes_and_nothing_else(bench: Bench, changes: Changes, record_property):
    """The kernel lets nobody make a file system read-only on which files are open for writing: the daemon is down
    meanwhile."""
    with unbroken_traffic(bench, record_property):
        bench.daemon.kill9()
        remount(bench, "ro")
        bench.daemon.start()
        assert changes.stored() == changes.granted
        refusal = changes.ask()
        record_property("message", refusal.error["message"])
        assert refusal.status == 503
        assert "read-only" in refusal.error["message"] and "remount" in refusal.error["message"]
        assert changes.stored() == changes.granted
        remount(bench, "rw")
        assert changes.ask().status == 200, "a restart is not needed"


# The file is not what this version can use.


def test_a_newer_schema_is_left_alone(bench: Bench, changes: Changes, backup: Path, record_property):
    with unbroken_traffic(bench, record_property):
        with database(bench) as connection:
            (known,) = connection.execute("PRAGMA user_version").fetchone()
            connection.execute(f"PRAGMA user_version = {known + 97}")
        content = store(bench).read_bytes()
        bench.daemon.start()
        refusal = changes.ask()
        record_property("message", refusal.error["message"])
        assert refusal.status == 503
        assert f"schema {known + 97}, this one knows {known}" in refusal.error["message"]
        assert "shoal store restore" in refusal.error["message"]
        assert store(bench).read_bytes() == content
        check_trouble_is_told(bench, f"schema {known + 97}")
        # The right version is installed again, so to speak.
        with database(bench) as connection:
            connection.execute(f"PRAGMA user_version = {known}")
        changes.grant()


def overwrite_pages(path: Path) -> None:
    with path.open("r+b") as file:
        for page in range(1, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(os.urandom(4096))


def overwrite_header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(4096))


TEARS: dict[str, Callable[[Path], None]] = {
    "cut off in the middle": lambda path: os.truncate(path, path.stat().st_size // 2),
    "cut off in the first page": lambda path: os.truncate(path, 50),
    "emptied": lambda path: os.truncate(path, 0),
    "first page overwritten": overwrite_header,
    "other pages overwritten": overwrite_pages,
}


@pytest.mark.parametrize("tear", TEARS.values(), ids=TEARS)
def test_a_torn_file_is_restored_from_a_backup(bench: Bench, changes: Changes, backup: Path, tear, record_property):
    with unbroken_traffic(bench, record_property):
        tear(store(bench))
        bench.daemon.start()
        refusal = bench.rest.ask("POST", "instances/", {"instanceId": "new", "privateIpAddress": "10.20.9.1"})
        record_property("message", refusal.error["message"])
        assert refusal.status == 503
        assert str(store(bench)) in refusal.error["message"]
        assert "shoal store restore" in refusal.error["message"]
        check_trouble_is_told(bench, "shoal store restore")
        bench.daemon.terminate()
        assert bench.daemon.shoal("store", "check").code == 6
        torn = store(bench).read_bytes()
        ballast = fill(bench)
        answer = bench.daemon.shoal("store", "restore", backup)
        assert answer.code == 1 and "make room" in answer.errors, answer.errors
        assert store(bench).read_bytes() == torn
        ballast.unlink()
        restore(bench, backup)
        bench.daemon.start()
        check_all_is_well(bench, changes)


def test_a_tear_that_only_changes_meet_is_told_by_them(
    bench: Bench, changes: Changes, backup: Path, record_property,
):
    """Resources can be read, their history cannot: everything but changes goes on."""
    with unbroken_traffic(bench, record_property):
        with database(bench) as connection:
            pages = connection.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'history'").fetchall()
        with store(bench).open("r+b") as file:
            for (page,) in pages:
                file.seek((page - 1) * 4096)
                file.write(os.urandom(4096))
        bench.daemon.start()
        assert changes.stored() == changes.granted
        for _ in range(2):
            refusal = changes.ask()
            assert refusal.status == 503 and "shoal store restore" in refusal.error["message"], refusal.text
        record_property("message", refusal.error["message"])
        assert changes.stored() == changes.granted
        bench.daemon.terminate()
        restore(bench, backup)
        bench.daemon.start()
        check_all_is_well(bench, changes)


def test_a_restored_file_is_found_without_a_restart(bench: Bench, changes: Changes, backup: Path, record_property):
    """The daemon has not opened what is torn, and looks again."""
    with unbroken_traffic(bench, record_property):
        overwrite_pages(store(bench))
        bench.daemon.start()
        check_trouble_is_told(bench, "shoal store restore")
        restore(bench, backup)
        eventually(lambda: bench.rest.send("GET", "/readyz").status == 200, SECONDS, "the daemon has read it")
        check_all_is_well(bench, changes)


def test_a_store_in_use_is_not_replaced(bench: Bench, changes: Changes, backup: Path, record_property):
    with unbroken_traffic(bench, record_property):
        bench.daemon.start()
        changes.ask().result
        for command in (("restore", backup), ("backup", backup.with_suffix(".2")), ("check",)):
            answer = bench.daemon.shoal("store", *command)
            assert answer.code == 5 and "in use" in answer.errors, answer.errors
        check_all_is_well(bench, changes)


def restore(bench: Bench, backup: Path) -> None:
    """Puts the backup in place. What was there is kept, for somebody to look at; here it would fill the disk."""
    before = store(bench).read_bytes()
    bench.daemon.shoal("store", "restore", backup).check()
    (kept,) = bench.daemon.state.glob("shoal.db.before-*[0-9]")
    assert kept.read_bytes() == before
    for path in bench.daemon.state.glob("*.before-*"):
        path.unlink()


def check_all_is_well(bench: Bench, changes: Changes) -> None:
    assert changes.stored() == changes.granted
    assert changes.ask().status == 200
    assert bench.daemon.shoal("status").code == 0


def check_trouble_is_told(bench: Bench, text: str) -> None:
    answer = bench.daemon.shoal("status")
    assert answer.code == 9 and text in answer.output, answer.output + answer.errors
    assert any(text in problem for problem in bench.rest.status()["problems"])
    ready = bench.rest.send("GET", "/readyz")
    assert ready.status == 503 and text in ready.text
