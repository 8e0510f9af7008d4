"""The bench measures what it says, of the program in the working tree."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.network
BENCH = Path(__file__).resolve().parents[2] / "scripts/bench"


def bench(*words: str) -> subprocess.CompletedProcess:
    return subprocess.run([BENCH, *words], capture_output=True, text=True, timeout=120)


def test_rows_are_measured(tmp_path: Path):
    """Each packet does what its row says, or there is no figure; a program costs more than an empty one."""
    done = bench("--rounds", "1", "--only", "one of 65,536", "--json", str(tmp_path / "costs.json"))
    assert done.returncode == 0, done.stderr
    rows = {row["packet"]: row for row in json.loads((tmp_path / "costs.json").read_text())["rows"]}
    assert set(rows) == {"empty program", "floor: parse, MAC rewrite, XDP_TX", "to a target, one of 65,536 flows",
                         "moving slot, one of 65,536 pinned flows"}
    empty = rows["empty program"]["now"]["median"]
    assert 0 < empty < rows["to a target, one of 65,536 flows"]["now"]["median"]
    assert all(name in done.stdout for name in rows)


def test_an_unknown_revision_is_told():
    done = bench("--rounds", "1", "--against", "no-such-revision")
    assert done.returncode == 1
    assert done.stderr.startswith("bench: no-such-revision: ") and "Traceback" not in done.stderr
