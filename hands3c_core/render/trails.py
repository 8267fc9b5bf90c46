"""Where the fingertips have been: a short memory of them, and the fading ribbons it is drawn as."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import FINGER_COLORS, FINGER_NAMES, TIP_JOINTS
from hands3c_core.render.placement import hand_center
from hands3c_core.types import Hand

#: How long a fingertip is remembered, s.
TRAIL_SECONDS: Final = 1.2
#: A hand that was away longer than this starts a new trail, s.
_GAP_SECONDS: Final = 0.4
#: Points of a drawn trail, whatever the frame rate was.
_POINTS: Final = 28
_SIDES: Final = 5
_RADIUS: Final = 0.0026


@dataclass(frozen=True, eq=False)
class Trail:
    """The five fingertips' way of one hand."""

    track_id: int
    is_right: bool
    points: NDArray[np.float64]
    """(5, S, 3) metres, oldest first, thumb to little."""
    centers: NDArray[np.float64]
    """(S, 3) metres: the hand's centre at the same times."""
    strength: NDArray[np.float64]
    """(S,) 0 (forgotten) to 1 (now)."""


class FingertipTrails:
    """Remembers the fingertips of all hands for ``TRAIL_SECONDS``."""

    def __init__(self) -> None:
        self._samples: dict[int, deque[tuple[float, NDArray, NDArray]]] = {}
        self._sides: dict[int, bool] = {}
        self._now = 0.0

    def clear(self) -> None:
        """Forget everything."""
        self._samples.clear()
        self._sides.clear()

    def add(self, hands: Sequence[Hand], timestamp: float) -> None:
        """Take in the hands of a frame; a time before the last one starts anew."""
        if timestamp < self._now:
            self.clear()
        self._now = timestamp
        for hand in hands:
            samples = self._samples.setdefault(hand.track_id, deque())
            if samples and timestamp - samples[-1][0] > _GAP_SECONDS:
                samples.clear()
            tips = hand.joints_3d[list(TIP_JOINTS)].astype(np.float64)
            if np.isfinite(tips).all() and not (samples and samples[-1][0] == timestamp):
                samples.append((timestamp, tips, hand_center(hand.joints_3d)))
            self._sides[hand.track_id] = hand.is_right
        for track_id in list(self._samples):
            samples = self._samples[track_id]
            # One sample older than the trail is kept: its end is interpolated from there.
            while len(samples) > 1 and samples[1][0] < timestamp - TRAIL_SECONDS:
                samples.popleft()
            if not samples or samples[-1][0] < timestamp - TRAIL_SECONDS:
                del self._samples[track_id]

    def trails(self) -> list[Trail]:
        """The trails of all hands that moved lately, evenly spaced in time."""
        times = np.linspace(self._now - TRAIL_SECONDS, self._now, _POINTS)
        strength = np.linspace(0.0, 1.0, _POINTS)
        made = []
        for track_id, samples in self._samples.items():
            if len(samples) < 2:
                continue
            known = np.array([time for time, _, _ in samples])
            tips = np.array([tips for _, tips, _ in samples]).reshape(len(samples), -1)
            centers = np.array([center for _, _, center in samples])
            points = _resample(times, known, tips).reshape(_POINTS, 5, 3).transpose(1, 0, 2)
            made.append(
                Trail(
                    track_id,
                    self._sides[track_id],
                    points,
                    _resample(times, known, centers),
                    strength,
                )
            )
        return made


def _resample(times: NDArray, known: NDArray, values: NDArray) -> NDArray[np.float64]:
    return np.stack([np.interp(times, known, column) for column in values.T], axis=1)


class TrailSolid:
    """Five tapering tubes in the fingers' colours, as one mesh."""

    def __init__(self) -> None:
        near = np.arange(_SIDES)
        following = np.roll(near, -1)
        ring = np.concatenate(
            [
                np.stack([near, following, near + _SIDES], 1),
                np.stack([following, following + _SIDES, near + _SIDES], 1),
            ]
        )
        first = _SIDES * (np.arange(5)[:, None] * _POINTS + np.arange(_POINTS - 1)).reshape(-1)
        self.faces: NDArray[np.int32] = (ring[None] + first[:, None, None]).reshape(-1, 3)
        self.faces = self.faces.astype(np.int32)
        angle = np.linspace(0, 2 * np.pi, _SIDES, endpoint=False)
        self._circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        self._colors = np.array([FINGER_COLORS[name] for name in FINGER_NAMES]) / 255.0

    def place(
        self, points: NDArray, strength: NDArray, background: NDArray
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Vertices and sRGB colours of the tubes.

        Args:
            points: (5, S, 3) metres, oldest first.
            strength: (S,) 0 to 1; a weak point is thin and near the background's colour.
            background: (3,) sRGB in [0, 1].
        """
        along = np.gradient(points, axis=1)
        along /= np.maximum(np.linalg.norm(along, axis=2, keepdims=True), 1e-9)
        helper = np.where(np.abs(along[..., :1]) < 0.8, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
        across = np.cross(along, helper)
        across /= np.maximum(np.linalg.norm(across, axis=2, keepdims=True), 1e-9)
        other = np.cross(along, across)
        offsets = self._circle[:, :1] * across[:, :, None] + self._circle[:, 1:] * other[:, :, None]
        radius = _RADIUS * strength
        vertices = points[:, :, None] + radius[None, :, None, None] * offsets
        share = np.sqrt(strength)[None, :, None, None]
        colors = background + (self._colors[:, None, None] - background) * share
        colors = np.broadcast_to(colors, vertices.shape)
        return vertices.reshape(-1, 3), np.ascontiguousarray(colors.reshape(-1, 3))
