"""Rotation conversions: parity with the published code, round trips, finite gradients."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import roma
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hands3c_core.hand_model import axis_angle_to_matrix, matrix_to_axis_angle, rot6d_to_matrix

HALF_TURNS = [torch.diag(torch.tensor(d)) for d in ([1.0, -1, -1], [-1.0, 1, -1], [-1.0, -1, 1])]


@pytest.fixture
def reference(shared: Path) -> dict[str, torch.Tensor]:
    with np.load(shared / "parity" / "rotations_f64.npz") as file:
        return {key: torch.tensor(file[key]) for key in file.files}


def test_published_rotations(reference: dict[str, torch.Tensor]) -> None:
    same = {"rtol": 1e-9, "atol": 1e-12}
    torch.testing.assert_close(rot6d_to_matrix(reference["x6"]), reference["rot"], **same)
    torch.testing.assert_close(matrix_to_axis_angle(reference["rot"]), reference["aa"], **same)
    matrices = axis_angle_to_matrix(reference["aa_in"])
    torch.testing.assert_close(matrices, reference["rodrigues"], **same)
    whole = matrix_to_axis_angle(rot6d_to_matrix(reference["x6"]))
    torch.testing.assert_close(whole, reference["aa"], **same)


def test_rotations_are_those_of_roma() -> None:
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn((500, 3), generator=generator, dtype=torch.float64)
    matrices = axis_angle_to_matrix(vectors)
    torch.testing.assert_close(matrices, roma.rotvec_to_rotmat(vectors), rtol=0, atol=1e-7)
    torch.testing.assert_close(
        matrix_to_axis_angle(matrices), roma.rotmat_to_rotvec(matrices), rtol=0, atol=1e-7
    )
    rot6d = torch.randn((500, 6), generator=generator, dtype=torch.float64)
    columns = rot6d.reshape(-1, 2, 3).mT
    torch.testing.assert_close(
        rot6d_to_matrix(rot6d), roma.special_gramschmidt(columns), rtol=0, atol=1e-9
    )


@given(
    axis=st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda a: math.hypot(*a) > 1e-3),
    angle=st.floats(0, math.pi - 1e-4),
)
@settings(deadline=None)
def test_axis_angle_survives_matrix(axis: tuple[float, ...], angle: float) -> None:
    vector = torch.tensor(axis, dtype=torch.float64)
    vector = angle * vector / vector.norm()
    matrix = axis_angle_to_matrix(vector)
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(3, dtype=torch.float64))
    torch.testing.assert_close(matrix_to_axis_angle(matrix), vector, rtol=1e-6, atol=4e-8)


@given(numbers=st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=6), double=st.booleans())
@settings(deadline=None)
def test_any_6d_gives_a_rotation_and_finite_gradients(numbers: list[float], double: bool) -> None:
    kind = torch.float64 if double else torch.float32
    rot6d = torch.tensor(numbers, dtype=kind, requires_grad=True)
    matrix = rot6d_to_matrix(rot6d)
    tolerance = 1e-14 if double else 2e-6
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(3, dtype=kind), rtol=0, atol=tolerance)
    assert float(torch.linalg.det(matrix.detach())) > 0.99
    matrix_to_axis_angle(matrix).sum().backward()
    assert torch.isfinite(rot6d.grad).all()


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
@pytest.mark.parametrize("matrix", [torch.eye(3), *HALF_TURNS])
def test_gradients_at_identity_and_half_turns(matrix: torch.Tensor, kind: torch.dtype) -> None:
    matrix = matrix.to(kind).clone().requires_grad_()
    vector = matrix_to_axis_angle(matrix)
    assert vector.detach().norm() == pytest.approx(0 if matrix.trace() > 0 else math.pi)
    vector.square().sum().backward()
    assert torch.isfinite(matrix.grad).all()


def test_gradient_at_identity_is_the_exact_one() -> None:
    """Near the identity the axis-angle vector is the skew part of the matrix."""
    matrix = torch.eye(3, dtype=torch.float64, requires_grad=True)
    gradient = torch.autograd.grad(matrix_to_axis_angle(matrix)[2], matrix)[0]
    expected = torch.zeros(3, 3, dtype=torch.float64)
    expected[1, 0], expected[0, 1] = 0.5, -0.5
    torch.testing.assert_close(gradient, expected)


@pytest.mark.parametrize("kind", [torch.float32, torch.float64])
def test_axis_angle_gradients_near_zero(kind: torch.dtype) -> None:
    for size in (0.0, 1e-30, -1e-8, 1e-8, 1e-4):
        vector = torch.full((3,), size, dtype=kind, requires_grad=True)
        (gradient,) = torch.autograd.grad(axis_angle_to_matrix(vector)[2, 1], vector)
        torch.testing.assert_close(
            gradient, torch.tensor([1.0, 0, 0], dtype=kind), rtol=0, atol=3e-4
        )


def test_gradcheck() -> None:
    generator = torch.Generator().manual_seed(0)
    rot6d = torch.randn(5, 6, dtype=torch.float64, generator=generator, requires_grad=True)
    vector = torch.randn(5, 3, dtype=torch.float64, generator=generator, requires_grad=True)
    assert torch.autograd.gradcheck(rot6d_to_matrix, rot6d)
    assert torch.autograd.gradcheck(axis_angle_to_matrix, vector)
    assert torch.autograd.gradcheck(lambda r: matrix_to_axis_angle(rot6d_to_matrix(r)), rot6d)
    identity = torch.tensor([[1.0, 0, 0, 0, 1, 0]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda r: matrix_to_axis_angle(rot6d_to_matrix(r)), identity)


def test_degenerate_6d_has_zero_gradient_where_it_stands_in() -> None:
    rot6d = torch.tensor([[0.0] * 6, [1.0, 2, 3, 2, 4, 6], [0, 0, 0, 1, 0, 0]], requires_grad=True)
    matrix = rot6d_to_matrix(rot6d)
    torch.testing.assert_close(matrix @ matrix.mT, torch.eye(3).expand(3, 3, 3))
    matrix.square().sum().backward()
    assert torch.isfinite(rot6d.grad).all()
    assert (rot6d.grad[0] == 0).all()


@pytest.mark.parametrize(
    ("function", "shape"),
    [(rot6d_to_matrix, (2, 5)), (matrix_to_axis_angle, (2, 9)), (axis_angle_to_matrix, (2, 4))],
)
def test_wrong_shapes_are_named(function, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="must"):
        function(torch.zeros(shape))
