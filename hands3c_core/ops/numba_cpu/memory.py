"""Reading and writing a problem's memory in numba: fields, addresses, rows of states."""

from __future__ import annotations

from ctypes import Structure, sizeof
from typing import Any

import numpy as np
from numba import carray, types
from numba.core import cgutils
from numba.extending import intrinsic

from hands3c_core.jit import njit
from hands3c_core.ops.numba_cpu.tiles import BLOCK, LANES


def field(problem: type[Structure], name: str) -> int:
    """Index of a field in a problem that is read as an array of int64; all fields are 8 bytes."""
    descriptor: Any = getattr(problem, name)
    return descriptor.offset // 8


def as_array(problem: Structure) -> np.ndarray:
    """(fields,) int64: a view of the problem."""
    return np.frombuffer(problem, np.int64, sizeof(problem) // 8)  # type: ignore[call-overload]


@intrinsic
def _pointer(_typing: Any, address: Any) -> Any:
    """An address as a pointer."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(address), generate


@njit
def floats(address, size):
    """(size,) float32 at an address; empty where it is null."""
    # numba gives intrinsics their context by itself.
    data: Any = _pointer(address)  # type: ignore[call-arg]
    return carray(data, (size if address else 0,), np.float32)


@njit
def padded(states):
    """States rounded up to whole blocks."""
    return (states + BLOCK - 1) // BLOCK * BLOCK


@njit
def pack_lanes(values, first, count, to):
    """``to`` (LANES,) = ``count`` values from ``first`` on, then zeros; zeros without values."""
    for i in range(LANES):
        to[i] = values[first + i] if i < count and len(values) else np.float32(0)


@njit
def pack_states(values, first_row, count, states, scale, to):
    """``to`` (padded states, LANES) = rows of (rows, states), zeros elsewhere."""
    to[:] = np.float32(0)
    for i in range(count):
        for n in range(states):
            to[n, i] = values[(first_row + i) * states + n] * scale


@njit
def unpack_states(values, first_row, count, states, to):
    """The opposite of ``pack_states``."""
    for i in range(count):
        for n in range(states):
            to[(first_row + i) * states + n] = values[n, i]
