"""Finger poses from anatomical angles: bend, spread and twist of each joint."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hands3c_core.data.synthetic.turns import joint_turns
from hands3c_core.hand_model import HandModelData

Floats = NDArray[np.floating[Any]]


def pose_from_angles(model: HandModelData, angles: Floats) -> NDArray[np.float32]:
    """The pose with these joint angles: the inverse of ``hand_model.joint_angles.axis_angles``.

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
