"""Signals and cleaning up: one asks for it, a second one waits for it."""

from __future__ import annotations

import signal


class Terminated(KeyboardInterrupt):
    """SIGTERM, told to Python the way it is told of Ctrl-C, so that `with` blocks and fixtures clean up."""


def interrupt_on_sigterm() -> None:
    def interrupt(_number, _frame):
        raise Terminated

    try:
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, interrupt)
    except ValueError:
        pass  # Not the main thread: whoever has that one decides about signals.


class UninterruptedBySignals:
    """Lets cleaning up finish: a second Ctrl-C must not leave half of a lab behind."""

    def __enter__(self):
        self._before = {}
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._before[number] = signal.signal(number, signal.SIG_IGN)
            except ValueError:
                return

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)
