"""What a hand in a take can be: readers refuse what lies outside, and writers leave it out, so that
whatever was written can be read."""

from __future__ import annotations

import logging
from typing import Final

import numpy as np

from hands3c_core.types import Camera, Hand

log = logging.getLogger(__name__)

#: Rotations, rad (six turns), and shape coefficients (standard deviations).
MOST_TURN: Final = 40.0
MOST_SHAPE: Final = 100.0
#: Coordinates of a hand, m, in front of a camera whose focal length is at most its picture's longer
#: side. At the first of these distances a hand is six of 640 px long. Settling the shape of a hand
#: that was written may move it.
_WRITTEN_M: Final = 20.0
_READ_M: Final = 25.0


def furthest(camera: Camera) -> float:
    """The largest coordinate of a hand that is read, m; longer lenses see further."""
    return _READ_M * _length(camera)


def is_possible(hand: Hand, camera: Camera) -> bool:
    """Whether a hand may be written: what is known of it lies within the limits."""
    most = _WRITTEN_M * _length(camera)
    places = (hand.translation, hand.joints_3d, hand.vertices)
    checked = [(part, most) for part in places]
    checked += [(hand.pose, MOST_TURN), (hand.shape, MOST_SHAPE)]
    possible = all(not (np.abs(part) > limit).any() for part, limit in checked)
    if not possible:
        log.warning("left out a hand that cannot be: its values are far beyond any hand's")
    return possible


def _length(camera: Camera) -> float:
    """The focal length in longer sides of the picture, 1 at least."""
    return max(1.0, max(camera.fx, camera.fy) / max(camera.width, camera.height))
