"""A smoother for hands, made of One-Euro filters."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.conventions import ROTATION_TO_JOINT
from hands3c_core.motion.one_euro import Floats, OneEuro, OneEuroRotation

#: Least factor on the cutoff of an uncertain finger.
LEAST_TRUST = 0.3
#: Of a joint's standard deviation, most is bias: what changes from frame to frame is this share.
_NOISE_OF_SIGMA = 0.15
#: Lengths over which a joint's error turns a finger's bone, and the whole hand, metres.
_BONE, _PALM = 0.03, 0.08
#: Standard deviations of speed that are noise, not motion (docs/performance.md has the choice).
NOISE_GATE = 2.0


class HandSmoother:
    """Smooths pose, shape and translation of every track, never vertices.

    The global rotation is filtered on SO(3), the finger rotations (which stay far from half turns)
    as vectors, and the translation as the direction to the hand's anchor (x/z, y/z) and the log of
    its distance z, since a camera sees the first well and the second badly: depth is filtered more
    strongly without making the hand lag in the image. Every finger rotation has a cutoff of its
    own. What noise alone makes of a still hand's speed does not raise a cutoff, so that it can grow
    steeply with real motion: the noise is measured, and bounded by how uncertain the estimator says
    that each joint is. Fingers that it sees worse than the rest of the hand (hidden ones, mostly)
    are filtered more strongly, down to ``LEAST_TRUST`` of the cutoff.

    Args:
        strength: 0 (off) to 1 (strong); may be set at any time.
        anchor: (3,) metres, the point of the untranslated hand about which it turns (the wrist of
            the resting hand), so that depth noise does not move the hand sideways.
        max_gap: seconds after which a track that was not seen starts anew.
        gate: see ``OneEuro``; 0 for plain One-Euro filters.
    """

    def __init__(
        self,
        strength: float = 0.5,
        anchor: ArrayLike = (0.0957, 0.0064, 0.0062),
        max_gap: float = 0.4,
        gate: float = NOISE_GATE,
    ) -> None:
        self.strength = strength
        self.anchor: Floats = np.asarray(anchor, dtype=np.float64)
        self.max_gap = max_gap
        self.gate = gate
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
        joint_sigma_m: ArrayLike | None = None,
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
            joint_sigma: (21,) uncertainty of each joint in any unit, or None: how joints compare.
            joint_sigma_m: (21,) metres, standard deviation of each joint, or None: bounds noise.

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
            filters = self._tracks[track_id] = _TrackFilters(is_right, self.gate)
        filters.tune(self._strength)
        if joint_sigma_m is not None:
            filters.expect(np.asarray(joint_sigma_m, dtype=np.float64), raw_move[2])
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
    """The filters of one track. Betas were chosen on a rendered clip of known motion
    (``benchmark/motion.py``), whose noise is that of webcam clips."""

    def __init__(self, is_right: bool, gate: float) -> None:
        self.is_right = is_right
        self.time = -math.inf
        self.turn = OneEuroRotation(beta=12.0, gate=gate, settles=True)
        self.fingers = OneEuro(beta=12.0, gate=gate, by_row=True, settles=True)
        self.shape = OneEuro(beta=0.0, settles=True)
        self.ray = OneEuro(beta=100.0, gate=gate, settles=True)
        self.log_depth = OneEuro(beta=24.0, gate=gate, settles=True)

    def continues(self, is_right: bool, time: float, max_gap: float) -> bool:
        fresh = self.time == -math.inf
        return fresh or (is_right == self.is_right and 0.0 <= time - self.time <= max_gap)

    def tune(self, strength: float) -> None:
        """Cutoffs at rest: 10 Hz for a strength near 0, 1 at a half, 0.1 at 1."""
        cutoff = 10.0 * 0.01**strength
        self.turn.min_cutoff = self.fingers.min_cutoff = self.ray.min_cutoff = cutoff
        self.log_depth.min_cutoff = 0.4 * cutoff
        self.shape.min_cutoff = 0.4 * cutoff

    def expect(self, sigma: Floats, depth: float) -> None:
        """Bound the noise by the joints' standard deviations (21,), metres, of a hand ``depth``
        metres away."""
        noise = _NOISE_OF_SIGMA * sigma
        middle = float(np.median(noise))
        moved = noise[np.array(ROTATION_TO_JOINT[1:]) + 1, None]
        self.fingers.noise = 2.0 * (moved / _BONE) ** 2
        self.turn.noise = 3.0 * (middle / _PALM) ** 2
        self.ray.noise = 0.5 * (middle / max(depth, 1e-3)) ** 2
        self.log_depth.noise = (middle / _PALM / 2.0) ** 2

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
