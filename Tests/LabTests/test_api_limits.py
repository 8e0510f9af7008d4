"""What a client may take of the API's server: bytes, time, connections. Whatever it does, the others are served."""

from __future__ import annotations

import ctypes
import json
import os
import re
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import use_lab

from shoal_lab.addresses import BALANCER_FRONT
from shoal_lab.daemon import Daemon, binaries
from shoal_lab.errors import LabError
from shoal_lab.processes import eventually, run
from shoal_lab.topology import Lab, Namespace

BODY_MAX = 4 << 20
CONNECTIONS_MAX = 256
CONNECTIONS_PER_CLIENT = 64
HEAD_SECONDS = 10
BODY_SECONDS = 30
ANSWER_SECONDS = 30
HEARTBEAT_SECONDS = 15
ACKNOWLEDGEMENT_SECONDS = 30
GROWTH_MAX = 50 << 20

PLACES = ("unix", "tcp")
PORTS = {"tcp": 9440, "spare": 9441, "tls": 9443}
PORT, TLS_PORT = PORTS["tcp"], PORTS["tls"]
GET = b"GET /livez HTTP/1.1\r\nHost: shoal\r\n\r\n"
APPLY = "/v1/regions/local:apply?dryRun=true"


def head(method: str, path: str, *headers: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: shoal", *headers, "", ""]).encode()


# Clients.


@dataclass
class HTTPAnswer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def error(self) -> dict:
        """What the envelope says, which every refusal has."""
        envelope = json.loads(self.body)
        assert envelope["requestId"]
        return envelope["error"]


class Connection:
    """One connection to the daemon, and all that it says."""

    def __init__(self, stream: socket.socket):
        self.stream = stream
        self._rest = b""
        stream.settimeout(5)

    def send(self, data: bytes) -> "Connection":
        self.stream.sendall(data)
        return self

    def answer(self) -> HTTPAnswer:
        """The next answer, as it is framed by its length."""
        head, _, self._rest = self.read_until(lambda data: b"\r\n\r\n" in data).partition(b"\r\n\r\n")
        start, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        length = int(headers.get("content-length", 0))
        data = self.read_until(lambda data: len(data) >= length)
        self._rest = data[length:]
        return HTTPAnswer(int(start.split()[1]), headers, data[:length])

    def read_until(self, is_enough: Callable[[bytes], bool]) -> bytes:
        """All that was not taken by an answer yet, as soon as it is enough."""
        while not is_enough(self._rest):
            more = self.stream.recv(65536)
            if not more:
                raise LabError(f"the connection ended after {self._rest[:200]!r}")
            self._rest += more
        return self._rest

    def is_ended(self, seconds: float = 0) -> bool:
        """Whether the daemon ends it within that time, having nothing more to say."""
        self.stream.settimeout(seconds or 0.001)
        try:
            return self.stream.recv(65536) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        finally:
            self.stream.settimeout(5)

    def close(self) -> None:
        self.stream.close()


@dataclass
class API:
    """A daemon whose API is on the unix socket and on TCP, and clients next to it."""

    lab: Lab
    daemon: Daemon
    token: str = field(init=False)
    _inside: ThreadPoolExecutor = field(init=False)

    def __post_init__(self):
        self.token = self.daemon.shoal("token", "create", "--role", "operator", "-o", "json").json["token"]
        # A socket stays in the network namespace that it was made in, whoever uses it.
        self._inside = ThreadPoolExecutor(1, initializer=enter, initargs=(self.lab.balancer,))

    def connect(self, place: str, source: str = "127.0.0.1", receive_bytes: int | None = None) -> Connection:
        if place == "unix":
            stream = socket.socket(socket.AF_UNIX)
            stream.connect(os.fspath(self.daemon.socket))
            return Connection(stream)
        stream = self._inside.submit(socket.socket).result()
        if receive_bytes:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        stream.bind((source, 0))
        stream.settimeout(5)
        stream.connect(("127.0.0.1", PORTS[place]))
        return Connection(stream)

    def head(self, place: str, method: str, path: str, *headers: str) -> bytes:
        """Of somebody who may: root at the socket, and over TCP who has a token."""
        credentials = [] if place == "unix" else [f"Authorization: Bearer {self.token}"]
        return head(method, path, *credentials, *headers)

    def post(self, place: str, path: str, *headers: str) -> bytes:
        return self.head(place, "POST", path, *headers)

    @contextmanager
    def connection(self, place: str) -> Iterator[Connection]:
        connection = self.connect(place)
        try:
            yield connection
        finally:
            connection.close()

    def get(self, place: str, source: str = "127.0.0.1") -> HTTPAnswer:
        connection = self.connect(place, source)
        try:
            return connection.send(GET).answer()
        finally:
            connection.close()

    def is_served_quickly(self, place: str, source: str = "127.0.0.1") -> bool:
        began = time.monotonic()
        return self.get(place, source).status == 200 and time.monotonic() - began < 1

    def accepted(self, place: str) -> int:
        """How many connections of that place the daemon has open; one that waits to be accepted is none yet."""
        links = []
        for path in Path(f"/proc/{self.daemon.pid}/fd").iterdir():
            try:
                links.append(os.readlink(path))
            except FileNotFoundError:
                pass
        if place == "unix":
            # The daemon's end, too, is listed in the namespace of the one who connected.
            rows = table(Path("/proc/self/net/unix"))
            inodes = [row[6] for row in rows if row[-1] == str(self.daemon.socket) and row[5] == "03"]
        else:
            rows = table(Path(f"/proc/{self.daemon.pid}/net/tcp"))
            inodes = [row[9] for row in rows if row[1].endswith(f":{PORTS[place]:04X}") and row[3] == "01"]
        return sum(f"socket:[{inode}]" in links for inode in inodes)

    def is_established(self, place: str, connection: Connection) -> bool:
        """Whether the daemon has its end of the connection open, of which nothing is read."""
        if place == "unix":
            poll = select.poll()
            poll.register(connection.stream, 0)
            return not poll.poll(0)
        port = connection.stream.getsockname()[1]
        return any(row[1].endswith(f":{PORTS[place]:04X}") and row[2].endswith(f":{port:04X}") and row[3] == "01"
                   for row in table(Path(f"/proc/{self.daemon.pid}/net/tcp")))

    def memory(self, kind: str = "VmRSS") -> int:
        """Bytes that the daemon holds now, or (VmHWM) held at most since `forget_peak`."""
        lines = Path(f"/proc/{self.daemon.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith(kind))

    def forget_peak(self) -> None:
        Path(f"/proc/{self.daemon.pid}/clear_refs").write_text("5")


def table(path: Path) -> list[list[str]]:
    """Sockets as the kernel lists them; connected are those in state 01 (TCP) or 03 (unix)."""
    return [line.split() for line in path.read_text().splitlines()[1:]]


def enter(namespace: Namespace) -> None:
    """Moves the calling thread into the network namespace."""
    with namespace.path.open() as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), 0x40000000) != 0:
            raise OSError(ctypes.get_errno(), "setns")


@pytest.fixture(scope="module")
def api() -> Iterator[API]:
    with use_lab(servers=1) as lab:
        daemon = Daemon(lab, ["--listen", f"127.0.0.1:{PORT}", "--listen", f"127.0.0.1:{PORTS['spare']}"])
        daemon.start()
        api = API(lab, daemon)
        # What is made once, at the first use, is no growth.
        for place in PLACES:
            api.get(place)
        yield api


@pytest.fixture(scope="module")
def encrypted() -> Iterator[API]:
    """The same with a certificate, on the lab's own address, too."""
    with use_lab(servers=1) as lab:
        make_certificate(lab.directory)
        daemon = Daemon(lab, [
            "--listen", f"127.0.0.1:{TLS_PORT}", "--listen", f"{BALANCER_FRONT.v4}:{TLS_PORT}",
            "--tls-certificate", lab.directory / "certificate.pem", "--tls-key", lab.directory / "key.pem"])
        daemon.start()
        yield API(lab, daemon)


def make_certificate(directory: Path, name: str = "") -> None:
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", 2,
         "-subj", "/CN=shoal", "-addext", f"subjectAltName=IP:127.0.0.1,IP:{BALANCER_FRONT.v4}",
         "-keyout", directory / f"{name}key.pem", "-out", directory / f"{name}certificate.pem"])


@pytest.fixture(params=PLACES)
def place(request) -> str:
    return request.param


# Bytes.


@pytest.mark.parametrize("headers", [
    pytest.param([f"X: {'x' * 16384}"], id="one of 16 KB"),
    pytest.param([f"X{number}: {'x' * 1000}" for number in range(17)], id="17 of 1 KB"),
    pytest.param([f"X{number}: x" for number in range(101)], id="101 of them"),
])
def test_large_heads_are_refused(api: API, place: str, headers: list[str]):
    with api.connection(place) as connection:
        answer = connection.send("\r\n".join(["GET /livez HTTP/1.1", *headers, "", ""]).encode()).answer()
        assert answer.status == 431 and answer.headers["connection"] == "close"
        assert answer.error["status"] == "HEADER_TOO_LARGE"
        assert connection.is_ended(3)


def test_what_is_no_http_is_refused(api: API, place: str):
    for text in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"hello\r\n\r\n"):
        with api.connection(place) as connection:
            answer = connection.send(text).answer()
            assert answer.status == 400 and answer.error["code"] == 400
            assert connection.is_ended(3)


def test_a_head_request_is_answered_without_a_body(api: API, place: str):
    with api.connection(place) as connection:
        connection.send(b"HEAD /v1/status HTTP/1.1\r\nHost: shoal\r\n\r\n" + GET)
        text = connection.read_until(lambda data: data.endswith(b"ok\n"))
        assert text.count(b"HTTP/1.1 ") == 2 and b"{" not in text


def test_a_body_of_a_gigabyte_is_refused_before_it_comes(api: API, place: str):
    with api.connection(place) as connection:
        answer = connection.send(api.post(place, APPLY, "Content-Length: 1073741824")).answer()
        assert answer.status == 413 and answer.error["status"] == "CONTENT_TOO_LARGE"
        assert answer.headers["connection"] == "close"
        assert sent_until_refused(connection, b"x" * 65536) < 64 << 20
        assert connection.is_ended(3)


def test_a_body_that_does_not_end_is_refused_at_4_mb(api: API, place: str):
    with api.connection(place) as connection:
        connection.send(api.post(place, APPLY, "Transfer-Encoding: chunked"))
        assert sent_until_refused(connection, b"10000\r\n" + b" " * 65536 + b"\r\n") < 64 << 20


def sent_until_refused(connection: Connection, piece: bytes) -> int:
    """Sends the piece again and again; how many bytes the daemon and the kernel took before it ended the connection."""
    sent = 0
    try:
        while sent < 1 << 30:
            sent += connection.stream.send(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass
    return sent


def test_a_client_that_sends_all_first_reads_its_refusal(api: API, place: str):
    with api.connection(place) as connection:
        connection.send(api.post(place, APPLY, f"Content-Length: {2 * BODY_MAX}") + b"x" * 2 * BODY_MAX)
        assert connection.answer().status == 413


@pytest.mark.parametrize("size, status, is_asked_for", [(BODY_MAX, 400, True), (BODY_MAX + 1, 413, False)])
def test_curl_asks_before_it_sends_much(api: API, place: str, size: int, status: int, is_asked_for: bool):
    path = api.lab.directory / "body"
    path.write_bytes(b" " * size)
    options = (["--unix-socket", api.daemon.socket] if place == "unix"
               else ["--header", f"Authorization: Bearer {api.token}"])
    done = api.lab.balancer.run(
        "curl", "--silent", "--verbose", "--max-time", 10, *options, "--data-binary", f"@{path}",
        f"http://127.0.0.1:{PORT}{APPLY}")
    assert "> Expect: 100-continue" in done.stderr
    assert ("< HTTP/1.1 100 Continue" in done.stderr) == is_asked_for
    assert f"< HTTP/1.1 {status} " in done.stderr
    assert json.loads(done.stdout)["error"]["code"] == status


def test_many_large_bodies_at_once_are_all_served(api: API, place: str):
    """In turn, a few at a time."""

    def apply(_) -> int:
        with api.connection(place) as connection:
            connection.stream.settimeout(25)
            return connection.send(api.post(place, APPLY, f"Content-Length: {BODY_MAX}") + b" " * BODY_MAX).answer().status

    with ThreadPoolExecutor(20) as clients:
        assert set(clients.map(apply, range(20))) == {400}


def test_requests_that_are_sent_ahead_are_answered_in_order_up_to_a_bound(api: API, place: str):
    with api.connection(place) as connection:
        for number in range(1000):
            connection.send(f"GET /{number} HTTP/1.1\r\nHost: shoal\r\n\r\n".encode())
            answer = connection.answer()
            assert answer.status == 404 and "connection" not in answer.headers
        connection.send(GET * 100)
        answers = [connection.answer() for _ in range(16)]
        assert [answer.headers.get("connection") for answer in answers] == [None] * 15 + ["close"]
        assert connection.is_ended(3)


# Memory.


HEAVY_BODIES = {
    "1 MB of opening brackets": b"[" * 1_000_000,
    "objects in objects": b'{"a":' * 700_000,
    "lists in lists, as YAML": b"- " * 1_000_000 + b"x",
    "4 MB of scalars, as YAML": b"- a\n" * 1_000_000,
    "scalars in a list, as YAML": b"[" + b"a," * 145_000 + b"a]",
    "mappings in mappings, as YAML": b"{a: " * 1_000_000,
    "1e1000000": b'{"loadBalancerName": 1e1000000, "loadBalancers": 1e1000000}',
    "4 MB of digits": b'{"loadBalancerName": ' + b"9" * 4_000_000 + b"}",
    "4 MB of spaces": b" " * BODY_MAX,
}


def test_memory_stays_where_it_was(api: API, place: str, record_property):
    """The daemon may grow by 50 MB, not even for a moment by more; and others are served all the while."""
    api.forget_peak()
    before = api.memory()
    with others_are_served(api):
        for name, body in HEAVY_BODIES.items():
            for path in (APPLY, "/v1/regions/local/loadBalancers/"):
                with api.connection(place) as connection:
                    answer = connection.send(api.post(place, path, f"Content-Length: {len(body)}") + body).answer()
                    assert answer.status == 400, (name, answer)
        attacks = {
            "bodies that never end": api.post(place, APPLY, f"Content-Length: {BODY_MAX}") + b" " * (BODY_MAX - 1),
            "bodies of strangers": head("POST", APPLY, f"Content-Length: {BODY_MAX}") + b" " * (BODY_MAX - 1),
            "requests without end": GET * 200_000,
            "no requests any more": api.head(
                place, "GET", "/v1/events", "Connection: upgrade", "Upgrade: x") + b"x" * (20 << 20),
            "a request after another that lasts": api.head(place, "GET", "/v1/events") + b"x" * (20 << 20),
            "heads that never end": b"GET / HTTP/1.1\r\nX: " + b"x" * 16_000,
        }
        for data in attacks.values():
            attack(api, place, data, clients=CONNECTIONS_PER_CLIENT, seconds=0.5)
        peak = api.memory("VmHWM")
    record_property("growth", api.memory() - before)
    record_property("peakGrowth", peak - before)
    assert peak - before <= GROWTH_MAX
    assert api.memory() - before <= GROWTH_MAX


def attack(api: API, place: str, data: bytes, clients: int, seconds: float) -> None:
    """Many clients send the same and read nothing; they give up after that time."""
    connections = [api.connect(place) for _ in range(clients)]
    until = time.monotonic() + seconds
    unsent = {connection.stream.fileno(): (connection.stream, memoryview(data)) for connection in connections}
    for stream, _ in unsent.values():
        stream.setblocking(False)
    while unsent and time.monotonic() < until:
        for number in select.select([], list(unsent), [], 0.1)[1]:
            stream, rest = unsent[number]
            try:
                rest = rest[stream.send(rest):]
            except (BrokenPipeError, ConnectionResetError):
                rest = rest[:0]
            unsent[number] = stream, rest
            if not rest:
                del unsent[number]
    while time.monotonic() < until:
        time.sleep(0.05)
    for connection in connections:
        connection.close()


@contextmanager
def others_are_served(api: API) -> Iterator[None]:
    """Another client comes all the time, by both ways, and must be served within a second."""
    done = threading.Event()
    late: list[str] = []

    def come() -> None:
        while not done.wait(0.2):
            for place in PLACES:
                try:
                    if not api.is_served_quickly(place, source="127.0.0.99"):
                        late.append(f"{place}: later than 1 s")
                except (OSError, LabError) as error:
                    late.append(f"{place}: {error!r}")

    thread = threading.Thread(target=come)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    assert not late


# Time.


def test_slow_clients_are_dropped_and_others_are_served(api: API, encrypted: API, record_property):
    """All of them at the same time; a client that follows events is none."""
    api.daemon.apply(large_document()).check()
    cases = {f"{name}, {place}": (client, place, bounds) for place in PLACES for name, client, bounds in [
        ("silent", silent, (HEAD_SECONDS, HEAD_SECONDS + 2)),
        ("slow head", slow_head, (HEAD_SECONDS, HEAD_SECONDS + 2)),
        ("slow body", slow_body, (BODY_SECONDS, BODY_SECONDS + 2)),
        ("reads nothing", reads_nothing, (ANSWER_SECONDS, ANSWER_SECONDS + 4)),
    ]}
    with ThreadPoolExecutor(len(cases) + 3) as clients, others_are_served(api):
        seconds = {name: clients.submit(timed, client, api, place) for name, (client, place, _) in cases.items()}
        handshake = clients.submit(timed, silent, encrypted, "tls")
        followers = [clients.submit(follows_events, api, place, BODY_SECONDS + 2) for place in PLACES]
        for name, (_, _, (least, most)) in cases.items():
            record_property(name, round(seconds[name].result(), 2))
            assert least - 0.5 <= seconds[name].result() <= most, name
        assert HEAD_SECONDS - 0.5 <= handshake.result() <= HEAD_SECONDS + 3
        for follower in followers:
            assert b": alive" in follower.result()


def timed(client: Callable[[API, str], None], api: API, place: str) -> float:
    began = time.monotonic()
    client(api, place)
    return time.monotonic() - began


def silent(api: API, place: str) -> None:
    with api.connection(place) as connection:
        assert connection.is_ended(60)


def slow_head(api: API, place: str) -> None:
    with api.connection(place) as connection:
        connection.send(b"GET /livez HTTP/1.1\r\n")
        trickle(connection, b"X: y\r\n")


def slow_body(api: API, place: str) -> None:
    with api.connection(place) as connection:
        connection.send(api.post(place, APPLY, "Content-Length: 1000"))
        trickle(connection, b"x")
        answer = connection.answer()
        assert answer.status == 408 and answer.headers["connection"] == "close"


def trickle(connection: Connection, drop: bytes) -> None:
    """Sends a drop a second until the daemon says something or ends the connection."""
    while not select.select([connection.stream], [], [], 1)[0]:
        connection.send(drop)


def reads_nothing(api: API, place: str) -> None:
    connection = api.connect(place, receive_bytes=4096)
    connection.send(api.head(place, "GET", "/v1/regions/local:export") * 16)
    eventually(lambda: not api.is_established(place, connection), 60, "the daemon gives up", pause=0.1)
    connection.close()


def follows_events(api: API, place: str, seconds: float) -> bytes:
    with api.connection(place) as connection:
        connection.send(api.head(place, "GET", "/v1/events"))
        until = time.monotonic() + seconds
        text = b""
        while (rest := until - time.monotonic()) > 0:
            if select.select([connection.stream], [], [], rest)[0]:
                piece = connection.stream.recv(65536)
                assert piece, f"the stream ended after {text!r}"
                text += piece
        return text


def large_document() -> dict:
    """Servers that nobody uses: 10,000, so that an answer is larger than what the kernel keeps of it."""
    return {
        "apiVersion": "shoal/v1",
        "loadBalancers": [{"name": "large", "vip": "10.10.0.111", "groups": [
            {"name": f"group-{group}", "targets": [
                {"address": f"10.20.{group}.{number % 250 + 1}", "port": 1 + number} for number in range(1000)]}
            for group in range(10)]}],
    }


# Connections.


def test_one_client_has_64_connections_and_others_are_served(api: API):
    with ExitStack() as stack:
        mine = [api.connect("tcp", source="127.0.0.2") for _ in range(CONNECTIONS_PER_CLIENT)]
        for connection in mine:
            stack.callback(connection.close)
            assert connection.send(GET).answer().status == 200
        one_more = api.connect("tcp", source="127.0.0.2")
        stack.callback(one_more.close)
        assert one_more.is_ended(2)
        assert api.is_served_quickly("tcp", source="127.0.0.3")
        assert not any(connection.is_ended() for connection in mine[:5])
        mine[0].close()
        eventually(lambda: is_served(api, "tcp", "127.0.0.2"), 2, "a place is free again")


def is_served(api: API, place: str, source: str) -> bool:
    try:
        return api.get(place, source).status == 200
    except (OSError, LabError):
        return False


@pytest.mark.parametrize("place", ["unix", "spare"])
def test_256_connections_are_open_and_the_next_wait(api: API, place: str):
    eventually(lambda: api.accepted(place) == 0, 2, "all places are free")
    connections = [api.connect(place, f"127.0.0.{2 + number % 5}") for number in range(CONNECTIONS_MAX + 30)]
    eventually(lambda: api.accepted(place) == CONNECTIONS_MAX, 2, "all places are taken")
    last = connections.pop().send(GET)
    assert not last.is_ended(0.3) and api.accepted(place) == CONNECTIONS_MAX
    for connection in connections:
        connection.close()
    assert last.answer().status == 200
    last.close()
    eventually(lambda: api.accepted(place) == 0, 2, "all places are free")


# Who they are.


def test_strangers_are_refused_before_their_bodies_come(api: API):
    with api.connection("tcp") as connection:
        answer = connection.send(head("POST", APPLY, "Content-Length: 1000000")).answer()
        assert answer.status == 401 and answer.headers["connection"] == "close"


@pytest.mark.parametrize("user, status", [(0, 200), (65534, 403)])
def test_processes_are_known_by_their_user(api: API, user: int, status: int):
    """Not by the group that lets them connect: here that of root."""
    done = api.lab.balancer.run(
        "setpriv", f"--reuid={user}", "--regid=0", "--clear-groups", "curl", "--silent", "--write-out", "%{http_code}",
        "--unix-socket", api.daemon.socket, "http://shoal/v1/status")
    assert done.stdout.endswith(f"{status}"), done.stdout


# TLS.


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_tls_is_spoken_with_the_certificate(encrypted: API, version: ssl.TLSVersion):
    with encrypted.connection("tls") as connection:
        context = ssl.create_default_context(cafile=encrypted.lab.directory / "certificate.pem")
        context.minimum_version = context.maximum_version = version
        connection = Connection(context.wrap_socket(connection.stream, server_hostname="127.0.0.1"))
        assert connection.send(GET).answer().body == b"ok\n"
        body = b" " * BODY_MAX
        assert connection.send(encrypted.post("tls", APPLY, f"Content-Length: {len(body)}") + body).answer().status == 400
        assert connection.send(encrypted.post("tls", APPLY, f"Content-Length: {1 << 30}")).answer().status == 413
        assert connection.is_ended(3)


def test_older_tls_and_plain_http_are_not_spoken(encrypted: API):
    done = encrypted.lab.balancer.run(
        "openssl", "s_client", "-connect", f"127.0.0.1:{TLS_PORT}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", check=False)
    assert "Cipher is (NONE)" in done.stdout
    with encrypted.connection("tls") as connection:
        assert connection.send(GET).is_ended(3)
    assert encrypted.daemon.status()["problems"] == []


def test_tls_is_reached_from_other_hosts(encrypted: API):
    done = encrypted.lab.clients[0].run(
        "curl", "--silent", "--cacert", encrypted.lab.directory / "certificate.pem",
        f"https://{BALANCER_FRONT.v4}:{TLS_PORT}/livez")
    assert done.stdout == "ok\n"


def test_a_follower_that_vanishes_is_forgotten(encrypted: API):
    """Its host answers nothing any more, so no FIN ever comes; what is written every 15 s stays unacknowledged."""
    client = encrypted.lab.clients[0]
    follower = client.start(
        "follower", "curl", "--silent", "--show-error", "--no-buffer", "--cacert", encrypted.lab.directory / "certificate.pem",
        "--header", f"Authorization: Bearer {encrypted.token}", f"https://{BALANCER_FRONT.v4}:{TLS_PORT}/v1/events")
    follower.wait_until(lambda: ": shoald" in follower.output.read_text(), 5, "it follows")
    before = encrypted.accepted("tls")
    client.ip(f"route add blackhole {BALANCER_FRONT.v4}/32")
    try:
        seconds = HEARTBEAT_SECONDS + ACKNOWLEDGEMENT_SECONDS + 5
        eventually(lambda: encrypted.accepted("tls") < before, seconds, "the follower's connection is closed")
        assert follower.is_running
    finally:
        client.ip(f"route del blackhole {BALANCER_FRONT.v4}/32")
        follower.kill()


# Starting and stopping.


def test_real_ports_are_told(api: API):
    with use_lab(servers=1) as lab:
        daemon = Daemon(lab, ["--listen", "127.0.0.1:0", "--listen", "[::1]:0"])
        daemon.start()
        for address in re.search(r"listen=(\[::1\]:[1-9]\d*), (127.0.0.1:[1-9]\d*) ", daemon.log()).groups():
            assert lab.balancer.run("curl", "--silent", f"http://{address}/livez").stdout == "ok\n"


@pytest.mark.parametrize("options, code, said", [
    (["--listen", f"127.0.0.1:{PORT}"], 1, f"cannot listen on 127.0.0.1:{PORT}: Address already in use"),
    (["--listen", "127.0.0.1:0", "--listen", "192.0.2.1:9440", "--allow-plain-http"], 1,
     "cannot listen on 192.0.2.1:9440: Cannot assign requested address"),
    (["--listen", "0.0.0.0:0"], 2, "say allowPlainHttp: true where you trust the network"),
    (["--listen", f"{BALANCER_FRONT.v4}:0"], 2, "give tlsCertificate and tlsKey"),
    (["--listen", "localhost:9440"], 2, '"localhost:9440" is no address with a port'),
    (["--tls-key", "/nowhere"], 2, "tlsCertificate is missing"),
    (["--tls-certificate", "/nowhere"], 2, "tlsKey is missing"),
    (["--tls-certificate", "/nowhere", "--tls-key", "/nowhere"], 1, "TLS: cannot read /nowhere"),
    (["--tls-certificate", "{d}/key.pem", "--tls-key", "{d}/key.pem"], 1, "key.pem holds no certificate in PEM"),
    (["--tls-certificate", "{d}/certificate.pem", "--tls-key", "{d}/certificate.pem"], 1, "holds no private key"),
    (["--tls-certificate", "{d}/certificate.pem", "--tls-key", "{d}/other-key.pem"], 1, "does not hold the key of"),
    (["--region", "a/b"], 2, 'region: "a/b" is not a name'),
    (["--subnet", "name=a"], 2, "subnets[0].prefix is missing"),
    (["--subnet", "prefix=10.0.0.0/24"], 2, "subnets[0].name is missing"),
    (["--subnet", "name=a,prefix=10.0.0.1/24"], 2, 'subnets[0].prefix: "10.0.0.1/24" is no block'),
    (["--subnet", "name=a,prefix=10.0.0.0/24,zone=b"], 2, "zone is no field here"),
    (["--subnet", "name=a,prefix=10.0.0.0/24", "--subnet", "name=a,prefix=10.0.1.0/24"], 2, "two of the name a"),
    (["--subnet", "a"], 2, "--subnet a is not understood"),
])
def test_what_it_cannot_run_with_is_told_before_anything_is_touched(api: API, options: list[str], code: int, said: str):
    directory = api.lab.directory
    if not (directory / "key.pem").exists():
        make_certificate(directory)
        make_certificate(directory, "other-")
    done = start_another(api, *(option.format(d=directory) for option in options))
    assert done.returncode == code and said in done.stderr, done.stderr
    assert not list((directory / "other-bpf").iterdir())
    assert api.is_served_quickly("unix")


@pytest.mark.parametrize("text, code, said", [
    (f"listen: 127.0.0.1:{PORT}", 1, f"cannot listen on 127.0.0.1:{PORT}"),
    (f'listen: ["[::1]:0", 127.0.0.1:{PORT}]', 1, f"cannot listen on 127.0.0.1:{PORT}"),
    ("listen: 192.0.2.1:9440", 2, "tokens and resources would cross the network in the clear"),
    ("listen: 192.0.2.1:9440\nallowPlainHttp: true", 1, "cannot listen on 192.0.2.1:9440"),
    ("listen: {port: 9440}", 2, "listen: "),
    ("tlsKey: /nowhere", 2, "tlsCertificate is missing"),
    ("region: somewhere else", 2, 'region: "somewhere else" is not a name'),
    ("subnets: [{name: a, prefix: 10.0.0.0/24}, {name: b, prefix: 10.0.1.0}]", 2, 'subnets[1].prefix: "10.0.1.0" is no'),
    ("subnets: [{name: a b, prefix: 10.0.0.0/24}]", 2, 'subnets[0].name: "a b" is not a name'),
])
def test_the_configuration_file_says_the_same(api: API, text: str, code: int, said: str):
    path = api.lab.directory / "shoald.yaml"
    path.write_text(text + "\n")
    done = start_another(api, "--config", path)
    assert done.returncode == code and said in done.stderr, done.stderr


def start_another(api: API, *options):
    """Starts a daemon that has directories of its own, and must end by itself."""
    directory = api.lab.directory
    (directory / "other-bpf").mkdir(exist_ok=True)
    return api.lab.balancer.run(
        "timeout", 10, binaries() / "shoald", "--interface", api.lab.interfaces[0],
        "--state-directory", directory / "other-state", "--runtime-directory", directory / "other-run",
        "--bpffs-directory", directory / "other-bpf", *options, check=False)


def test_stopping_waits_for_no_client(api: API):
    with ExitStack() as stack:
        for place in PLACES:
            for data in (b"", GET[:20], api.post(place, APPLY, "Content-Length: 1000"), api.head(place, "GET", "/v1/events")):
                stack.enter_context(api.connection(place)).send(data)
        assert all(api.is_served_quickly(place) for place in PLACES)
        began = time.monotonic()
        assert api.daemon.terminate() == 0
        assert time.monotonic() - began < 5
        assert not api.daemon.socket.exists()
    api.daemon.start()
    assert all(api.is_served_quickly(place) for place in PLACES)


# The region.


def test_the_region_is_that_of_the_configuration(api: API):
    document = {"apiVersion": "shoal/v1", "loadBalancers": [{"name": "web", "vip": "10.10.0.120"}]}
    with use_lab(servers=1) as lab:
        daemon = Daemon(lab, ["--region", "north"])
        daemon.start()
        north = API(lab, daemon)
        refused = apply(north, "north", document | {"region": "south"})
        assert refused.status == 400
        assert refused.error["details"][0]["message"] == '"south" is not served here; this daemon\'s is "north"'
        assert apply(north, "local", document).status == 404
        assert apply(north, "north", document).status == 200
        maps = daemon.maps()

        daemon.terminate()
        done = lab.balancer.run(
            "timeout", 10, binaries() / "shoald", "--interface", lab.interfaces[0],
            "--state-directory", daemon.state, "--runtime-directory", daemon.runtime,
            "--bpffs-directory", daemon.bpffs, check=False)
        assert done.returncode == 1
        assert "the stored resources are of region north, and this daemon is to serve local" in done.stderr
        assert daemon.maps() == maps

        daemon.start()
        environment = ["env", "SHOAL_REGION=north"]
        exported = lab.balancer.run(*environment, *daemon.command("export")).stdout
        assert "region: north" in exported and "10.10.0.120" in exported


def apply(api: API, region: str, document: dict) -> HTTPAnswer:
    body = json.dumps(document).encode()
    with api.connection("unix") as connection:
        return connection.send(head("POST", f"/v1/regions/{region}:apply", f"Content-Length: {len(body)}") + body).answer()
