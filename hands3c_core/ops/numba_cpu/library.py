"""The numba kernels with the face of the compiled library (``ops/cpu_library.py``)."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from ctypes import Structure

import torch

from hands3c_core.ops.cpu_library import CrossScanProblem, Layout, ScanProblem
from hands3c_core.ops.numba_cpu import cross_scan, scan
from hands3c_core.ops.numba_cpu.memory import as_array
from hands3c_core.ops.numba_cpu.tiles import BLOCK, LANES, STEPS

#: Elements of a plane that one task adds up.
_CHUNK = 1 << 14


class NumbaLibrary:
    """Calls run on torch's number of threads, without Python's lock; float32 only."""

    isa = "numba"
    _layout = Layout(lanes=LANES, least_block_states=BLOCK, tile_steps=STEPS)

    def layout(self, dtype: torch.dtype) -> Layout:
        if dtype != torch.float32:
            raise ValueError(f"the numba kernels work in float32, not {dtype}")
        return self._layout

    def call(self, name: str, dtype: torch.dtype, problem: Structure) -> None:
        """Run kernel ``name`` ('scan_forward', ...)."""
        layout = self.layout(dtype)
        if isinstance(problem, ScanProblem):
            lane_groups = layout.lane_groups(problem.rows // problem.groups)
            tasks = problem.batch * problem.groups
        else:
            assert isinstance(problem, CrossScanProblem)
            lane_groups = layout.lane_groups(problem.channels)
            tasks = problem.batch * problem.slots
        tasks *= -(-lane_groups // problem.row_groups_per_block)
        fields = as_array(problem)
        kernel = _KERNELS[name]
        _run(tasks, problem.threads, lambda i: kernel(fields, i, i + 1))
        if isinstance(problem, CrossScanProblem):
            _add_slots(problem, problem.y if name.endswith("forward") else problem.dx)


_KERNELS: dict[str, Callable[..., None]] = {
    "scan_forward": scan.scan_forward,
    "scan_backward": scan.scan_backward,
    "cross_scan_forward": cross_scan.cross_scan_forward,
    "cross_scan_backward": cross_scan.cross_scan_backward,
}


def _add_slots(problem: CrossScanProblem, address: int) -> None:
    if problem.slots == 1:
        return
    size = problem.batch * problem.height * problem.width * problem.channels
    _run(
        -(-size // _CHUNK),
        problem.threads,
        lambda i: cross_scan.add_slots(
            address, problem.slots, size, i * _CHUNK, min(size, (i + 1) * _CHUNK)
        ),
    )


def _run(tasks: int, threads: int, task: Callable[[int], None]) -> None:
    """Run task(0) ... task(tasks - 1) on so many threads, this one among them."""
    numbers = iter(range(tasks))

    def work() -> None:
        for i in numbers:  # each number once: Python's lock is held meanwhile
            task(i)

    helpers = [_pool().submit(work) for _ in range(min(tasks, threads) - 1)]
    work()
    for helper in helpers:
        if not helper.cancel():  # it may not have begun, where the pool is busy
            helper.result()


@functools.lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="scan")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # threads do not survive a fork


@functools.lru_cache(maxsize=1)
def load_library() -> NumbaLibrary:
    """The kernels; they are compiled at their first calls, or read from the cache on disk."""
    return NumbaLibrary()
