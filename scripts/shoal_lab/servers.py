"""The lab's servers: real nginx and an echo server in each server namespace, and the ways in which they fail."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import addresses
from .addresses import (
    COMMON_PORTS, DIRECT_ECHO, ECHO, FAMILIES, FRONT, HTTP, STICKY, STICKY_ECHO, STRANGERS, VIP, Application)
from .processes import Process, listens
from .topology import Lab, Namespace

_NGINX = """\
daemon off;
master_process off;   # One process: killing it leaves nobody behind who could still accept.
pid {directory}/{name}-nginx.pid;
error_log {directory}/{name}-nginx-error.log warn;
worker_rlimit_nofile 16384;
events {{ worker_connections 8192; }}
http {{
    log_format lab '$msec $remote_addr $remote_port $server_port $status $request_uri';
    access_log {directory}/{name}-access.txt lab;
    client_body_temp_path {directory}/{name}-temporary;
    proxy_temp_path {directory}/{name}-temporary;
    fastcgi_temp_path {directory}/{name}-temporary;
    uwsgi_temp_path {directory}/{name}-temporary;
    scgi_temp_path {directory}/{name}-temporary;
    default_type text/plain;
    keepalive_timeout 75s;
    keepalive_requests 1000000;
    server {{
{listens}
        add_header X-Server {name} always;
        location / {{ return 200 "{name}\\n"; }}
        location = /blob {{
            alias {directory}/blob;
            limit_rate $arg_rate;
        }}
    }}
}}
"""

# Counts what reaches the server before anything is done about it. Strangers get no answer: what a SYN costs a server is
# not the balancer's affair, and would cost it packets of others on a machine that both share.
_NFTABLES = """\
table inet lab {{
    counter client_syns {{ }}
    counter strangers {{ }}
    chain arrival {{
        type filter hook prerouting priority raw;
        ip saddr {strangers} counter name strangers drop
    }}
    chain input {{
        type filter hook input priority filter;
        tcp flags & (syn | ack) == syn ip saddr {v4} counter name client_syns
        tcp flags & (syn | ack) == syn ip6 saddr {v6} counter name client_syns
        jump faults
    }}
    chain faults {{ }}
}}
"""


@dataclass(frozen=True)
class Access:
    """A line of an access log."""

    at: float
    """Seconds since 1970."""
    address: str
    port: int
    server_port: int
    status: int
    uri: str


class Server:
    """One server of the lab: `s1`, `s2`, …"""

    def __init__(self, lab: Lab, number: int):
        self.number = number
        self.namespace: Namespace = lab.servers[number - 1]
        self.name = self.namespace.role
        self.address = addresses.server(number)
        self._directory = lab.directory
        self._nginx: Process | None = None
        self._echo: Process | None = None
        self.namespace.run("nft", "-f", "-", input=_NFTABLES.format(
            v4=FRONT[4], v6=FRONT[6], strangers=STRANGERS))

    def port(self, application: Application) -> int:
        return application.target_port(self.number)

    # Life and death.

    def start(self) -> None:
        """Starts nginx and the echo server, or those of them that do not run, and returns when both accept."""
        self._launch()
        self._wait_until_accepting()

    def _launch(self) -> None:
        if not (self._nginx and self._nginx.is_running):
            configuration = self._directory / f"{self.name}-nginx.conf"
            configuration.write_text(self._nginx_configuration())
            self._nginx = self.namespace.start(f"{self.name}-nginx", "nginx", "-c", configuration)
        if not (self._echo and self._echo.is_running):
            self._echo = self.namespace.start(
                f"{self.name}-echo", sys.executable, "-m", "shoal_lab.echo",
                "--name", self.name, "--port", self.port(ECHO), "--port", self.port(STICKY_ECHO),
                "--port", self.port(DIRECT_ECHO), "--address", VIP.v4, "--address", VIP.v6)

    def _wait_until_accepting(self) -> None:
        for process, application in ((self._nginx, HTTP), (self._nginx, STICKY), (self._echo, ECHO),
                                     (self._echo, STICKY_ECHO), (self._echo, DIRECT_ECHO)):
            port = self.port(application)
            process.wait_until(lambda: listens(process.pid, port, 6), 10, f"{process.name} accepts on port {port}")

    def kill(self) -> None:
        """Ends both as a crash would; from then on the kernel answers SYNs with RST."""
        for process in (self._nginx, self._echo):
            if process:
                process.kill()

    def silence(self) -> None:
        """Drops SYNs, as a broken link or a host that has hung would; what is established goes on."""
        self.namespace.run("nft", "add rule inet lab faults tcp flags & (syn | ack) == syn drop")

    def ignore_pings(self) -> None:
        """Drops echo requests."""
        for rule in ("icmp type echo-request drop", "icmpv6 type echo-request drop"):
            self.namespace.run("nft", f"add rule inet lab faults {rule}")

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Its programs do nothing meanwhile; what comes waits for them."""
        self._signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for process in (self._nginx, self._echo):
            process.signal(number)

    def restore(self) -> None:
        """Takes back `silence`, `ignore_pings` and `kill`."""
        self.namespace.run("nft", "flush chain inet lab faults")
        self.start()

    def hold_vips(self) -> None:
        """As servers do that reply to clients themselves: it has the VIPs where nobody asks for them, and reaches
        clients without a gateway."""
        self.namespace.sysctl({"net.ipv4.conf.all.arp_ignore": 1, "net.ipv4.conf.all.arp_announce": 2})
        self.namespace.ip(
            f"address add {VIP.v4}/32 dev lo", f"address add {VIP.v6}/128 dev lo nodad",
            *(f"route add {FRONT[family]} dev eth0 src {self.address[family]}" for family in FAMILIES))

    # What it saw.

    def client_syns(self) -> int:
        """How many SYNs of clients have come in so far, accepted or not. Health checks are not among them."""
        return self._count("client_syns")

    def stranger_packets(self) -> int:
        """How many packets of a flood have come in so far; they are dropped."""
        return self._count("strangers")

    def _count(self, counter: str) -> int:
        listing = self.namespace.run("nft", "-j", "list", "counter", "inet", "lab", counter).stdout
        return next(entry["counter"]["packets"] for entry in json.loads(listing)["nftables"] if "counter" in entry)

    def accesses(self) -> list[Access]:
        """Its access log, oldest first."""
        rows = (line.split(" ", 5) for line in self._access_log.read_text().splitlines())
        return [Access(float(at), address, int(port), int(own), int(status), uri)
                for at, address, port, own, status, uri in rows]

    @property
    def _access_log(self) -> Path:
        # Not *.log: the report of a failure shows the ends of those.
        return self._directory / f"{self.name}-access.txt"

    def _nginx_configuration(self) -> str:
        ports = [self.port(HTTP), self.port(STICKY), *COMMON_PORTS]
        return _NGINX.format(
            directory=self._directory, name=self.name,
            listens="\n".join(
                f"        listen {port} backlog=4096;\n        listen [::]:{port} ipv6only=on backlog=4096;"
                for port in ports))


def start_servers(lab: Lab) -> list[Server]:
    """Starts all servers of the lab, side by side."""
    servers = [Server(lab, number) for number in range(1, len(lab.servers) + 1)]
    for server in servers:
        server._launch()
    for server in servers:
        server._wait_until_accepting()
    return servers
