"""What tests of the 3D scene share: its camera, and where its picture shows hands."""

from __future__ import annotations

import numpy as np

from hands3c_core.types import Camera

CAMERA = Camera(554.0, 554.0, 319.5, 239.5, 640, 480)


def hand_pixels(image) -> np.ndarray:
    """Skin: clearly redder than blue, which neither background nor grid is."""
    return image[..., 0].astype(int) - image[..., 2] > 25
