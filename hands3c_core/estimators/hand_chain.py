"""Forward kinematics of one hand with exact derivatives, compiled.

Fingers are chains of three turning joints and a tip, so the derivative of a joint of finger f has
only 25 columns that are not zero: the wrist's six, nine angles and ten shape coefficients. For an
angle about the world axis a through the point p, dX/dangle = a x (X - p).
"""

from __future__ import annotations

import numpy as np

from hands3c_core.jit import njit

COLUMNS = 25
"""Unknowns that move one finger: 6 of the wrist, 9 angles, 10 of shape."""


@njit
def turn_about(axis: np.ndarray, angle: float) -> np.ndarray:
    """The (3, 3) rotation by ``angle`` rad about the unit ``axis`` (Rodrigues)."""
    c, s = np.cos(angle), np.sin(angle)
    x, y, z = axis
    turn = np.empty((3, 3))
    turn[0, 0] = c + x * x * (1 - c)
    turn[0, 1] = x * y * (1 - c) - z * s
    turn[0, 2] = x * z * (1 - c) + y * s
    turn[1, 0] = y * x * (1 - c) + z * s
    turn[1, 1] = c + y * y * (1 - c)
    turn[1, 2] = y * z * (1 - c) - x * s
    turn[2, 0] = z * x * (1 - c) - y * s
    turn[2, 1] = z * y * (1 - c) + x * s
    turn[2, 2] = c + z * z * (1 - c)
    return turn


@njit
def matmul(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    out = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            out[i, j] = (
                left[i, 0] * right[0, j] + left[i, 1] * right[1, j] + left[i, 2] * right[2, j]
            )
    return out


@njit
def _turn_columns(jacobian: np.ndarray, arm: np.ndarray) -> None:
    """Write a point's derivatives (3, 25) for turns about x, y and z, ``arm`` from the wrist."""
    x, y, z = arm
    jacobian[1, 0], jacobian[2, 0] = -z, y
    jacobian[0, 1], jacobian[2, 1] = z, -x
    jacobian[0, 2], jacobian[1, 2] = -y, x


@njit
def kinematics(
    root_turn: np.ndarray,
    root: np.ndarray,
    angles: np.ndarray,
    shape: np.ndarray,
    offsets: np.ndarray,
    shape_offsets: np.ndarray,
    axes: np.ndarray,
    markers: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The 21 joints of a hand, its 21 landmarks and their derivatives.

    Args:
        root_turn: (3, 3) global rotation.
        root: (3,) wrist position, m.
        angles: (5, 3, 3) rad: finger, joint, (bend, spread, twist).
        shape: (10,).
        offsets: (5, 4, 3) m: each finger joint (root to tip) from its parent, at rest.
        shape_offsets: (5, 4, 3, 10) m: their change per unit of shape.
        axes: (5, 3, 3, 3): unit axes of bend, spread and twist at rest.
        markers: (21, 3) m: each landmark from its joint, at rest; it moves with the joint's bone
            (the wrist's with the palm).

    Returns:
        Joints (21, 3), landmarks (21, 3) and the landmarks' derivatives (21, 3, 25), columns: wrist
        turn, wrist position, the nine angles of the joint's finger, shape.
    """
    joints = np.empty((21, 3))
    jacobian = np.zeros((21, 3, COLUMNS))
    world_axes = np.empty((9, 3))
    landmarks = np.empty((21, 3))
    joints[0] = root
    for i in range(3):
        landmarks[0, i] = root[i]
        jacobian[0, i, 3 + i] = 1.0
        for j in range(3):
            landmarks[0, i] += root_turn[i, j] * markers[0, j]
    _turn_columns(jacobian[0], landmarks[0] - root)
    for finger in range(5):
        turn = root_turn
        for link in range(4):
            k = 1 + 4 * finger + link
            parent = k - 1 if link > 0 else 0
            for i in range(3):
                joints[k, i] = joints[parent, i]
                jacobian[k, i, 3 + i] = 1.0
                for m in range(10):
                    jacobian[k, i, 15 + m] = jacobian[parent, i, 15 + m]
                for j in range(3):
                    length = offsets[finger, link, j]
                    for m in range(10):
                        change = shape_offsets[finger, link, j, m]
                        length += change * shape[m]
                        jacobian[k, i, 15 + m] += turn[i, j] * change
                    joints[k, i] += turn[i, j] * length
                landmarks[k, i] = joints[k, i]
                for j in range(3):
                    landmarks[k, i] += turn[i, j] * markers[k, j]
            _turn_columns(jacobian[k], landmarks[k] - root)
            for a in range(3 * link):
                pivot = 1 + 4 * finger + a // 3
                dx, dy, dz = landmarks[k] - joints[pivot]
                ax, ay, az = world_axes[a]
                jacobian[k, 0, 6 + a] = ay * dz - az * dy
                jacobian[k, 1, 6 + a] = az * dx - ax * dz
                jacobian[k, 2, 6 + a] = ax * dy - ay * dx
            if link == 3:
                continue
            # R = Rot(spread) Rot(bend) Rot(twist): each axis is turned by those before it.
            for dof in (1, 0, 2):
                axis = axes[finger, link, dof]
                for i in range(3):
                    world_axes[3 * link + dof, i] = (
                        turn[i, 0] * axis[0] + turn[i, 1] * axis[1] + turn[i, 2] * axis[2]
                    )
                turn = matmul(turn, turn_about(axis, angles[finger, link, dof]))
    return joints, landmarks, jacobian
