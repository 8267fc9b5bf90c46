"""From an estimator's parameters to a hand in the camera's frame."""

from __future__ import annotations

import numpy as np

from hands3c_core.geometry import crop_box, project
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.model_space import ModelSpace
from hands3c_core.types import Camera, Float32, Hand, HandEstimate, TrackedHand

#: Pose (16, 3), shape (10,) and translation (3,) of one hand, model space.
Parameters = tuple[Float32, Float32, Float32]


def make_hand(
    layer: FastHandLayer,
    model: HandModelData,
    estimator: str,
    hand: TrackedHand,
    estimate: HandEstimate,
    parameters: Parameters,
    camera: Camera,
) -> Hand:
    """Mesh and joints of the smoothed parameters, mirrored back for a left hand.

    Args:
        layer: of ``model``.
        model: the right hand.
        estimator: name of the one that was asked.
        hand, estimate: as it was seen and estimated.
        parameters: after smoothing.
        camera: of the image.
    """
    pose, shape, translation = parameters
    vertices, joints = layer(pose, shape, translation)
    if estimate.vertices is not None and estimate.vertices.shape == vertices.shape:
        vertices = _own_mesh(layer, estimate, estimate.vertices, vertices)
    space = ModelSpace(hand.is_right)
    vertices, joints = space.points(vertices), space.points(joints)
    landmarks = hand.detection.landmarks_2d
    joints_2d, error = reproject(joints, landmarks, camera)
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
        crop=estimate.crop or crop_box(landmarks),
        reprojection_error_px=error,
        estimator=estimate.estimator or estimator,
        heatmaps=estimate.heatmaps,
        attention=estimate.attention,
        model=model,
        joint_sigma=estimate.joint_sigma,
        is_unsure=estimate.is_unsure,
    )


def reproject(joints: Float32, landmarks: Float32, camera: Camera) -> tuple[Float32, float]:
    """Where joints are seen, (21, 2) px, and how far from the landmarks on average, px.

    Args:
        joints: (21, 3) metres, camera frame.
        landmarks: (21, 2) px.
        camera: of the image.
    """
    seen = project(joints, camera)
    return seen, float(np.linalg.norm(seen - landmarks, axis=1).mean())


def _own_mesh(
    layer: FastHandLayer, estimate: HandEstimate, own: Float32, smoothed: Float32
) -> Float32:
    """The estimator's own vertices, moved as smoothing moved the fitted hand's to ``smoothed``;
    (V, 3) metres, (mirrored) camera frame."""
    before, _ = layer(estimate.pose, estimate.shape, estimate.translation)
    return own + (smoothed - before)
