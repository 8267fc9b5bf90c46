"""Triton: the forward scan of one segment."""

from __future__ import annotations

import triton
import triton.language as tl

from hands3c_core.ops.triton_recurrence import (
    combine,
    locate_rows,
    locate_saved,
    locate_steps,
    step_size,
)


@triton.jit
def scan_segment(
    u,
    delta,
    A,
    B,
    C,
    D,
    bias,
    y,
    last,
    carried,
    saved,
    local,
    elapsed,
    rows,
    length,
    group_rows,
    segments,
    segment_tiles,
    tiles,
    SUMMARY: tl.constexpr,
    SOFTPLUS: tl.constexpr,
    SAVE: tl.constexpr,
    CARRY: tl.constexpr,
    ROWS: tl.constexpr,
    T: tl.constexpr,
    N: tl.constexpr,
    NP: tl.constexpr,
):
    """Scan one segment of some rows of one group: its summary only, or its outputs."""
    segment = tl.program_id(1)
    batch = tl.program_id(2)
    t = tl.arange(0, T)
    row, real, first_projection, state_at, state_mask = locate_rows(
        rows, length, group_rows, ROWS, N, NP
    )
    decay = tl.load(A + state_at, mask=state_mask, other=0.0)
    row_bias = tl.load(bias + row, mask=real, other=0.0)
    skip = tl.load(D + row, mask=real, other=0.0)
    state = tl.zeros((ROWS, NP), decay.dtype)
    if CARRY:
        base = (batch * segments + segment) * rows * N
        state = tl.load(carried + base + state_at, mask=state_mask, other=0.0)
    time = tl.zeros((ROWS,), decay.dtype)
    for i in range(segment_tiles):
        tile = segment * segment_tiles + i
        step = tile * T + t
        at, mask, proj_at, proj_mask = locate_steps(
            step, row, real, first_projection, rows, length, N, NP
        )
        if SAVE:
            saved_at, saved_mask = locate_saved(tile, tiles, row, rows, state_mask, N, NP)
            tl.store(saved + saved_at, state, mask=saved_mask)
        x = tl.load(u + at, mask=mask, other=0.0)
        raw = tl.load(delta + at, mask=mask, other=0.0) + row_bias[:, None]
        dt = step_size(raw, mask, SOFTPLUS)
        b = tl.load(B + proj_at, mask=proj_mask, other=0.0)  # (T, NP)
        a = tl.exp(dt[:, :, None] * decay[:, None, :])  # (ROWS, T, NP)
        drive = (dt * x)[:, :, None] * b[None, :, :]
        drive = tl.where(t[None, :, None] == 0, drive + a * state[:, None, :], drive)
        _, h = tl.associative_scan((a, drive), 1, combine)
        state = tl.sum(tl.where(t[None, :, None] == T - 1, h, 0.0), 1)
        if SUMMARY:
            time += tl.sum(dt, 1)
        else:
            c = tl.load(C + proj_at, mask=proj_mask, other=0.0)
            out = tl.sum(h * c[None, :, :], 2) + skip[:, None] * x
            tl.store(y + at, out, mask=mask)
    if SUMMARY:
        base = batch * segments + segment
        tl.store(local + base * rows * N + state_at, state, mask=state_mask)
        tl.store(elapsed + base * rows + row, time, mask=real)
    else:
        if segment == segments - 1:
            tl.store(last + batch * rows * N + state_at, state, mask=state_mask)
