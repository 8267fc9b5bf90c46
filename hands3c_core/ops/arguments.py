"""Shapes of the selective scan's arguments, checked and brought to one form for every kernel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class ScanArguments:
    """The arguments of a selective scan, all of one dtype, with ``B`` and ``C`` grouped.

    Every kernel is a function of these that gives y (B, D, L) and the last state (B, D, N).
    """

    u: Tensor
    """(B, D, L)"""
    delta: Tensor
    """(B, D, L) step sizes before bias and softplus."""
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
    softplus: bool = False
    """Whether ``delta`` goes through softplus."""

    @property
    def tensors(self) -> tuple[Tensor | None, ...]:
        """All tensors, in the order above."""
        return (self.u, self.delta, self.A, self.B, self.C, self.D, self.delta_bias)

    def step_sizes(self) -> Tensor:
        """dt (B, D, L), after bias and softplus."""
        dt = self.delta
        if self.delta_bias is not None:
            dt = dt + self.delta_bias[:, None]
        return F.softplus(dt) if self.softplus else dt

    def with_skip(self, y: Tensor) -> Tensor:
        """y + D u"""
        return y if self.D is None else y + self.u * self.D[:, None]


#: y (B, D, L) and last state (B, D, N), in the arguments' dtype; differentiable.
ScanKernel = Callable[[ScanArguments], "tuple[Tensor, Tensor]"]


def grouped_arguments(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None,
    delta_bias: Tensor | None,
    softplus: bool,
) -> ScanArguments:
    """Check the shapes, convert to the dtype of ``compute_dtype`` and expand ``B`` and ``C`` to
    (B, G, N, L).

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
    dtype = compute_dtype(u)
    return ScanArguments(
        u.to(dtype),
        delta.to(dtype),
        A.to(dtype),
        _with_groups(grouped_B.to(dtype), groups),
        _with_groups(grouped_C.to(dtype), groups),
        None if D is None else D.to(dtype),
        None if delta_bias is None else delta_bias.to(dtype),
        softplus,
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
