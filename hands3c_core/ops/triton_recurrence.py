"""Triton: the recurrence's building blocks and the chain of segment summaries."""

from __future__ import annotations

import triton
import triton.language as tl


@triton.jit
def combine(a0, b0, a1, b1):
    """Composition of h -> a h + b, the earlier first."""
    return a0 * a1, b0 * a1 + b1


@triton.jit
def _softplus(x):
    return tl.where(x > 20.0, x, tl.log(1.0 + tl.exp(tl.minimum(x, 20.0))))


@triton.jit
def step_size(raw, mask, SOFTPLUS: tl.constexpr):
    """dt; 0 outside the mask, where it leaves the state as it is."""
    dt = raw
    if SOFTPLUS:
        dt = _softplus(raw)
    return tl.where(mask, dt, 0.0)


@triton.jit
def locate_rows(
    rows,
    length,
    group_rows,
    ROWS: tl.constexpr,
    N: tl.constexpr,
    NP: tl.constexpr,
):
    """The rows of this program, all of one group.

    Returns their numbers and which of them exist (ROWS), where their group's B and C begin, and
    where their states lie in a (D, N) array, with its mask (ROWS, NP).
    """
    blocks = tl.cdiv(group_rows, ROWS)
    group = tl.program_id(0) // blocks
    inside = (tl.program_id(0) % blocks) * ROWS + tl.arange(0, ROWS)
    row = group * group_rows + inside
    real = inside < group_rows
    n = tl.arange(0, NP)
    groups = rows // group_rows
    first_projection = (tl.program_id(2) * groups + group).to(tl.int64) * N * length
    return (
        row,
        real,
        first_projection,
        row[:, None] * N + n[None, :],
        real[:, None] & (n < N)[None, :],
    )


@triton.jit
def locate_steps(
    step, row, real, first_projection, rows, length, N: tl.constexpr, NP: tl.constexpr
):
    """Where the steps of a tile lie in (B, D, L) and in B and C, each with its mask."""
    n = tl.arange(0, NP)
    inside = step < length
    at = (tl.program_id(2) * rows + row[:, None]).to(tl.int64) * length + step[None, :]
    projection_at = first_projection + n[None, :] * length + step[:, None]
    return (
        at,
        real[:, None] & inside[None, :],
        projection_at,
        inside[:, None] & (n < N)[None, :],
    )


@triton.jit
def locate_saved(tile, tiles, row, rows, state_mask, N: tl.constexpr, NP: tl.constexpr):
    """Where the state before a tile is kept in (B, D, tiles, N), and the mask."""
    n = tl.arange(0, NP)
    at = ((tl.program_id(2) * rows + row[:, None]) * tiles + tile) * N + n[None, :]
    return at, state_mask & (tile + 0 * n < tiles)[None, :]


@triton.jit
def chain(
    local,
    elapsed,
    A,
    first,
    carried,
    rows,
    segments,
    REVERSE: tl.constexpr,
    HAS_FIRST: tl.constexpr,
    ROWS: tl.constexpr,
    N: tl.constexpr,
    NP: tl.constexpr,
):
    """carried[s] = state before segment s (or adjoint after it), from summaries of all segments.

    local (B, S, D, N), elapsed (B, S, D) sum of dt, carried (B, S, D, N); first (B, D, N) or none.
    """
    batch = tl.program_id(1)
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    n = tl.arange(0, NP)
    mask = (row < rows)[:, None] & (n < N)[None, :]
    at = row[:, None] * N + n[None, :]
    decay = tl.load(A + at, mask=mask, other=0.0)
    state = tl.zeros((ROWS, NP), decay.dtype)
    if HAS_FIRST:
        state = tl.load(first + batch * rows * N + at, mask=mask, other=0.0)
    for i in range(segments):
        segment = i
        if REVERSE:
            segment = segments - 1 - i
        base = batch * segments + segment
        tl.store(carried + base * rows * N + at, state, mask=mask)
        time = tl.load(elapsed + base * rows + row, mask=row < rows, other=0.0)
        summary = tl.load(local + base * rows * N + at, mask=mask, other=0.0)
        state = tl.exp(time[:, None] * decay) * state + summary
