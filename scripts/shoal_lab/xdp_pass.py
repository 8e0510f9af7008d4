"""Compiles `xdp_pass.bpf.c`, which the lab attaches to the switch's ends of the balancer's devices."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from .compilers import clang
from .errors import LabError
from .processes import environment


class XDPPass:
    """The compiled `xdp_pass`. Compiling takes as long as the rest of the building, so it goes on beside that."""

    def __init__(self, directory: Path):
        self._object = directory / "xdp_pass.bpf.o"
        self._compiler = subprocess.Popen(
            [clang(), "-O2", "-g", "-target", "bpf", "-mcpu=v3", f"-I/usr/include/{os.uname().machine}-linux-gnu",
             "-c", str(Path(__file__).with_name("xdp_pass.bpf.c")), "-o", str(self._object)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment())

    def compiled(self) -> Path:
        said, _ = self._compiler.communicate()
        if self._compiler.returncode != 0:
            raise LabError(f"xdp_pass.bpf.c does not compile:\n{said}")
        return self._object
