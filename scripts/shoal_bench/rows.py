"""What is measured, and what it should cost at most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from .programs import DIRECT, MOVING, NOBODY, UDP, XDP_DROP, XDP_PASS, XDP_TX, Work, reply, request

SYN = 0x02
MANY = 1 << 16
MILLION = 1 << 20
KATRAN_MILLION = 576
"""Nanoseconds that katran took for one of a million flows, measured so on such a machine, but in another run."""


@dataclass(frozen=True)
class Row:
    """One kind of packet."""

    name: str
    work: Work
    flows: int = 1
    program: str = "shoal"
    goal: str = ""
    is_met: Callable[["Costs"], bool] | None = None

    @property
    def is_shoals(self) -> bool:
        return self.program == "shoal"

    @property
    def packets(self) -> int:
        """Of one sample."""
        return max(self.flows, 1 << 18)


class Costs:
    """Samples of each row, in nanoseconds, the driver's part taken off."""

    def __init__(self):
        self._samples: dict[str, list[float]] = {}

    def add(self, name: str, nanoseconds: float) -> None:
        self._samples.setdefault(name, []).append(nanoseconds)

    def samples(self, name: str) -> list[float]:
        return self._samples[name]

    def __getitem__(self, name: str) -> float:
        return median(self._samples[name])

    def __contains__(self, name: str) -> bool:
        return name in self._samples


EMPTY, FLOOR = "empty program", "floor: parse, MAC rewrite, XDP_TX"
ESTABLISHED, MANY_ESTABLISHED = "to a target, IPv4 TCP", "to a target, one of 1,048,576 flows"


def _rows() -> list[Row]:
    def bound(name: str, work: Work, factor: float, of: str, flows: int = 1) -> Row:
        return Row(name, work, flows, goal=f"≤ {factor:g} × {of.partition(':')[0]}",
                   is_met=lambda costs: costs[name] <= factor * costs[of])

    def like(name: str, work: Work, of: str, flows: int = 1) -> Row:
        return Row(name, work, flows, goal="as established ± 10 %",
                   is_met=lambda costs: 0.9 <= costs[name] / costs[of] <= 1.1)

    return [
        Row(EMPTY, request(action=XDP_DROP), program="empty"),
        Row(FLOOR, request(action=XDP_TX), program="rewrite"),
        bound("not for us", request(vip=NOBODY, action=XDP_PASS), 2, EMPTY),
        bound(ESTABLISHED, request(), 3, FLOOR),
        bound("to a target, one of 65,536 flows", request(), 3, FLOOR, MANY),
        bound(MANY_ESTABLISHED, request(), 3, FLOOR, MILLION),
        like("to a target, SYN", request(flags=SYN), ESTABLISHED),
        like("to a target, SYN of 1,048,576 flows", request(flags=SYN), MANY_ESTABLISHED, MILLION),
        bound("to a target, IPv4 UDP", request(protocol=UDP), 3, FLOOR),
        bound("to a target, IPv6 TCP", request(6), 3, FLOOR),
        bound("to a target, mode dsr", request(vip=DIRECT[4]), 2, FLOOR),
        bound("to a target, mode dsr, one of 1,048,576 flows", request(vip=DIRECT[4]), 2, FLOOR, MILLION),
        bound("to a target, mode dsr, IPv6", request(6, vip=DIRECT[6]), 2, FLOOR),
        bound("to a client, IPv4 TCP", reply(), 3, FLOOR),
        bound("to a client, one of 1,048,576 flows", reply(), 3, FLOOR, MILLION),
        bound("to a client, IPv6 TCP", reply(6), 3, FLOOR),
        Row("moving slot, pinned flow", request(vip=MOVING[4])),
        Row("moving slot, one of 65,536 pinned flows", request(vip=MOVING[4]), MANY),
        Row("moving slot, one of 1,048,576 pinned flows", request(vip=MOVING[4]), MILLION,
            goal=f"≤ {KATRAN_MILLION // 2} ns, half of katran's",
            is_met=lambda costs: costs["moving slot, one of 1,048,576 pinned flows"] <= KATRAN_MILLION / 2),
    ]


ROWS = _rows()
