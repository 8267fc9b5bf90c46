"""Between a camera's frame and model space, where every hand is a right one.

The model poses right hands; a left one is seen in a mirror: its image is mirrored left to right and
its space at the plane x = 0. This is the one place that says how, for points, pixels, cameras,
rotations and triangles. Images are mirrored where they are resampled (``geometry.crop``), a whole
hand model by ``hand_model.mirror``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from hands3c_core.types import Camera

if TYPE_CHECKING:
    from torch import Tensor

#: A NumPy array or a torch tensor.
Points = TypeVar("Points", np.ndarray, "Tensor")


def mirror_points(points: Points) -> Points:
    """Points (..., 3) with x negated; a new array of the same type."""
    mirrored = points.copy() if isinstance(points, np.ndarray) else points.clone()
    mirrored[..., 0] *= -1
    return mirrored


def mirror_pixels(points: NDArray[Any], width: int) -> NDArray[Any]:
    """Points (..., 2 or more), whose first two are u and v in px, of an image of ``width`` px as
    its mirror image shows them; a new array."""
    mirrored = points.copy()
    mirrored[..., 0] = width - 1 - mirrored[..., 0]
    return mirrored


def mirror_camera(camera: Camera) -> Camera:
    """The camera that sees the image mirrored left to right (scene x negated)."""
    return replace(camera, cx=camera.width - 1 - camera.cx)


def mirror_axis_angle(pose: np.ndarray) -> np.ndarray:
    """Axis-angle (..., 3) rotations mirrored at the plane x = 0: (x, y, z) -> (x, -y, -z)."""
    return pose * np.array([1.0, -1.0, -1.0], dtype=pose.dtype)


def mirror_quaternions(turns: NDArray[Any]) -> NDArray[Any]:
    """Quaternions (..., 4), x, y, z, w, of the same rotations mirrored at the plane x = 0."""
    return turns * np.array([1.0, -1.0, -1.0, 1.0], dtype=turns.dtype)


def flip_faces(faces: NDArray[Any]) -> NDArray[Any]:
    """Triangles (F, 3) with the opposite winding: those of mirrored points."""
    return np.ascontiguousarray(faces[:, ::-1])


@dataclass(frozen=True, slots=True)
class ModelSpace:
    """The way from the camera's frame to model space and back, for a hand of one side.

    Every method is its own inverse, and gives a right hand what it was given.
    """

    is_right: bool

    def points(self, points: Points) -> Points:
        """Points or directions (..., 3)."""
        return points if self.is_right else mirror_points(points)

    def pixels(self, points: NDArray[Any], width: int) -> NDArray[Any]:
        """(..., 2 or more), u and v in px of an image of ``width`` px first."""
        return points if self.is_right else mirror_pixels(points, width)

    def camera(self, camera: Camera) -> Camera:
        """The camera, or the one that sees its image mirrored."""
        return camera if self.is_right else mirror_camera(camera)

    def image_map(self, affine: NDArray[Any], width: int) -> NDArray[Any]:
        """A (2, 3) map to px of an image of ``width`` px, or to px of its mirror image."""
        if self.is_right:
            return affine
        mirrored = affine.copy()
        mirrored[0] *= -1.0
        mirrored[0, 2] += width - 1
        return mirrored

    def pose(self, pose: NDArray[Any]) -> NDArray[Any]:
        """Axis-angle rotations (..., 3)."""
        return pose if self.is_right else mirror_axis_angle(pose)

    def quaternions(self, turns: NDArray[Any]) -> NDArray[Any]:
        """(..., 4): x, y, z, w."""
        return turns if self.is_right else mirror_quaternions(turns)

    def faces(self, faces: NDArray[Any]) -> NDArray[Any]:
        """Triangles (F, 3)."""
        return faces if self.is_right else flip_faces(faces)
