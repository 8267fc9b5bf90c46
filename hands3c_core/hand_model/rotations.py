"""Conversions between 6D, matrix and axis-angle rotations, with finite gradients everywhere.

Matrices act on column vectors. All functions take any batch shape, float32 or float64, and are
differentiable. Quaternions are (x, y, z, w).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

#: manopth measures the angle of a rotation vector ``r`` as ``|r + 1e-8|`` (added to each
#: component). The turn differs from the exact one by less than 2e-8 rad; we measure it the same way
#: so that float64 results of published models are reproduced to 1e-9.
ANGLE_OFFSET = 1e-8

#: Below this length a 6D half has no direction that could be trusted, and its gradient, which grows
#: with one over the length, would not be finite.
_MIN_LENGTH = 1e-8

#: Below this angle (rad) the first terms of a series are exact in double precision.
_SMALL_ANGLE = 1e-3


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
    for _ in range(2):
        second = second - (second * unit).sum(-1, keepdim=True) * unit
    second = torch.nn.functional.normalize(second, dim=-1)
    return torch.stack((unit, second, torch.linalg.cross(unit, second)), dim=-1)


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
    quaternion = _matrix_to_quaternion(matrix)
    quaternion = torch.where(quaternion[..., 3:] < 0, -quaternion, quaternion)
    vector, real = quaternion[..., :3], quaternion[..., 3:]
    angle = 2 * torch.atan2(torch.linalg.vector_norm(vector, dim=-1, keepdim=True), real)
    # angle / sin(angle / 2); its series where the quotient would be 0 / 0, also in the gradient
    is_small = angle < _SMALL_ANGLE
    series = 2 + angle**2 / 12 + 7 * angle**4 / 2880
    quotient = angle / torch.sin(0.5 * torch.where(is_small, torch.ones_like(angle), angle))
    return torch.where(is_small, series, quotient) * vector


def _matrix_to_quaternion(matrix: Tensor) -> Tensor:
    """Unit quaternions (..., 4) of rotation matrices (..., 3, 3), of either sign.

    Four formulas divide by one component each; the one with the largest is taken (Shepperd,
    "Quaternion from rotation matrix", 1978).
    """
    entry = matrix.flatten(-2).unbind(-1)
    xx, xy, xz, yx, yy, yz, zx, zy, zz = entry
    trace = xx + yy + zz
    by_component = (
        (1 - trace + 2 * xx, yx + xy, zx + xz, zy - yz),
        (yx + xy, 1 - trace + 2 * yy, zy + yz, xz - zx),
        (zx + xz, zy + yz, 1 - trace + 2 * zz, yx - xy),
        (zy - yz, xz - zx, yx - xy, 1 + trace),
    )
    candidates = torch.stack([torch.stack(row, dim=-1) for row in by_component], dim=-2)
    largest = torch.stack((xx, yy, zz, trace), dim=-1).argmax(-1)
    index = largest[..., None, None].expand(*largest.shape, 1, 4)
    return torch.nn.functional.normalize(candidates.gather(-2, index).squeeze(-2), dim=-1)


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
    return _quaternion_to_matrix(torch.nn.functional.normalize(quaternion, dim=-1))


def _quaternion_to_matrix(quaternion: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) of unit quaternions (..., 4)."""
    x, y, z, w = quaternion.unbind(-1)
    rows = (
        (w * w + x * x - y * y - z * z, 2 * (x * y - z * w), 2 * (x * z + y * w)),
        (2 * (x * y + z * w), w * w - x * x + y * y - z * z, 2 * (y * z - x * w)),
        (2 * (x * z - y * w), 2 * (y * z + x * w), w * w - x * x - y * y + z * z),
    )
    return torch.stack([torch.stack(row, dim=-1) for row in rows], dim=-2)
