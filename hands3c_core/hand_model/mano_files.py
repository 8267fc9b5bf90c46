"""The user's own ``MANO_RIGHT.pkl`` and ``MANO_LEFT.pkl``: alone, zipped or in a folder."""

from __future__ import annotations

import contextlib
import hashlib
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
import platformdirs

from hands3c_core.conventions import MANO_TIP_VERTICES, NUM_SHAPE, ROTATION_PARENTS
from hands3c_core.errors import UserError
from hands3c_core.hand_model.anatomy import anatomical_axes
from hands3c_core.hand_model.arrays import read_npz, write_npz
from hands3c_core.hand_model.boundary import cap_triangles
from hands3c_core.hand_model.data import HandModelData
from hands3c_core.hand_model.mirror import mirror_model
from hands3c_core.hand_model.plausible import check_hand
from hands3c_core.hand_model.shipped import read_shipped
from hands3c_core.hand_model.unpickle import read_pickle, to_array

MANO_LICENCE: Final = (
    "MANO licence (Max Planck Society): free for non-commercial scientific research only, no "
    "redistribution; see https://mano.is.tue.mpg.de/license.html"
)

#: Larger files are no hand models; the originals have 4 MB.
_MAX_BYTES: Final = 256 * 1024 * 1024
#: Part of the cache's key: raise it when the conversion or its checks change.
_VERSION: Final = b"3"

_KEYS: Final = (
    *("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "f"),
    *("hands_mean", "hands_components", "kintree_table"),
)


def load_mano(path: Path, side: Literal["right", "left"] | None) -> HandModelData:
    """Read a MANO pickle, or the wanted side of a zip or folder as MANO is distributed.

    The result is cached as npz in the user's cache folder, under the file's sha256. Where a zip or
    folder lacks the wanted side the other one is returned as it is.

    Raises:
        UserError: the file is missing, damaged, malicious or no MANO file.
    """
    files = _candidates(path)
    name = f"MANO_{(side or 'right').upper()}"
    if name not in files:
        name = next(iter(files))
    content = files[name]
    # The released left hand's fault shows best beside the right hand.
    right = None
    if name == "MANO_LEFT":
        right = files.get("MANO_RIGHT") or _neighbour(path)

    digest = hashlib.sha256(_VERSION + content + (right or b"")).hexdigest()
    cached = cache_folder() / f"{digest}.npz"
    if cached.is_file():
        with contextlib.suppress(UserError):  # a damaged cache is made anew
            return read_npz(cached)
    reference = None if right is None else _template_arrays(right, "MANO_RIGHT")
    data = from_mano_arrays(_template_arrays(content, name), name, right=reference)
    with contextlib.suppress(UserError):  # a cache that cannot be written costs time, nothing else
        write_npz(data, cached)
    return data


def cache_folder() -> Path:
    """Where converted hand models are kept."""
    return Path(platformdirs.user_cache_dir("hands3c", appauthor=False)) / "hand_models"


def from_mano_arrays(
    arrays: Mapping[str, np.ndarray],
    name: str,
    *,
    licence: str = MANO_LICENCE,
    right: Mapping[str, np.ndarray] | None = None,
) -> HandModelData:
    """A hand model from MANO's arrays, by their names in MANO's files.

    The side is told from the geometry. Arrays are rounded to float32, as manopth does and as
    published checkpoints hold them, so published float64 results are reproduced. What MANO lacks
    (joint axes, ranges of motion, named poses) comes from our own hand, fitted to MANO's joints.

    Args:
        arrays: v_template, shapedirs, posedirs, J_regressor, weights, f, hands_mean,
            hands_components (any number of rows); also hands_coeffs if there. A published
            checkpoint holds them as ``th_*`` buffers; its ``th_faces`` are ``f`` here and its
            ``th_selected_comps`` the hands_components.
        name: name of the model.
        licence: licence of the arrays.
        right: the same of the right hand, if at hand, to recognise the left hand's fault.

    Raises:
        UserError: an array is missing or has a wrong shape.
    """
    named = {**arrays, "faces": arrays["f"], "shapedirs": _shape_offsets(arrays["shapedirs"])}
    check_hand(named, name)
    template, regressor = _rounded(arrays["v_template"]), _rounded(arrays["J_regressor"])
    if len(template) <= max(MANO_TIP_VERTICES):
        raise UserError(f"{name} is no hand: it has {len(template)} vertices, not 778.")
    is_right = bool((regressor @ template)[0, 0] > template[:, 0].mean())
    faces = np.ascontiguousarray(arrays["f"], dtype=np.int32)
    shapedirs = _rounded(named["shapedirs"])
    if not is_right and _has_sign_fault(template, shapedirs, right):
        shapedirs = shapedirs * np.array([-1.0, 1.0, 1.0], np.float32)[:, None]
    mean, components = _rounded(arrays["hands_mean"]), _rounded(arrays["hands_components"])
    prior_mean, deviations = _pose_prior(mean, components, arrays.get("hands_coeffs"))

    own = _own_hand(is_right)
    data = HandModelData(
        name=name,
        licence=licence,
        is_right=is_right,
        v_template=template,
        shapedirs=shapedirs,
        posedirs=_rounded(arrays["posedirs"]),
        J_regressor=regressor,
        weights=_rounded(arrays["weights"]),
        faces=faces,
        cap_faces=np.zeros((0, 3), np.int32),
        hands_mean=mean,
        fingertip_ids=np.array(MANO_TIP_VERTICES, np.int32),
        joint_axes=own.joint_axes,
        joint_rom_deg=own.joint_rom_deg,
        hands_components=components,
        hands_prior_mean=prior_mean,
        hands_components_std=deviations,
    )
    axes = _axes(data)
    # The same turn about a joint's own axes: from our axes to angles, from these to its axes.
    turn = np.einsum("jia,jib->jab", axes, own.joint_axes)
    return replace(
        data,
        cap_faces=cap_triangles(faces),
        joint_axes=axes,
        named_poses={
            key: np.einsum("jab,jb->ja", turn, pose.reshape(15, 3)).ravel()
            for key, pose in own.named_poses.items()
        },
    )


def _shape_offsets(array: np.ndarray) -> np.ndarray:
    """The coefficients that are used; files may have more."""
    return array[..., :NUM_SHAPE] if array.ndim == 3 else array


def _axes(data: HandModelData) -> np.ndarray:
    right = data if data.is_right else mirror_model(data)
    axes = anatomical_axes(right.rest_joints, right.v_template[right.fingertip_ids])
    if not np.isfinite(axes).all():
        raise UserError(f"{data.name} is no hand: two of its joints coincide.")
    return axes if data.is_right else axes * np.array([1.0, -1.0, -1.0], axes.dtype)


def _own_hand(is_right: bool) -> HandModelData:
    own = read_shipped("hand_mano778")
    return own if own.is_right == is_right else mirror_model(own)


def _pose_prior(
    mean: np.ndarray, components: np.ndarray, coefficients: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Mean pose and deviation along each component of the poses MANO was trained on."""
    if coefficients is None or coefficients.ndim != 2 or coefficients.shape[1] != len(components):
        return mean, None
    if not len(coefficients) or not np.isfinite(coefficients).all():
        return mean, None
    centre = mean + _rounded(coefficients.mean(axis=0)) @ components
    return centre, _rounded(coefficients.std(axis=0))


def _has_sign_fault(
    template: np.ndarray, shapedirs: np.ndarray, right: Mapping[str, np.ndarray] | None
) -> bool:
    """Whether a left hand has the released file's fault: x offsets of the shape not mirrored.

    Beside the right hand it is plain: x offsets are equal instead of opposite. Alone, the shape
    offsets tell: their main part is the size of the hand, which stretches it along x as it does
    along y and z. With the fault it shrinks along x while it grows along the others.
    """
    if right is not None:
        other = _rounded(right["shapedirs"])[..., :NUM_SHAPE]
        if other.shape == shapedirs.shape:
            same = np.abs(shapedirs[:, 0] - other[:, 0]).sum()
            opposite = np.abs(shapedirs[:, 0] + other[:, 0]).sum()
            return bool(same < opposite)
    centred = template - template.mean(axis=0)
    offsets = shapedirs - shapedirs.mean(axis=0)
    # Linear part of each coefficient's offset field: offset = stretch @ position.
    stretch = np.linalg.lstsq(centred, offsets.reshape(len(centred), -1), rcond=None)[0]
    stretch = stretch.reshape(3, 3, -1)  # from axis, to axis, coefficient
    along, across = stretch[0, 0], stretch[1, 1] + stretch[2, 2]
    shear = stretch[0, 1] * stretch[1, 0] + stretch[0, 2] * stretch[2, 0]
    return bool((along * across + shear).sum() < 0)


def _template_arrays(content: bytes, name: str) -> dict[str, np.ndarray]:
    """The arrays of one pickle, checked to be there and numeric."""
    table = read_pickle(content, name)
    missing = [key for key in _KEYS if key not in table]
    if missing:
        raise UserError(
            f"{name} is no MANO file: it lacks {', '.join(missing)}; give MANO_RIGHT.pkl or "
            "MANO_LEFT.pkl from mano.is.tue.mpg.de."
        )
    arrays = {}
    for key in (*_KEYS, *({"hands_coeffs"} & table.keys())):
        try:
            arrays[key] = to_array(table[key])
        except Exception as error:  # damaged tables fail in many ways inside numpy
            reason = " ".join(str(error).split())[:100]
            raise UserError(
                f"{name} is damaged: {key} cannot be read ({reason}); get the file again."
            ) from error
    tree = arrays["kintree_table"]
    if tree.shape != (2, len(ROTATION_PARENTS)) or not np.isfinite(tree).all():
        raise UserError(
            f"{name} is no MANO hand: kintree_table has shape {tree.shape} or holds entries that "
            "are no numbers; get the file again."
        )
    if not np.array_equal(tree[0, 1:], ROTATION_PARENTS[1:]):
        raise UserError(f"{name} is no MANO hand: its kinematic tree is another one.")
    return arrays


def _candidates(path: Path) -> dict[str, bytes]:
    """Contents of the MANO files at ``path``, by name ('MANO_RIGHT' first)."""
    try:
        if path.is_dir():
            files = _from_folder(path)
        elif zipfile.is_zipfile(path):
            files = _from_zip(path)
        else:
            files = {path.stem.upper() if _is_mano(path.name) else path.stem: _read(path)}
    except UserError:
        raise
    except Exception as error:  # damaged archives fail in many ways inside zipfile and zlib
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())[:100]
        raise UserError(f"{path} cannot be read ({reason}); check the file.") from error
    if not files:
        raise UserError(f"{path} holds no MANO_RIGHT.pkl or MANO_LEFT.pkl; give another path.")
    return dict(sorted(files.items(), reverse=True))


def _neighbour(left: Path) -> bytes | None:
    """The right hand's file in the folder of a left hand's, if it is there."""
    for name in ("MANO_RIGHT.pkl", "mano_right.pkl"):
        with contextlib.suppress(OSError):
            return _read(left.with_name(name))
    return None


def _from_folder(path: Path) -> dict[str, bytes]:
    """The files nearest to the folder's top; MANO's own folder has them in ``models``."""
    found: dict[str, Path] = {}
    for pattern in ("*", "*/*", "*/*/*"):
        for file in sorted(path.glob(pattern)):
            if _is_mano(file.name):
                found.setdefault(file.stem.upper(), file)
    return {stem: _read(file) for stem, file in found.items()}


def _from_zip(path: Path) -> dict[str, bytes]:
    files = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            name = Path(entry.filename).name
            if not _is_mano(name):
                continue
            _check_size(entry.file_size, f"{path}: {name}")
            with archive.open(entry) as file:  # the size it names may be a lie
                files[Path(name).stem.upper()] = file.read(_MAX_BYTES)
    return files


def _is_mano(name: str) -> bool:
    return name.upper() in ("MANO_RIGHT.PKL", "MANO_LEFT.PKL")


def _read(path: Path) -> bytes:
    _check_size(path.stat().st_size, str(path))
    return path.read_bytes()


def _check_size(size: int, name: str) -> None:
    if size > _MAX_BYTES:
        raise UserError(f"{name} is too large for a hand model ({size >> 20} MB); give another.")


def _rounded(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=np.float32)
