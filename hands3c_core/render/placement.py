"""Where hands stand in the 3D view: in their metric places, or centred side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.types import Hand

#: Where one hand alone is put, metres in the camera frame.
CENTER: Final = (0.0, 0.0, 0.5)
#: Half the gap between two hands' centres, metres: outstretched fingers do not touch.
_HALF_GAP: Final = 0.13

_WRIST, _INDEX, _KNUCKLE, _LITTLE = (
    JOINT_NAMES.index(name) for name in ("wrist", "index1", "middle1", "little1")
)


def hand_center(joints: NDArray) -> NDArray[np.float64]:
    """(3,) metres: the middle finger's knuckle, which opening and closing the hand leaves alone."""
    return np.asarray(joints[_KNUCKLE], np.float64)


def palm_normal(joints: NDArray, is_right: bool) -> NDArray[np.float64] | None:
    """(3,) unit normal out of a hand's palm, from wrist, index and little knuckle of its joints
    (21, 3); None where these lie on one line."""
    wrist, index, little = (np.asarray(joints[k], np.float64) for k in (_WRIST, _INDEX, _LITTLE))
    normal = np.cross(index - wrist, little - wrist)
    length = float(np.linalg.norm(normal))
    if length == 0:
        return None
    return normal / length if is_right else -normal / length


def centered_places(hands: Sequence[Hand]) -> dict[int, NDArray[np.float64]]:
    """Where each hand's centre goes when hands are shown centred, by track: (3,) metres.

    One hand stands in the middle. Of two, the right one stands on the left, as it does for a camera
    that faces a person; so hands keep their places when they cross.
    """
    if len(hands) < 2:
        return {hand.track_id: np.array(CENTER) for hand in hands}
    ordered = sorted(hands, key=lambda hand: (not hand.is_right, hand.track_id))
    shift = _HALF_GAP * (2 * np.arange(len(ordered)) - (len(ordered) - 1))
    return {
        hand.track_id: np.array([CENTER[0] + across, CENTER[1], CENTER[2]])
        for hand, across in zip(ordered, shift, strict=True)
    }
