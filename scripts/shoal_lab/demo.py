"""The demo: weighted shares, a server that dies and returns, a daemon that dies while its work goes on.

Run it as scripts/demo, which installs and builds what it needs. Ends with exit code 0 when every stage kept its bound.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from dataclasses import dataclass

from . import addresses, configuration
from .addresses import HTTP
from .blob import make_blob
from .configuration import Wishes, service_name
from .daemon import Daemon, binaries, missing_binaries
from .errors import LabError
from .servers import Server, start_servers
from .terminal import BOLD, GREEN, RED, Terminal, explain
from .topology import Lab
from .traffic import Traffic, http_burst

WEIGHTS = (10, 20, 30)
REQUESTS = 6_000
SHARE_TOLERANCE = 0.03
WISHES = Wishes(weights=WEIGHTS, interval=5, timeout=2, unhealthy_threshold=2, healthy_threshold=2,
                applications=(HTTP,))
GONE_WITHIN = WISHES.unhealthy_threshold * WISHES.interval + 1
"""A server that refuses is out after so many failed checks, plus one second to notice and install."""
BACK_WITHIN = WISHES.healthy_threshold * WISHES.interval + 2
RATE = 200
WITHOUT_DAEMON_SECONDS = 10
STAGES = 6


@dataclass
class Result:
    """One promise of the summary."""

    what: str
    bound: str
    measured: str
    is_good: bool


class Demo:
    """All stages, on one lab."""

    def __init__(self, lab: Lab, terminal: Terminal):
        self.lab = lab
        self.terminal = terminal
        self.client = lab.clients[0]
        self.daemon = Daemon(lab)
        self.servers: list[Server] = []
        self.results: list[Result] = []
        self._stage = 0

    @property
    def is_good(self) -> bool:
        return all(result.is_good for result in self.results)

    def run(self) -> None:
        self.set_up()
        self.share_by_weight()
        self.lose_a_server()
        self.lose_the_daemon()
        self.restart_the_daemon()

    # Stages.

    def set_up(self) -> None:
        self._begin("A network of namespaces, three web servers, the balancer")
        self.servers = start_servers(self.lab)
        make_blob(self.lab.directory)
        self.terminal.say(f"client {addresses.client(1).v4} → VIP {self.lab.vip.v4}:{HTTP.listener_port} → servers "
                          + ", ".join(f"{server.name} {server.address.v4}:{server.port(HTTP)}"
                                      for server in self.servers))
        took = self.daemon.start()
        self.terminal.say(f"shoald answers after {took:.1f} s")
        self.daemon.apply(configuration.document(WISHES)).check()
        for family in addresses.FAMILIES:
            self._wait_healthy(family)
        self.terminal.verdict(True, "all servers are healthy on IPv4 and IPv6")

    def share_by_weight(self) -> None:
        self._begin(f"{REQUESTS:,} requests over fresh connections, five-tuple hashing, weights 1 : 2 : 3")
        for family in addresses.FAMILIES:
            self.terminal.progress(f"{REQUESTS:,} requests to {self.lab.vip[family]}")
            outcome = http_burst(self.client, self.lab.vip[family], HTTP.listener_port, REQUESTS)
            self._tell_shares(family, outcome)

    def lose_a_server(self) -> None:
        victim = self.servers[-1]
        self._begin(f"{victim.name} dies under traffic, and comes back")
        before = self._tables()
        traffic = self._traffic(rate=RATE, seconds=60)
        self.terminal.say(f"{RATE} new connections a second; kill -9 of {victim.name}'s nginx …")
        killed = time.monotonic()
        victim.kill()
        left = self._wait_health(victim, "unhealthy", GONE_WITHIN + 5, f"{victim.name} leaves", traffic)
        self._record(f"{victim.name} leaves", f"≤ {GONE_WITHIN} s", _seconds(left), left and left <= GONE_WITHIN)
        gone = time.monotonic()
        syns = victim.client_syns()
        self.terminal.watch(3, f"traffic without {victim.name}", lambda: traffic.progress)
        outcome = traffic.stop()
        late = [failure for failure in outcome["failures"]
                if failure["at"] + failure["afterSeconds"] < killed or failure["at"] > gone]
        self._record("requests that fail afterwards", "0", str(len(late)), not late)
        self._record(f"connections to {victim.name} afterwards", "0", str(victim.client_syns() - syns),
                     victim.client_syns() == syns)
        self.terminal.say(f"{outcome['answered']:,} requests answered, {outcome['failed']:,} failed: those that still "
                          f"went to {victim.name} until it was found dead")

        victim.restore()
        returned = self._wait_health(victim, "healthy", BACK_WITHIN + 5, f"{victim.name} returns")
        self._record(f"{victim.name} returns", f"≤ {BACK_WITHIN} s", _seconds(returned),
                     returned and returned <= BACK_WITHIN)
        same = self._tables() == before
        self._record("tables as before, slot by slot", "same", "same" if same else "different", same)

    def lose_the_daemon(self) -> None:
        self._begin("kill -9 of the daemon under traffic")
        before = self.daemon.maps()
        transfer = Traffic(self.client, "transfer", self.lab.vip.v4, HTTP.listener_port, rate=1 << 20,
                           seconds=60).wait_until_running()
        traffic = self._traffic(rate=RATE, seconds=60)
        self.terminal.watch(2, "traffic with the daemon", lambda: traffic.progress)
        self.daemon.kill9()
        self.terminal.say("shoald is dead; the XDP program and its maps are pinned and stay")
        self.terminal.watch(WITHOUT_DAEMON_SECONDS, "traffic without a daemon", lambda: traffic.progress)
        self._finish_traffic("without the daemon", traffic, transfer)
        self._same_maps("maps while it is dead", before)

    def restart_the_daemon(self) -> None:
        self._begin("The daemon starts again and adopts what is there")
        before = self.daemon.maps()
        traffic = self._traffic(rate=RATE, seconds=60)
        took = self.daemon.start()
        self._record("shoald answers again", "≤ 2 s", _seconds(took), took <= 2)
        self.terminal.watch(3, "traffic over the restart", lambda: traffic.progress)
        self._finish_traffic("over its restart", traffic)
        self._same_maps("maps after the restart", before)

    # Steps.

    def _begin(self, title: str) -> None:
        self._stage += 1
        self.terminal.stage(self._stage, STAGES, title)

    def _record(self, what: str, bound: str, measured: str, is_good: object) -> None:
        self.results.append(Result(what, bound, measured, bool(is_good)))
        self.terminal.verdict(bool(is_good), f"{what}: {measured} (bound: {bound})")

    def _wait_healthy(self, family: int) -> None:
        service = service_name(HTTP, family)
        took = self.terminal.wait(
            lambda: set(self.daemon.health(service).values()) == {"healthy"} and self.daemon.is_installed(), 20,
            f"first health checks of {service}")
        if took is None:
            raise LabError(f"{service} has not become healthy: {self.daemon.health(service)}")

    def _wait_health(self, server: Server, word: str, seconds: float, what: str, traffic: Traffic | None = None):
        """How long until the server is so for both families; None when it takes longer than the time."""
        return self.terminal.wait(
            lambda: all(self.daemon.health(service_name(HTTP, family))[server.address[family]] == word
                        for family in addresses.FAMILIES) and self.daemon.is_installed(),
            seconds, what, lambda: traffic.progress if traffic else "")

    def _tell_shares(self, family: int, outcome: dict) -> None:
        total = sum(WEIGHTS)
        rows, worst = [], 0.0
        for server, weight in zip(self.servers, WEIGHTS):
            got = outcome["byServer"].get(server.name, 0)
            share, wanted = got / REQUESTS, weight / total
            worst = max(worst, abs(share - wanted))
            bar = "█" * round(share * 40)
            rows.append([server.name, str(weight), f"{wanted:.1%}", f"{got:,}", f"{share:.1%}",
                         f"{(share - wanted) * 100:+.1f}", bar])
        head = ["server", "weight", "wanted", "requests", "share", "points off", ""]
        self.terminal.table(head, rows, right=(1, 2, 3, 4, 5))
        self._record(f"IPv{family}: shares follow weights", f"± {SHARE_TOLERANCE * 100:.0f} points",
                     f"{worst * 100:.1f} points off at most", worst <= SHARE_TOLERANCE)
        self._record(f"IPv{family}: failed of {REQUESTS:,} requests", "0", str(outcome["failed"]),
                     outcome["failed"] == 0 and outcome["answered"] == REQUESTS)

    def _traffic(self, rate: float, seconds: float) -> Traffic:
        return Traffic(self.client, "open-loop", self.lab.vip.v4, HTTP.listener_port, rate=rate,
                       seconds=seconds).wait_until_running()

    def _finish_traffic(self, when: str, traffic: Traffic, transfer: Traffic | None = None) -> None:
        outcome = traffic.stop()
        self._record(f"failed of {outcome['requests']:,} requests {when}", "0", str(outcome["failed"]),
                     outcome["failed"] == 0 and outcome["answered"] > 0)
        if transfer:
            moved = transfer.stop()
            self._record(f"running transfer {when}", "not broken",
                         moved["broken"] or f"{moved['bytes'] / 1e6:.0f} MB, every byte right",
                         moved["broken"] is None and moved["bytes"] > 0)

    def _tables(self) -> list:
        return self.daemon.owners()

    def _same_maps(self, what: str, before: dict) -> None:
        after = self.daemon.maps()
        changed = [name for name in before if before[name] != after[name]]
        self._record(what, "same", "differ: " + ", ".join(changed) if changed else "same", not changed)

    # Ends.

    def summarise(self) -> None:
        self._begin("Summary")
        rows = [["✓" if result.is_good else "✗", result.what, result.bound, result.measured]
                for result in self.results]
        self.terminal.table(["", "promise", "bound", "measured"], rows)
        kept = sum(result.is_good for result in self.results)
        text = f"{kept} of {len(self.results)} promises kept"
        self.terminal.say("\n" + self.terminal.paint(text, GREEN if self.is_good else RED, BOLD))

    def tell_how_to_play(self) -> None:
        def shell(*words) -> str:
            return shlex.join(map(str, words))

        balancer = shell("nsenter", f"--net={self.lab.balancer.path}")
        client = shell("nsenter", f"--net={self.client.path}")
        dump = shell(*self.daemon.command("map", "dump", "slots"))
        self.terminal.say(f"""
The lab {self.lab.name} goes on. Play with it:
  {client} curl -s http://{self.lab.vip.v4}/ 'http://[{self.lab.vip.v6}]/'
  {shell(*self.daemon.command('status'))}
  {shell(*self.daemon.command('health', service_name(HTTP, 4)))}
  {dump}
Change weights in {self.lab.directory / 'document.yaml'}, then
  {shell(*self.daemon.command('apply', '-f', self.lab.directory / 'document.yaml'))}
Enter the balancer with
  {balancer} bash
Logs are in {self.lab.directory}. Remove all of it with
  scripts/lab down {self.lab.name}""")


def _seconds(value: float | None) -> str:
    return f"{value:.1f} s" if value is not None else "not in time"


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__.splitlines()[0])
    parser.add_argument("--keep", action="store_true", help="leave the lab running and tell how to play with it")
    parser.add_argument("--topology", choices=("two-armed", "one-armed"), default="two-armed")
    options = parser.parse_args()
    if missing := missing_binaries():
        print(f"demo: {', '.join(missing)} missing in {binaries()}: swift build -c release", file=sys.stderr)
        return 1
    terminal = Terminal()
    began = time.monotonic()
    try:
        with Lab(options.topology, servers=len(WEIGHTS), keep=options.keep) as lab:
            demo = Demo(lab, terminal)
            demo.run()
            demo.summarise()
            if not demo.is_good:
                print(lab.logs(8), file=sys.stderr)
            if options.keep:
                demo.tell_how_to_play()
        terminal.say(f"{time.monotonic() - began:.0f} s" + ("" if options.keep else ", and nothing is left behind"))
        return 0 if demo.is_good else 1
    except LabError as error:
        terminal.verdict(False, explain(error))
        return 1
    except KeyboardInterrupt:
        terminal.say("interrupted; the lab is removed")
        return 130


if __name__ == "__main__":
    sys.exit(main())
