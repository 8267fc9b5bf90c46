"""Turning a hand: about the line of sight, as turned windows do, and from one place to another."""

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


def rotation_between(before: ArrayLike, after: ArrayLike) -> Floats:
    """The rotation (3, 3) that brings points (N, 3) nearest to others, both about their means
    (Kabsch, Acta Crystallographica A32, 1976)."""
    one, other = np.asarray(before, np.float64), np.asarray(after, np.float64)
    one, other = one - one.mean(axis=0), other - other.mean(axis=0)
    u, _, vt = np.linalg.svd(one.T @ other)
    handed = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    return np.asarray(vt.T @ handed @ u.T, np.float64)
