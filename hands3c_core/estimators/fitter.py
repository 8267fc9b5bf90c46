"""Fitting the hand model to evidence, track by track: warm starts and a shape that settles."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hands3c_core.estimators.landmarks_skeleton import HandSkeleton
from hands3c_core.estimators.landmarks_solver import (
    FIRST_SHAPE,
    Evidence,
    Fitted,
    Priors,
    solve_hand,
)
from hands3c_core.geometry.camera import solve_translation
from hands3c_core.hand_model.data import HandModelData
from hands3c_core.types import Camera

Floats = NDArray[np.float64]
#: Global rotation (3, 3), wrist (3,), angles (5, 3, 3) and shape (10,).
Start = tuple[Floats, Floats, Floats, Floats]
#: Seconds after which a track that was not seen is forgotten, its shape with it.
_FORGOTTEN = 10.0
#: Precision of each coefficient of a shape that is held: it moves by a millionth.
_HELD = 1e9


@dataclass(frozen=True)
class FitSettings:
    """Priors and limits of a fit. The defaults were chosen on real webcam clips."""

    bend_sigma: float = 0.9
    """Prior standard deviation of a finger's bend about its mean, rad."""
    narrow_share: float = 0.5
    """Prior standard deviation of spread and twist, as a share of their range."""
    limit_sigma: float = 0.05
    """How far a joint exceeds its range before it costs one standard deviation, rad."""
    shape_sigma: float = 1.0
    """Prior standard deviation of each shape coefficient."""
    shape_frames: int = 20
    """Frames over which a track's evidence on shape is gathered; later ones hardly move it, so that
    a hand keeps its size."""
    shape_stiffness: float = 100.0
    """Greatest number of frames that the remembered shape weighs against the current one."""
    cold_iterations: int = 25
    """Most iterations for a hand that has just appeared."""
    warm_iterations: int = 6
    """Most iterations for a tracked hand."""
    gap_seconds: float = 0.5
    """A track not seen for longer starts cold, with its shape kept."""


@dataclass(frozen=True)
class Seen:
    """One hand as its witnesses see it, mirrored for a left hand."""

    evidence: Evidence
    camera: Camera
    """Of the (mirrored) image."""
    points_2d: Floats
    """(21, 2) px, a fair idea of the joints, to start from."""
    world: Floats
    """(21, 3) m, the same in camera axes, from any origin."""
    directions: Floats
    """(20, 3) along its bones."""
    pose: tuple[Floats, Floats] | None = None
    """Global rotation (3, 3) and angles (5, 3, 3) to start from instead."""
    angle_mean: Floats | None = None
    """(5, 3, 3) rad: prior instead of the model's mean pose, with its precision."""
    angle_precision: Floats | None = None
    turn: Floats | None = None
    """(3, 3) prior on the global rotation."""
    turn_precision: float = 0.0
    """Of each component of the turn from it, 1/rad^2."""


@dataclass
class ShapeMemory:
    """A track's evidence on shape: the running mean over frames of the information matrix I and of
    I b, with b the shape that a frame's evidence alone would have.

    Errors of successive frames are alike (a witness's idea of a hand is not the model's), so a
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

    def add(self, hessian: Floats, shape: Floats, stiffness: float, gathered: int) -> None:
        """Take in a frame whose fit, under ``expected``, gave this Hessian and shape.

        The first ``gathered`` frames count alike; what a pose makes of a hand's size is wrong for
        as long as the pose lasts, so the weights of all later ones add up to a third of theirs.
        """
        mean, precision = self.expected(stiffness)
        posterior = _shape_information(hessian)
        self.frames += 1
        share = 1.0 / self.frames
        if self.frames > gathered:
            share = (gathered / self.frames) ** 4 / gathered
        self.information += share * (posterior - precision - self.information)
        self.evidence += share * (posterior @ shape - precision @ mean - self.evidence)


@dataclass
class _Track:
    """What is remembered of one hand."""

    is_right: bool
    timestamp: float
    fit: Fitted
    memory: ShapeMemory


class HandFitter:
    """Fits one hand model to the evidence of successive frames.

    Args:
        data: the hand model.
        settings: priors and limits.
        markers: where the landmarks are that a fit starts from; see ``HandSkeleton``.
    """

    def __init__(
        self, data: HandModelData, settings: FitSettings, markers: Floats | None = None
    ) -> None:
        self.settings = settings
        self.skeleton = HandSkeleton(data, markers)
        self._tracks: dict[Hashable, _Track] = {}
        self._held: dict[Hashable, Floats] = {}
        limits = self.skeleton.limits
        sigma = np.maximum(settings.narrow_share * (limits[..., 1] - limits[..., 0]), 0.01)
        sigma[..., 0] = settings.bend_sigma
        self.angle_precision: Floats = sigma**-2
        self._shape_precision = np.eye(10) * settings.shape_sigma**-2

    def reset(self) -> None:
        """Forget all tracks."""
        self._tracks.clear()

    def hold_shape(self, key: Hashable, shape: Floats) -> None:
        """From now on the hand of track ``key`` has this shape (10,), whatever is seen of it."""
        self._held[key] = np.asarray(shape, np.float64)

    def shape_of(self, key: Hashable) -> Floats:
        """(10,) what all that was seen of track ``key`` says of its shape.

        Raises:
            KeyError: there is no such track.
        """
        memory = self._tracks[key].memory
        return memory.expected(self.settings.shape_stiffness)[0]

    def fit(self, key: Hashable, is_right: bool, seen: Seen, timestamp: float) -> Fitted:
        """Fit a hand and remember it.

        Args:
            key: the track.
            is_right: its handedness; when it changes the track starts anew.
            seen: this frame's evidence.
            timestamp: seconds.
        """
        track = self._tracks.get(key)
        if track is not None and track.is_right != is_right:
            track = None
        memory = ShapeMemory(self._shape_precision) if track is None else track.memory
        settings = self.settings
        held = self._held.get(key)
        if held is not None:
            expected = held, _HELD * np.eye(len(held))
            fit = self._better_fit(seen, track, expected, timestamp)._replace(shape=held)
            self._tracks[key] = _Track(is_right, timestamp, fit, memory)
            return fit
        expected = memory.expected(settings.shape_stiffness)
        fit = self._better_fit(seen, track, expected, timestamp)
        memory.add(fit.hessian, fit.shape, settings.shape_stiffness, settings.shape_frames)
        self._tracks[key] = _Track(is_right, timestamp, fit, memory)
        return fit

    def fit_alone(self, seen: Seen) -> Fitted:
        """Fit a hand that nothing is known of, and forget it."""
        expected = ShapeMemory(self._shape_precision).expected(self.settings.shape_stiffness)
        return self._better_fit(seen, None, expected, 0.0)

    def drop_lost(self, timestamp: float) -> None:
        """Forget tracks that have not been seen for long."""
        lost = [
            key for key, track in self._tracks.items() if timestamp - track.timestamp > _FORGOTTEN
        ]
        for key in lost:
            del self._tracks[key]

    def _better_fit(
        self, seen: Seen, track: _Track | None, shape: tuple[Floats, Floats], timestamp: float
    ) -> Fitted:
        """The better of a warm and, where needed, a cold start; ``shape`` is the mean and precision
        to expect."""
        settings = self.settings
        priors = self._priors(seen, shape)
        warm = None
        if track is not None and 0.0 <= timestamp - track.timestamp <= settings.gap_seconds:
            last = track.fit
            start = last.turn, last.root, last.angles, last.shape
            warm = self._solve(seen, priors, start, settings.warm_iterations)
            if warm.evidence_cost <= 2.0 * last.evidence_cost + 20.0:
                return warm
        start = self._cold_start(seen, priors.shape_mean)
        cold = self._solve(seen, priors, start, settings.cold_iterations)
        return cold if warm is None or cold.cost < warm.cost else warm

    def _cold_start(self, seen: Seen, shape: Floats) -> Start:
        """Rotation, wrist, angles and shape from the points in 3D and in the image."""
        skeleton = self.skeleton
        if seen.pose is not None:
            turn, angles = seen.pose
        else:
            turn = skeleton.turn_to(seen.world)
            angles = skeleton.angles_to(turn, seen.directions)
        landmarks = skeleton.landmarks(turn, np.zeros(3), angles, shape)
        root = solve_translation(landmarks, seen.points_2d, seen.camera)
        return turn, root.astype(np.float64), angles, shape

    def _solve(self, seen: Seen, priors: Priors, start: Start, iterations: int) -> Fitted:
        return Fitted(
            *solve_hand(*start, self.skeleton.bones, seen.evidence, priors, iterations, 1e-3)
        )

    def _priors(self, seen: Seen, shape: tuple[Floats, Floats]) -> Priors:
        skeleton = self.skeleton
        return Priors(
            skeleton.prior_angles if seen.angle_mean is None else seen.angle_mean,
            self.angle_precision if seen.angle_precision is None else seen.angle_precision,
            skeleton.limits,
            self.settings.limit_sigma**-2,
            *shape,
            np.eye(3) if seen.turn is None else seen.turn,
            seen.turn_precision,
        )


def _shape_information(hessian: Floats) -> Floats:
    """(10, 10): information on shape when all else is free (Schur's complement)."""
    full = np.tril(hessian) + np.tril(hessian, -1).T
    free, cross = full[:FIRST_SHAPE, :FIRST_SHAPE], full[:FIRST_SHAPE, FIRST_SHAPE:]
    free = free + 1e-6 * np.eye(FIRST_SHAPE)
    return full[FIRST_SHAPE:, FIRST_SHAPE:] - cross.T @ np.linalg.solve(free, cross)
