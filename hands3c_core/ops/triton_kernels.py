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
import triton
from torch import Tensor

from hands3c_core.ops.arguments import ScanArguments
from hands3c_core.ops.triton_backward import scan_segment_backward
from hands3c_core.ops.triton_forward import scan_segment
from hands3c_core.ops.triton_recurrence import chain

#: Programs that occupy a large GPU (about eight for each of 132 multiprocessors).
_WANTED_PROGRAMS = 1024
#: Steps per tile; also how far the states saved for the backward pass lie apart.
_TILE = 64
#: A segment is at least this many tiles: summaries cost a second pass.
_MIN_SEGMENT_TILES = 4


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
        chain[(triton.cdiv(self.rows, 4), self.batch)](
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
    """Of the tensors of ``ScanArguments``, contiguous and none missing, and its ``softplus``."""

    @staticmethod
    def forward(ctx: Any, *arguments: Any) -> tuple[Tensor, Tensor]:
        *inputs, softplus = arguments
        u, _, A, B = inputs[:4]
        plan = _Plan(u, A, B)
        save = any(ctx.needs_input_grad)
        y = torch.empty_like(u)
        last = u.new_empty(plan.batch, plan.rows, plan.states)
        saved = u.new_empty(plan.batch, plan.rows, plan.tiles, plan.states) if save else y
        local = u.new_empty(plan.batch, plan.segments, plan.rows, plan.states)
        elapsed = u.new_empty(plan.batch, plan.segments, plan.rows)
        carried = local

        def launch(*, summary: bool) -> None:
            scan_segment[plan.grid](
                *inputs,
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
        ctx.save_for_backward(*inputs, saved)
        ctx.softplus = softplus
        return y, last

    @staticmethod
    def backward(ctx: Any, dy: Tensor, dlast: Tensor) -> tuple[Tensor | None, ...]:  # type: ignore[override]
        *inputs, saved = ctx.saved_tensors
        u, _, A, B, C, D, bias = inputs
        plan = _Plan(u, A, B)
        dy = dy.contiguous()
        du, ddelta = torch.empty_like(u), torch.empty_like(u)
        dA, dB, dC, dD, dbias = (torch.zeros_like(t) for t in (A, B, C, D, bias))
        local = u.new_zeros(plan.batch, plan.segments, plan.rows, plan.states)
        elapsed = u.new_zeros(plan.batch, plan.segments, plan.rows)
        carried = local

        def launch(*, summary: bool) -> None:
            scan_segment_backward[plan.grid](
                *inputs,
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


def scan(args: ScanArguments) -> tuple[Tensor, Tensor]:
    """Selective scan on CUDA; differentiable."""
    zeros = args.u.new_zeros(args.u.shape[1])
    tensors = (zeros if tensor is None else tensor.contiguous() for tensor in args.tensors)
    return _Scan.apply(*tensors, args.softplus)
