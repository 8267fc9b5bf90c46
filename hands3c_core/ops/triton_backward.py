"""Triton: the backward scan of one segment."""

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
def scan_segment_backward(
    u,
    delta,
    A,
    B,
    C,
    D,
    bias,
    dy,
    saved,
    carried,
    local,
    elapsed,
    du,
    ddelta,
    dA,
    dB,
    dC,
    dD,
    dbias,
    rows,
    length,
    group_rows,
    segments,
    segment_tiles,
    tiles,
    SUMMARY: tl.constexpr,
    SOFTPLUS: tl.constexpr,
    ROWS: tl.constexpr,
    T: tl.constexpr,
    N: tl.constexpr,
    NP: tl.constexpr,
):
    """The adjoint of ``scan_segment``: what flows out at its start, or all gradients."""
    segment = tl.program_id(1)
    batch = tl.program_id(2)
    t = tl.arange(0, T)
    row, real, first_projection, state_at, state_mask = locate_rows(
        rows, length, group_rows, ROWS, N, NP
    )
    decay = tl.load(A + state_at, mask=state_mask, other=0.0)
    row_bias = tl.load(bias + row, mask=real, other=0.0)
    skip = tl.load(D + row, mask=real, other=0.0)
    adjoint = tl.zeros((ROWS, NP), decay.dtype)  # dL/dh of the step before, from the step after
    if not SUMMARY:
        base = (batch * segments + segment) * rows * N
        adjoint = tl.load(carried + base + state_at, mask=state_mask, other=0.0)
    sum_A = tl.zeros((ROWS, NP), decay.dtype)
    sum_D = tl.zeros((ROWS,), decay.dtype)
    sum_bias = tl.zeros((ROWS,), decay.dtype)
    time = tl.zeros((ROWS,), decay.dtype)
    for i in range(segment_tiles):
        tile = segment * segment_tiles + segment_tiles - 1 - i
        step = tile * T + t
        at, mask, proj_at, proj_mask = locate_steps(
            step, row, real, first_projection, rows, length, N, NP
        )
        raw = tl.load(delta + at, mask=mask, other=0.0) + row_bias[:, None]
        dt = step_size(raw, mask, SOFTPLUS)
        up = tl.load(dy + at, mask=mask, other=0.0)
        c = tl.load(C + proj_at, mask=proj_mask, other=0.0)
        a = tl.exp(dt[:, :, None] * decay[:, None, :])
        # dh_t = C_t dy_t + a_(t+1) dh_(t+1); at the tile's end a_(t+1) dh_(t+1) is the adjoint.
        within = (t < T - 1)[None, :]
        next_mask = mask & within & (step + 1 < length)[None, :]
        next_raw = tl.load(delta + at + 1, mask=next_mask, other=0.0) + row_bias[:, None]
        next_dt = step_size(next_raw, next_mask, SOFTPLUS)
        next_a = tl.exp(next_dt[:, :, None] * decay[:, None, :])
        source = up[:, :, None] * c[None, :, :]
        source = tl.where(t[None, :, None] == T - 1, source + adjoint[:, None, :], source)
        _, dh = tl.associative_scan((next_a, source), 1, combine, reverse=True)
        adjoint = tl.sum(tl.where(t[None, :, None] == 0, dh * a, 0.0), 1)
        if SUMMARY:
            time += tl.sum(dt, 1)
        else:
            x = tl.load(u + at, mask=mask, other=0.0)
            b = tl.load(B + proj_at, mask=proj_mask, other=0.0)
            saved_at, saved_mask = locate_saved(tile, tiles, row, rows, state_mask, N, NP)
            start = tl.load(saved + saved_at, mask=saved_mask, other=0.0)
            # h_(t-1): the scan of the steps before, beginning with the saved state.
            before_mask = mask & (t > 0)[None, :]
            before_x = tl.load(u + at - 1, mask=before_mask, other=0.0)
            before_raw = tl.load(delta + at - 1, mask=before_mask, other=0.0) + row_bias[:, None]
            before_dt = step_size(before_raw, before_mask, SOFTPLUS)
            before_b = tl.load(B + proj_at - 1, mask=proj_mask & (t > 0)[:, None], other=0.0)
            before_a = tl.exp(before_dt[:, :, None] * decay[:, None, :])
            before_drive = (before_dt * before_x)[:, :, None] * before_b[None, :, :]
            before_drive = tl.where(t[None, :, None] == 0, start[:, None, :], before_drive)
            _, before = tl.associative_scan((before_a, before_drive), 1, combine)
            h = a * before + (dt * x)[:, :, None] * b[None, :, :]
            exponent = dh * a * before  # dL/d(dt A)
            along_b = tl.sum(dh * b[None, :, :], 2)
            slope = tl.sum(exponent * decay[:, None, :], 2) + along_b * x
            if SOFTPLUS:
                slope = slope * tl.where(raw > 20.0, 1.0, 1.0 / (1.0 + tl.exp(-raw)))
            slope = tl.where(mask, slope, 0.0)
            tl.store(du + at, along_b * dt + skip[:, None] * up, mask=mask)
            tl.store(ddelta + at, slope, mask=mask)
            keep = mask[:, :, None]
            grad_b = tl.sum(tl.where(keep, dh * (dt * x)[:, :, None], 0.0), 0)
            grad_c = tl.sum(tl.where(keep, h * up[:, :, None], 0.0), 0)
            tl.atomic_add(dB + proj_at, grad_b, mask=proj_mask)
            tl.atomic_add(dC + proj_at, grad_c, mask=proj_mask)
            sum_A += tl.sum(exponent * dt[:, :, None], 1)
            sum_D += tl.sum(up * x, 1)
            sum_bias += tl.sum(slope, 1)
    if SUMMARY:
        base = batch * segments + segment
        tl.store(local + base * rows * N + state_at, adjoint, mask=state_mask)
        tl.store(elapsed + base * rows + row, time, mask=real)
    else:
        tl.atomic_add(dA + state_at, sum_A, mask=state_mask)
        tl.atomic_add(dD + row, sum_D, mask=real)
        tl.atomic_add(dbias + row, sum_bias, mask=real)
