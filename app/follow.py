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
#: Hands farther from the last ones than this are a new scene: the view jumps there.
_JUMP_M = 0.35


class Follower:
    """Aims an ``OrbitCamera`` at the hands; the user's pan and zoom are kept on top."""

    def __init__(self) -> None:
        self._center: NDArray[np.float64] | None = None
        self._radius = _HAND_RADIUS_M
        self._target: NDArray[np.float64] | None = None
        self._target_radius = _HAND_RADIUS_M
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
        target = (centers.min(axis=0) + centers.max(axis=0)) / 2
        spread = float(np.linalg.norm(centers - target, axis=1).max())
        self._target, self._target_radius = target, spread + _HAND_RADIUS_M

    def panned(self, shift: NDArray[np.float64]) -> None:
        self._pan = self._pan + shift

    def zoomed(self, factor: float) -> None:
        self._zoom *= factor

    def aim(self, view: OrbitCamera) -> None:
        """Move ``view`` towards the hands; its angles stay."""
        if self._target is None or self._pinned:
            return
        if self._center is None or float(np.linalg.norm(self._target - self._center)) > _JUMP_M:
            self._center, self._radius = self._target, self._target_radius
        self._center = self._center + _TARGET_SHARE * (self._target - self._center)
        self._radius += _DISTANCE_SHARE * (self._target_radius - self._radius)
        view.target = self._center + self._pan
        fit = self._radius / math.sin(math.radians(view.fov_deg) / 2)
        view.distance = min(max(fit * self._zoom, 0.05), 5.0)
