"""Cameras from calibration files, as the tools of the field write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError
from hands3c_core.geometry.camera import resize_camera
from hands3c_core.reading import Fields, parse_json, parse_yaml, read_arrays, read_bytes
from hands3c_core.types import Camera

#: Names under which files keep the 3x3 matrix: numpy's and OpenCV's habits, ROS, Open3D, MATLAB.
_MATRIX_NAMES: Final = (
    *("K", "camera_matrix", "cameraMatrix", "mtx", "intrinsic_matrix", "intrinsics"),
    *("IntrinsicMatrix", "cameraMatrix1"),
)
_WIDTH_NAMES: Final = ("width", "image_width", "w")
_HEIGHT_NAMES: Final = ("height", "image_height", "h")
_SIZE_NAMES: Final = ("image_size", "imageSize", "size", "resolution")
#: MATLAB counts rows before columns, and the first pixel's centre as (1, 1).
_MATLAB_MATRIX, _MATLAB_SIZE = "IntrinsicMatrix", "ImageSize"
_MAX_BYTES: Final = 16 * 2**20
_LARGEST_IMAGE: Final = 65_536
#: Horizontal fields of view of lenses that a pinhole stands for, degrees.
_FOV_DEG: Final = (2.0, 170.0)
#: Pixels are never longer than this many times their width, or the other way round.
_MOST_STRETCH: Final = 2.5
#: Without a size the principal point tells whether the matrix is for these images: it is this near
#: to their centre, as a share of their width and height.
_NEAR_CENTRE: Final = 0.2


def load_camera(file: str | Path, width: int, height: int) -> Camera:
    """Read a calibration file and scale it to images of (width, height) px.

    Understood are JSON, YAML (plain or written by OpenCV or ROS), NPZ and NPY files with the 3x3
    matrix K under one of the usual names, or JSON/YAML with fx, fy, cx, cy. Matrices stored column
    by column, as Open3D and MATLAB do, are told by their last row. The size of the calibration's
    images is read where it is given (``width``/``height``, ``image_width``/``image_height`` or
    ``image_size`` = [width, height]); without it the calibration is taken to be for images of the
    given size. Distortion is not modelled and ignored.

    Raises:
        UserError: the file cannot be read or holds no possible pinhole camera of such images.
    """
    path = Path(file)
    matrix, size = _read(path)
    if size is None:
        _check_centre(path, matrix, width, height)
    calibrated = size or (width, height)
    _check(path, matrix, *calibrated)
    fx, fy, cx, cy = _entries(matrix)
    return resize_camera(Camera(fx, fy, cx, cy, *calibrated), width, height)


def check_calibration(file: str | Path) -> None:
    """Say what is wrong with a calibration file before there are images; raises as ``load_camera``,
    as far as that can be told without their size."""
    path = Path(file)
    matrix, size = _read(path)
    if size is not None:
        _check(path, matrix, *size)


def _read(path: Path) -> tuple[NDArray[np.float64], tuple[int, int] | None]:
    values = _table(path)
    fields = Fields(values, str(path))
    return _find_matrix(fields), _find_size(fields)


def _table(path: Path) -> Any:
    kind = path.suffix.lower()
    if kind in (".npy", ".npz"):
        arrays = read_arrays(path, _MAX_BYTES)
        return {"K": arrays[""]} if list(arrays) == [""] else arrays
    if kind not in (".json", ".yaml", ".yml"):
        raise UserError(f"{path}: a calibration is a .json, .yaml, .yml, .npz or .npy file.")
    content = read_bytes(path, _MAX_BYTES)
    parse = parse_json if kind == ".json" else parse_yaml
    values = parse(content, str(path))
    if isinstance(values, list):
        return {"K": values}
    if not isinstance(values, dict):
        raise UserError(f"{path} holds no camera: it should hold a 3x3 matrix named K.")
    return values


def _find_matrix(fields: Fields) -> NDArray[np.float64]:
    """The 3x3 matrix, row by row."""
    for name in _MATRIX_NAMES:
        if name not in fields:
            continue
        if not isinstance(fields.values[name], dict):
            return _by_rows(fields, name)
        inner = fields.inner(name)
        if "data" in inner:
            return _by_rows(inner, "data")
        fields = inner
        break
    if not {"fx", "fy"} <= fields.values.keys():
        raise UserError(
            f"{fields.where} holds no camera: give a 3x3 matrix named K, or fx, fy, cx and cy."
        )
    center = ("ppx", "ppy") if "ppx" in fields else ("cx", "cy")  # RealSense's names
    fx, fy, cx, cy = (fields.number(name) for name in ("fx", "fy", *center))
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])


def _by_rows(fields: Fields, name: str) -> NDArray[np.float64]:
    """A matrix, whichever way it is stored: its last row must be 0 0 1."""
    value = fields.values[name]
    length = len(value) if _is_flat(value) else 0
    if length == 4:  # Kalibr: fx fy cx cy
        fx, fy, cx, cy = fields.array(name, (4,))
        return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    shape = (9,) if length == 9 else (3, 3)
    matrix = fields.array(name, shape).reshape(3, 3)
    last = np.array([0.0, 0.0, 1.0])
    rows, columns = (bool(np.allclose(part, last, atol=1e-6)) for part in (matrix[2], matrix[:, 2]))
    if not rows and not columns:
        raise fields.fail(name, "is no camera matrix: its last row should be 0 0 1")
    if not rows:
        matrix = matrix.T
    if abs(matrix[1, 0]) > 1e-6:
        raise fields.fail(name, f"is no camera matrix: it has {matrix[1, 0]:g} where 0 should be")
    if name == _MATLAB_MATRIX:
        matrix = matrix - np.array([[0, 0, 1], [0, 0, 1], [0, 0, 0]])
    return matrix


def _is_flat(value: Any) -> bool:
    """Whether a list or array holds numbers alone, no rows."""
    if isinstance(value, np.ndarray):
        return value.ndim == 1
    return isinstance(value, list) and not any(isinstance(entry, list) for entry in value)


def _find_size(fields: Fields) -> tuple[int, int] | None:
    """(width, height) of the calibration's images, if the file says it."""
    for width, height in zip(_WIDTH_NAMES, _HEIGHT_NAMES, strict=True):
        if width in fields and height in fields:
            return (
                fields.integer(width, 1, _LARGEST_IMAGE),
                fields.integer(height, 1, _LARGEST_IMAGE),
            )
    for name in (*_SIZE_NAMES, _MATLAB_SIZE):
        if name in fields:
            sizes = fields.array(name, (2,), 1, _LARGEST_IMAGE).astype(int).tolist()
            width, height = reversed(sizes) if name == _MATLAB_SIZE else sizes
            return width, height
    return None


def _entries(matrix: NDArray[np.float64]) -> tuple[float, float, float, float]:
    return float(matrix[0, 0]), float(matrix[1, 1]), float(matrix[0, 2]), float(matrix[1, 2])


def _check(path: Path, matrix: NDArray[np.float64], width: int, height: int) -> None:
    """Raise UserError unless the matrix can be of a lens that makes images of this size."""
    fx, fy, cx, cy = _entries(matrix)
    if fx <= 0 or fy <= 0 or not 1 / _MOST_STRETCH < fx / fy < _MOST_STRETCH:
        raise UserError(f"{path}: focal lengths of {fx:g} and {fy:g} px are not possible.")
    fov = float(np.degrees(2 * np.arctan(width / (2 * fx))))
    if not _FOV_DEG[0] <= fov <= _FOV_DEG[1]:
        raise UserError(
            f"{path}: a focal length of {fx:g} px in images {width} px wide is not possible "
            f"({fov:.3g} degrees): is it in pixels, and of images of this size?"
        )
    if not (0 <= cx < width and 0 <= cy < height):
        raise UserError(
            f"{path}: the principal point ({cx:g}, {cy:g}) lies outside images of "
            f"{width}x{height} px: is the matrix of images of another size?"
        )


def _check_centre(path: Path, matrix: NDArray[np.float64], width: int, height: int) -> None:
    _, _, cx, cy = _entries(matrix)
    off = max(abs((cx + 0.5) / width - 0.5), abs((cy + 0.5) / height - 0.5))
    if off > _NEAR_CENTRE:
        raise UserError(
            f"{path} does not say for which size of image it is, and its principal point "
            f"({cx:g}, {cy:g}) is far from the centre of {width}x{height} px: "
            "add width and height to it."
        )
