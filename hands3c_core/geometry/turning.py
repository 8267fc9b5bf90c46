"""Turning a hand about the line of sight, as turned windows do."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def turn_global(pose: ArrayLike, rotation: ArrayLike) -> Floats:
    """``pose`` (16, 3) with ``rotation`` (3, 3) after its global orientation."""
    turned = np.array(pose, np.float64)
    matrix = np.asarray(rotation, np.float64) @ cv2.Rodrigues(turned[0])[0]
    turned[0] = cv2.Rodrigues(matrix)[0].reshape(3)
    return turned


def turn_of(affine: ArrayLike) -> Floats:
    """The rotation (3, 3) about the line of sight in a (2, 3) similarity of the plane."""
    matrix = np.asarray(affine, np.float64)[:, :2]
    turn = np.eye(3)
    turn[:2, :2] = matrix / np.sqrt(abs(np.linalg.det(matrix)))
    return turn
