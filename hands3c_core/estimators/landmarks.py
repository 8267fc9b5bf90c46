"""The landmark estimator: the hand model fitted to MediaPipe's 21 landmarks, without training.

The fit minimises, over global rotation, wrist position, finger angles and shape,

* the distance of the model's projected landmarks from the image landmarks,
* the difference between the directions of the bones and those of the world landmarks,
* a pose prior, soft joint limits and a unit normal prior on shape,

each over its variance, with Cauchy's robust weights on the first two (``landmarks_solver``). A new
hand starts from the resting hand laid on the world landmarks, a tracked one from its last frame.
The shape of a track is remembered with its information, so that bone lengths settle (``fitter``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import BONES
from hands3c_core.estimators.fitter import FitSettings, HandFitter, Seen
from hands3c_core.estimators.landmarks_solver import Evidence, Fitted
from hands3c_core.hand_model.data import HandModelData
from hands3c_core.hand_model.load import load_hand_model
from hands3c_core.model_space import ModelSpace
from hands3c_core.types import Camera, HandEstimate, TrackedHand, UInt8

Floats = NDArray[np.float64]

_PARENTS = np.array([parent for parent, _ in BONES])
#: Relative standard deviation of each image landmark: the knuckles are less precise.
_LANDMARK_SIGMA = np.ones(21)
_LANDMARK_SIGMA[[1, 5, 9, 13, 17]] = 1.25


@dataclass(frozen=True)
class LandmarkFitSettings(FitSettings):
    """Variances and limits of the fit. The defaults were chosen on real webcam clips."""

    image_sigma: float = 0.012
    """Standard deviation of an image landmark, as a share of the landmarks' box's longer side."""
    direction_sigma: float = 0.18
    """Standard deviation of a world landmark's bone direction, rad."""
    robust_sigmas: float = 5.0
    """Residuals beyond this many standard deviations count less and less."""


class LandmarkEstimator:
    """Fits a hand model to the detector's landmarks; no network, no training.

    Its ``confidence`` is exp(-(e/0.06)^2 - (a/0.7)^2), with e the root mean square distance of the
    projected joints from the image landmarks as a share of the landmarks' box and a that of the
    bone directions from the world landmarks', rad: near 1 for a hand the model explains, under 0.5
    for one that it misses by 5 % of its size.

    Args:
        hand_model: the hand whose parameters are wanted: a name or path for ``load_hand_model`` or
            loaded data. Pass the one that the results are shown with: ``pose`` is relative to its
            mean pose.
        settings: variances and limits.
        markers: (21, 3) m: the landmarks from the joints at rest; MediaPipe's by default.
        looks_straight: world landmarks are in the axes of a camera turned towards the hand, as
            MediaPipe's are; False for the camera's own.
    """

    name = "landmarks"

    def __init__(
        self,
        hand_model: HandModelData | str = "hand_mid",
        settings: LandmarkFitSettings | None = None,
        *,
        markers: Floats | None = None,
        looks_straight: bool = True,
    ) -> None:
        data = load_hand_model(hand_model) if isinstance(hand_model, str) else hand_model
        self.settings = settings or LandmarkFitSettings()
        self.hand = data
        self.fitter = HandFitter(data, self.settings, markers)
        self.skeleton = self.fitter.skeleton
        self.looks_straight = looks_straight

    def reset(self) -> None:
        """Forget all tracks."""
        self.fitter.reset()

    def estimate(
        self, image: UInt8, hands: Sequence[TrackedHand], camera: Camera, timestamp: float
    ) -> list[HandEstimate]:
        """Fit every hand; see ``base.Estimator``. The image itself is not looked at."""
        estimates = [self._estimate_hand(hand, camera, timestamp) for hand in hands]
        self.fitter.drop_lost(timestamp)
        return estimates

    def _estimate_hand(self, hand: TrackedHand, camera: Camera, timestamp: float) -> HandEstimate:
        seen = self._seen(hand, camera)
        fit = self.fitter.fit(hand.track_id, hand.is_right, seen, timestamp)
        return HandEstimate(
            pose=self.skeleton.to_pose(fit.turn, fit.angles),
            shape=fit.shape.astype(np.float32),
            translation=(fit.root - self.skeleton.root_of_shape(fit.shape)).astype(np.float32),
            confidence=_confidence(fit, seen),
        )

    def _seen(self, hand: TrackedHand, camera: Camera) -> Seen:
        space = ModelSpace(hand.is_right)
        landmarks = space.pixels(hand.detection.landmarks_2d.astype(np.float64), camera.width)
        world = space.points(hand.detection.landmarks_world.astype(np.float64))
        camera = space.camera(camera)
        focal = np.array([camera.fx, camera.fy])
        rays = (landmarks - (camera.cx, camera.cy)) / focal
        box_side = float(np.ptp(landmarks, axis=0).max())
        sigma = max(self.settings.image_sigma * box_side, 0.5) / focal.mean()
        if self.looks_straight:
            # The detector sees a crop as if the camera did: turn its axes to ours.
            world = world @ turn_to_ray(rays.mean(axis=0)).T
        directions = bone_directions(world)
        evidence = Evidence(
            markers=self.skeleton.markers[None],
            rays=rays[None],
            ray_weights=(sigma * _LANDMARK_SIGMA[None]) ** -2,
            directions=directions[None],
            direction_weights=np.full((1, 20), self.settings.direction_sigma**-2),
            robust=self.settings.robust_sigmas**2,
            line_of_sight=np.array([0.0, 0.0, 1.0]),
            depths=np.zeros((1, 21)),
            depth_weights=np.zeros((0, 0)),
        )
        return Seen(evidence, camera, landmarks, world, directions)


def bone_directions(points: Floats) -> Floats:
    """(..., 20, 3) unit vectors along the bones of points (..., 21, 3)."""
    bones = points[..., 1:, :] - points[..., _PARENTS, :]
    return bones / np.maximum(np.linalg.norm(bones, axis=-1, keepdims=True), 1e-6)


def turn_to_ray(ray: Floats) -> Floats:
    """The smallest rotation (3, 3) from the camera's axis to the direction (ray, 1)."""
    x, y, z = np.array([ray[0], ray[1], 1.0]) / np.sqrt(1.0 + ray @ ray)
    return np.array(
        [
            [1 - x * x / (1 + z), -x * y / (1 + z), x],
            [-x * y / (1 + z), 1 - y * y / (1 + z), y],
            [-x, -y, z],
        ]
    )


def _confidence(fit: Fitted, seen: Seen) -> float:
    landmarks, camera = fit.points[0], seen.camera
    rays = landmarks[:, :2] / np.maximum(landmarks[:, 2:], 0.02)
    off = (rays - seen.evidence.rays[0]) * (camera.fx, camera.fy)
    side = max(float(np.ptp(seen.points_2d, axis=0).max()), 1.0)
    distance = np.sqrt((off**2).sum(axis=1).mean()) / side
    angle = np.sqrt(((bone_directions(landmarks) - seen.directions) ** 2).sum(axis=1).mean())
    return float(np.exp(-((distance / 0.06) ** 2) - (angle / 0.7) ** 2))
