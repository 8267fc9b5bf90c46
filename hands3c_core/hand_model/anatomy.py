"""Bend, spread and twist axes of a hand's joints, from its rest pose."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import FINGER_NAMES, ROTATION_NAMES

#: The palm faces this way in MANO's template frame; the thumb's back faces the other one.
_PALM = np.array([0.0, -1.0, 0.0])
_THUMB_BACK = np.array([0.65, 0.42, 0.52])


def anatomical_axes(
    rest_joints: NDArray[np.floating[Any]], tips: NDArray[np.floating[Any]]
) -> NDArray[np.float32]:
    """Axes of the 15 finger joints of a right hand in MANO's template frame.

    The twist axis runs along the bone; the bend axis is at right angles to it and to the direction
    in which the palm faces (for the thumb, whose back is turned outwards, to that of its back).

    Args:
        rest_joints: (16, 3) metres, order of ``ROTATION_NAMES``.
        tips: (5, 3) metres, thumb to little.

    Returns:
        (15, 3, 3) unit rows: bend (positive flexes), spread (positive turns a finger towards the
        little finger), twist.
    """
    axes = np.empty((15, 3, 3))
    for row, name in enumerate(ROTATION_NAMES[1:]):
        finger, number = name[:-1], int(name[-1])
        end = rest_joints[row + 2] if number < 3 else tips[FINGER_NAMES.index(finger)]
        twist = _unit(end - rest_joints[row + 1])
        back = _THUMB_BACK if finger == "thumb" else -_PALM
        bend = _unit(np.cross(back, twist))
        axes[row] = bend, np.cross(bend, twist), twist
    return axes.astype(np.float32)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)
