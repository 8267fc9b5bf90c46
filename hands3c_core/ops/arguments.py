"""Shapes of the selective scan's arguments, checked and brought to one form for every kernel."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class ScanArguments:
    """The arguments of ``selective_scan`` with ``B`` and ``C`` grouped."""

    u: Tensor
    """(B, D, L)"""
    delta: Tensor
    """(B, D, L)"""
    A: Tensor
    """(D, N)"""
    B: Tensor
    """(B, G, N, L); row d belongs to group d // (D / G)."""
    C: Tensor
    """(B, G, N, L)"""
    D: Tensor | None
    """(D,)"""
    delta_bias: Tensor | None
    """(D,)"""


def grouped_arguments(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    delta_bias: Tensor | None,
) -> ScanArguments:
    """Check the shapes and expand ``B`` and ``C`` to (B, G, N, L).

    A ``B`` of shape (D, N) is constant in time and differs per row, so it gets one group per row.

    Raises:
        ValueError: shapes that do not fit together.
    """
    if u.dim() != 3 or delta.shape != u.shape:
        raise ValueError(
            "u and delta must both be (batch, rows, length), "
            f"not {tuple(u.shape)} and {tuple(delta.shape)}"
        )
    batch, rows, length = u.shape
    if length == 0:
        raise ValueError("the sequence is empty (length 0)")
    if A.dim() != 2 or A.shape[0] != rows:
        raise ValueError(f"A must be ({rows}, states), not {tuple(A.shape)}")
    if A.is_complex():
        raise ValueError("A must be real: complex state matrices are not supported")
    for name, vector in (("D", D), ("delta_bias", delta_bias)):
        if vector is not None and vector.shape != (rows,):
            raise ValueError(f"{name} must be ({rows},), not {tuple(vector.shape)}")
    grouped_B = _grouped("B", B, batch, rows, A.shape[1], length)
    grouped_C = _grouped("C", C, batch, rows, A.shape[1], length)
    groups = max(grouped_B.shape[1], grouped_C.shape[1])
    return ScanArguments(
        u,
        delta,
        A,
        _with_groups(grouped_B, groups),
        _with_groups(grouped_C, groups),
        D,
        delta_bias,
    )


def _grouped(name: str, value: Tensor, batch: int, rows: int, states: int, length: int) -> Tensor:
    """(D, N), (B, N, L) or (B, G, N, L) -> (B, G, N, L)."""
    if value.shape == (rows, states):
        return value[None, :, :, None].expand(batch, rows, states, length)
    if value.shape == (batch, states, length):
        return value.unsqueeze(1)
    if value.dim() == 4 and value.shape[0] == batch and value.shape[2:] == (states, length):
        groups = value.shape[1]
        if groups > 0 and rows % groups == 0:
            return value
        raise ValueError(f"{rows} rows do not divide into the {groups} groups of {name}")
    raise ValueError(
        f"{name} must be ({rows}, {states}), ({batch}, {states}, {length}) or "
        f"({batch}, groups, {states}, {length}), not {tuple(value.shape)}"
    )


def _with_groups(value: Tensor, groups: int) -> Tensor:
    """Repeat groups so that ``B`` and ``C`` have equally many."""
    have = value.shape[1]
    if have == groups:
        return value
    if groups % have:
        raise ValueError(f"B and C have {have} and {groups} groups: one must divide the other")
    return value.repeat_interleave(groups // have, dim=1)


def compute_dtype(u: Tensor) -> torch.dtype:
    """The dtype a scan of ``u`` accumulates in: float64 for float64, else float32."""
    return torch.float64 if u.dtype == torch.float64 else torch.float32
