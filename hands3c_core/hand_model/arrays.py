"""Our npz form of a hand model: the shipped hands and the cache of converted MANO files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.hand_model.data import HandModelData
from hands3c_core.hand_model.plausible import check_hand
from hands3c_core.reading import read_arrays

_REQUIRED = (
    *("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "faces", "cap_faces"),
    *("hands_mean", "fingertip_ids", "joint_axes", "joint_rom_deg", "hands_components"),
    "hands_prior_mean",
)
_OPTIONAL = (
    *("hands_components_std", "vt", "ft", "vt_vertex", "vertex_colors", "pose_min", "pose_max"),
)
#: The largest of the shipped hands unpacks to 60 MB.
_MAX_BYTES = 512 << 20
_INTEGERS = {"faces", "cap_faces", "fingertip_ids", "ft", "vt_vertex"}


def read_npz(path: Path, name: str | None = None) -> HandModelData:
    """Read a hand model from our npz form.

    ``posedirs`` may be float16 on disk, to keep the files small; it is float32 in memory.

    Raises:
        UserError: the file is unreadable, damaged or no hand model.
    """
    arrays = read_arrays(path, _MAX_BYTES)
    missing = [key for key in (*_REQUIRED, "side", "licence") if key not in arrays]
    if missing:
        raise UserError(
            f"{path} is no hand model: it lacks {', '.join(missing)}; give a hand model npz, "
            "MANO_RIGHT.pkl, MANO_LEFT.pkl, or a zip or folder with one of these."
        )
    return from_arrays(arrays, name or str(arrays.get("name", path.stem)))


def from_arrays(arrays: dict[str, Any], name: str) -> HandModelData:
    """A checked ``HandModelData`` from the arrays of an npz file.

    Raises:
        UserError: an array has a wrong type, shape or content.
    """
    values: dict[str, Any] = {}
    for key in (*_REQUIRED, *_OPTIONAL):
        array = arrays.get(key)
        if array is not None:
            values[key] = _converted(array, key, name)
    check_hand(values, name)
    names = arrays.get("named_pose_names")
    poses = arrays.get("named_poses")
    if names is not None and poses is not None and names.ndim == 1 and poses.ndim == 2:
        poses = _converted(poses, "named_poses", name)
        values["named_poses"] = {str(key): pose for key, pose in zip(names, poses, strict=False)}
    return HandModelData(
        name=name,
        licence=str(arrays["licence"]),
        is_right=str(arrays["side"]) != "left",
        **values,
    )


def _converted(array: np.ndarray, key: str, name: str) -> np.ndarray:
    """The array in the type ``HandModelData`` documents."""
    if array.dtype.kind not in "fiu":
        raise UserError(
            f"Hand model {name}: {key} holds {array.dtype} instead of numbers; use another file."
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise UserError(
            f"Hand model {name}: {key} holds numbers that are not finite; get it again."
        )
    if key in _INTEGERS:
        if array.size and not (array.min() >= -(2**31) and array.max() < 2**31):
            raise UserError(f"Hand model {name}: {key} holds absurd numbers; get it again.")
        return np.ascontiguousarray(array, dtype=np.int32)
    if key == "vertex_colors":
        return np.ascontiguousarray(array, dtype=np.uint8)
    kind = np.float64 if array.dtype == np.float64 else np.float32
    return np.ascontiguousarray(array, dtype=kind)


def write_npz(data: HandModelData, path: Path) -> None:
    """Write a hand model in our npz form, all numbers as they are in memory.

    The file appears whole or not at all.

    Raises:
        UserError: the folder cannot be written.
    """
    arrays: dict[str, Any] = {key: getattr(data, key) for key in (*_REQUIRED, *_OPTIONAL)}
    arrays = {key: array for key, array in arrays.items() if array is not None}
    arrays["name"] = np.array(data.name)
    arrays["licence"] = np.array(data.licence)
    arrays["side"] = np.array("right" if data.is_right else "left")
    if data.named_poses:
        arrays["named_pose_names"] = np.array(list(data.named_poses))
        arrays["named_poses"] = np.stack(list(data.named_poses.values()))
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    write_atomically(path, file.getvalue())
