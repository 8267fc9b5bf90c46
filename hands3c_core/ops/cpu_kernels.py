"""The compiled CPU kernels as torch operators.

``hands3c::scan``, ``hands3c::cross_scan`` and ``hands3c::cross_scan_projecting`` are registered
with shapes for tracing and (the first two) gradients, so they work in torch.compile, torch.export
and training. Only states at the start of every 32 steps are kept for the backward pass; the others
are recomputed there. Gradients of gradients are not available.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hands3c_core.ops.arguments import ScanArguments
from hands3c_core.ops.cpu_library import (
    CpuLibrary,
    CrossScanProblem,
    Layout,
    ScanProblem,
    load_library,
    pointer,
)
from hands3c_core.ops.reference import NUM_DIRECTIONS

#: Tasks a thread, so that a thread that is held up does not hold up the rest.
_TASKS_PER_THREAD = 2
#: Lane groups a task at most: they share the tile of B and C, in cache.
_MAX_BLOCK = 8
#: Widest plane whose projections are computed inside the kernel, in channels.
PROJECTING_LIMIT = 64


def available() -> bool:
    """Whether the kernels are there (builds them on first use)."""
    return load_library() is not None


def _library() -> CpuLibrary:
    library = load_library()
    if library is None:
        raise RuntimeError("the CPU kernels are not available")
    return library


def _block_size(lane_groups: int, tasks_at_size_one: int, threads: int) -> int:
    """Lane groups a task, so that every thread gets several tasks."""
    return max(1, min(_MAX_BLOCK, lane_groups, tasks_at_size_one // (_TASKS_PER_THREAD * threads)))


def _check(expected: dict[str, tuple[Tensor | None, tuple[int, ...]]], dtype: torch.dtype) -> None:
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


# ------------------------------------------------------------------------------ selective scan


def selective_scan(args: ScanArguments, softplus: bool) -> tuple[Tensor, Tensor]:
    """(y, last state) of checked float32 or float64 arguments on the CPU; differentiable."""
    tensors = (args.u, args.delta, args.A, args.B, args.C, args.D, args.delta_bias)
    save = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)
    y, last, _ = _scan(*tensors, softplus, save)
    return y, last


def _scan_problem(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    delta_bias: Tensor | None,
    softplus: bool,
    layout: Layout,
) -> ScanProblem:
    """The inputs' part of a problem. The tensors must be kept alive, contiguous but for B and C."""
    batch, rows, length = u.shape
    groups, states = B.shape[1:3]
    grouped = (batch, groups, states, length)
    checked: dict[str, tuple[Tensor | None, tuple[int, ...]]] = {
        "delta": (delta, (batch, rows, length)),
        "A": (A, (rows, states)),
        "B": (B, grouped),
        "C": (C, grouped),
        "D": (D, (rows,)),
        "delta_bias": (delta_bias, (rows,)),
    }
    _check(checked, u.dtype)
    lane_groups = layout.lane_groups(rows // groups)
    threads = torch.get_num_threads()
    problem = ScanProblem(
        batch=batch,
        rows=rows,
        groups=groups,
        states=states,
        length=length,
        row_groups_per_block=_block_size(lane_groups, batch * groups * lane_groups, threads),
        threads=threads,
        softplus=softplus,
        u=pointer(u),
        delta=pointer(delta),
        A=pointer(A),
        B=pointer(B),
        C=pointer(C),
        D=pointer(D),
        delta_bias=pointer(delta_bias),
    )
    problem.B_strides[:] = B.stride()
    problem.C_strides[:] = C.stride()
    return problem


def _saved_size(u: Tensor, B: Tensor, layout: Layout) -> int:
    batch, rows, length = u.shape
    groups, states = B.shape[1:3]
    lane_groups = batch * groups * layout.lane_groups(rows // groups)
    return layout.saved_size(lane_groups, states, length)


def _sum(parts: Tensor) -> Tensor:
    """Sum over the first dimension, without a copy if there is one part."""
    return parts[0] if len(parts) == 1 else parts.sum(0)


def _contiguous(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.contiguous()


@torch.library.custom_op("hands3c::scan", mutates_args=(), device_types="cpu")
def _scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    delta_bias: Tensor | None,
    softplus: bool,
    save: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    library = _library()
    layout = library.layout(u.dtype)
    u, delta, A = u.contiguous(), delta.contiguous(), A.contiguous()
    D, delta_bias = _contiguous(D), _contiguous(delta_bias)
    y = torch.empty_like(u)
    last = u.new_empty(u.shape[0], u.shape[1], A.shape[1])
    saved = u.new_empty(_saved_size(u, B, layout) if save else 0)
    problem = _scan_problem(u, delta, A, B, C, D, delta_bias, softplus, layout)
    problem.y, problem.last_state = pointer(y), pointer(last)
    problem.saved = pointer(saved) if save else None
    library.call("scan_forward", u.dtype, problem)
    return y, last, saved


@_scan.register_fake
def _(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    delta_bias: Tensor | None,
    softplus: bool,
    save: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    size = _saved_size(u, B, _library().layout(u.dtype)) if save else 0
    y = u.new_empty(u.shape)
    return y, u.new_empty(u.shape[0], u.shape[1], A.shape[1]), u.new_empty(size)


@torch.library.custom_op("hands3c::scan_backward", mutates_args=(), device_types="cpu")
def _scan_backward(
    dy: Tensor,
    dlast: Tensor | None,
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    delta_bias: Tensor | None,
    softplus: bool,
    saved: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    library = _library()
    layout = library.layout(u.dtype)
    u, delta, A = u.contiguous(), delta.contiguous(), A.contiguous()
    dy, dlast = dy.contiguous(), _contiguous(dlast)
    D, delta_bias = _contiguous(D), _contiguous(delta_bias)
    problem = _scan_problem(u, delta, A, B, C, D, delta_bias, softplus, layout)
    blocks = -(-layout.lane_groups(u.shape[1] // B.shape[1]) // problem.row_groups_per_block)
    du, ddelta = torch.empty_like(u), torch.empty_like(u)
    dA = u.new_empty(u.shape[0], *A.shape)
    grouped = (blocks, *B.transpose(2, 3).shape)
    dB, dC = u.new_empty(grouped), u.new_empty(grouped)
    dD, dbias = u.new_empty(u.shape[:2]), u.new_empty(u.shape[:2])
    last_shape = (u.shape[0], u.shape[1], A.shape[1])
    _check({"dy": (dy, tuple(u.shape)), "dlast": (dlast, last_shape)}, u.dtype)
    problem.saved, problem.dy, problem.dlast = pointer(saved), pointer(dy), pointer(dlast)
    problem.du, problem.ddelta, problem.dA = pointer(du), pointer(ddelta), pointer(dA)
    problem.dB, problem.dC = pointer(dB), pointer(dC)
    problem.dD, problem.ddelta_bias = pointer(dD), pointer(dbias)
    library.call("scan_backward", u.dtype, problem)
    dB, dC = _sum(dB).transpose(2, 3), _sum(dC).transpose(2, 3)
    return du, ddelta, _sum(dA), dB, dC, _sum(dD), _sum(dbias)


@_scan_backward.register_fake
def _(
    dy: Tensor,
    dlast: Tensor | None,
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    delta_bias: Tensor | None,
    softplus: bool,
    saved: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    rows = u.shape[1:2]
    grouped = B.transpose(2, 3).shape
    shapes = (u.shape, u.shape, A.shape, grouped, grouped, rows, rows)
    du, ddelta, dA, dB, dC, dD, dbias = (u.new_empty(shape) for shape in shapes)
    return du, ddelta, dA, dB.transpose(2, 3), dC.transpose(2, 3), dD, dbias


def _scan_setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, softplus, save = inputs
    ctx.save_for_backward(*tensors, output[2] if save else None)
    ctx.softplus = softplus
    ctx.set_materialize_grads(False)


def _scan_gradients(
    ctx: Any, dy: Tensor | None, dlast: Tensor | None, _: Tensor | None
) -> tuple[Tensor | None, ...]:
    *tensors, saved = ctx.saved_tensors
    if saved is None:
        saved = _scan(*tensors, ctx.softplus, True)[2]
    if dy is None:
        dy = torch.zeros_like(tensors[0])
    gradients = _scan_backward(dy, dlast, *tensors, ctx.softplus, saved)
    kept = (g if tensor is not None else None for g, tensor in zip(gradients, tensors, strict=True))
    return (*kept, None, None)


_scan.register_autograd(_scan_gradients, setup_context=_scan_setup)


# ------------------------------------------------------------------------------ cross-scan


def cross_scan_2d(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_proj_weight: Tensor,
    dt_proj_bias: Tensor,
    A: Tensor,
    D: Tensor,
) -> Tensor:
    """Checked cross-scan on the CPU, all float32 or all float64; differentiable.

    Shapes as in ``hands3c_core.ops.cross_scan_2d``.
    """
    batch, channels, height, width = x.shape
    tensors = (x, x_proj_weight, dt_proj_weight, dt_proj_bias, A, D)
    positions = x.permute(0, 2, 3, 1).reshape(batch, height * width, channels)
    with_gradients = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
    rest = (dt_proj_weight, dt_proj_bias, A, D, height, width)
    if channels <= PROJECTING_LIMIT and not with_gradients:
        y = _cross_scan_projecting(positions, x_proj_weight, *rest)
    else:
        outputs = x_proj_weight.shape[1]
        projected = positions @ x_proj_weight.flatten(0, 1).T
        projected = projected.view(batch, height * width, NUM_DIRECTIONS, outputs)
        y, _ = _cross_scan(positions, projected, *rest, with_gradients)
    return y.view(batch, height, width, channels).permute(0, 3, 1, 2)


def cross_scan_positions(
    x: Tensor,
    projected: Tensor,
    dt_proj_weight: Tensor,
    dt_proj_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
) -> Tensor:
    """Cross-scan of a position-major plane whose projections are given; no gradients.

    Args:
        x: (B, height * width, C), row-major positions.
        projected: (B, height * width, 4, R + 2N).
        dt_proj_weight, dt_proj_bias, A, D: as in ``hands3c_core.ops.cross_scan_2d``.

    Returns:
        (B, height * width, C).
    """
    return _cross_scan(x, projected, dt_proj_weight, dt_proj_bias, A, D, height, width, False)[0]


def cross_scan_projecting(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_proj_weight: Tensor,
    dt_proj_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
) -> Tensor:
    """As ``cross_scan_positions``, projecting inside the kernel: best for few channels."""
    return _cross_scan_projecting(
        x, x_proj_weight, dt_proj_weight, dt_proj_bias, A, D, height, width
    )


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
    _check(checked, x.dtype)
    projecting = projected is None
    threads = torch.get_num_threads()
    lane_groups = layout.lane_groups(channels)
    # One task takes all channels when it projects, so that projections are computed once.
    block = lane_groups if projecting else _block_size(lane_groups, batch * lane_groups, threads)
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


@torch.library.custom_op("hands3c::cross_scan_projecting", mutates_args=(), device_types="cpu")
def _cross_scan_projecting(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_weight: Tensor,
    dt_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
) -> Tensor:
    library = _library()
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


@_cross_scan_projecting.register_fake
def _(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_weight: Tensor,
    dt_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
) -> Tensor:
    return x.new_empty(x.shape)


@torch.library.custom_op("hands3c::cross_scan", mutates_args=(), device_types="cpu")
def _cross_scan(
    x: Tensor,
    projected: Tensor,
    dt_weight: Tensor,
    dt_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
    save: bool,
) -> tuple[Tensor, Tensor]:
    library = _library()
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


@_cross_scan.register_fake
def _(
    x: Tensor,
    projected: Tensor,
    dt_weight: Tensor,
    dt_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
    save: bool,
) -> tuple[Tensor, Tensor]:
    size = _cross_saved_size(x, A, _library().layout(x.dtype)) if save else 0
    return x.new_empty(x.shape), x.new_empty(size)


@torch.library.custom_op("hands3c::cross_scan_backward", mutates_args=(), device_types="cpu")
def _cross_scan_backward(
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
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    library = _library()
    dy, x, projected = dy.contiguous(), x.contiguous(), projected.contiguous()
    dt_weight, dt_bias, A, D = (t.contiguous() for t in (dt_weight, dt_bias, A, D))
    layout = library.layout(x.dtype)
    problem = _cross_problem(
        x, dt_weight, dt_bias, A, D, height, width, layout, projected=projected
    )
    batch, length, channels = x.shape
    rank, states = problem.rank, problem.states
    blocks = -(-layout.lane_groups(channels) // problem.row_groups_per_block)
    dx = x.new_empty(problem.slots, *x.shape)
    ddelta = x.new_empty(NUM_DIRECTIONS, batch * length, channels)
    dBC = x.new_empty(blocks, batch, length, NUM_DIRECTIONS, 2 * states)
    dA, dD = x.new_empty(batch, *A.shape), x.new_empty(batch, *D.shape)
    _check({"dy": (dy, tuple(x.shape))}, x.dtype)
    problem.saved, problem.dy = pointer(saved), pointer(dy)
    problem.dx, problem.ddelta, problem.dBC = pointer(dx), pointer(ddelta), pointer(dBC)
    problem.dA, problem.dD = pointer(dA), pointer(dD)
    library.call("cross_scan_backward", x.dtype, problem)

    dprojected = torch.empty_like(projected)
    dprojected[..., rank:] = _sum(dBC)
    through_dt = torch.bmm(ddelta, dt_weight)  # (4, positions, rank)
    dprojected[..., :rank] = through_dt.view(NUM_DIRECTIONS, batch, length, rank).permute(
        1, 2, 0, 3
    )
    dt = projected[..., :rank].flatten(0, 1).permute(1, 0, 2)
    ddt_weight = torch.bmm(ddelta.transpose(1, 2), dt)
    return dx[0], dprojected, ddt_weight, ddelta.sum(1), _sum(dA), _sum(dD)


@_cross_scan_backward.register_fake
def _(
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
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    likes = (x, projected, dt_weight, dt_bias, A, D)
    dx, dprojected, ddt_weight, ddt_bias, dA, dD = (like.new_empty(like.shape) for like in likes)
    return dx, dprojected, ddt_weight, ddt_bias, dA, dD


def _cross_setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, height, width, save = inputs
    ctx.save_for_backward(*tensors, output[1] if save else None)
    ctx.size = (height, width)
    ctx.set_materialize_grads(False)


def _cross_gradients(ctx: Any, dy: Tensor | None, _: Tensor | None) -> tuple[Tensor | None, ...]:
    *tensors, saved = ctx.saved_tensors
    if dy is None:
        return (None,) * 9
    if saved is None:
        saved = _cross_scan(*tensors, *ctx.size, True)[1]
    return (*_cross_scan_backward(dy, *tensors, *ctx.size, saved), None, None, None)


_cross_scan.register_autograd(_cross_gradients, setup_context=_cross_setup)
