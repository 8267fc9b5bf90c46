"""Pinhole cameras: defaults, calibration files, projection and the translation of a hand.

Everything is in the camera frame of ``conventions`` (x right, y down, z forward, metres) and in
pixels whose centres have integer coordinates.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.conventions import DEFAULT_FOV_DEG
from hands3c_core.errors import UserError
from hands3c_core.types import Camera

#: Names under which calibration files keep the 3x3 matrix: numpy's and OpenCV's habits, ROS.
_MATRIX_NAMES = ("K", "camera_matrix", "cameraMatrix", "mtx", "intrinsic_matrix", "intrinsics")
_WIDTH_NAMES = ("width", "image_width", "w")
_HEIGHT_NAMES = ("height", "image_height", "h")
_SIZE_NAMES = ("image_size", "imageSize", "size", "resolution")
_MAX_CALIBRATION_BYTES = 16 * 2**20
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


def mirror_camera(camera: Camera) -> Camera:
    """The camera that sees the image mirrored left to right (scene x negated)."""
    return Camera(
        camera.fx, camera.fy, camera.width - 1 - camera.cx, camera.cy, camera.width, camera.height
    )


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


def load_camera(file: str | Path, width: int, height: int) -> Camera:
    """Read a calibration file and scale it to images of (width, height) px.

    Understood are JSON, YAML (plain or written by OpenCV or ROS), NPZ and NPY files with the 3x3
    matrix K under one of the usual names, or JSON/YAML with fx, fy, cx, cy. The size of the
    calibration's images is read where it is given (``width``/``height``, ``image_width``/
    ``image_height`` or ``image_size`` = [width, height]); without it the calibration is taken to
    be for images of the given size. Distortion is not modelled and ignored.

    Raises:
        UserError: the file cannot be read or holds no possible pinhole camera.
    """
    path = Path(file)
    values = _read_calibration(path)
    matrix = _find_matrix(values, path)
    calibrated = _find_size(values, path) or (width, height)
    fx, fy, cx, cy = matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]
    plausible = np.isfinite(matrix).all() and fx > 0 and fy > 0
    if not plausible:
        raise UserError(f"{path}: focal lengths of {fx:g} and {fy:g} px are not possible.")
    camera = Camera(float(fx), float(fy), float(cx), float(cy), *calibrated)
    return resize_camera(camera, width, height)


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


def _read_calibration(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _MAX_CALIBRATION_BYTES:
            raise UserError(f"{path} is too large for a camera calibration.")
        if path.suffix == ".npy":
            return {"K": np.load(path, allow_pickle=False)}
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                return dict(archive)
        if path.suffix == ".json":
            values = json.loads(path.read_text(encoding="utf-8"))
        elif path.suffix in (".yaml", ".yml"):
            values = _parse_yaml(path.read_text(encoding="utf-8"))
        else:
            raise UserError(f"{path}: a calibration is a .json, .yaml, .yml, .npz or .npy file.")
    except FileNotFoundError:
        raise UserError(f"the calibration file {path} does not exist.") from None
    except (OSError, ValueError, EOFError) as error:
        raise UserError(
            f"{path} is not a readable calibration ({error}).".replace("\n", " ")
        ) from (None)
    if isinstance(values, list):
        return {"K": values}
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no camera: it should hold a 3x3 matrix named K.")
    return values


def _parse_yaml(text: str) -> Any:
    """YAML as people and OpenCV write it; OpenCV's own header and tags are not standard YAML."""
    try:
        import yaml
    except ImportError:
        raise UserError("reading a YAML calibration needs PyYAML: pip install pyyaml.") from None
    lines = [line for line in text.splitlines() if not line.startswith("%YAML")]
    plain = "\n".join(lines).replace("!!opencv-matrix", "")
    try:
        return yaml.safe_load(plain)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _find_matrix(values: dict[str, Any], path: Path) -> NDArray[np.float64]:
    for name in _MATRIX_NAMES:
        if name not in values:
            continue
        entry = values[name]
        if isinstance(entry, dict):
            entry = entry.get("data", entry)
        try:
            matrix = np.asarray(entry, dtype=np.float64)
        except (TypeError, ValueError):
            raise UserError(f"{path}: {name} is not a matrix of numbers.") from None
        if matrix.size != 9:
            raise UserError(f"{path}: {name} has shape {matrix.shape}; it should be 3x3.")
        return matrix.reshape(3, 3)
    try:
        fx, fy, cx, cy = (float(values[name]) for name in ("fx", "fy", "cx", "cy"))
    except (KeyError, TypeError, ValueError):
        raise UserError(
            f"{path} holds no camera: give a 3x3 matrix named K, or fx, fy, cx and cy."
        ) from None
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])


def _find_size(values: dict[str, Any], path: Path) -> tuple[int, int] | None:
    size: Any = None
    for width_name, height_name in zip(_WIDTH_NAMES, _HEIGHT_NAMES, strict=True):
        if width_name in values and height_name in values:
            size = values[width_name], values[height_name]
    for name in _SIZE_NAMES:
        if size is None and name in values:
            size = values[name]
    if size is None:
        return None
    try:
        width, height = (int(number) for number in size)
    except (TypeError, ValueError):
        raise UserError(f"{path}: the image size {size} is not two numbers.") from None
    if width < 1 or height < 1:
        raise UserError(f"{path}: an image size of {width}x{height} px is not possible.")
    return width, height
