"""What the torch operators over the compiled CPU kernels share: checks and how work is cut."""

from __future__ import annotations

import torch
from torch import Tensor

from hands3c_core.ops.cpu_library import CpuLibrary, load_library

#: Tasks a thread, so that a thread that is held up does not hold up the rest.
_TASKS_PER_THREAD = 2
#: Lane groups a task at most: they share the tile of B and C, in cache.
_MAX_BLOCK = 8


def required_library() -> CpuLibrary:
    """The kernels; only for operators that were offered because the kernels are there."""
    library = load_library()
    if library is None:
        raise RuntimeError("the CPU kernels are not available")
    return library


def block_size(lane_groups: int, tasks_at_size_one: int, threads: int) -> int:
    """Lane groups a task, so that every thread gets several tasks."""
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
