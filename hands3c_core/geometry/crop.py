"""The square window that a network sees of a hand.

There are three rules, and a network knows which one it was trained with (``CropRule``):

* ``box``: a square around the 21 joints' bounding box, its side 1.5 times the box's longer side.
* ``published``: the released HandS3C code's form of it, which moves the window into the image and
  cuts it there (``published_window``), sampled without averaging. What published checkpoints get.
* ``upright``: MediaPipe's, a square turned so that the line from the wrist to the middle knuckles
  points up, around the palm and the inner finger joints.

Both are resampled to the network's size; a left hand is mirrored so that the network always sees a
right one.
"""

from __future__ import annotations

from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.conventions import CROP_SCALE, CROP_SIZE
from hands3c_core.geometry.published_window import published_window
from hands3c_core.types import CropBox, UInt8

#: Names of the rules by which a window is laid around a hand.
CropRule = Literal["box", "upright", "published"]

#: Joints around which the upright window lies: wrist, thumb 1 to 3, and the two inner joints of
#: each finger (MediaPipe's hand landmark graph, Apache-2.0).
_PALM: Final = (0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18)
#: Side of the upright window over the longer side of their box, and its move towards the fingers
#: as a share of the box's height; from the same graph.
_UPRIGHT_SCALE: Final = 2.0
_UPRIGHT_SHIFT: Final = 0.1
_SMALLEST_SIDE: Final = 8.0


def hand_window(
    landmarks_2d: ArrayLike,
    rule: CropRule,
    image_size: tuple[int, int] | None = None,
    crop_size: int = CROP_SIZE,
    mirror: bool = False,
) -> CropBox:
    """The window around joints (21, 2), px in the full image, by the named rule.

    Args:
        landmarks_2d: (21, 2) px.
        rule: 'published' falls back to 'box' where the image's size is not known or the hand lies
            outside of it.
        image_size: width and height of the image, px.
        crop_size: side of the crop, px.
        mirror: whether the crop will be mirrored.
    """
    if rule == "upright":
        return upright_box(landmarks_2d)
    if rule == "published" and image_size is not None:
        window = published_window(landmarks_2d, image_size, crop_size, mirror)
        if window is not None:
            return window
    return crop_box(landmarks_2d)


def upright_box(landmarks_2d: ArrayLike) -> CropBox:
    """The turned square window around joints (21, 2), px in the full image: the line from the wrist
    to the middle of the knuckles (the middle finger's counting twice) points up in it."""
    points = np.asarray(landmarks_2d, dtype=np.float64)
    knuckles = ((points[5] + points[13]) / 2 + points[9]) / 2
    ahead = knuckles - points[0]
    angle = float(np.arctan2(ahead[0], -ahead[1]))
    cos, sin = np.cos(angle), np.sin(angle)
    to_window = np.array([[cos, sin], [-sin, cos]])
    turned = points[list(_PALM)] @ to_window.T
    low, high = turned.min(axis=0), turned.max(axis=0)
    extent = high - low
    middle = (low + high) / 2 - (0.0, _UPRIGHT_SHIFT * extent[1])
    center = middle @ to_window
    side = max(float(extent.max()) * _UPRIGHT_SCALE, _SMALLEST_SIDE)
    return CropBox(float(center[0]), float(center[1]), side, angle)


def crop_box(landmarks_2d: ArrayLike, scale: float = CROP_SCALE) -> CropBox:
    """The square window around joints (J, 2), px in the full image.

    Its side is ``scale`` times the longer side of the joints' bounding box, at least 8 px.
    """
    points = np.asarray(landmarks_2d, dtype=np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    center = (low + high) / 2
    side = max(float((high - low).max()) * scale, _SMALLEST_SIDE)
    return CropBox(float(center[0]), float(center[1]), side)


def crop_affine(box: CropBox, size: int = CROP_SIZE, mirror: bool = False) -> NDArray[np.float64]:
    """The (2, 3) map from full-image px to crop px: crop = A @ (u, v, 1).

    Both use integer coordinates at pixel centres, so the window's outer edges map to -0.5 and
    ``size`` - 0.5. With ``mirror`` the (turned) crop's x is reversed afterwards.
    """
    scale = size / box.side
    cos, sin = scale * np.cos(box.angle), scale * np.sin(box.angle)
    matrix = np.array([[cos, sin], [-sin, cos]])
    offset = (size - 1) / 2 - matrix @ (box.center_x, box.center_y)
    affine = np.column_stack([matrix, offset])
    if mirror:
        affine[0] *= -1.0
        affine[0, 2] += size - 1
    return affine


def crop_corners(box: CropBox) -> NDArray[np.float64]:
    """(4, 2) px in the image: the window's corners, from its own upper left one clockwise."""
    half = box.side / 2
    cos, sin = half * np.cos(box.angle), half * np.sin(box.angle)
    right, down = np.array([cos, sin]), np.array([-sin, cos])
    middle = np.array([box.center_x, box.center_y])
    ways = (-right - down, right - down, right + down, -right + down)
    return np.array([middle + way for way in ways])


def invert_affine(affine: ArrayLike) -> NDArray[np.float64]:
    """The (2, 3) inverse of a (2, 3) affine map."""
    matrix = np.asarray(affine, dtype=np.float64)
    inverse = np.linalg.inv(matrix[:, :2])
    return np.hstack([inverse, -inverse @ matrix[:, 2:]])


def apply_affine(affine: ArrayLike, points: ArrayLike) -> NDArray[np.float64]:
    """Map points (..., 2) by a (2, 3) affine."""
    matrix = np.asarray(affine, dtype=np.float64)
    return np.asarray(points, dtype=np.float64) @ matrix[:, :2].T + matrix[:, 2]


def extract_crop(
    image: NDArray[np.uint8],
    box: CropBox,
    size: int = CROP_SIZE,
    mirror: bool = False,
    border: int = cv2.BORDER_CONSTANT,
    *,
    averages: bool = True,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Resample a window of an image.

    Args:
        image: (H, W, 3) uint8 RGB.
        box: the window, px in the image; it may reach outside of it.
        size: side of the crop, px.
        mirror: mirror left to right, for left hands.
        border: OpenCV's border mode for what lies outside of the image; black by default.
        averages: average large windows down first; the published code does not.

    Returns:
        The (size, size, 3) uint8 crop and the (2, 3) affine from image px to crop px. Windows
        at least twice as large as the crop are first averaged down, so that fine texture does not
        alias.
    """
    affine = crop_affine(box, size, mirror)
    factor = int(box.side / size)
    source, to_source = image, affine
    if factor >= 2 and averages:
        source, to_source = _shrink_window(image, box, affine, factor)
    crop = cv2.warpAffine(
        source, to_source, (size, size), flags=cv2.INTER_LINEAR, borderMode=border
    )
    return np.asarray(crop, dtype=np.uint8), affine


def _shrink_window(
    image: NDArray[np.uint8], box: CropBox, affine: NDArray[np.float64], factor: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of the image under the window, averaged over factor x factor blocks, and the affine
    from that smaller image to the crop."""
    height, width = image.shape[:2]
    # A turned window reaches further along the image's axes.
    half = box.side / 2 * (abs(np.cos(box.angle)) + abs(np.sin(box.angle))) + factor
    left = int(np.clip(box.center_x - half, 0, max(width - factor, 0)))
    top = int(np.clip(box.center_y - half, 0, max(height - factor, 0)))
    columns = max(int(np.clip(box.center_x + half, 0, width) - left) // factor, 1)
    rows = max(int(np.clip(box.center_y + half, 0, height) - top) // factor, 1)
    window = image[top : top + rows * factor, left : left + columns * factor]
    small = cv2.resize(window, (columns, rows), interpolation=cv2.INTER_AREA)
    to_image = np.array(
        [
            [factor, 0.0, left + (factor - 1) / 2],
            [0.0, factor, top + (factor - 1) / 2],
            [0.0, 0.0, 1.0],
        ]
    )
    return np.asarray(small, dtype=np.uint8), affine @ to_image


class BoxSmoother:
    """Steadies the window of one hand over time, so that a network's input does not tremble.

    The window follows slow changes with an exponential average and follows a move of more than
    ``slack`` of its side at once, so that the hand never leaves it.
    """

    def __init__(self, amount: float = 0.5, slack: float = 0.1) -> None:
        """Args:
        amount: 0 (off) to just under 1 (slow), the share of the old window that is kept.
        slack: share of the side by which the window may lag.
        """
        self.amount = min(max(amount, 0.0), 0.99)
        self.slack = slack
        self._box: CropBox | None = None

    def reset(self) -> None:
        """Forget the last window."""
        self._box = None

    def __call__(self, box: CropBox) -> CropBox:
        """The steadied window for this frame's ``box``."""
        last = self._box
        if last is None or abs(np.log(box.side / last.side)) > 0.5:
            self._box = box
            return box
        reach = self.slack * box.side
        new = np.array([box.center_x, box.center_y, box.side])
        lag = (np.array([last.center_x, last.center_y, last.side]) - new) * self.amount
        x, y, side = (new + np.clip(lag, -reach, reach)).tolist()
        # The shorter way round; a turn by ``slack`` moves the window's corners by about that share.
        turn = (last.angle - box.angle + np.pi) % (2 * np.pi) - np.pi
        turn = float(np.clip(turn * self.amount, -self.slack, self.slack))
        self._box = CropBox(x, y, side, box.angle + turn)
        return self._box


def with_border(image: UInt8, border: int) -> UInt8:
    """An image (H, W, 3) with ``border`` px around it, in which its edges go on."""
    if border == 0:
        return image
    wide = cv2.copyMakeBorder(image, border, border, border, border, cv2.BORDER_REPLICATE)
    return np.asarray(wide, np.uint8)
