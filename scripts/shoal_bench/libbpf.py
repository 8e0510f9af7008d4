"""As much of libbpf as a bench needs, through its C interface (bpf/libbpf.h, version 1.1)."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from shoal_lab.errors import LabError

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET


class _TestRun(ctypes.Structure):
    """struct bpf_test_run_opts."""

    _fields_ = [
        ("sz", ctypes.c_size_t), ("data_in", ctypes.c_void_p), ("data_out", ctypes.c_void_p),
        ("data_size_in", ctypes.c_uint32), ("data_size_out", ctypes.c_uint32),
        ("ctx_in", ctypes.c_void_p), ("ctx_out", ctypes.c_void_p),
        ("ctx_size_in", ctypes.c_uint32), ("ctx_size_out", ctypes.c_uint32),
        ("retval", ctypes.c_uint32), ("repeat", ctypes.c_int), ("duration", ctypes.c_uint32),
        ("flags", ctypes.c_uint32), ("cpu", ctypes.c_uint32), ("batch_size", ctypes.c_uint32)]


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL("libbpf.so.1", use_errno=True)
    for name in ("bpf_object__open_file", "bpf_object__find_program_by_name", "bpf_object__find_map_by_name",
                 "bpf_object__next_map", "bpf_map__initial_value"):
        getattr(library, name).restype = ctypes.c_void_p
    library.bpf_map__name.restype = ctypes.c_char_p
    library.libbpf_set_print(None)
    return library


_bpf = _library()


def enter_new_network() -> None:
    """Puts this process into a network namespace of its own, which goes with it."""
    if ctypes.CDLL(None, use_errno=True).unshare(_NEW_NETWORK) != 0:
        raise LabError(f"a network namespace: {os.strerror(ctypes.get_errno())}")


class Map:
    """A map of a loaded object."""

    def __init__(self, handle: int):
        self.descriptor = _bpf.bpf_map__fd(ctypes.c_void_p(handle))
        self.key_size = _bpf.bpf_map__key_size(ctypes.c_void_p(handle))
        self.value_size = _bpf.bpf_map__value_size(ctypes.c_void_p(handle))

    def put(self, key: bytes, value: bytes) -> None:
        if len(key) != self.key_size or len(value) != self.value_size:
            raise LabError(f"an entry of {len(key)} + {len(value)} bytes in a map of "
                           f"{self.key_size} + {self.value_size}: its layout is another one")
        if _bpf.bpf_map_update_elem(self.descriptor, key, value, ctypes.c_uint64(0)) != 0:
            raise LabError(f"bpf_map_update_elem: {os.strerror(ctypes.get_errno())}")

    def fill(self, values: bytes) -> None:
        """Writes the first entries of an array in one go."""
        count = ctypes.c_uint32(len(values) // self.value_size)
        keys = (ctypes.c_uint32 * count.value)(*range(count.value))
        if _bpf.bpf_map_update_batch(self.descriptor, keys, values, ctypes.byref(count), None) != 0:
            raise LabError(f"bpf_map_update_batch: {os.strerror(ctypes.get_errno())}")


class Object:
    """A BPF object, loaded into the kernel; gone when the process ends."""

    def __init__(self, path: Path, constants: bytes | None = None):
        """- Parameter constants: What .rodata begins with; its rest is left as it is."""
        self._handle = _bpf.bpf_object__open_file(str(path).encode(), None)
        if not self._handle:
            raise LabError(f"{path}: {os.strerror(ctypes.get_errno())}")
        if constants is not None:
            self._set_constants(constants)
        if _bpf.bpf_object__load(ctypes.c_void_p(self._handle)) != 0:
            raise LabError(f"{path} is refused by the kernel: {os.strerror(ctypes.get_errno())}")

    def _set_constants(self, constants: bytes) -> None:
        handle = None
        while handle := _bpf.bpf_object__next_map(ctypes.c_void_p(self._handle), ctypes.c_void_p(handle)):
            if _bpf.bpf_map__name(ctypes.c_void_p(handle)).endswith(b".rodata"):
                size = ctypes.c_size_t()
                values = _bpf.bpf_map__initial_value(ctypes.c_void_p(handle), ctypes.byref(size))
                ctypes.memmove(values, constants, min(size.value, len(constants)))

    def map(self, name: str) -> Map:
        return Map(_bpf.bpf_object__find_map_by_name(ctypes.c_void_p(self._handle), name.encode()))

    def program(self, name: str) -> "Program":
        return Program(_bpf.bpf_object__find_program_by_name(ctypes.c_void_p(self._handle), name.encode()))


class Program:
    """A loaded program."""

    def __init__(self, handle: int):
        self._handle = ctypes.c_void_p(handle)
        self.descriptor = _bpf.bpf_program__fd(self._handle)
        _bpf.bpf_program__insn_cnt.restype = ctypes.c_size_t
        self.instructions = _bpf.bpf_program__insn_cnt(self._handle)

    def run(self, packet: bytes, repeat: int) -> tuple[int, int]:
        """Runs it on a packet so often; returns what it answered last, and the mean time in nanoseconds."""
        options = _TestRun(sz=ctypes.sizeof(_TestRun), data_size_in=len(packet), repeat=repeat)
        data = ctypes.create_string_buffer(packet, len(packet))
        options.data_in = ctypes.cast(data, ctypes.c_void_p)
        if _bpf.bpf_prog_test_run_opts(self.descriptor, ctypes.byref(options)) != 0:
            raise LabError(f"BPF_PROG_TEST_RUN: {os.strerror(ctypes.get_errno())}")
        return options.retval, options.duration
