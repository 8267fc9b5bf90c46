"""The One-Euro filter for vectors and rotations, and a smoother for hands made of them.

Casiez, Roussel and Vogel, "1 Euro Filter", CHI 2012: a first-order low-pass whose cutoff grows with
speed, so that a still hand does not tremble and a fast one does not lag. Times are seconds and need
not be equally spaced; cutoffs are Hz.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.transform import Rotation

from hands3c_core.conventions import ROTATION_TO_JOINT

Floats = NDArray[np.float64]

#: Least factor on the cutoff of an uncertain finger.
LEAST_TRUST = 0.3


def _share(cutoff: float | Floats, step: float) -> float | Floats:
    """The weight of a new sample in a low-pass of ``cutoff`` Hz after ``step`` seconds."""
    turn = 2.0 * math.pi * cutoff * step
    return turn / (turn + 1.0)


class OneEuro:
    """One-Euro filter of a vector of any shape; all its numbers share one cutoff.

    Args:
        min_cutoff: cutoff at rest, Hz.
        beta: Hz by which the cutoff grows per unit of speed (units of the vector per second).
        speed_cutoff: cutoff of the speed estimate, Hz.
    """

    def __init__(
        self, min_cutoff: float = 1.0, beta: float = 0.0, speed_cutoff: float = 1.0
    ) -> None:
        self.min_cutoff = min_cutoff
        self.beta = beta
        self.speed_cutoff = speed_cutoff
        self.trust: float | Floats = 1.0
        """Factor on the cutoff, for all numbers or (broadcast) for each of them."""
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next sample passes unchanged."""
        self._time: float | None = None
        self._value: Floats = np.zeros(0)
        self._last: Floats = np.zeros(0)
        self._velocity: Floats = np.zeros(0)

    def __call__(self, value: ArrayLike, time: float) -> Floats:
        """Filter ``value`` taken at ``time`` seconds; float64, same shape. A sample that is not
        later than the last one replaces nothing and returns the last result."""
        sample = np.asarray(value, dtype=np.float64)
        if self._time is None or sample.shape != self._value.shape:
            self._time, self._value, self._last = time, sample.copy(), sample.copy()
            self._velocity = np.zeros_like(sample)
            return sample.copy()
        step = time - self._time
        if step <= 0.0:
            return self._value.copy()
        speed_share = _share(self.speed_cutoff, step)
        self._velocity += speed_share * ((sample - self._last) / step - self._velocity)
        cutoff = self.min_cutoff + self.beta * float(np.linalg.norm(self._velocity))
        self._value = self._value + _share(self.trust * cutoff, step) * (sample - self._value)
        self._time, self._last = time, sample.copy()
        return self._value.copy()


class OneEuroRotation:
    """One-Euro filter on SO(3): rotations move along the geodesic towards each sample.

    Args:
        min_cutoff: cutoff at rest, Hz.
        beta: Hz by which the cutoff grows per rad/s.
        speed_cutoff: cutoff of the angular velocity's estimate, Hz.
    """

    def __init__(
        self, min_cutoff: float = 1.0, beta: float = 0.0, speed_cutoff: float = 1.0
    ) -> None:
        self.min_cutoff = min_cutoff
        self.beta = beta
        self.speed_cutoff = speed_cutoff
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next sample passes unchanged."""
        self._time: float | None = None
        self._value = self._last = Rotation.identity()
        self._velocity: Floats = np.zeros(3)

    def __call__(self, axis_angle: ArrayLike, time: float) -> Floats:
        """Filter a rotation (3,), axis-angle in rad, taken at ``time`` seconds; (3,) float64 of
        length 0 to pi."""
        sample = Rotation.from_rotvec(np.asarray(axis_angle, dtype=np.float64))
        if self._time is None:
            self._time, self._value, self._last = time, sample, sample
            return sample.as_rotvec()
        step = time - self._time
        if step > 0.0:
            velocity = (sample * self._last.inv()).as_rotvec() / step
            self._velocity += _share(self.speed_cutoff, step) * (velocity - self._velocity)
            cutoff = self.min_cutoff + self.beta * float(np.linalg.norm(self._velocity))
            ahead = (sample * self._value.inv()).as_rotvec()
            self._value = Rotation.from_rotvec(_share(cutoff, step) * ahead) * self._value
            self._time, self._last = time, sample
        return self._value.as_rotvec()


class HandSmoother:
    """Smooths pose, shape and translation of every track, never vertices.

    The global rotation is filtered on SO(3), the finger rotations (which stay far from half turns)
    as vectors, and the translation as the direction to the hand's anchor (x/z, y/z) and the log of
    its distance z, since a camera sees the first well and the second badly: depth is filtered more
    strongly without making the hand lag in the image. Where an estimator says how uncertain each
    joint is, fingers that it sees worse than the rest of the hand (hidden ones, mostly) are
    filtered more strongly, down to ``LEAST_TRUST`` of the cutoff.

    Args:
        strength: 0 (off) to 1 (strong); may be set at any time.
        anchor: (3,) metres, the point of the untranslated hand about which it turns (the wrist of
            the resting hand), so that depth noise does not move the hand sideways.
        max_gap: seconds after which a track that was not seen starts anew.
    """

    def __init__(
        self,
        strength: float = 0.5,
        anchor: ArrayLike = (0.0957, 0.0064, 0.0062),
        max_gap: float = 0.4,
    ) -> None:
        self.strength = strength
        self.anchor: Floats = np.asarray(anchor, dtype=np.float64)
        self.max_gap = max_gap
        self._tracks: dict[int, _TrackFilters] = {}

    @property
    def strength(self) -> float:
        """0 (off) to 1 (strong)."""
        return self._strength

    @strength.setter
    def strength(self, value: float) -> None:
        self._strength = min(max(float(value), 0.0), 1.0)

    def reset(self) -> None:
        """Forget all tracks."""
        self._tracks.clear()

    def __call__(
        self,
        track_id: int,
        is_right: bool,
        pose: ArrayLike,
        shape: ArrayLike,
        translation: ArrayLike,
        time: float,
        joint_sigma: ArrayLike | None = None,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Smooth one hand of one frame.

        Args:
            track_id: identity of the hand.
            is_right: its handedness; when it changes the track starts anew, since model space is
                mirrored then.
            pose: (16, 3) axis-angle, model space.
            shape: (10,).
            translation: (3,) metres, model space.
            time: seconds.
            joint_sigma: (21,) uncertainty of each joint in any unit, or None.

        Returns:
            Pose, shape and translation, float32, same shapes.
        """
        raw_pose = np.asarray(pose, dtype=np.float64)
        raw_shape = np.asarray(shape, dtype=np.float64)
        raw_move = np.asarray(translation, dtype=np.float64)
        if self._strength == 0.0:
            self._tracks.pop(track_id, None)
            return _as_float32(raw_pose, raw_shape, raw_move)
        self._forget_lost(time)
        filters = self._tracks.get(track_id)
        if filters is None or not filters.continues(is_right, time, self.max_gap):
            filters = self._tracks[track_id] = _TrackFilters(is_right)
        filters.tune(self._strength)
        filters.fingers.trust = 1.0 if joint_sigma is None else finger_trust(joint_sigma)
        return _as_float32(*filters(raw_pose, raw_shape, raw_move, self.anchor, time))

    def _forget_lost(self, time: float) -> None:
        for key in [key for key, track in self._tracks.items() if abs(time - track.time) > 10.0]:
            del self._tracks[key]


def finger_trust(joint_sigma: ArrayLike) -> Floats:
    """How far each finger rotation is to be believed, (15, 1): 1 at or below the hand's median
    uncertainty, falling with its inverse to ``LEAST_TRUST``.

    What a rotation turns is seen by the joint that follows it.

    Args:
        joint_sigma: (21,) uncertainty of each joint, above 0.
    """
    sigma = np.asarray(joint_sigma, dtype=np.float64)
    moved = sigma[np.array(ROTATION_TO_JOINT[1:]) + 1]
    share = np.median(sigma) / np.maximum(moved, 1e-9)
    return np.clip(share, LEAST_TRUST, 1.0)[:, None]


class _TrackFilters:
    """The filters of one track. Betas were chosen on webcam clips: at the speed of a wave or of
    counting fingers the cutoff is above 8 Hz."""

    def __init__(self, is_right: bool) -> None:
        self.is_right = is_right
        self.time = -math.inf
        self.turn = OneEuroRotation(beta=3.0)
        self.fingers = OneEuro(beta=0.9)
        self.shape = OneEuro(beta=0.0)
        self.ray = OneEuro(beta=25.0)
        self.log_depth = OneEuro(beta=6.0)

    def continues(self, is_right: bool, time: float, max_gap: float) -> bool:
        fresh = self.time == -math.inf
        return fresh or (is_right == self.is_right and 0.0 <= time - self.time <= max_gap)

    def tune(self, strength: float) -> None:
        """Cutoffs at rest: 16 Hz for a strength near 0, 1.6 at a half, 0.16 at 1."""
        cutoff = 16.0 * 0.01**strength
        self.turn.min_cutoff = self.fingers.min_cutoff = self.ray.min_cutoff = cutoff
        self.log_depth.min_cutoff = 0.4 * cutoff
        self.shape.min_cutoff = 0.4 * cutoff

    def __call__(
        self, pose: Floats, shape: Floats, translation: Floats, anchor: Floats, time: float
    ) -> tuple[Floats, Floats, Floats]:
        self.time = time
        smooth_pose = np.vstack([self.turn(pose[0], time), self.fingers(pose[1:], time)])
        place = translation + anchor
        if place[2] <= 1e-3:  # a hand at the camera has no direction
            return smooth_pose, self.shape(shape, time), translation
        ray = self.ray(place[:2] / place[2], time)
        depth = math.exp(float(self.log_depth([math.log(place[2])], time)[0]))
        smooth_place = np.array([ray[0] * depth, ray[1] * depth, depth])
        return smooth_pose, self.shape(shape, time), smooth_place - anchor


def _as_float32(
    pose: Floats, shape: Floats, translation: Floats
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    return (
        pose.astype(np.float32),
        shape.astype(np.float32),
        translation.astype(np.float32),
    )
