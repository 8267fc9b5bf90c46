"""Selective scan for CUDA in Triton, forward and backward; import only where Triton is installed.

A program scans a few rows over one *segment* of the sequence, tile by tile, with a parallel prefix
scan inside the tile. Where the rows alone cannot occupy the GPU (the channel branch: 128 rows of
16,384 steps) the sequence is cut into several segments and the scan has two levels: every segment
is first summarised from a zero state, the summaries are chained, then every segment is scanned from
its true initial state. The backward pass does the same from the other end.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
import triton
import triton.language as tl
from torch import Tensor

from hands3c_core.ops.arguments import ScanArguments, compute_dtype, grouped_arguments

#: Programs that occupy a large GPU (about eight for each of 132 multiprocessors).
_WANTED_PROGRAMS = 1024
#: Steps per tile; also how far the states saved for the backward pass lie apart.
_TILE = 64
#: A segment is at least this many tiles: summaries cost a second pass.
_MIN_SEGMENT_TILES = 4


@triton.jit
def _combine(a0, b0, a1, b1):
    """Composition of h -> a h + b, the earlier first."""
    return a0 * a1, b0 * a1 + b1


@triton.jit
def _softplus(x):
    return tl.where(x > 20.0, x, tl.log(1.0 + tl.exp(tl.minimum(x, 20.0))))


@triton.jit
def _step_size(raw, mask, SOFTPLUS: tl.constexpr):
    """dt; 0 outside the mask, where it leaves the state as it is."""
    dt = raw
    if SOFTPLUS:
        dt = _softplus(raw)
    return tl.where(mask, dt, 0.0)


@triton.jit
def _chain(
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


@triton.jit
def _scan_segment(
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
        dt = _step_size(raw, mask, SOFTPLUS)
        proj_at = (batch * groups + group).to(tl.int64) * N * length
        proj_at = proj_at + n[None, :] * length + step[:, None]
        proj_mask = (step < length)[:, None] & (n < N)[None, :]
        b = tl.load(B + proj_at, mask=proj_mask, other=0.0)  # (T, NP)
        a = tl.exp(dt[:, :, None] * decay[:, None, :])  # (ROWS, T, NP)
        drive = (dt * x)[:, :, None] * b[None, :, :]
        drive = tl.where(t[None, :, None] == 0, drive + a * state[:, None, :], drive)
        _, h = tl.associative_scan((a, drive), 1, _combine)
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


@triton.jit
def _scan_segment_backward(
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
    """The adjoint of ``_scan_segment``: what flows out at its start, or all gradients."""
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
        mask = real[:, None] & (step < length)[None, :]
        at = (batch * rows + row[:, None]).to(tl.int64) * length + step[None, :]
        raw = tl.load(delta + at, mask=mask, other=0.0) + row_bias[:, None]
        dt = _step_size(raw, mask, SOFTPLUS)
        up = tl.load(dy + at, mask=mask, other=0.0)
        proj_at = (batch * groups + group).to(tl.int64) * N * length
        proj_at = proj_at + n[None, :] * length + step[:, None]
        proj_mask = (step < length)[:, None] & (n < N)[None, :]
        c = tl.load(C + proj_at, mask=proj_mask, other=0.0)
        a = tl.exp(dt[:, :, None] * decay[:, None, :])
        # dh_t = C_t dy_t + a_(t+1) dh_(t+1); at the tile's end a_(t+1) dh_(t+1) is the adjoint.
        within = (t < T - 1)[None, :]
        next_mask = mask & within & (step + 1 < length)[None, :]
        next_raw = tl.load(delta + at + 1, mask=next_mask, other=0.0) + row_bias[:, None]
        next_dt = _step_size(next_raw, next_mask, SOFTPLUS)
        next_a = tl.exp(next_dt[:, :, None] * decay[:, None, :])
        source = up[:, :, None] * c[None, :, :]
        source = tl.where(t[None, :, None] == T - 1, source + adjoint[:, None, :], source)
        _, dh = tl.associative_scan((next_a, source), 1, _combine, reverse=True)
        adjoint = tl.sum(tl.where(t[None, :, None] == 0, dh * a, 0.0), 1)
        if SUMMARY:
            time += tl.sum(dt, 1)
        else:
            x = tl.load(u + at, mask=mask, other=0.0)
            b = tl.load(B + proj_at, mask=proj_mask, other=0.0)
            saved_at = ((batch * rows + row[:, None]) * tiles + tile) * N + n[None, :]
            start = tl.load(
                saved + saved_at, mask=state_mask & (tile + 0 * n < tiles)[None, :], other=0.0
            )
            # h_(t-1): the scan of the steps before, beginning with the saved state.
            before_mask = mask & (t > 0)[None, :]
            before_x = tl.load(u + at - 1, mask=before_mask, other=0.0)
            before_raw = tl.load(delta + at - 1, mask=before_mask, other=0.0) + row_bias[:, None]
            before_dt = _step_size(before_raw, before_mask, SOFTPLUS)
            before_b = tl.load(B + proj_at - 1, mask=proj_mask & (t > 0)[:, None], other=0.0)
            before_a = tl.exp(before_dt[:, :, None] * decay[:, None, :])
            before_drive = (before_dt * before_x)[:, :, None] * before_b[None, :, :]
            before_drive = tl.where(t[None, :, None] == 0, start[:, None, :], before_drive)
            _, before = tl.associative_scan((before_a, before_drive), 1, _combine)
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


class _Plan:
    """How a scan is cut into programs."""

    def __init__(self, u: Tensor, A: Tensor, B: Tensor) -> None:
        self.batch, self.rows, self.length = u.shape
        self.groups, self.states = B.shape[1:3]
        self.group_rows = self.rows // self.groups
        self.padded_states = triton.next_power_of_2(self.states)
        self.tile = min(_TILE, triton.next_power_of_2(self.length))
        self.tiles = triton.cdiv(self.length, self.tile)
        wanted = triton.cdiv(_WANTED_PROGRAMS, self.rows * self.batch)
        most = max(1, self.tiles // _MIN_SEGMENT_TILES)
        self.segment_tiles = triton.cdiv(self.tiles, min(wanted, most))
        self.segments = triton.cdiv(self.tiles, self.segment_tiles)

    @property
    def grid(self) -> tuple[int, int, int]:
        return (self.rows, self.segments, self.batch)

    @property
    def sizes(self) -> tuple[int, ...]:
        return (
            self.rows,
            self.length,
            self.group_rows,
            self.segments,
            self.segment_tiles,
            self.tiles,
        )

    @property
    def constants(self) -> dict[str, int]:
        return {"ROWS": 1, "T": self.tile, "N": self.states, "NP": self.padded_states}

    def chain(
        self, local: Tensor, elapsed: Tensor, A: Tensor, first: Tensor | None, *, reverse: bool
    ) -> Tensor:
        """States before (or adjoints after) every segment, (B, S, D, N)."""
        carried = torch.empty_like(local)
        _chain[(triton.cdiv(self.rows, 4), self.batch)](
            local,
            elapsed,
            A,
            carried if first is None else first,
            carried,
            self.rows,
            self.segments,
            REVERSE=reverse,
            HAS_FIRST=first is not None,
            ROWS=4,
            N=self.states,
            NP=self.padded_states,
        )
        return carried


class _Scan(torch.autograd.Function):
    """Contiguous arguments of one dtype, B and C (B, G, N, L), D and bias given."""

    @staticmethod
    def forward(
        ctx: Any,
        u: Tensor,
        delta: Tensor,
        A: Tensor,
        B: Tensor,
        C: Tensor,
        D: Tensor,
        bias: Tensor,
        softplus: bool,
    ) -> tuple[Tensor, Tensor]:
        plan = _Plan(u, A, B)
        save = any(ctx.needs_input_grad)
        y = torch.empty_like(u)
        last = u.new_empty(plan.batch, plan.rows, plan.states)
        saved = u.new_empty(plan.batch, plan.rows, plan.tiles, plan.states) if save else y
        local = u.new_empty(plan.batch, plan.segments, plan.rows, plan.states)
        elapsed = u.new_empty(plan.batch, plan.segments, plan.rows)
        carried = local

        def launch(*, summary: bool) -> None:
            _scan_segment[plan.grid](
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
                *plan.sizes,
                SUMMARY=summary,
                SOFTPLUS=softplus,
                SAVE=save and not summary,
                CARRY=not summary and plan.segments > 1,
                **plan.constants,
            )

        if plan.segments > 1:
            launch(summary=True)
            carried = plan.chain(local, elapsed, A, None, reverse=False)
        launch(summary=False)
        ctx.save_for_backward(u, delta, A, B, C, D, bias, saved)
        ctx.softplus = softplus
        return y, last

    @staticmethod
    def backward(ctx: Any, dy: Tensor, dlast: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        u, delta, A, B, C, D, bias, saved = ctx.saved_tensors
        plan = _Plan(u, A, B)
        dy = dy.contiguous()
        du, ddelta = torch.empty_like(u), torch.empty_like(u)
        dA, dB, dC, dD, dbias = (torch.zeros_like(t) for t in (A, B, C, D, bias))
        local = u.new_zeros(plan.batch, plan.segments, plan.rows, plan.states)
        elapsed = u.new_zeros(plan.batch, plan.segments, plan.rows)
        carried = local

        def launch(*, summary: bool) -> None:
            _scan_segment_backward[plan.grid](
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
                *plan.sizes,
                SUMMARY=summary,
                SOFTPLUS=ctx.softplus,
                **plan.constants,
            )

        if plan.segments > 1:
            launch(summary=True)
        carried = plan.chain(local, elapsed, A, dlast.contiguous(), reverse=True)
        launch(summary=False)
        return du, ddelta, dA, dB, dC, dD, dbias, None


def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    z: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
    return_last_state: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Selective scan on CUDA; differentiable. Arguments as in ``ops.selective_scan``."""
    dtype = compute_dtype(u)
    args = grouped_arguments(u, delta, A, B, C, D, delta_bias)
    y, last = _Scan.apply(*_prepared(args, dtype), delta_softplus)
    if z is not None:
        y = y * F.silu(z.to(dtype))
    y = y.to(u.dtype)
    return (y, last) if return_last_state else y


def _prepared(args: ScanArguments, dtype: torch.dtype) -> list[Tensor]:
    """All arguments contiguous and of one dtype; zeros for those that are absent."""
    rows = args.u.shape[1]
    optional = [
        args.u.new_zeros(rows, dtype=dtype) if t is None else t for t in (args.D, args.delta_bias)
    ]
    tensors = [args.u, args.delta, args.A, args.B, args.C, *optional]
    return [t.to(dtype).contiguous() for t in tensors]
