"""Meshes that a network regresses point by point, in the camera's frame and with parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hands3c_core.conventions import BONES, NUM_JOINTS
from hands3c_core.estimators.landmarks import LandmarkEstimator
from hands3c_core.hand_model import FastHandLayer, HandModelData
from hands3c_core.model_space import ModelSpace
from hands3c_core.models.outputs import UvdTensors
from hands3c_core.models.uvd import place_at, place_in_camera
from hands3c_core.types import Camera, Detection, Float32, HandEstimate, TrackedHand, UInt8

_PARENTS, _CHILDREN = (np.array(ends) for ends in zip(*BONES, strict=True))


class SeenPoints(NamedTuple):
    """The points of one hand, and the crop that they were seen in."""

    uvd: UvdTensors
    """Of this hand alone (B = 1)."""
    to_image: NDArray[np.float64]
    """(2, 3) map from crop px to px of the image, mirrored for a left hand."""
    side: int
    """Of the crop, px."""


class MeshFitter:
    """Places regressed points in the camera's frame, and fits the hand model to their joints.

    The points say where everything is in the image and how deep relative to the wrist; how far away
    the wrist is follows from the hand's size: at first the mean hand's (``models.uvd``), then the
    fitted one's, whose shape settles over a track. Pose and shape are those of the landmark
    estimator's fit, with the network's joints in place of the detector's landmarks.

    Args:
        hand: the hand model whose vertices the points are.
    """

    def __init__(self, hand: HandModelData) -> None:
        self._layer = FastHandLayer(hand)
        rest = hand.rest_joints_21
        self._mean_extent = float(np.linalg.norm(rest[_CHILDREN] - rest[_PARENTS]))
        # The points are the model's joints themselves, in the camera's own axes.
        self._estimator = LandmarkEstimator(
            hand, markers=np.zeros((NUM_JOINTS, 3)), looks_straight=False
        )

    def reset(self) -> None:
        """Forget all tracks."""
        self._estimator.reset()

    def estimate(
        self,
        image: UInt8,
        hands: Sequence[TrackedHand],
        points: Sequence[SeenPoints],
        camera: Camera,
        timestamp: float,
    ) -> list[HandEstimate]:
        """Parameters and own mesh of every hand of an image; see ``estimators.Estimator``."""
        scenes = [
            _Scene.of(seen, ModelSpace(hand.is_right).camera(camera))
            for hand, seen in zip(hands, points, strict=True)
        ]
        as_detected = [
            _as_detected(hand, scene.place(self._mean_extent), seen, camera)
            for hand, scene, seen in zip(hands, scenes, points, strict=True)
        ]
        fitted = self._estimator.estimate(image, as_detected, camera, timestamp)
        estimates = []
        for fit, scene in zip(fitted, scenes, strict=True):
            estimates.append(replace(fit, vertices=scene.place_like(self.joints(fit))))
        return estimates

    def joints(self, estimate: HandEstimate) -> Float32:
        """(21, 3) metres, (mirrored) camera frame: the joints of the fitted hand."""
        return self._layer.joints(estimate.pose, estimate.shape, estimate.translation)


class _Scene(NamedTuple):
    """The points of one hand and the camera of their crop, for ``models.uvd``."""

    points: UvdTensors
    intrinsics: Tensor
    side: int

    @classmethod
    def of(cls, seen: SeenPoints, camera: Camera) -> _Scene:
        """``camera`` is the one that saw the (mirrored) image."""
        matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1.0]])
        to_crop = np.linalg.inv(np.vstack([seen.to_image, [0.0, 0.0, 1.0]]))
        points = UvdTensors(seen.uvd.joints.double().cpu(), seen.uvd.vertices.double().cpu())
        return cls(points, torch.from_numpy(to_crop @ matrix)[None], seen.side)

    def place(self, extent: float) -> Float32:
        """(21, 3) joints of a hand with bones of this extent, camera frame."""
        known = torch.tensor(extent, dtype=torch.float64)
        return _float32(place_in_camera(self.points, self.intrinsics, known, self.side)[0][0])

    def place_like(self, joints: Float32) -> Float32:
        """Vertices (V, 3) of the hand as far away as the given joints are on average."""
        depths = self.points.joints[:, :, 2] - self.points.joints[:, :1, 2]
        wrist = torch.from_numpy(joints[:, 2]).mean() - depths.mean(dim=1)
        return _float32(place_at(self.points, self.intrinsics, wrist, self.side)[1][0])


def _as_detected(
    hand: TrackedHand, joints: Float32, seen: SeenPoints, camera: Camera
) -> TrackedHand:
    """The hand as a detector with the network's joints would report it, in the unmirrored image."""
    pixels = seen.side * seen.uvd.joints[0, :, :2].double().cpu().numpy()
    landmarks = pixels @ seen.to_image[:, :2].T + seen.to_image[:, 2]
    space = ModelSpace(hand.is_right)
    landmarks = space.pixels(landmarks, camera.width)
    world = space.points(joints - joints[0])
    detection = Detection(
        is_right=hand.is_right,
        handedness_score=hand.detection.handedness_score,
        landmarks_2d=landmarks.astype(np.float32),
        landmarks_world=world.astype(np.float32),
    )
    return replace(hand, detection=detection)


def _float32(tensor: Tensor) -> Float32:
    return np.ascontiguousarray(tensor.float().numpy())
