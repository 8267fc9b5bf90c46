"""From an estimator's parameters to a hand in the camera's frame."""

from __future__ import annotations

import numpy as np

from hands3c_core.geometry import project
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.types import Camera, CropBox, Float32, Hand, HandEstimate, TrackedHand

#: Pose (16, 3), shape (10,) and translation (3,) of one hand, model space.
Parameters = tuple[Float32, Float32, Float32]


def make_hand(
    layer: FastHandLayer,
    model: HandModelData,
    estimator: str,
    hand: TrackedHand,
    estimate: HandEstimate,
    parameters: Parameters,
    crop: CropBox,
    camera: Camera,
) -> Hand:
    """Mesh and joints of the smoothed parameters, mirrored back for a left hand.

    Args:
        layer: of ``model``.
        model: the right hand.
        estimator: name of the one that was asked.
        hand, estimate: as it was seen and estimated.
        parameters: after smoothing.
        crop: the detection's window.
        camera: of the image.
    """
    pose, shape, translation = parameters
    vertices, joints = layer(pose, shape, translation)
    if estimate.vertices is not None and estimate.vertices.shape == vertices.shape:
        vertices = _own_mesh(layer, estimate, estimate.vertices, vertices)
    if not hand.is_right:
        vertices[:, 0] *= -1.0
        joints[:, 0] *= -1.0
    landmarks = hand.detection.landmarks_2d
    joints_2d = project(joints, camera)
    return Hand(
        track_id=hand.track_id,
        is_right=hand.is_right,
        confidence=estimate.confidence,
        vertices=vertices,
        joints_3d=joints,
        joints_2d=joints_2d,
        landmarks_2d=landmarks,
        pose=pose,
        shape=shape,
        translation=translation,
        crop=estimate.crop or crop,
        reprojection_error_px=float(np.linalg.norm(joints_2d - landmarks, axis=1).mean()),
        estimator=estimate.estimator or estimator,
        heatmaps=estimate.heatmaps,
        attention=estimate.attention,
        model=model,
        joint_sigma=estimate.joint_sigma,
        is_unsure=estimate.is_unsure,
    )


def _own_mesh(
    layer: FastHandLayer, estimate: HandEstimate, own: Float32, smoothed: Float32
) -> Float32:
    """The estimator's own vertices, moved as smoothing moved the fitted hand's to ``smoothed``;
    (V, 3) metres, (mirrored) camera frame."""
    before, _ = layer(estimate.pose, estimate.shape, estimate.translation)
    return own + (smoothed - before)
