"""The plain torch scan against the published code's numbers and against its own definition."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hands3c_core.ops import reference, selective_scan

by_reference = partial(selective_scan, kernel="reference")

NAMES = ("u", "delta", "A", "B", "C", "D", "z", "delta_bias")


@pytest.fixture(scope="module")
def published(shared: Path) -> dict[str, torch.Tensor]:
    with np.load(shared / "parity" / "scan_cases_f64.npz", allow_pickle=False) as cases:
        return {name: torch.from_numpy(cases[name]) for name in cases.files}


@pytest.mark.parametrize("case", range(6))
def test_published_numbers_and_gradients(published: dict[str, Any], case: int) -> None:
    given = {name: published.get(f"c{case}_{name}") for name in NAMES}
    inputs = {n: t.clone().requires_grad_() for n, t in given.items() if t is not None}
    softplus = bool(published[f"c{case}_softplus"])
    y, last = by_reference(**inputs, delta_softplus=softplus, return_last_state=True)
    y.backward(published[f"c{case}_dy"])
    torch.testing.assert_close(y, published[f"c{case}_y"], rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(last, published[f"c{case}_last"], rtol=1e-9, atol=1e-12)
    for name, tensor in inputs.items():
        expected = published[f"c{case}_g_{name}"]
        scale = float(expected.abs().max())
        torch.testing.assert_close(tensor.grad, expected, rtol=1e-9, atol=1e-9 * scale)


def test_one_step_by_hand() -> None:
    one = torch.ones(1, 1, 1, dtype=torch.float64)
    y, last = by_reference(
        2 * one,
        3 * one,
        -one[0],
        5 * one,
        7 * one,
        D=11 * one[0, 0],
        return_last_state=True,
    )
    assert last.item() == 3 * 5 * 2  # the state before is zero, so A does not matter
    assert y.item() == 7 * 30 + 11 * 2


def test_directions_round_trip() -> None:
    x = torch.arange(24.0).view(1, 2, 3, 4)
    sequences = reference.to_directions(x)
    assert sequences[0, 0, 0].tolist() == list(range(12))
    assert sequences[0, 1, 0].tolist() == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]
    assert torch.equal(sequences[:, 2:], sequences[:, :2].flip(-1))
    assert torch.equal(reference.from_directions(sequences, 3, 4), 4 * x)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"delta": torch.zeros(1, 4, 6)}, "u and delta"),
        ({"A": torch.zeros(3, 3)}, "A must be"),
        ({"B": torch.zeros(1, 3, 3, 5)}, "do not divide"),
        ({"C": torch.zeros(2, 2)}, "C must be"),
        ({"D": torch.zeros(5)}, "D must be"),
    ],
)
def test_shapes_that_do_not_fit(scan_inputs: Any, change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        by_reference(**(scan_inputs() | change))
