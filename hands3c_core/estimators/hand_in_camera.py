"""From a network's prediction for a crop to a hand in the camera's frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from hands3c_core.estimators.refine import PoseRefiner
from hands3c_core.geometry.camera import solve_translation
from hands3c_core.geometry.turning import turn_global
from hands3c_core.models import HandPrediction
from hands3c_core.types import Camera, Float32

#: Least spread that is believed, as a share of the crop: half a heatmap cell of 32.
_LEAST_SPREAD = 1 / 64


@dataclass(frozen=True, slots=True)
class PlacedHand:
    """A (right or mirrored) hand before the camera."""

    pose: Float32
    """(16, 3) axis-angle, rad, relative to the mean pose."""
    shape: Float32
    """(10,)."""
    translation: Float32
    """(3,) m."""
    joints: NDArray[np.floating]
    """(21, 3) m, camera frame."""
    spread: Float32
    """(21,) spread of the heatmaps, as a share of the crop's side."""


def place_hand(
    prediction: HandPrediction,
    row: int,
    joints_2d: NDArray[np.floating],
    side: float,
    camera: Camera,
    refiner: PoseRefiner | None = None,
    turn: ArrayLike | None = None,
) -> PlacedHand:
    """Where the hand is: the translation that brings the projected 3D joints nearest to the 2D
    ones, each weighted by its heatmap's spread; then, with a refiner, pose and translation that
    meet the heatmaps.

    Args:
        prediction: of a network that regresses pose and shape.
        row: which hand of the batch.
        joints_2d: (21, 2) px, the prediction's 2D joints in the camera's image.
        side: of the crop, px of that image.
        camera: of the image, mirrored for a left hand.
        refiner: brings poses to the heatmaps; None leaves them.
        turn: (3, 3) rotation about the line of sight from the crop to the image; None for none.
    """
    assert prediction.pose is not None
    assert prediction.shape is not None
    joints_3d = as_float32(prediction.joints_3d[row])
    spread = row_spread(prediction, row)
    pose, shape = as_float32(prediction.pose[row]), as_float32(prediction.shape[row])
    if turn is not None:
        # The hand turns about its wrist, as its pose does.
        wrist = joints_3d[0]
        joints_3d = (wrist + (joints_3d - wrist) @ np.asarray(turn).T).astype(np.float32)
        pose = turn_global(pose, turn).astype(np.float32)
    translation = solve_translation(joints_3d, joints_2d, camera, spread**-2.0)
    if refiner is None:
        return PlacedHand(pose, shape, translation, joints_3d + translation, spread)
    pose, translation = refiner.refine(
        pose, shape, translation, joints_2d, spread * side, side, camera
    )
    joints = refiner.layer.joints(pose, shape, translation)
    return PlacedHand(pose, shape, translation, joints, spread)


def seen_joints(prediction: HandPrediction, row: int) -> Float32:
    """(21, 2) where one hand's joints are, over the crop's side: the points of networks that have
    them, else the heatmaps' means."""
    if prediction.points is not None:
        return as_float32(prediction.points[row])[:, :2]
    return as_float32(prediction.joints_2d[row])


def row_spread(prediction: HandPrediction, row: int) -> Float32:
    """(21,) spread of one hand's joints, as a share of the crop's side: what the network says of
    its points, else the heatmaps' width (``heatmap_spread``)."""
    if prediction.point_sigma is not None:
        # A heatmap is about twice as wide as it is wrong; Laplace's deviation is 1.4 times the mean
        # absolute error.
        return (2.8 * as_float32(prediction.point_sigma[row])[:, 0]).astype(np.float32)
    return heatmap_spread(
        as_float32(prediction.heatmaps[row]), as_float32(prediction.joints_2d[row])
    )


def heatmap_spread(heatmaps: Float32, centers: Float32) -> Float32:
    """One-sigma spread (J,) of heatmaps (J, h, w) about their means (J, 2), as a share of the crop.

    The mean of both axes' variance, at least that of half a cell.
    """
    height, width = heatmaps.shape[1:]
    columns = (np.arange(width, dtype=np.float32) + 0.5) / width
    rows = (np.arange(height, dtype=np.float32) + 0.5) / height
    along_u = (heatmaps.sum(axis=1) * (columns - centers[:, :1]) ** 2).sum(axis=1)
    along_v = (heatmaps.sum(axis=2) * (rows - centers[:, 1:]) ** 2).sum(axis=1)
    return np.sqrt((along_u + along_v) / 2).clip(_LEAST_SPREAD).astype(np.float32)


def as_float32(tensor: Tensor) -> Float32:
    """A tensor as a contiguous array in memory."""
    return np.ascontiguousarray(tensor.detach().float().cpu().numpy())
