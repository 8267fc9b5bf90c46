"""Rotations of single joints, compiled: scipy's are made for thousands at once and cost more to
call than to compute."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

_jit: Any = njit(cache=True, nogil=True)


@_jit
def turn_matrix(vector):
    """(3, 3) rotation matrix of an axis-angle vector (3,) (Rodrigues' formula)."""
    x, y, z = vector[0], vector[1], vector[2]
    angle = np.sqrt(x * x + y * y + z * z)
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = x / angle, y / angle, z / angle
    s, c = np.sin(angle), np.cos(angle)
    d = 1.0 - c
    out = np.empty((3, 3))
    out[0, 0], out[0, 1], out[0, 2] = c + d * x * x, d * x * y - s * z, d * x * z + s * y
    out[1, 0], out[1, 1], out[1, 2] = d * x * y + s * z, c + d * y * y, d * y * z - s * x
    out[2, 0], out[2, 1], out[2, 2] = d * x * z - s * y, d * y * z + s * x, c + d * z * z
    return out


@_jit
def turn_vector(matrix):
    """(3,) axis-angle of a rotation matrix (3, 3), angle up to pi, by way of the quaternion whose
    greatest entry is computed first (Shepperd 1978)."""
    trace = matrix[0, 0] + matrix[1, 1] + matrix[2, 2]
    best, value = 3, trace
    for k in range(3):
        if matrix[k, k] > value:
            best, value = k, matrix[k, k]
    q = np.empty(4)
    if best == 3:
        q[3] = 1.0 + trace
        q[0] = matrix[2, 1] - matrix[1, 2]
        q[1] = matrix[0, 2] - matrix[2, 0]
        q[2] = matrix[1, 0] - matrix[0, 1]
    else:
        i, j, k = best, (best + 1) % 3, (best + 2) % 3
        q[i] = 1.0 + 2.0 * matrix[i, i] - trace
        q[j] = matrix[j, i] + matrix[i, j]
        q[k] = matrix[k, i] + matrix[i, k]
        q[3] = matrix[k, j] - matrix[j, k]
    if q[3] < 0.0:
        q = -q
    sine = np.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2])
    if sine < 1e-12 * q[3]:
        return 2.0 * q[:3] / q[3]
    return q[:3] * (2.0 * np.arctan2(sine, q[3]) / sine)


@_jit
def quaternion_matrix(numbers):
    """(3, 3) rotation matrix of a quaternion (4,) of any length, vector part first."""
    x, y, z, w = numbers / np.sqrt((numbers * numbers).sum())
    out = np.empty((3, 3))
    out[0, 0], out[0, 1], out[0, 2] = (
        1 - 2 * (y * y + z * z),
        2 * (x * y - w * z),
        2 * (x * z + w * y),
    )
    out[1, 0], out[1, 1], out[1, 2] = (
        2 * (x * y + w * z),
        1 - 2 * (x * x + z * z),
        2 * (y * z - w * x),
    )
    out[2, 0], out[2, 1], out[2, 2] = (
        2 * (x * z - w * y),
        2 * (y * z + w * x),
        1 - 2 * (x * x + y * y),
    )
    return out


@_jit
def joint_turns(angles, axes):
    """(J, 3) axis-angle of Rot(spread) Rot(bend) Rot(twist).

    Args: ``angles`` (J, 3) rad of bend, spread and twist; ``axes`` (J, 3, 3), a row for each.
    """
    out = np.empty((angles.shape[0], 3))
    for j in range(angles.shape[0]):
        spread = turn_matrix(angles[j, 1] * axes[j, 1])
        bend = turn_matrix(angles[j, 0] * axes[j, 0])
        twist = turn_matrix(angles[j, 2] * axes[j, 2])
        total = np.zeros((3, 3))
        for a in range(3):
            for b in range(3):
                for c in range(3):
                    for e in range(3):
                        total[a, e] += spread[a, b] * bend[b, c] * twist[c, e]
        out[j] = turn_vector(total)
    return out
