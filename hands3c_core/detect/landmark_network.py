"""The second witness: MediaPipe's hand landmark network of December 2020 (Apache-2.0).

The detector (``mediapipe_hands``) says where the hands are; this older, smaller network then looks
at each of them again, as the image is and mirrored, in a window turned along the hand. It knows
depth better than the detector. The network is ``assets/hand_landmark_2020.tflite`` (see its card)
and runs in OpenVINO on one thread; where OpenVINO is not installed there is no second witness.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.assets import asset_path
from hands3c_core.detect.batched_network import BatchedNetwork
from hands3c_core.errors import UserError
from hands3c_core.geometry.crop import apply_affine, extract_crop, invert_affine, upright_box
from hands3c_core.types import HandLooks, UInt8

Floats = NDArray[np.float64]
_log = logging.getLogger(__name__)

FILE = "hand_landmark_2020.tflite"
#: Side of the network's input, px.
INPUT_SIZE = 224
#: The network's depths are too flat by this factor on average: the slope of true depth over its
#: own, on renders with exact truth (``scripts/measure_witnesses.py``).
DEPTH_SCALE = 2.1
#: Most looks that are computed in one pass: two hands, each as it is and mirrored.
_MOST_LOOKS = 4


class LandmarkNetwork:
    """The network, ready to look.

    Args:
        file: the network; the shipped one by default.
        depth_scale: factor on its depths.

    Raises:
        UserError: OpenVINO is not installed, or the file is missing or damaged.
    """

    def __init__(self, file: str | Path | None = None, depth_scale: float = DEPTH_SCALE) -> None:
        self.depth_scale = depth_scale
        self._network = BatchedNetwork(Path(file) if file else asset_path(FILE), INPUT_SIZE, 2)

    def look(self, image: UInt8, landmarks_2d: Sequence[ArrayLike]) -> list[HandLooks]:
        """Look at hands again.

        Args:
            image: (H, W, 3) uint8 RGB, unmirrored.
            landmarks_2d: (21, 2) px of each hand, as the detector or another look placed them.

        Returns:
            One ``HandLooks`` a hand.
        """
        windows = []
        crops = np.empty((2 * len(landmarks_2d), INPUT_SIZE, INPUT_SIZE, 3), np.uint8)
        for row, points in enumerate(landmarks_2d):
            crop, window = extract_crop(
                image, upright_box(points), INPUT_SIZE, border=cv2.BORDER_REPLICATE
            )
            windows.append(window)
            crops[2 * row] = crop
            cv2.flip(crop, 1, dst=crops[2 * row + 1])
        parts = self._infer(crops)
        return [
            _in_image(window, self.depth_scale, *(part[2 * row : 2 * row + 2] for part in parts))
            for row, window in enumerate(windows)
        ]

    def _infer(self, crops: UInt8) -> tuple[Floats, Floats, Floats]:
        """Points (B, 21, 3) px of the crops, presence (B,), right-handedness (B,)."""
        parts = [
            self._network(crops[first : first + _MOST_LOOKS])
            for first in range(0, len(crops), _MOST_LOOKS)
        ]
        points, presence, is_right = (np.concatenate(column) for column in zip(*parts, strict=True))
        return points.reshape(-1, 21, 3), presence.ravel(), is_right.ravel()


def _in_image(
    window: Floats, depth_scale: float, points: Floats, presence: Floats, is_right: Floats
) -> HandLooks:
    """Points (2, 21, 3) of the crop and of its mirror image, brought back to the image."""
    points[1, :, 0] = INPUT_SIZE - 1 - points[1, :, 0]
    is_right[1] = 1.0 - is_right[1]
    to_image = invert_affine(window)
    scale = float(np.linalg.norm(to_image[:, 0]))
    flat = apply_affine(to_image, points[..., :2])
    depth = points[..., 2:] * scale * depth_scale
    return HandLooks(np.concatenate([flat, depth], axis=2), presence, is_right)


_told = False


def second_witness() -> LandmarkNetwork | None:
    """The shipped network, or None where it cannot run; the reason is logged once a process."""
    global _told
    try:
        return LandmarkNetwork()
    except UserError as error:
        if not _told:
            _log.warning("Hands are estimated without the second witness: %s", error)
        _told = True
        return None
