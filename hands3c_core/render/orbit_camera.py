"""The viewer's own camera in the 3D scene: orbit, pan, zoom and presets, as plain numbers.

World frame: the pipeline's camera frame (x right, y down, z forward), so "up" is -y and the real
camera sits in the origin looking along +z. Yaw and pitch 0 look the way the real camera does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.types import Camera

PRESETS: Final = ("front", "palm", "side", "top", "camera")

#: Pitch stops short of the poles, where yaw would lose its meaning.
_MAX_PITCH: Final = math.radians(89.0)
_MIN_DISTANCE: Final = 0.05
_MAX_DISTANCE: Final = 5.0


def _default_target() -> NDArray[np.float64]:
    return np.array([0.0, 0.0, 0.5])


@dataclass
class OrbitCamera:
    """A camera that turns round a target."""

    target: NDArray[np.float64] = field(default_factory=_default_target)
    """(3,) metres: the point it looks at and turns round."""
    distance: float = 0.55
    """Metres from the target."""
    yaw: float = math.radians(-25.0)
    """Radians about the vertical."""
    pitch: float = math.radians(12.0)
    """Radians; positive looks down."""
    fov_deg: float = 45.0
    """Vertical field of view."""

    def rotation(self) -> NDArray[np.float64]:
        """(3, 3) world to view: rows are the view's right, down and forward in the world."""
        cy, sy = math.cos(self.yaw), math.sin(self.yaw)
        cp, sp = math.cos(self.pitch), math.sin(self.pitch)
        right = (cy, 0.0, -sy)
        forward = (sy * cp, sp, cy * cp)
        down = np.cross(forward, right)
        return np.array([right, down, forward])

    def eye(self) -> NDArray[np.float64]:
        """(3,) position in metres."""
        return self.target - self.distance * self.rotation()[2]

    def extrinsic(self) -> NDArray[np.float64]:
        """(4, 4) world to view."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.rotation()
        matrix[:3, 3] = -matrix[:3, :3] @ self.eye()
        return matrix

    def focal_px(self, height: int) -> float:
        """Focal length in pixels of a view this high."""
        return height / 2 / math.tan(math.radians(self.fov_deg) / 2)

    def project(self, points: NDArray, size: tuple[int, int]) -> NDArray[np.float64]:
        """Where points (N, 3) lie in a view of ``size`` (width, height) px: (N, 3) u, v and depth
        in metres; a point at no positive depth is not in view and has u = v = nan."""
        seen = (np.asarray(points, np.float64) - self.eye()) @ self.rotation().T
        depth = np.where(seen[:, 2] > 1e-6, seen[:, 2], np.nan)
        focal = self.focal_px(size[1])
        u = focal * seen[:, 0] / depth + size[0] / 2 - 0.5
        v = focal * seen[:, 1] / depth + size[1] / 2 - 0.5
        return np.stack([u, v, seen[:, 2]], axis=1)

    def see_all_of(self, camera: Camera, aspect: float) -> None:
        """Take a field of view that holds ``camera``'s whole picture, however narrow a view of
        ``aspect`` (width over height) is."""
        across = camera.width / 2 / camera.fx / aspect
        half = max(camera.height / 2 / camera.fy, across)
        self.fov_deg = math.degrees(2 * math.atan(half))

    def orbit(self, dx: float, dy: float) -> None:
        """Turn by a drag of (dx, dy) px: the scene follows the pointer, half a degree a pixel."""
        self.yaw = math.remainder(self.yaw + math.radians(0.5 * dx), 2 * math.pi)
        pitch = self.pitch + math.radians(0.5 * dy)
        self.pitch = min(max(pitch, -_MAX_PITCH), _MAX_PITCH)

    def pan(self, dx: float, dy: float, height: int) -> None:
        """Shift by a drag of (dx, dy) px in a view ``height`` px high: what lies at the target's
        distance stays under the pointer."""
        right, down, _ = self.rotation()
        self.target = self.target - (dx * right + dy * down) * self.distance / self.focal_px(height)

    def zoom(self, steps: float) -> None:
        """Move nearer (positive) or away by steps of 10 %."""
        self.distance = min(max(self.distance * 0.9**steps, _MIN_DISTANCE), _MAX_DISTANCE)

    def apply_preset(self, name: str, hands: list[NDArray], palm: NDArray | None) -> None:
        """Look at the hands from a named side.

        Args:
            name: one of ``PRESETS``: 'front' as the real camera but framed on the hands, 'palm'
                square on the first hand's palm, 'side' from its right, 'top' from above, 'camera'
                exactly where the real camera is.
            hands: vertices (V, 3) of each hand in view; empty keeps the target.
            palm: (3,) unit normal out of the first hand's palm, or None if unknown.

        Raises:
            ValueError: unknown name.
        """
        if name not in PRESETS:
            raise ValueError(f"unknown view {name!r}; use one of {', '.join(PRESETS)}")
        self.yaw = self.pitch = 0.0
        if hands:
            points = np.concatenate(hands if name != "palm" else hands[:1])
            low, high = points.min(axis=0), points.max(axis=0)
            self.target = (low + high) / 2
            radius = float(np.linalg.norm(high - low)) / 2
            fit = 1.15 * radius / math.sin(math.radians(self.fov_deg) / 2)
            self.distance = min(max(fit, _MIN_DISTANCE), _MAX_DISTANCE)
        if name == "camera":
            self.distance = max(float(self.target[2]), _MIN_DISTANCE)
            self.target = np.array([0.0, 0.0, self.distance])
        elif name == "side":
            self.yaw = math.radians(-90.0)
        elif name == "top":
            self.pitch = _MAX_PITCH
        elif name == "palm" and palm is not None:
            forward = -np.asarray(palm, np.float64)
            self.yaw = math.atan2(forward[0], forward[2])
            self.pitch = math.asin(float(np.clip(forward[1], -math.sin(_MAX_PITCH), 1)))
            self.pitch = min(max(self.pitch, -_MAX_PITCH), _MAX_PITCH)
