# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps the hands in the middle of the 3D view, gently, whatever the user's angle, pan and zoom."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from hands3c_core.render.orbit_camera import OrbitCamera

#: Room for a hand around its centre, m: constant, so that closing a fist does not zoom.
_HAND_RADIUS_M = 0.125
#: Share of the way to the hands' middle that is made per rendering.
_TARGET_SHARE = 0.15
_DISTANCE_SHARE = 0.06
#: Nearer than this it has arrived, m.
_ARRIVED_M = 0.002
#: Hands farther from the last ones than this are a new scene: the view jumps there.
_JUMP_M = 0.35


class Follower:
    """Aims an ``OrbitCamera`` at the hands; the user's pan and zoom are kept on top."""

    def __init__(self) -> None:
        self._center: NDArray[np.float64] | None = None
        self._distance = 0.0
        self._target: NDArray[np.float64] | None = None
        self._hands: NDArray[np.float64] = np.zeros((0, 3))
        self._pan: NDArray[np.float64] = np.zeros(3)
        self._zoom = 1.0
        self._pinned = False

    def restart(self, *, pinned: bool = False) -> None:
        """Forget pan and zoom; ``pinned`` leaves the camera where it is until the next restart."""
        self._pan = np.zeros(3)
        self._zoom = 1.0
        self._pinned = pinned
        self._center = None

    def see(self, hands: Sequence[NDArray[np.float32]]) -> None:
        """The hands' vertices (V, 3), metres, of the frame to show."""
        centers = np.array([hand.mean(axis=0) for hand in hands], np.float64)
        self._hands = centers
        self._target = (centers.min(axis=0) + centers.max(axis=0)) / 2

    def panned(self, shift: NDArray[np.float64]) -> None:
        self._pan = self._pan + shift

    def zoomed(self, factor: float) -> None:
        self._zoom *= factor

    def aim(self, view: OrbitCamera, aspect: float, steps: int = 1) -> bool:
        """Move ``view`` towards the hands; its angles stay.

        Args:
            view: the camera to move.
            aspect: width over height of the picture.
            steps: how many renderings' worth of the way is made.

        Returns:
            Whether it is still on its way.
        """
        if self._target is None or self._pinned:
            return False
        wanted = self._fit(self._target, view, aspect)
        if self._center is None or float(np.linalg.norm(self._target - self._center)) > _JUMP_M:
            self._center, self._distance = self._target, wanted
        left = (1.0 - _TARGET_SHARE) ** steps, (1.0 - _DISTANCE_SHARE) ** steps
        self._center = self._target + left[0] * (self._center - self._target)
        self._distance = wanted + left[1] * (self._distance - wanted)
        view.target = self._center + self._pan
        view.distance = min(max(self._distance * self._zoom, 0.05), 5.0)
        away = float(np.linalg.norm(self._target - self._center))
        return max(away, abs(wanted - self._distance)) > _ARRIVED_M

    def _fit(self, target: NDArray[np.float64], view: OrbitCamera, aspect: float) -> float:
        """The distance from which all hands are in view."""
        seen = np.abs((self._hands - target) @ view.rotation().T).max(axis=0)
        half_height = math.tan(math.radians(view.fov_deg) / 2)
        across = (float(seen[0]) + _HAND_RADIUS_M) / (half_height * aspect)
        down = (float(seen[1]) + _HAND_RADIUS_M) / half_height
        return max(across, down) + float(seen[2])
