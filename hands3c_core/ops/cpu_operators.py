"""What the torch operators over the CPU kernels share: checks and how work is cut."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from hands3c_core.ops.cpu_library import CpuLibrary, load_library

if TYPE_CHECKING:
    from hands3c_core.ops.numba_cpu.library import NumbaLibrary

_NAMESPACE: Final = "hands3c"
_LIBRARY: Final = torch.library.Library(_NAMESPACE, "FRAGMENT")

#: Tasks a thread, so that a thread that is held up does not hold up the rest.
_TASKS_PER_THREAD = 2
#: Lane groups a task at most: they share the tile of B and C, in cache.
_MAX_BLOCK = 8


def operator(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function of tensors on the CPU the torch operator ``hands3c::NAME``.

    Its annotations are its schema; it must not change its inputs nor return one of them.
    ``torch.library.custom_op`` would do the same, but its first call imports the whole of
    torch.compile: 75 MB and seconds that inference has no use for.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        schema = torch.library.infer_schema(function, mutates_args=())
        _LIBRARY.define(name + schema)
        _LIBRARY.impl(name, function, "CPU")
        return getattr(getattr(torch.ops, _NAMESPACE), name).default

    return register


def fake(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the function that says an operator's output shapes when a program is traced."""
    return torch.library.register_fake(f"{_NAMESPACE}::{name}", lib=_LIBRARY)


def differentiable(name: str, backward: Callable[..., Any], setup: Callable[..., None]) -> None:
    """Register an operator's gradients, as ``torch.library.register_autograd`` does."""
    torch.library.register_autograd(
        f"{_NAMESPACE}::{name}", backward, setup_context=setup, lib=_LIBRARY
    )


def required_library(kernel: str) -> CpuLibrary | NumbaLibrary:
    """The kernels 'cpu' (C++) or 'numba'; only for operators that were offered because the kernels
    are there."""
    if kernel == "numba":
        from hands3c_core.ops.numba_cpu import library as numba_library

        return numba_library.load_library()
    library = load_library()
    if library is None:
        raise RuntimeError("the CPU kernels are not available")
    return library


def block_size(lane_groups: int, tasks_at_size_one: int, threads: int) -> int:
    """Lane groups a task, so that every thread gets several tasks; few tasks for one thread."""
    if threads == 1:
        return min(_MAX_BLOCK, lane_groups)
    return max(1, min(_MAX_BLOCK, lane_groups, tasks_at_size_one // (_TASKS_PER_THREAD * threads)))


def check_tensors(
    expected: dict[str, tuple[Tensor | None, tuple[int, ...]]], dtype: torch.dtype
) -> None:
    """The kernels read raw memory: refuse what they would misread."""
    if dtype not in (torch.float32, torch.float64):
        raise ValueError(f"the CPU kernels work in float32 or float64, not {dtype}")
    for name, (tensor, shape) in expected.items():
        if tensor is None:
            continue
        if tensor.dtype != dtype or tensor.shape != shape:
            raise ValueError(
                f"{name} must be {shape} of {dtype}, not {tuple(tensor.shape)} of {tensor.dtype}"
            )


def sum_parts(parts: Tensor) -> Tensor:
    """Sum over the first dimension, without a copy if there is one part."""
    return parts[0] if len(parts) == 1 else parts.sum(0)
