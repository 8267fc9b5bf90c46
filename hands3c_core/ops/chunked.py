"""Selective scan in plain torch, many steps at a time: the fallback where nothing can be compiled.

The sequence is cut into about sqrt(L) chunks that are scanned side by side from a zero state, the
chunks' last states are chained, and what each chunk's true initial state adds to its outputs is
added afterwards. That takes some 2 sqrt(L) vectorised steps instead of L. Unlike a prefix scan in
log space it only ever multiplies by exp(dt A), so no step size can overflow it.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from hands3c_core.ops.arguments import ScanArguments

#: States worked on at once: enough to occupy the threads, few enough to stay in cache.
_WORKING_SET = 1 << 18


def scan(args: ScanArguments) -> tuple[Tensor, Tensor]:
    """Selective scan on any device; differentiable."""
    # Numbers, not what an exporter would trace: ONNX divides towards zero, Python downwards.
    batch, rows, length = map(int, args.u.shape)
    groups, states = map(int, args.B.shape[1:3])
    dt = args.step_sizes()
    steps = math.isqrt(length - 1) + 1
    chunks = -(-length // steps)
    padding = (0, steps * chunks - length)  # dt = 0 leaves the state alone

    def cut(x: Tensor, *shape: int) -> Tensor:
        return F.pad(x, padding).reshape(batch * groups, *shape, chunks, steps)

    dt_cut = cut(dt, rows // groups)
    drive = cut(dt * args.u, rows // groups)
    B_cut, C_cut = cut(args.B, states), cut(args.C, states)
    A_cut = args.A.view(groups, rows // groups, states).repeat(batch, 1, 1)
    y, last = _by_slices(dt_cut, drive, A_cut, B_cut, C_cut)
    y = y.reshape(batch, rows, -1)[..., :length]
    return args.with_skip(y), last.reshape(batch, rows, states)


def _by_slices(dt: Tensor, drive: Tensor, A: Tensor, B: Tensor, C: Tensor) -> tuple[Tensor, Tensor]:
    """Scan slices of groups and rows one after the other, each small enough for the cache.

    Args:
        dt: (S, R, chunks, steps), S = batch * groups, R rows each.
        drive: (S, R, chunks, steps) dt * u.
        A: (S, R, N).
        B: (S, N, chunks, steps).
        C: (S, N, chunks, steps).

    Returns:
        y (S, R, chunks, steps) and last states (S, R, N).
    """
    sets, rows, chunks, _ = map(int, dt.shape)
    row_states = chunks * int(A.shape[-1])
    row_step = max(1, min(rows, _WORKING_SET // row_states))
    set_step = max(1, _WORKING_SET // (row_states * rows)) if row_step == rows else 1
    with_gradients = torch.is_grad_enabled() and any(t.requires_grad for t in (dt, drive, A, B, C))
    outputs, states = [], []
    for s in range(0, sets, set_step):
        pick = slice(s, s + set_step)
        row_outputs, row_last = [], []
        for r in range(0, rows, row_step):
            part = slice(r, r + row_step)
            tensors = (dt[pick, part], drive[pick, part], A[pick, part], B[pick], C[pick])
            # Recomputed in the backward pass: kept, the states would be L times larger than y.
            y, last = (
                checkpoint(_scan_slice, *tensors, use_reentrant=False)
                if with_gradients
                else _scan_slice(*tensors)
            )
            row_outputs.append(y)
            row_last.append(last)
        outputs.append(torch.cat(row_outputs, dim=1))
        states.append(torch.cat(row_last, dim=1))
    return torch.cat(outputs), torch.cat(states)


def _scan_slice(
    dt: Tensor, drive: Tensor, A: Tensor, B: Tensor, C: Tensor
) -> tuple[Tensor, Tensor]:
    """One slice of ``_by_slices``, shapes as there."""
    A = A.unsqueeze(2)  # (S, R, 1, N)
    # A step's tensors each: a tracer knows how many these are, but not a size as a number.
    B_steps = B.permute(3, 0, 2, 1).unsqueeze(2).unbind()  # (S, 1, chunks, N)
    C_steps = C.permute(3, 0, 2, 1).unsqueeze(2).unbind()
    state = A.new_zeros(*dt.shape[:3], A.shape[-1])
    outputs = []
    for dt_t, drive_t, B_t, C_t in zip(
        dt.unsqueeze(-1).unbind(3), drive.unsqueeze(-1).unbind(3), B_steps, C_steps, strict=True
    ):
        state = torch.addcmul(drive_t * B_t, torch.exp(dt_t * A), state)
        outputs.append((state * C_t).sum(-1))

    elapsed = dt.cumsum(-1)
    decay = torch.exp(elapsed[..., -1, None] * A)
    initial = [torch.zeros_like(state[:, :, 0])]
    for decay_c, state_c in zip(decay.unbind(2), state.unbind(2), strict=True):
        initial.append(decay_c * initial[-1] + state_c)
    last = initial.pop()
    if len(initial) > 1:  # chunks
        before = torch.stack(initial, dim=2)
        for t, elapsed_t in enumerate(elapsed.unsqueeze(-1).unbind(3)):
            outputs[t] = outputs[t] + (torch.exp(elapsed_t * A) * before * C_steps[t]).sum(-1)
    return torch.stack(outputs, dim=-1), last
