"""Pinhole cameras: defaults, projection and the translation of a hand.

Everything is in the camera frame of ``conventions`` (x right, y down, z forward, metres) and in
pixels whose centres have integer coordinates.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.conventions import DEFAULT_FOV_DEG
from hands3c_core.errors import UserError
from hands3c_core.types import Camera

#: No joint of a hand comes nearer to the camera than this, metres.
_NEAREST = 0.05


def default_camera(width: int, height: int, fov_deg: float = DEFAULT_FOV_DEG) -> Camera:
    """A camera with square pixels, its axis through the image's centre.

    Args:
        width: image width, px.
        height: image height, px.
        fov_deg: horizontal field of view over the image's width, degrees, between 1 and 179.

    Raises:
        UserError: a size or the field of view is out of range.
    """
    if width < 1 or height < 1:
        raise UserError(f"an image of {width}x{height} px has no camera: pass a positive size.")
    if not 1.0 <= fov_deg <= 179.0:
        raise UserError(
            f"a field of view of {fov_deg:g} degrees is not possible: use 1 to 179 (default 60)."
        )
    focal = 0.5 * width / math.tan(math.radians(fov_deg) / 2)
    return Camera(focal, focal, (width - 1) / 2, (height - 1) / 2, width, height)


def resize_camera(camera: Camera, width: int, height: int) -> Camera:
    """The same camera after its image is scaled to (width, height) px.

    The image covers [-0.5, W - 0.5], so the principal point scales about its outer corner.
    """
    scale_x, scale_y = width / camera.width, height / camera.height
    return Camera(
        fx=camera.fx * scale_x,
        fy=camera.fy * scale_y,
        cx=(camera.cx + 0.5) * scale_x - 0.5,
        cy=(camera.cy + 0.5) * scale_y - 0.5,
        width=width,
        height=height,
    )


def project(points: ArrayLike, camera: Camera) -> NDArray[np.float32]:
    """Project points (..., 3), camera frame, metres, to pixels (..., 2), float32.

    Points less than 0.1 mm in front of the camera are projected as if they were there.
    """
    xyz = np.asarray(points, dtype=np.float64)
    depth = np.maximum(xyz[..., 2], 1e-4)
    u = camera.fx * xyz[..., 0] / depth + camera.cx
    v = camera.fy * xyz[..., 1] / depth + camera.cy
    return np.stack([u, v], axis=-1).astype(np.float32)


def solve_translation(
    joints: ArrayLike,
    joints_2d: ArrayLike,
    camera: Camera,
    weights: ArrayLike | None = None,
    refinements: int = 5,
) -> NDArray[np.float32]:
    """The translation t that makes ``project(joints + t)`` match ``joints_2d`` best.

    From u z = fx x + cx z follow two equations per joint that are linear in t; their least-squares
    solution weighs a joint by its depth. Gauss-Newton steps then minimise the weighted squared
    distance in the image itself.

    Args:
        joints: (J, 3) metres, camera axes, any origin; J >= 2.
        joints_2d: (J, 2) px.
        camera: the camera of the image.
        weights: (J,) not negative, weight of each joint's squared distance; all one by default.
        refinements: Gauss-Newton steps after the linear solution.

    Returns:
        (3,) float32, metres; all joints end in front of the camera.
    """
    xyz = np.asarray(joints, dtype=np.float64)
    rays = (np.asarray(joints_2d, dtype=np.float64) - (camera.cx, camera.cy)) / (
        camera.fx,
        camera.fy,
    )
    root_weight = np.ones(len(xyz)) if weights is None else np.sqrt(np.asarray(weights, float))
    rows = np.zeros((len(xyz), 2, 3))
    rows[:, 0, 0] = rows[:, 1, 1] = 1.0
    rows[:, :, 2] = -rays
    right = rays * xyz[:, 2:3] - xyz[:, :2]
    scale = root_weight[:, None]
    translation, *_ = np.linalg.lstsq(
        (rows * scale[..., None]).reshape(-1, 3), (right * scale).ravel(), rcond=None
    )
    translation[2] = max(translation[2], _NEAREST - xyz[:, 2].min())
    for _ in range(refinements):
        translation = _refine_translation(xyz, rays, scale, translation)
    return translation.astype(np.float32)


def _refine_translation(
    xyz: NDArray[np.float64],
    rays: NDArray[np.float64],
    scale: NDArray[np.float64],
    translation: NDArray[np.float64],
) -> NDArray[np.float64]:
    moved = xyz + translation
    inverse_depth = 1.0 / np.maximum(moved[:, 2], 1e-4)
    projected = moved[:, :2] * inverse_depth[:, None]
    jacobian = np.zeros((len(xyz), 2, 3))
    jacobian[:, 0, 0] = jacobian[:, 1, 1] = inverse_depth
    jacobian[:, :, 2] = -projected * inverse_depth[:, None]
    step, *_ = np.linalg.lstsq(
        (jacobian * scale[..., None]).reshape(-1, 3),
        ((rays - projected) * scale).ravel(),
        rcond=None,
    )
    refined = translation + step
    refined[2] = max(refined[2], _NEAREST - xyz[:, 2].min())
    return refined
