"""Conversions between 6D, matrix and axis-angle rotations, with finite gradients everywhere.

Matrices act on column vectors. All functions take any batch shape, float32 or float64, and are
differentiable. Where the formulas of roma are exact and finite they are used as they are.
"""

from __future__ import annotations

import math

import roma
import torch
from torch import Tensor

#: manopth measures the angle of a rotation vector ``r`` as ``|r + 1e-8|`` (added to each
#: component). The turn differs from the exact one by less than 2e-8 rad; we measure it the same way
#: so that float64 results of published models are reproduced to 1e-9.
ANGLE_OFFSET = 1e-8

#: Below this length a 6D half has no direction that could be trusted, and its gradient, which grows
#: with one over the length, would not be finite.
_MIN_LENGTH = 1e-8


def rot6d_to_matrix(rot6d: Tensor) -> Tensor:
    """Rotation matrices from the 6D representation of Zhou et al. (CVPR 2019, section 4).

    Numbers 0..2 are the first column before normalisation, 3..5 the second one before
    orthogonalisation (the layout of HandS3C: the identity is ``[1, 0, 0, 0, 1, 0]``).

    Where the representation says nothing (a half that vanishes, or two halves on one line) a fixed
    direction stands in and its gradient is zero, so output and gradient are always finite.

    Args:
        rot6d: (..., 6).

    Returns:
        (..., 3, 3) rotation matrices.

    Raises:
        ValueError: the last dimension is not 6.
    """
    if rot6d.shape[-1] != 6:
        raise ValueError(f"rot6d must have 6 numbers in its last dimension, not {rot6d.shape[-1]}")
    first = _or_stand_in(rot6d[..., :3], None)
    second = _or_stand_in(rot6d[..., 3:], first)
    # Of halves nearly on one line, one Gram-Schmidt step leaves a visible slant; two do not.
    unit = torch.nn.functional.normalize(first, dim=-1)
    second = second - (second * unit).sum(-1, keepdim=True) * unit
    return roma.special_gramschmidt(torch.stack((first, second), dim=-1))


def _or_stand_in(vector: Tensor, other: Tensor | None) -> Tensor:
    """``vector`` (..., 3), or a unit axis where it has no direction of its own beside ``other``."""
    with torch.no_grad():
        length = torch.linalg.vector_norm(vector, dim=-1, keepdim=True)
        own, smallest = vector, torch.full_like(length, _MIN_LENGTH)
        if other is None:
            axis = vector.new_tensor([1.0, 0.0, 0.0]).expand_as(vector)
        else:
            unit = torch.nn.functional.normalize(other, dim=-1)
            own = vector - (vector * unit).sum(-1, keepdim=True) * unit
            # What rounding alone leaves of the perpendicular part of a vector along `other`.
            smallest = torch.maximum(smallest, 8 * torch.finfo(vector.dtype).eps * length)
            axis = torch.zeros_like(vector).scatter(-1, unit.abs().argmin(-1, keepdim=True), 1.0)
        usable = torch.linalg.vector_norm(own, dim=-1, keepdim=True) > smallest
    return torch.where(usable, vector, axis)


def matrix_to_axis_angle(matrix: Tensor) -> Tensor:
    """Axis-angle vectors of rotation matrices, of length 0 to pi.

    Half turns give the axis whose largest component is positive, as the published code does. The
    gradient at the identity is the exact one (the published code's is NaN).

    Args:
        matrix: (..., 3, 3) rotation matrices.

    Returns:
        (..., 3) axis times angle, rad.

    Raises:
        ValueError: the last two dimensions are not 3 x 3.
    """
    if matrix.shape[-2:] != (3, 3):
        raise ValueError(f"matrix must end in 3 x 3, not {tuple(matrix.shape[-2:])}")
    quaternion = roma.rotmat_to_unitquat(matrix)
    # roma's own choice of sign turns a half turn, where w is exactly zero, to the other side.
    quaternion = torch.where(quaternion[..., 3:] < 0, -quaternion, quaternion)
    return roma.unitquat_to_rotvec(quaternion, shortest_arc=False)


def axis_angle_to_matrix(axis_angle: Tensor) -> Tensor:
    """Rotation matrices of axis-angle vectors, through the unit quaternion, as manopth does.

    Args:
        axis_angle: (..., 3) axis times angle, rad, of any length.

    Returns:
        (..., 3, 3) rotation matrices.

    Raises:
        ValueError: the last dimension is not 3.
    """
    if axis_angle.shape[-1] != 3:
        raise ValueError(f"axis_angle must end in 3, not {axis_angle.shape[-1]}")
    angle = torch.linalg.vector_norm(axis_angle + ANGLE_OFFSET, dim=-1, keepdim=True)
    # sin(angle / 2) / angle without a division by zero; torch.sinc(x) is sin(pi x) / (pi x).
    scale = 0.5 * torch.sinc(angle / (2 * math.pi))
    quaternion = torch.cat((scale * axis_angle, torch.cos(0.5 * angle)), dim=-1)
    return roma.unitquat_to_rotmat(torch.nn.functional.normalize(quaternion, dim=-1))
