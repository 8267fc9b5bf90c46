"""The window that a network wants, where the crop that it was given is another one.

Live, the detector keeps the window at 1.5 times the hand's box. Crops of a benchmark may hold the
hand in a fraction of that, which the small networks were not trained on: with 2.7 times the box
their error grows by a quarter, with 3.3 times it is the mean pose's. So where the first look finds
a small hand, the window is set anew around it, as tracking would, and looked at again. The same
goes for networks that see upright windows: the first look finds out which way is up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hands3c_core.estimators.hand_in_camera import seen_joints
from hands3c_core.geometry.crop import apply_affine, extract_crop, hand_window, invert_affine
from hands3c_core.models import HandNetwork, HandPrediction
from hands3c_core.types import CropBox, UInt8

#: A crop this many times the side of the usual window around the joints is looked at again; the
#: training's go to 1.2, but the middle of what it saw is where it is best.
TOO_WIDE = 1.1
#: An upright window is laid anew if it was turned by more than this, rad.
_TURNED = 0.17
#: Looks after the first: the first window around a very small hand is still a rough one.
MOST_LOOKS = 2
#: The same where windows are upright: each look finds out a little more of which way is up.
MOST_UPRIGHT_LOOKS = 4


@dataclass(frozen=True, slots=True)
class Look:
    """What a network says of one crop."""

    prediction: HandPrediction
    """Of a batch."""
    row: int
    """The crop's place in it."""
    joints_2d: NDArray[np.float64]
    """(21, 2) px of the crop as it was given."""
    side: float
    """Of the window that was looked at, px of that crop."""
    angle: float = 0.0
    """By which that window was turned; see ``types.CropBox``."""

    @property
    def turn(self) -> NDArray[np.float64] | None:
        """(3, 3) rotation about the line of sight from the window to the crop; None for none."""
        if not self.angle:
            return None
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def look_again(
    model: HandNetwork, crops: Sequence[UInt8], prediction: HandPrediction
) -> list[Look]:
    """Predict crops with a small hand again from a closer window.

    Args:
        model: the network.
        crops: (s, s, 3) uint8 RGB each, s the network's input size.
        prediction: what the network says of all of them.

    Returns:
        One look a crop, the last one taken.
    """
    size = model.input_size
    looks = [
        Look(prediction, row, seen_joints(prediction, row).astype(float) * size, size)
        for row in range(len(crops))
    ]
    for _ in range(MOST_UPRIGHT_LOOKS if model.crop_rule == "upright" else MOST_LOOKS):
        boxes = {
            row: hand_window(looks[row].joints_2d, model.crop_rule) for row in range(len(crops))
        }
        wide = [row for row, box in boxes.items() if _is_off(looks[row], box)]
        if not wide:
            break
        views = [extract_crop(crops[row], boxes[row], size) for row in wide]
        prediction = model.predict(np.stack([crop for crop, _ in views]))
        for place, (row, (_, affine)) in enumerate(zip(wide, views, strict=True)):
            joints = seen_joints(prediction, place).astype(float) * size
            seen = apply_affine(invert_affine(affine), joints)
            looks[row] = Look(prediction, place, seen, boxes[row].side, boxes[row].angle)
    return looks


def _is_off(look: Look, box: CropBox) -> bool:
    """Whether a window was much larger than, or turned against, the one that was wanted."""
    turned = (look.angle - box.angle + np.pi) % (2 * np.pi) - np.pi
    return look.side > TOO_WIDE * box.side or abs(turned) > _TURNED
