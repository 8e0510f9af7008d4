"""Python programs of others that the lab runs unmodified: each in a virtual environment of its own, made once."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from pathlib import Path

from .errors import LabError

CHECKOUT = Path(__file__).resolve().parents[2]
REQUIREMENTS = CHECKOUT / "Tests" / "LabTests" / "requirements"
PLACE = CHECKOUT / ".build" / "venvs"
INSTALL_SECONDS = 300


def python_of(name: str) -> Path:
    """The interpreter that has what requirements/NAME.txt lists. Needs PyPI the first time, and when that changes."""
    requirements = REQUIREMENTS / f"{name}.txt"
    directory = PLACE / name
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = directory / "made-from.txt"
        wanted = f"{directory}\n{sys.version}\n{requirements.read_text()}"
        if not (stamp.exists() and stamp.read_text() == wanted):
            shutil.rmtree(directory, ignore_errors=True)
            _run(sys.executable, "-m", "venv", directory)
            _run(directory / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input",
                 "--requirement", requirements)
            stamp.write_text(wanted)
    return directory / "bin" / "python"


def _run(*argv) -> None:
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        raise LabError(f"{' '.join(words)} took more than {INSTALL_SECONDS} s; is PyPI reachable?") from None
    if done.returncode != 0:
        said = (done.stderr + done.stdout).strip()
        raise LabError(f"{' '.join(words)}: {said}\nscripts/setup installs python3-venv; the packages are PyPI's")
