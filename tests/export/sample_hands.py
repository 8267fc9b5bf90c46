"""Hands and takes that the export tests share."""

from __future__ import annotations

import numpy as np
import torch

from hands3c_core.hand_model import HandLayer, HandModelData
from hands3c_core.types import Camera, CropBox, Frame, FrameResult, Hand

CAMERA = Camera(554.0, 556.0, 319.5, 239.5, 640, 480)
FLIP = np.array([-1.0, 1.0, 1.0], np.float32)


def make_hand(layer, is_right, pose, shape, translation, track_id=1) -> Hand:
    output = layer(
        torch.tensor(pose[None], dtype=torch.float32),
        torch.tensor(shape[None], dtype=torch.float32),
        torch.tensor(translation[None], dtype=torch.float32),
    )
    side = np.float32(1.0) if is_right else FLIP
    vertices, joints = output.vertices[0].numpy() * side, output.joints[0].numpy() * side
    joints_2d = joints[:, :2] / joints[:, 2:] * [CAMERA.fx, CAMERA.fy] + [CAMERA.cx, CAMERA.cy]
    return Hand(
        track_id=track_id,
        is_right=is_right,
        confidence=0.9,
        vertices=vertices.astype(np.float32),
        joints_3d=joints.astype(np.float32),
        joints_2d=joints_2d.astype(np.float32),
        landmarks_2d=(joints_2d + 1).astype(np.float32),
        pose=pose.astype(np.float32),
        shape=shape.astype(np.float32),
        translation=translation.astype(np.float32),
        crop=CropBox(320.0, 240.0, 200.0),
        reprojection_error_px=1.4,
        estimator="landmarks",
    )


def make_result(index: int, *hands: Hand, camera: Camera = CAMERA) -> FrameResult:
    frame = Frame(np.zeros((4, 4, 3), np.uint8), index / 25.0, index, 0.0)
    return FrameResult(frame, camera, hands, {"total": 12.3456})


def make_session(model: HandModelData, layer: HandLayer) -> list[FrameResult]:
    """30 frames: a right hand closing to a fist and turning, a left hand that comes and goes."""
    rng = np.random.default_rng(2)
    shape = rng.normal(0, 0.7, 10)
    fist = (model.named_poses["fist"] - model.hands_mean).reshape(15, 3)
    point = (model.named_poses["point"] - model.hands_mean).reshape(15, 3)
    results = []
    for n in range(30):
        closing = 0.5 - 0.5 * np.cos(2 * np.pi * n / 30)
        pose = np.concatenate([[[0.3 + 0.1 * n, 1.2, -0.4]], closing * fist])
        hands = [make_hand(layer, True, pose, shape, np.array([0.1, 0.01 * n, 0.5]))]
        if 8 <= n < 20:
            pose = np.concatenate([[[1.0, 0.2, 0.1 * n]], closing * point])
            hands.append(make_hand(layer, False, pose, shape, np.array([0.12, 0.0, 0.6]), 2))
        results.append(make_result(n, *hands))
    return results
