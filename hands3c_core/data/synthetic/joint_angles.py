"""Finger poses as anatomical angles: bend, spread and twist of each joint."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from hands3c_core.hand_model import HandModelData

from .turns import joint_turns

Floats = NDArray[np.floating[Any]]


def pose_from_angles(model: HandModelData, angles: Floats) -> NDArray[np.float32]:
    """The pose with these joint angles.

    Args:
        model: supplies the axes and the mean pose.
        angles: (15, 3) degrees of bend, spread and twist from the template, in the order of
            ``ROTATION_NAMES[1:]``.

    Returns:
        (16, 3) axis-angle, row 0 zero, the others relative to the mean pose.
    """
    full = joint_turns(np.radians(angles), model.joint_axes.astype(np.float64))
    pose = np.zeros((16, 3), np.float32)
    pose[1:] = full - model.hands_mean.reshape(15, 3)
    return pose


def angles_from_pose(model: HandModelData, fingers: Floats) -> NDArray[np.float64]:
    """The inverse of ``pose_from_angles``.

    Args:
        model: supplies the axes.
        fingers: (45,) or (15, 3) axis-angle from the template (mean pose included).

    Returns:
        (15, 3) degrees of bend, spread and twist; spread within +-90.
    """
    turns = Rotation.from_rotvec(np.asarray(fingers, np.float64).reshape(15, 3)).as_matrix()
    # Along (bend, twist, spread), which is right-handed, R = Rz(spread) Rx(bend) Ry(twist).
    basis = model.joint_axes[:, [0, 2, 1]].astype(np.float64)
    local = basis @ turns @ basis.transpose(0, 2, 1)
    bend = np.arcsin(np.clip(local[:, 2, 1], -1.0, 1.0))
    spread = np.arctan2(-local[:, 0, 1], local[:, 1, 1])
    twist = np.arctan2(-local[:, 2, 0], local[:, 2, 2])
    # A bend past 90 degrees looks like one short of it with spread and twist turned over.
    over = np.abs(spread) > np.pi / 2
    bend = np.where(over, np.pi - bend, bend)
    spread = np.where(over, spread - np.copysign(np.pi, spread), spread)
    twist = np.where(over, twist - np.copysign(np.pi, twist), twist)
    return np.degrees(np.stack([bend, spread, twist], axis=1))
