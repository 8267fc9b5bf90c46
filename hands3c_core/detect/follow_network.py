"""MediaPipe's hand landmark network by itself, in OpenVINO: the one that its task graph follows
hands with.

Window and crop are the graph's (Apache-2.0): the upright window, laid around the landmarks of the
frame before, sampled bilinearly with the border repeated.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.assets import asset_path
from hands3c_core.detect.batched_network import BatchedNetwork
from hands3c_core.errors import UserError
from hands3c_core.geometry.crop import apply_affine, invert_affine, upright_box
from hands3c_core.types import CropBox, Detection, UInt8

Floats = NDArray[np.float64]

#: Entry of the detector's bundle.
_ENTRY = "hand_landmarks_detector.tflite"
_SIZE = 224


@dataclass(frozen=True, slots=True)
class Followed:
    """One hand as the network sees it."""

    detection: Detection
    presence: float
    """Probability that there is a hand in the window, 0 to 1."""


class FollowNetwork:
    """The network, ready to look.

    Args:
        bundle: a ``.task`` file of MediaPipe's HandLandmarker; the shipped one by default.

    Raises:
        UserError: OpenVINO is not installed, or the bundle is missing or damaged.
        OSError: there is no room for a temporary file.
    """

    def __init__(self, bundle: str | Path | None = None) -> None:
        path = Path(bundle) if bundle else asset_path("hand_landmarker.task")
        try:
            with zipfile.ZipFile(path) as archive:
                content = archive.read(_ENTRY)
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise UserError(f"the hand detector {path} cannot be loaded: {error}") from None
        # OpenVINO reads TFLite from files only; on Windows one that it maps cannot be deleted.
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            file = Path(folder) / _ENTRY
            file.write_bytes(content)
            self._network = BatchedNetwork(file, _SIZE)

    def look(self, image: UInt8, landmarks_2d: Sequence[ArrayLike]) -> list[Followed]:
        """Look for hands where they were, all of them in one pass.

        Args:
            image: (H, W, 3) uint8 RGB, unmirrored.
            landmarks_2d: (21, 2) px of each hand in the frame before.
        """
        boxes = [upright_box(points) for points in landmarks_2d]
        to_crops = [_to_crop(box) for box in boxes]
        crops = np.empty((len(boxes), _SIZE, _SIZE, 3), np.uint8)
        for crop, to_crop in zip(crops, to_crops, strict=True):
            cv2.warpAffine(
                image, to_crop, (_SIZE, _SIZE), dst=crop, borderMode=cv2.BORDER_REPLICATE
            )
        outputs = self._network(crops)
        return [
            _followed(box, to_crop, *(part[row] for part in outputs))
            for row, (box, to_crop) in enumerate(zip(boxes, to_crops, strict=True))
        ]


def _to_crop(box: CropBox) -> Floats:
    """The (2, 3) map from px of the image to those of the crop, as MediaPipe lays it: corner upon
    corner where it should be pixel upon pixel, which its landmarks make good."""
    scale = _SIZE / box.side
    cos, sin = scale * np.cos(box.angle), scale * np.sin(box.angle)
    matrix = np.array([[cos, sin], [-sin, cos]])
    middle = np.array([box.center_x + 0.5, box.center_y + 0.5])
    return np.column_stack([matrix, _SIZE / 2 - matrix @ middle])


def _followed(
    box: CropBox,
    to_crop: Floats,
    points: Floats,
    presence: Floats,
    right: Floats,
    world: Floats,
) -> Followed:
    """The network's outputs for one crop, brought back to the image."""
    # Landmarks count from the window's edge, ours from the first pixel's middle.
    flat = apply_affine(invert_affine(to_crop), points.reshape(21, 3)[:, :2]) - 0.5
    cos, sin = np.cos(box.angle), np.sin(box.angle)
    turned = world.reshape(21, 3).copy()
    turned[:, :2] = turned[:, :2] @ np.array([[cos, sin], [-sin, cos]])
    is_right = float(right[0])
    detection = Detection(
        is_right=is_right >= 0.5,
        handedness_score=max(is_right, 1.0 - is_right),
        landmarks_2d=flat.astype(np.float32),
        landmarks_world=turned.astype(np.float32),
    )
    return Followed(detection, float(presence[0]))
