"""A closer window where the hand is small in the crop that an estimator was given.

Live, the detector keeps the window at 1.5 times the hand's box. Crops of a benchmark may hold the
hand in a fraction of that, which the small networks were not trained on: with 2.7 times the box
their error grows by a quarter, with 3.3 times it is the mean pose's. So where the first look finds
a small hand, the window is set anew around it, as tracking would, and looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hands3c_core.estimators.placing import as_float32
from hands3c_core.geometry.crop import apply_affine, crop_box, extract_crop, invert_affine
from hands3c_core.models import HandNetwork, HandPrediction
from hands3c_core.types import UInt8

#: A crop this many times the side of the usual window around the joints is looked at again; the
#: training's go to 1.2, but the middle of what it saw is where it is best.
TOO_WIDE = 1.1
#: Looks after the first: the first window around a very small hand is still a rough one.
MOST_LOOKS = 2


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
        Look(prediction, row, as_float32(prediction.joints_2d[row]).astype(float) * size, size)
        for row in range(len(crops))
    ]
    for _ in range(MOST_LOOKS):
        boxes = {row: crop_box(looks[row].joints_2d) for row in range(len(crops))}
        wide = [row for row, box in boxes.items() if looks[row].side > TOO_WIDE * box.side]
        if not wide:
            break
        views = [extract_crop(crops[row], boxes[row], size) for row in wide]
        prediction = model.predict(np.stack([crop for crop, _ in views]))
        for place, (row, (_, affine)) in enumerate(zip(wide, views, strict=True)):
            joints = as_float32(prediction.joints_2d[place]).astype(float) * size
            seen = apply_affine(invert_affine(affine), joints)
            looks[row] = Look(prediction, place, seen, boxes[row].side)
    return looks
