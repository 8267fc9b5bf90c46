"""The window of the published code, pixel by pixel, borders of the image included.

Facts from the released HandS3C code (JiaoZixun/HandS3C at 82e216e, data/HO3D and data/DEX_YCB) and
HandOccNet's pre-processing that it uses: a box is moved into the image at its left and upper side
and cut at its right and lower one, loses a pixel of width and height on the way, and is then made
square about its middle, which lands on the crop's pixel ``size / 2``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from hands3c_core.conventions import CROP_SCALE
from hands3c_core.types import CropBox

Bounds = tuple[float, float, float, float]


def joint_bounds(joints_2d: ArrayLike, scale: float = 1.0) -> Bounds:
    """Left, top, width, height (px) of the box around joints (J, 2), enlarged about its middle."""
    points = np.asarray(joints_2d, np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    width, height = ((high - low) * scale).tolist()
    x, y = ((low + high) / 2).tolist()
    return x - width / 2, y - height / 2, width, height


def published_window(
    joints_2d: ArrayLike | None,
    image_size: tuple[int, int],
    crop_size: int,
    mirror: bool = False,
    bounds: Sequence[float] | None = None,
) -> CropBox | None:
    """The published window, such that ``crop_affine`` of it is the published map to the crop.

    Args:
        joints_2d: (J, 2) px; their box, enlarged 1.5 times, is what is moved into the image.
        image_size: width and height of the image, px.
        crop_size: side of the crop, px.
        mirror: whether the crop is mirrored, as those of left hands are (the half pixel by which
            the published code is off then lies on the other side).
        bounds: left, top, width and height (px) of a box that the data set gives instead of joints,
            as HO-3D's evaluation does; it is enlarged after it was moved, not before.

    Returns:
        None where nothing of the box is in the image.
    """
    if bounds is None:
        assert joints_2d is not None
        left, top, width, height = joint_bounds(joints_2d, CROP_SCALE)
        enlarged = 1.0
    else:
        left, top, width, height = (float(value) for value in bounds)
        enlarged = CROP_SCALE
    right_most, lowest = image_size[0] - 1.0, image_size[1] - 1.0
    x1, y1 = max(0.0, left), max(0.0, top)
    x2 = min(right_most, x1 + max(0.0, width - 1.0))
    y2 = min(lowest, y1 + max(0.0, height - 1.0))
    side = max(x2 - x1, y2 - y1) * enlarged
    if not (width * height > 0 and x2 >= x1 and y2 >= y1 and side > 0):
        return None
    half_a_crop_pixel = 0.5 * side / crop_size
    across = half_a_crop_pixel if mirror else -half_a_crop_pixel
    return CropBox((x1 + x2) / 2 + across, (y1 + y2) / 2 - half_a_crop_pixel, side)
