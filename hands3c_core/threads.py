"""Thread settings for our processes; imports nothing, so that it can run before everything else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

#: Between two parallel regions OpenMP threads wait busily, by default for milliseconds. With
#: several threaded libraries in one process, or any other load, a waiting thread then keeps a
#: working one from its core and frames take seconds. These bounds keep the wait to microseconds.
_WAITING: Final = {
    "GOMP_SPINCOUNT": "2000",  # GNU: rounds of waiting
    "KMP_BLOCKTIME": "0",  # Intel and LLVM: milliseconds
}
_POOLS: Final = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def configure_threads(*, side_by_side: bool = False) -> bool:
    """Keep the numeric libraries from fighting over cores; the user's own settings win.

    The package calls it when it is imported, so that a network of the library is as fast as in the
    app. It has to be before torch is imported, since OpenMP reads them once; a program that imports
    torch itself should import hands3c_core first.

    Args:
        side_by_side: this process does several things at once, as the window does, which detects,
            fits, draws and encodes: a pool as large as the machine in each of them would only make
            them wait for one another, so each gets half the cores, at most 4.

    Returns:
        False if it is too late, because torch has been imported.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        for name, value in _WAITING.items():
            os.environ.setdefault(name, value)
    if side_by_side:
        threads = str(max(1, min(4, (os.cpu_count() or 2) // 2)))
        for name in _POOLS:
            os.environ.setdefault(name, threads)
    return "torch" not in sys.modules


def available_cores() -> int:
    """Cores that this process may use: fewer than the machine has, where it was told so."""
    try:
        return max(1, len(os.sched_getaffinity(0)))
    except AttributeError:  # not on Windows and macOS
        return os.cpu_count() or 1


def thread_environment(threads: int) -> dict[str, str]:
    """Variables with which a process keeps to so many threads in each numeric library."""
    return dict.fromkeys((*_POOLS, "NUMBA_NUM_THREADS"), str(threads))


@contextmanager
def bounded_threads(threads: int) -> Iterator[None]:
    """Processes started meanwhile keep to so many threads in each numeric library."""
    bounds = thread_environment(threads)
    before = {name: os.environ.get(name) for name in bounds}
    os.environ.update(bounds)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
