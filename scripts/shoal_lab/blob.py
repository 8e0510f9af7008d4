"""The large file that all servers of a lab offer as /blob?rate=BYTES_PER_SECOND."""

from __future__ import annotations

import sys
from array import array
from pathlib import Path

BLOB_BYTES = 64 << 20
"""Enough for a minute at 1 MiB/s. It says its own offset in every 8 bytes, so a reader notices a lost one."""


def blob_content(offset: int, length: int) -> bytes:
    """What the large file holds there: each 8 bytes their own index, most significant byte first."""
    first, last = offset // 8, (offset + length + 7) // 8
    words = array("Q", range(first, last))
    if sys.byteorder == "little":
        words.byteswap()
    start = offset - first * 8
    return words.tobytes()[start : start + length]


def make_blob(directory: Path) -> None:
    """Makes the file in a lab's directory, unless it is there."""
    path = directory / "blob"
    if path.exists():
        return
    step = 1 << 20
    with path.open("wb") as file:
        for offset in range(0, BLOB_BYTES, step):
            file.write(blob_content(offset, step))
