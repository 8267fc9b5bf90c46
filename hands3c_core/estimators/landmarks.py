"""The landmark estimator: the hand model fitted to MediaPipe's 21 landmarks, without training.

The fit minimises, over global rotation, wrist position, finger angles and shape,

* the distance of the model's projected landmarks from the image landmarks,
* the difference between the directions of the bones and those of the world landmarks,
* a pose prior, soft joint limits and a unit normal prior on shape,

each over its variance, with Cauchy's robust weights on the first two (``landmarks_solver``). A new
hand starts from the resting hand laid on the world landmarks, a tracked one from its last frame.
The shape of a track is remembered with its information, so that bone lengths settle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import BONES
from hands3c_core.estimators.landmarks_skeleton import HandSkeleton
from hands3c_core.estimators.landmarks_solver import FIRST_SHAPE, solve_hand
from hands3c_core.geometry.camera import mirror_camera, solve_translation
from hands3c_core.hand_model.data import HandModelData
from hands3c_core.hand_model.load import load_hand_model
from hands3c_core.types import Camera, HandEstimate, TrackedHand, UInt8

Floats = NDArray[np.float64]

_PARENTS = np.array([parent for parent, _ in BONES])
#: Relative standard deviation of each image landmark: the knuckles are less precise.
_LANDMARK_SIGMA = np.ones(21)
_LANDMARK_SIGMA[[1, 5, 9, 13, 17]] = 1.25


@dataclass(frozen=True)
class LandmarkFitSettings:
    """Variances and limits of the fit. The defaults were chosen on real webcam clips."""

    image_sigma: float = 0.012
    """Standard deviation of an image landmark, as a share of the landmarks' box's longer side."""
    direction_sigma: float = 0.18
    """Standard deviation of a world landmark's bone direction, rad."""
    robust_sigmas: float = 5.0
    """Residuals beyond this many standard deviations count less and less."""
    bend_sigma: float = 0.9
    """Prior standard deviation of a finger's bend about its mean, rad."""
    narrow_share: float = 0.5
    """Prior standard deviation of spread and twist, as a share of their range."""
    limit_sigma: float = 0.05
    """How far a joint exceeds its range before it costs one standard deviation, rad."""
    shape_sigma: float = 1.0
    """Prior standard deviation of each shape coefficient."""
    shape_frames: int = 90
    """Frames over which a track's evidence on shape is averaged."""
    shape_stiffness: float = 30.0
    """Greatest number of frames that the remembered shape weighs against the current one."""
    cold_iterations: int = 25
    """Most iterations for a hand that has just appeared."""
    warm_iterations: int = 6
    """Most iterations for a tracked hand."""
    gap_seconds: float = 0.5
    """A track not seen for longer starts cold, with its shape kept."""


@dataclass
class _Track:
    """What the estimator remembers of one hand."""

    is_right: bool
    timestamp: float
    turn: Floats
    root: Floats
    angles: Floats
    shape: Floats
    shape_memory: _ShapeMemory
    evidence_cost: float


@dataclass
class _ShapeMemory:
    """A track's evidence on shape: the running mean over frames of the information matrix I and of
    I b, with b the shape that a frame's landmarks alone would have.

    Errors of successive frames are alike (the detector's idea of a hand is not the model's), so a
    track is worth no more than one frame against the prior, but does resist change with age.
    """

    prior: Floats
    information: Floats = field(default_factory=lambda: np.zeros((10, 10)))
    evidence: Floats = field(default_factory=lambda: np.zeros(10))
    frames: int = 0

    def expected(self, stiffness: float) -> tuple[Floats, Floats]:
        """Mean (10,) and precision (10, 10) to expect of the next frame."""
        precision = self.prior + self.information
        mean: Floats = np.linalg.solve(precision, self.evidence).astype(np.float64)
        return mean, precision * max(1.0, min(self.frames, stiffness))

    def add(self, hessian: Floats, shape: Floats, stiffness: float, most_frames: int) -> None:
        """Take in a frame whose fit, under ``expected``, gave this Hessian and shape."""
        mean, precision = self.expected(stiffness)
        posterior = _shape_information(hessian)
        self.frames += 1
        share = 1.0 / min(self.frames, most_frames)
        self.information += share * (posterior - precision - self.information)
        self.evidence += share * (posterior @ shape - precision @ mean - self.evidence)


@dataclass(frozen=True)
class _Evidence:
    """One hand's landmarks as the solver takes them, mirrored for a left hand."""

    landmarks_2d: Floats
    world: Floats
    camera: Camera
    rays: Floats
    ray_weights: Floats
    directions: Floats
    box_side: float


@dataclass
class _Fit:
    turn: Floats
    root: Floats
    angles: Floats
    shape: Floats
    landmarks: Floats
    hessian: Floats = field(repr=False)
    evidence_cost: float
    cost: float
    iterations: int


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
        self.skeleton = HandSkeleton(data, markers)
        self.looks_straight = looks_straight
        self._tracks: dict[int, _Track] = {}
        self._prepare_priors()

    def reset(self) -> None:
        """Forget all tracks."""
        self._tracks.clear()

    def estimate(
        self, image: UInt8, hands: Sequence[TrackedHand], camera: Camera, timestamp: float
    ) -> list[HandEstimate]:
        """Fit every hand; see ``base.Estimator``. The image itself is not looked at."""
        estimates = [self._estimate_hand(hand, camera, timestamp) for hand in hands]
        self._drop_lost(timestamp)
        return estimates

    def _estimate_hand(self, hand: TrackedHand, camera: Camera, timestamp: float) -> HandEstimate:
        evidence = self._evidence(hand, camera)
        track = self._tracks.get(hand.track_id)
        if track is not None and track.is_right != hand.is_right:
            track = None
        memory = _ShapeMemory(self._shape_precision) if track is None else track.shape_memory
        fit = self._fit(evidence, track, memory, timestamp)
        self._remember(hand, fit, memory, timestamp)
        return HandEstimate(
            pose=self.skeleton.to_pose(fit.turn, fit.angles),
            shape=fit.shape.astype(np.float32),
            translation=(fit.root - self.skeleton.root_of_shape(fit.shape)).astype(np.float32),
            confidence=self._confidence(fit, evidence),
        )

    def _fit(
        self, evidence: _Evidence, track: _Track | None, memory: _ShapeMemory, timestamp: float
    ) -> _Fit:
        """The better of a warm and, where needed, a cold start."""
        warm = None
        expected = memory.expected(self.settings.shape_stiffness)
        if track is not None and 0.0 <= timestamp - track.timestamp <= self.settings.gap_seconds:
            start = track.turn, track.root, track.angles, track.shape
            warm = self._solve(evidence, expected, start, self.settings.warm_iterations)
            if warm.evidence_cost <= 2.0 * track.evidence_cost + 20.0:
                return warm
        cold = self._solve(
            evidence,
            expected,
            self._cold_start(evidence, expected[0]),
            self.settings.cold_iterations,
        )
        return cold if warm is None or cold.cost < warm.cost else warm

    def _cold_start(
        self, evidence: _Evidence, shape: Floats
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Rotation, wrist, angles and shape from the world landmarks and the image."""
        skeleton = self.skeleton
        turn = skeleton.turn_to(evidence.world)
        angles = skeleton.angles_to(turn, evidence.directions)
        landmarks = skeleton.landmarks(turn, np.zeros(3), angles, shape)
        root = solve_translation(landmarks, evidence.landmarks_2d, evidence.camera)
        return turn, root.astype(np.float64), angles, shape

    def _solve(
        self,
        evidence: _Evidence,
        expected_shape: tuple[Floats, Floats],
        start: tuple[Floats, Floats, Floats, Floats],
        iterations: int,
    ) -> _Fit:
        settings = self.settings
        robust = settings.robust_sigmas**2
        return _Fit(
            *solve_hand(
                *start,
                self.skeleton.offsets,
                self.skeleton.shape_offsets,
                self.skeleton.axes,
                self.skeleton.markers,
                evidence.rays,
                evidence.ray_weights,
                evidence.directions,
                self._direction_weights,
                robust,
                robust,
                np.zeros(3),
                np.zeros(3),
                self.skeleton.prior_angles,
                self._angle_precision,
                self.skeleton.limits,
                settings.limit_sigma**-2,
                *expected_shape,
                iterations,
                1e-3,
            )
        )

    def _evidence(self, hand: TrackedHand, camera: Camera) -> _Evidence:
        landmarks = hand.detection.landmarks_2d.astype(np.float64)
        world = hand.detection.landmarks_world.astype(np.float64)
        if not hand.is_right:
            landmarks = np.stack([camera.width - 1 - landmarks[:, 0], landmarks[:, 1]], axis=1)
            world = world * (-1.0, 1.0, 1.0)
            camera = mirror_camera(camera)
        focal = np.array([camera.fx, camera.fy])
        rays = (landmarks - (camera.cx, camera.cy)) / focal
        box_side = float(np.ptp(landmarks, axis=0).max())
        sigma = max(self.settings.image_sigma * box_side, 0.5) / focal.mean()
        if self.looks_straight:
            # The detector sees a crop as if the camera did: turn its axes to ours.
            world = world @ _turn_to_ray(rays.mean(axis=0)).T
        bones = world[1:] - world[_PARENTS]
        directions = bones / np.maximum(np.linalg.norm(bones, axis=1, keepdims=True), 1e-6)
        ray_weights = (sigma * _LANDMARK_SIGMA) ** -2
        return _Evidence(landmarks, world, camera, rays, ray_weights, directions, box_side)

    def _prepare_priors(self) -> None:
        settings, limits = self.settings, self.skeleton.limits
        spans = limits[..., 1] - limits[..., 0]
        sigma = np.maximum(settings.narrow_share * spans, 0.01)
        sigma[..., 0] = settings.bend_sigma
        self._angle_precision = sigma**-2
        self._shape_precision = np.eye(10) * settings.shape_sigma**-2
        self._direction_weights = np.full(20, settings.direction_sigma**-2)

    def _remember(self, hand: TrackedHand, fit: _Fit, memory: _ShapeMemory, time: float) -> None:
        settings = self.settings
        memory.add(fit.hessian, fit.shape, settings.shape_stiffness, settings.shape_frames)
        self._tracks[hand.track_id] = _Track(
            is_right=hand.is_right,
            timestamp=time,
            turn=fit.turn,
            root=fit.root,
            angles=fit.angles,
            shape=fit.shape,
            shape_memory=memory,
            evidence_cost=fit.evidence_cost,
        )

    def _confidence(self, fit: _Fit, evidence: _Evidence) -> float:
        rays = fit.landmarks[:, :2] / np.maximum(fit.landmarks[:, 2:], 0.02)
        off = (rays - evidence.rays) * (evidence.camera.fx, evidence.camera.fy)
        distance = np.sqrt((off**2).sum(axis=1).mean()) / max(evidence.box_side, 1.0)
        bones = fit.landmarks[1:] - fit.landmarks[_PARENTS]
        bones /= np.maximum(np.linalg.norm(bones, axis=1, keepdims=True), 1e-6)
        angle = np.sqrt(((bones - evidence.directions) ** 2).sum(axis=1).mean())
        return float(np.exp(-((distance / 0.06) ** 2) - (angle / 0.7) ** 2))

    def _drop_lost(self, timestamp: float) -> None:
        """Forget tracks that have not been seen for ten seconds."""
        lost = [key for key, track in self._tracks.items() if timestamp - track.timestamp > 10.0]
        for key in lost:
            del self._tracks[key]


def _turn_to_ray(ray: Floats) -> Floats:
    """The smallest rotation (3, 3) from the camera's axis to the direction (ray, 1)."""
    x, y, z = np.array([ray[0], ray[1], 1.0]) / np.sqrt(1.0 + ray @ ray)
    return np.array(
        [
            [1 - x * x / (1 + z), -x * y / (1 + z), x],
            [-x * y / (1 + z), 1 - y * y / (1 + z), y],
            [-x, -y, z],
        ]
    )


def _shape_information(hessian: Floats) -> Floats:
    """(10, 10): information on shape when all else is free (Schur's complement)."""
    full = np.tril(hessian) + np.tril(hessian, -1).T
    free, cross = full[:FIRST_SHAPE, :FIRST_SHAPE], full[:FIRST_SHAPE, FIRST_SHAPE:]
    free = free + 1e-6 * np.eye(FIRST_SHAPE)
    return full[FIRST_SHAPE:, FIRST_SHAPE:] - cross.T @ np.linalg.solve(free, cross)
