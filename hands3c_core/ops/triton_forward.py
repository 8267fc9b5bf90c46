"""Triton: the forward scan of one segment."""

from __future__ import annotations

import triton
import triton.language as tl

from hands3c_core.ops.triton_recurrence import combine, step_size


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
    blocks = tl.cdiv(group_rows, ROWS)
    group = tl.program_id(0) // blocks
    inside = (tl.program_id(0) % blocks) * ROWS + tl.arange(0, ROWS)
    row = group * group_rows + inside
    segment = tl.program_id(1)
    batch = tl.program_id(2)
    groups = rows // group_rows
    real = inside < group_rows
    n = tl.arange(0, NP)
    t = tl.arange(0, T)
    state_mask = real[:, None] & (n < N)[None, :]
    state_at = row[:, None] * N + n[None, :]
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
        mask = real[:, None] & (step < length)[None, :]
        if SAVE:
            saved_at = ((batch * rows + row[:, None]) * tiles + tile) * N + n[None, :]
            tl.store(saved + saved_at, state, mask=state_mask & (tile + 0 * n < tiles)[None, :])
        at = (batch * rows + row[:, None]).to(tl.int64) * length + step[None, :]
        x = tl.load(u + at, mask=mask, other=0.0)
        raw = tl.load(delta + at, mask=mask, other=0.0) + row_bias[:, None]
        dt = step_size(raw, mask, SOFTPLUS)
        proj_at = (batch * groups + group).to(tl.int64) * N * length
        proj_at = proj_at + n[None, :] * length + step[:, None]
        proj_mask = (step < length)[:, None] & (n < N)[None, :]
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
