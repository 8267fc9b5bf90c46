"""The compiled CPU kernels as a Python object: structures, pointers and sizes, no autograd."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import logging
from collections.abc import Iterator
from ctypes import POINTER, Structure, c_char_p, c_float, c_int, c_int64, c_void_p
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hands3c_core.ops import build

_log = logging.getLogger(__name__)


class ScanProblem(Structure):
    """``ScanProblem`` of ops/cpu/problems.h."""

    _fields_ = (
        *((name, c_int64) for name in ("batch", "rows", "groups", "states", "length")),
        *((name, c_int64) for name in ("row_groups_per_block", "threads", "softplus")),
        ("B_strides", c_int64 * 4),
        ("C_strides", c_int64 * 4),
        *((name, c_void_p) for name in ("u", "delta", "A", "B", "C", "D", "delta_bias")),
        *((name, c_void_p) for name in ("y", "last_state", "saved")),
        *((name, c_void_p) for name in ("dy", "dlast", "du", "ddelta", "dA", "dB", "dC", "dD")),
        ("ddelta_bias", c_void_p),
    )


class CrossScanProblem(Structure):
    """``CrossScanProblem`` of ops/cpu/problems.h."""

    _fields_ = (
        *((name, c_int64) for name in ("batch", "height", "width", "channels", "states", "rank")),
        *((name, c_int64) for name in ("row_groups_per_block", "slots", "threads")),
        *((name, c_void_p) for name in ("x", "projected", "x_proj_weight", "dt_weight")),
        *((name, c_void_p) for name in ("dt_bias", "A", "D", "y", "saved")),
        *((name, c_void_p) for name in ("dy", "dx", "dprojected", "ddt_weight")),
        *((name, c_void_p) for name in ("ddt_bias", "dA", "dD")),
    )


@dataclass(frozen=True)
class Layout:
    """Sizes that an instruction set works with."""

    lanes: int
    """Rows handled at once."""
    least_block_states: int
    """N is padded to a multiple of this."""
    tile_steps: int
    """Steps between saved states."""

    def lane_groups(self, rows: int) -> int:
        return -(-rows // self.lanes)

    def padded_states(self, states: int) -> int:
        return -(-states // self.least_block_states) * self.least_block_states

    def saved_size(self, lane_groups: int, states: int, length: int) -> int:
        """Elements of the saved states of so many groups of rows."""
        tiles = -(-length // self.tile_steps)
        return lane_groups * tiles * self.padded_states(states) * self.lanes


class CpuLibrary:
    """The loaded library. Calls release Python's lock and run on torch's number of threads."""

    def __init__(self, path: str) -> None:
        library = ctypes.CDLL(path)
        library.hands3c_isa.restype = c_char_p
        library.hands3c_use_isa.argtypes = [c_char_p]
        library.hands3c_use_isa.restype = c_int
        library.hands3c_layout.argtypes = [c_int, POINTER(c_int64)]
        library.hands3c_layout.restype = None
        library.hands3c_spin_vector_units.argtypes = [c_int64, c_int64]
        library.hands3c_spin_vector_units.restype = c_float
        self._library = library
        self._functions: dict[tuple[str, torch.dtype], Any] = {}
        for dtype, suffix in ((torch.float32, "f32"), (torch.float64, "f64")):
            for name, problem in (("scan", ScanProblem), ("cross_scan", CrossScanProblem)):
                for way in ("forward", "backward"):
                    function = getattr(library, f"hands3c_{name}_{way}_{suffix}")
                    function.argtypes = [POINTER(problem)]
                    function.restype = None
                    self._functions[f"{name}_{way}", dtype] = function
        self._layouts: dict[torch.dtype, Layout] = {}

    @property
    def isa(self) -> str:
        """Instruction set in use: 'avx512', 'avx2' or 'portable'."""
        return self._library.hands3c_isa().decode()

    def layout(self, dtype: torch.dtype) -> Layout:
        if dtype not in self._layouts:
            sizes = (c_int64 * 3)()
            self._library.hands3c_layout(dtype == torch.float64, sizes)
            self._layouts[dtype] = Layout(*sizes)
        return self._layouts[dtype]

    def spin_vector_units(self, rounds: int, threads: int) -> None:
        """Keep the vector units of ``threads`` threads busy with 16 * ``rounds`` fused
        multiply-adds each: timing it gives the machine's limit."""
        self._library.hands3c_spin_vector_units(rounds, threads)

    def call(self, name: str, dtype: torch.dtype, problem: Structure) -> None:
        """Run kernel ``name`` ('scan_forward', ...) for float32 or float64."""
        self._functions[name, dtype](ctypes.byref(problem))

    @contextlib.contextmanager
    def using_isa(self, name: str) -> Iterator[None]:
        """Use another instruction set for a while (for tests and benchmarks).

        Raises:
            ValueError: this CPU or this build does not have it.
        """
        before = self.isa
        if self._library.hands3c_use_isa(name.encode()):
            raise ValueError(f"this CPU has no {name} kernels")
        self._layouts.clear()
        try:
            yield
        finally:
            self._library.hands3c_use_isa(before.encode())
            self._layouts.clear()


def pointer(tensor: Tensor | None) -> int | None:
    """Address of a tensor's data for a structure's field."""
    return None if tensor is None else tensor.data_ptr()


@functools.lru_cache(maxsize=1)
def load_library() -> CpuLibrary | None:
    """The kernels, built on first use; None (and one line in the log) if that is impossible."""
    try:
        return CpuLibrary(str(build.ensure_built()))
    except (build.BuildError, OSError, AttributeError) as error:
        _log.warning("CPU kernels unavailable (%s): using those that numba compiles", error)
        return None
