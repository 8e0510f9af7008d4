"""The compiler for the little C that the lab has of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from .errors import LabError


def clang() -> str:
    """Swift's own clang has the BPF target; it is beside `swift`, whether in PATH itself or not."""
    if found := shutil.which("clang"):
        return found
    if swift := shutil.which("swift"):
        beside = Path(swift).resolve().with_name("clang")
        if beside.exists():
            return str(beside)
    raise LabError("clang is missing: put the usr/bin of the Swift toolchain into PATH")
