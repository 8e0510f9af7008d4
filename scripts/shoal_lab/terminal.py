"""What people see of the demo: stages, progress, a table. Piped, without colour and moving lines."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable

from .errors import LabError

BOLD, DIM, GREEN, RED, CYAN = "1", "2", "32", "31", "36"


class Terminal:
    """Standard output, for a person or for a log."""

    def __init__(self):
        self._is_live = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        self._has_colour = self._is_live and not os.environ.get("NO_COLOR")
        self._has_progress = False
        self._told_at = 0.0

    def paint(self, text: str, *codes: str) -> str:
        return f"\033[{';'.join(codes)}m{text}\033[0m" if self._has_colour and codes else text

    def stage(self, number: int, count: int, title: str) -> None:
        self._clear()
        print(f"\n{self.paint(f'[{number}/{count}]', CYAN)} {self.paint(title, BOLD)}", flush=True)

    def say(self, text: str = "") -> None:
        self._clear()
        print("".join(f"      {line}\n" if line else "\n" for line in text.split("\n")), end="", flush=True)

    def verdict(self, is_good: bool, text: str) -> None:
        mark = self.paint("✓", GREEN) if is_good else self.paint("✗", RED, BOLD)
        self._clear()
        print(f"    {mark} {text}", flush=True)

    def progress(self, text: str) -> None:
        """A line that the next output replaces; in a log, a line every five seconds."""
        if self._is_live:
            width = shutil.get_terminal_size().columns - 7
            self._clear()
            print(f"    {self.paint('…', CYAN)} {self.paint(text[:width], DIM)}", end="", flush=True)
            self._has_progress = True
        elif time.monotonic() - self._told_at >= 5:
            print(f"    … {text}", flush=True)
            self._told_at = time.monotonic()

    def wait(
        self, condition: Callable[[], object], seconds: float, what: str, detail: Callable[[], str] = lambda: "",
    ) -> float | None:
        """Waits with progress until the condition holds; how long that took, None when it took too long."""
        began = time.monotonic()
        while True:
            if condition():
                return time.monotonic() - began
            elapsed = time.monotonic() - began
            if elapsed > seconds:
                return None
            self.progress(f"{what}: {elapsed:4.1f} s of at most {seconds:g} s  {detail()}")
            time.sleep(0.1)

    def watch(self, seconds: float, what: str, detail: Callable[[], str]) -> None:
        """Lets time go by, visibly."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self.progress(f"{what}, {left:2.0f} s left: {detail()}")
            time.sleep(min(0.1, left))

    def table(self, head: list[str], rows: list[list[str]], right: tuple[int, ...] = ()) -> None:
        """Columns as wide as their widest cell; those named in `right` end at the right."""
        widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]

        def line(row: list[str]) -> str:
            cells = (cell.rjust(width) if column in right else cell.ljust(width)
                     for column, (cell, width) in enumerate(zip(row, widths)))
            return "  ".join(cells).rstrip()

        self._clear()
        print(f"      {self.paint(line(head), BOLD)}")
        for row in rows:
            print(f"      {line(row)}")
        sys.stdout.flush()

    def _clear(self) -> None:
        if self._has_progress:
            print("\r\033[K", end="")
            self._has_progress = False


def explain(error: Exception) -> str:
    """The error as a person wants it: the lab's own errors are sentences already."""
    return str(error) if isinstance(error, LabError) else f"{type(error).__name__}: {error}"
