"""Whether arrays from a file can be a hand: checked before anything is computed from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from hands3c_core.conventions import NUM_ROTATIONS, NUM_SHAPE
from hands3c_core.errors import UserError

#: From wrist to fingertip a hand measures so much, metres, generously.
_SMALLEST_M, _LARGEST_M = 0.05, 0.5
#: Rows of weights sum to 1 up to rounding to 16 bits.
_ROUNDING: Final = 0.02
_MOST_VERTICES: Final = 200_000
_ADVICE: Final = "use a MANO file or one of the hands shipped with this program"


def check_hand(arrays: Mapping[str, Any], name: str) -> None:
    """Raise UserError unless the arrays, by their names in ``HandModelData``, have the shapes,
    finite numbers and meaning of a hand's.

    Args:
        arrays: v_template, shapedirs, posedirs, J_regressor, weights, faces, hands_mean and
            hands_components; others are not looked at.
        name: what to call the model.
    """
    template = np.asarray(arrays["v_template"])
    count = len(template) if template.ndim else 0
    if template.ndim != 2 or template.shape[1] != 3 or not 100 <= count <= _MOST_VERTICES:
        raise _refused(name, f"its template has shape {template.shape}, not (778, 3)")
    for key, shape in _shapes(count).items():
        array = np.asarray(arrays[key])
        wanted = " x ".join("N" if size < 0 else str(size) for size in shape)
        if array.ndim != len(shape) or any(
            size >= 0 and size != found for size, found in zip(shape, array.shape, strict=True)
        ):
            raise _refused(name, f"{key} has shape {array.shape}, not {wanted}")
        if array.dtype.kind not in "fiub" or not np.isfinite(array).all():
            raise _refused(name, f"{key} holds entries that are no finite numbers")
    _check_faces(np.asarray(arrays["faces"]), count, name)
    _check_size(template, name)
    for key in ("weights", "J_regressor"):
        array = np.asarray(arrays[key], np.float64)
        sums = array.sum(axis=1)
        worst = float(sums[np.abs(sums - 1.0).argmax()])
        if abs(worst - 1.0) > _ROUNDING:
            raise _refused(name, f"{key} are no weights: a row sums to {worst:g}, not 1")
    if np.asarray(arrays["weights"]).min() < -_ROUNDING:
        raise _refused(name, "weights are no weights: one is negative")


def _shapes(count: int) -> dict[str, tuple[int, ...]]:
    """Shapes by name; -1 is any number."""
    return {
        "v_template": (count, 3),
        "shapedirs": (count, 3, NUM_SHAPE),
        "posedirs": (count, 3, 9 * (NUM_ROTATIONS - 1)),
        "J_regressor": (NUM_ROTATIONS, count),
        "weights": (count, NUM_ROTATIONS),
        "faces": (-1, 3),
        "hands_mean": (3 * (NUM_ROTATIONS - 1),),
        "hands_components": (-1, 3 * (NUM_ROTATIONS - 1)),
    }


def _check_faces(faces: np.ndarray, count: int, name: str) -> None:
    if len(faces) == 0 or faces.min() < 0 or faces.max() >= count:
        raise _refused(name, "its triangles name vertices that are not there")


def _check_size(template: np.ndarray, name: str) -> None:
    length = float(np.ptp(template, axis=0).max())
    if 1000 * _SMALLEST_M <= length <= 1000 * _LARGEST_M:
        raise _refused(name, f"its template is {length:.0f} long: it is in millimetres, not metres")
    if not _SMALLEST_M <= length <= _LARGEST_M:
        raise _refused(name, f"its template is {length:g} m long")


def _refused(name: str, problem: str) -> UserError:
    return UserError(f"{name} is no hand: {problem}; {_ADVICE}.")
