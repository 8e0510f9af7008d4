"""What a lab has made, written down where another process finds it: `scripts/lab down` needs no living parent."""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .errors import LabError

ROOT = Path("/run/shoal-lab")


def start_time(pid: int) -> int | None:
    """When the process started, in clock ticks since boot; None when there is none. With the pid it names a process
    for good, where the pid alone may be used again."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat[stat.rindex(")") + 2 :].split()
    return None if fields[0] in "ZX" else int(fields[19])


@dataclass
class Record:
    """One lab's entry: its owner, its namespaces, its processes."""

    name: str
    owner: list[int]
    topology: str = ""
    namespaces: list[str] = field(default_factory=list)
    processes: list[list] = field(default_factory=list)
    kept: bool = False

    @classmethod
    def create(cls, name: str | None, topology: str) -> "Record":
        """Takes a name that no other lab has, for good: creating its directory is atomic."""
        if name and not re.fullmatch("[a-z0-9]{1,12}", name):
            raise LabError(f"the name {name} is not 1 to 12 small letters and digits")
        ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
        chosen = name or secrets.token_hex(2)
        try:
            (ROOT / chosen).mkdir(mode=0o755)
        except FileExistsError:
            if name:
                raise LabError(f"there is a lab {name} already; scripts/lab down {name} removes it") from None
            return cls.create(None, topology)
        record = cls(name=chosen, owner=[os.getpid(), start_time(os.getpid()) or 0], topology=topology)
        record.save()
        return record

    @classmethod
    def load(cls, name: str) -> "Record":
        try:
            return cls(**json.loads((ROOT / name / "lab.json").read_text()))
        except (OSError, ValueError, TypeError):
            # Ended while it was being made, or damaged: its name still tells which namespaces are its own.
            return cls(name=name, owner=[0, 0])

    @staticmethod
    def names() -> list[str]:
        return sorted(entry.name for entry in ROOT.iterdir() if entry.is_dir()) if ROOT.is_dir() else []

    @property
    def directory(self) -> Path:
        return ROOT / self.name

    @property
    def prefix(self) -> str:
        """What the names of its namespaces begin with."""
        return f"shoal-{self.name}-"

    @property
    def has_living_owner(self) -> bool:
        pid, started = self.owner
        return pid > 0 and start_time(pid) == started

    def add_process(self, pid: int, what: str) -> None:
        self.processes = [entry for entry in self.processes if start_time(entry[0]) == entry[1]]
        self.processes.append([pid, start_time(pid), what])
        self.save()

    def living_processes(self) -> list[int]:
        return [pid for pid, started, _ in self.processes if started is not None and start_time(pid) == started]

    def save(self) -> None:
        path = self.directory / "lab.json"
        aside = path.with_suffix(".new")
        aside.write_text(json.dumps(asdict(self)))
        aside.rename(path)
