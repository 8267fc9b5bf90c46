"""The compiled cross-scan as torch operators.

``hands3c::cross_scan`` takes given projections and has gradients.
``hands3c::cross_scan_projecting`` computes them inside the kernel and has none. Both have shapes
for tracing, so they work in torch.compile and torch.export. The backward pass recomputes states as
that of ``hands3c::scan`` does, and takes the same last argument. Only the C++ kernels project.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hands3c_core.ops.cpu_library import CrossScanProblem, Layout, pointer
from hands3c_core.ops.cpu_operators import (
    block_size,
    check_tensors,
    differentiable,
    fake,
    operator,
    required_library,
    sum_parts,
)
from hands3c_core.ops.reference import NUM_DIRECTIONS


def _cross_problem(
    x: Tensor,
    dt_weight: Tensor,
    dt_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
    layout: Layout,
    *,
    projected: Tensor | None = None,
    x_proj_weight: Tensor | None = None,
) -> CrossScanProblem:
    """The inputs' part of a problem. All tensors must be contiguous and kept alive.

    Give either the projections or the weights to project with.
    """
    batch, length, channels = x.shape
    states, rank = A.shape[1], dt_weight.shape[2]
    outputs = rank + 2 * states
    checked: dict[str, tuple[Tensor | None, tuple[int, ...]]] = {
        "x": (x, (batch, height * width, channels)),
        "projected": (projected, (batch, length, NUM_DIRECTIONS, outputs)),
        "x_proj_weight": (x_proj_weight, (NUM_DIRECTIONS, outputs, channels)),
        "dt_proj_weight": (dt_weight, (NUM_DIRECTIONS, channels, rank)),
        "dt_proj_bias": (dt_bias, (NUM_DIRECTIONS, channels)),
        "A": (A, (NUM_DIRECTIONS * channels, states)),
        "D": (D, (NUM_DIRECTIONS * channels,)),
    }
    check_tensors(checked, x.dtype)
    projecting = projected is None
    threads = torch.get_num_threads()
    lane_groups = layout.lane_groups(channels)
    # One task takes all channels when it projects, so that projections are computed once.
    block = lane_groups if projecting else block_size(lane_groups, batch * lane_groups, threads)
    slots = 1
    while slots < NUM_DIRECTIONS and batch * -(-lane_groups // block) * slots < threads:
        slots *= 2
    while block > 1 and batch * -(-lane_groups // block) * slots < threads:
        block -= 1
    return CrossScanProblem(
        batch=batch,
        height=height,
        width=width,
        channels=channels,
        states=states,
        rank=rank,
        row_groups_per_block=block,
        slots=slots,
        threads=threads,
        x=pointer(x),
        projected=pointer(projected),
        x_proj_weight=pointer(x_proj_weight),
        dt_weight=pointer(dt_weight),
        dt_bias=pointer(dt_bias),
        A=pointer(A),
        D=pointer(D),
    )


def _cross_saved_size(x: Tensor, A: Tensor, layout: Layout) -> int:
    batch, length, channels = x.shape
    lane_groups = batch * NUM_DIRECTIONS * layout.lane_groups(channels)
    return layout.saved_size(lane_groups, A.shape[1], length)


@operator("cross_scan_projecting")
def cross_scan_projecting(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_weight: Tensor,
    dt_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
) -> Tensor:
    library = required_library("cpu")
    x, x_proj_weight = x.contiguous(), x_proj_weight.contiguous()
    dt_weight, dt_bias, A, D = (t.contiguous() for t in (dt_weight, dt_bias, A, D))
    layout = library.layout(x.dtype)
    problem = _cross_problem(
        x, dt_weight, dt_bias, A, D, height, width, layout, x_proj_weight=x_proj_weight
    )
    planes = x.new_empty(problem.slots, *x.shape)
    problem.y = pointer(planes)
    library.call("cross_scan_forward", x.dtype, problem)
    return planes[0]


@fake("cross_scan_projecting")
def _(x: Tensor, *_: Any) -> Tensor:
    return x.new_empty(x.shape)


@operator("cross_scan")
def cross_scan(
    x: Tensor,
    projected: Tensor,
    dt_weight: Tensor,
    dt_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
    save: bool,
    kernel: str,
) -> tuple[Tensor, Tensor]:
    library = required_library(kernel)
    x, projected = x.contiguous(), projected.contiguous()
    dt_weight, dt_bias, A, D = (t.contiguous() for t in (dt_weight, dt_bias, A, D))
    layout = library.layout(x.dtype)
    problem = _cross_problem(
        x, dt_weight, dt_bias, A, D, height, width, layout, projected=projected
    )
    planes = x.new_empty(problem.slots, *x.shape)
    saved = x.new_empty(_cross_saved_size(x, A, layout) if save else 0)
    problem.y = pointer(planes)
    problem.saved = pointer(saved) if save else None
    library.call("cross_scan_forward", x.dtype, problem)
    return planes[0], saved


@fake("cross_scan")
def _(*inputs: Any) -> tuple[Tensor, Tensor]:
    x, _, _, _, A, *_, save, kernel = inputs
    size = _cross_saved_size(x, A, required_library(kernel).layout(x.dtype)) if save else 0
    return x.new_empty(x.shape), x.new_empty(size)


@operator("cross_scan_backward")
def cross_scan_backward(
    dy: Tensor,
    x: Tensor,
    projected: Tensor,
    dt_weight: Tensor,
    dt_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
    saved: Tensor,
    kernel: str,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    library = required_library(kernel)
    dy, x, projected = dy.contiguous(), x.contiguous(), projected.contiguous()
    dt_weight, dt_bias, A, D = (t.contiguous() for t in (dt_weight, dt_bias, A, D))
    layout = library.layout(x.dtype)
    problem = _cross_problem(
        x, dt_weight, dt_bias, A, D, height, width, layout, projected=projected
    )
    blocks = -(-layout.lane_groups(x.shape[2]) // problem.row_groups_per_block)
    dx = x.new_empty(problem.slots, *x.shape)
    dprojected = x.new_empty(blocks, *projected.shape)
    ddt_weight, ddt_bias, dA, dD = (
        x.new_empty(len(x), *like.shape) for like in (dt_weight, dt_bias, A, D)
    )
    check_tensors({"dy": (dy, tuple(x.shape))}, x.dtype)
    problem.saved, problem.dy = pointer(saved), pointer(dy)
    problem.dx, problem.dprojected = pointer(dx), pointer(dprojected)
    problem.ddt_weight, problem.ddt_bias = pointer(ddt_weight), pointer(ddt_bias)
    problem.dA, problem.dD = pointer(dA), pointer(dD)
    library.call("cross_scan_backward", x.dtype, problem)
    sums = (sum_parts(parts) for parts in (dprojected, ddt_weight, ddt_bias, dA, dD))
    return (dx[0], *sums)  # type: ignore[return-value]


@fake("cross_scan_backward")
def _(_: Tensor, *inputs: Any) -> tuple[Tensor, ...]:
    return tuple(like.new_empty(like.shape) for like in inputs[:6])


def _cross_setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, height, width, save, kernel = inputs
    ctx.save_for_backward(*tensors, output[1] if save else None)
    ctx.size, ctx.kernel = (height, width), kernel
    ctx.set_materialize_grads(False)


def _cross_gradients(ctx: Any, dy: Tensor | None, _: Tensor | None) -> tuple[Tensor | None, ...]:
    *tensors, saved = ctx.saved_tensors
    if dy is None:
        return (None,) * 10
    if saved is None:
        saved = cross_scan(*tensors, *ctx.size, True, ctx.kernel)[1]
    gradients = cross_scan_backward(dy, *tensors, *ctx.size, saved, ctx.kernel)
    return (*gradients, None, None, None, None)


differentiable("cross_scan", _cross_gradients, _cross_setup)
