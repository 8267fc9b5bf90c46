"""The compiled selective scan as the torch operator ``hands3c::scan``.

Its last argument says which kernels: 'cpu' (C++) or 'numba'. They lay out what they keep for the
backward pass differently, so that pass has to be told as well.

Registered with shapes for tracing and with gradients, so it works in torch.compile, torch.export
and training. Only states at the start of every 32 steps are kept for the backward pass; the others
are recomputed there. Gradients of gradients are not available.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from hands3c_core.ops.cpu_library import Layout, ScanProblem, pointer
from hands3c_core.ops.cpu_operators import (
    block_size,
    check_tensors,
    differentiable,
    fake,
    operator,
    required_library,
    sum_parts,
)


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
    check_tensors(checked, u.dtype)
    lane_groups = layout.lane_groups(rows // groups)
    threads = torch.get_num_threads()
    problem = ScanProblem(
        batch=batch,
        rows=rows,
        groups=groups,
        states=states,
        length=length,
        row_groups_per_block=block_size(lane_groups, batch * groups * lane_groups, threads),
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


def _contiguous(tensor: Tensor | None) -> Tensor | None:
    return None if tensor is None else tensor.contiguous()


@operator("scan")
def scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    delta_bias: Tensor | None,
    softplus: bool,
    save: bool,
    kernel: str,
) -> tuple[Tensor, Tensor, Tensor]:
    library = required_library(kernel)
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


@fake("scan")
def _(*inputs: Any) -> tuple[Tensor, Tensor, Tensor]:
    u, _, A, B, *_, save, kernel = inputs
    size = _saved_size(u, B, required_library(kernel).layout(u.dtype)) if save else 0
    y = u.new_empty(u.shape)
    return y, u.new_empty(u.shape[0], u.shape[1], A.shape[1]), u.new_empty(size)


@operator("scan_backward")
def scan_backward(
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
    kernel: str,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]:
    library = required_library(kernel)
    layout = library.layout(u.dtype)
    u, delta, A = u.contiguous(), delta.contiguous(), A.contiguous()
    dy, dlast = dy.contiguous(), _contiguous(dlast)
    D, delta_bias = _contiguous(D), _contiguous(delta_bias)
    problem = _scan_problem(u, delta, A, B, C, D, delta_bias, softplus, layout)
    blocks = -(-layout.lane_groups(u.shape[1] // B.shape[1]) // problem.row_groups_per_block)
    du, ddelta = torch.empty_like(u), torch.empty_like(u)
    dA = u.new_empty(u.shape[0], *A.shape)
    batch, groups, states, length = B.shape
    grouped = (blocks, batch, groups, length, layout.padded_states(states))
    dB, dC = u.new_empty(grouped), u.new_empty(grouped)
    dD, dbias = u.new_empty(u.shape[:2]), u.new_empty(u.shape[:2])
    last_shape = (u.shape[0], u.shape[1], A.shape[1])
    check_tensors({"dy": (dy, tuple(u.shape)), "dlast": (dlast, last_shape)}, u.dtype)
    problem.saved, problem.dy, problem.dlast = pointer(saved), pointer(dy), pointer(dlast)
    problem.du, problem.ddelta, problem.dA = pointer(du), pointer(ddelta), pointer(dA)
    problem.dB, problem.dC = pointer(dB), pointer(dC)
    problem.dD, problem.ddelta_bias = pointer(dD), pointer(dbias)
    library.call("scan_backward", u.dtype, problem)
    dB, dC = (sum_parts(part)[..., :states].contiguous().transpose(2, 3) for part in (dB, dC))
    return du, ddelta, sum_parts(dA), dB, dC, sum_parts(dD), sum_parts(dbias)


@fake("scan_backward")
def _(*inputs: Any) -> tuple[Tensor, ...]:
    _, _, u, _, A, B = inputs[:6]
    rows = u.shape[1:2]
    grouped = B.transpose(2, 3).shape
    shapes = (u.shape, u.shape, A.shape, grouped, grouped, rows, rows)
    du, ddelta, dA, dB, dC, dD, dbias = (u.new_empty(shape) for shape in shapes)
    return du, ddelta, dA, dB.transpose(2, 3), dC.transpose(2, 3), dD, dbias


def _scan_setup(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    *tensors, softplus, save, kernel = inputs
    ctx.save_for_backward(*tensors, output[2] if save else None)
    ctx.softplus, ctx.kernel = softplus, kernel
    ctx.set_materialize_grads(False)


def _scan_gradients(
    ctx: Any, dy: Tensor | None, dlast: Tensor | None, _: Tensor | None
) -> tuple[Tensor | None, ...]:
    *tensors, saved = ctx.saved_tensors
    if saved is None:
        saved = scan(*tensors, ctx.softplus, True, ctx.kernel)[2]
    if dy is None:
        dy = torch.zeros_like(tensors[0])
    gradients = scan_backward(dy, dlast, *tensors, ctx.softplus, saved, ctx.kernel)
    kept = (g if tensor is not None else None for g, tensor in zip(gradients, tensors, strict=True))
    return (*kept, None, None, None)


differentiable("scan", _scan_gradients, _scan_setup)
