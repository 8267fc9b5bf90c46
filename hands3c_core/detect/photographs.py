"""Finding hands in photographs, where they may fill the picture.

MediaPipe's palm detector wants room around a hand: of 467 crops in which hands nearly fill the
picture it finds one in 372. Where it finds none, it looks again at the picture with a border, which
brings that to 464; of 300 pictures of rooms without hands it then takes something for a hand in 2
instead of none. A picture without hands costs three searches, so of a film only the first picture
is searched like this, and the one after a jump: a gallery's are all of that kind.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import cv2
import numpy as np

from hands3c_core.closing import Closing
from hands3c_core.detect.mediapipe_hands import MediaPipeDetector
from hands3c_core.geometry.crop import with_border
from hands3c_core.types import Detection, UInt8

#: Widths of the borders tried one after the other, as shares of the shorter side.
_BORDERS: Final = (0.5, 1.0)
#: A picture gets a border at no more than this size, px: the hand fills it, so that is enough.
_LARGEST: Final = 1024


class PhotographDetector(Closing):
    """A ``HandDetector`` for pictures that have nothing to do with one another.

    Args:
        max_hands: most hands to report, 1 or more.

    Raises:
        UserError: the setting is out of range, or the shipped bundle is damaged.
    """

    def __init__(self, max_hands: int = 2) -> None:
        self._finder = MediaPipeDetector(max_hands, "image")

    @property
    def max_hands(self) -> int:
        """Most hands that are reported."""
        return self._finder.max_hands

    def configure(self, **settings: float) -> None:
        """See ``HandDetector.configure``."""
        self._finder.configure(**settings)

    def detect(self, image: UInt8, timestamp_ms: float | None = None) -> list[Detection]:
        """See ``HandDetector.detect``. Time is not looked at."""
        return self._finder.detect(image) or find_large(self._finder, image)

    def reset(self) -> None:
        """See ``HandDetector.reset``: there is nothing to forget."""

    def close(self) -> None:
        """See ``HandDetector.close``."""
        self._finder.close()


def find_large(finder: MediaPipeDetector, image: UInt8) -> list[Detection]:
    """Hands that fill an image or are cut by its edges; see ``HandDetector.detect``."""
    small, scale = _at_most(image, _LARGEST)
    for share in _BORDERS:
        border = round(share * min(small.shape[:2]))
        found = finder.detect(with_border(small, border))
        if found:
            return [_moved(hand, border, scale) for hand in found]
    return []


def _at_most(image: UInt8, side: int) -> tuple[UInt8, float]:
    """An image made small enough, and how many px of the original make one of it."""
    height, width = image.shape[:2]
    scale = max(height, width) / side
    if scale <= 1.0:
        return image, 1.0
    size = max(round(width / scale), 1), max(round(height / scale), 1)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8), scale


def _moved(hand: Detection, border: int, scale: float) -> Detection:
    """A hand found in a smaller image with a border, as it lies in the original."""
    points = (hand.landmarks_2d.astype(np.float64) - border + 0.5) * scale - 0.5
    return replace(hand, landmarks_2d=points.astype(np.float32))
