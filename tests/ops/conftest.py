"""Inputs for the scan tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

Draw = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def scan_inputs() -> Draw:
    """A function that draws arguments for ``selective_scan``."""

    def draw(
        batch: int = 1,
        rows: int = 4,
        length: int = 5,
        states: int = 3,
        groups: int = 1,
        *,
        dtype: torch.dtype = torch.float64,
        seed: int = 0,
        skip: bool = True,
        gate: bool = False,
        bias: bool = True,
        softplus: bool = True,
        step: float = -1.0,
    ) -> dict[str, Any]:
        generator = torch.Generator().manual_seed(seed)

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)

        return {
            "u": normal(batch, rows, length),
            "delta": normal(batch, rows, length) * 0.5 + (step if softplus else 0.3),
            "A": -torch.exp(normal(rows, states)),
            "B": normal(batch, groups, states, length),
            "C": normal(batch, groups, states, length),
            "D": normal(rows) if skip else None,
            "z": normal(batch, rows, length) if gate else None,
            "delta_bias": normal(rows) * 0.1 if bias else None,
            "delta_softplus": softplus,
        }

    return draw


@pytest.fixture(scope="session")
def cross_inputs() -> Callable[..., list[Tensor]]:
    """A function that draws arguments for ``cross_scan_2d``."""

    def draw(
        batch: int = 1,
        channels: int = 5,
        height: int = 3,
        width: int = 4,
        states: int = 3,
        rank: int = 2,
        *,
        dtype: torch.dtype = torch.float64,
        seed: int = 0,
    ) -> list[Tensor]:
        generator = torch.Generator().manual_seed(seed)

        def normal(*shape: int) -> Tensor:
            return torch.randn(*shape, generator=generator, dtype=torch.float64).to(dtype)

        return [
            normal(batch, channels, height, width),
            normal(4, rank + 2 * states, channels) * channels**-0.5,
            normal(4, channels, rank) * 0.3,
            normal(4, channels) - 1,
            -torch.exp(normal(4 * channels, states)),
            normal(4 * channels),
        ]

    return draw
