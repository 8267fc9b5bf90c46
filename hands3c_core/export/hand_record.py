"""What a reader needs to know of a hand model to use poses without having it: names, parents, the
mean pose, where the joints rest; and a hand's rotations as quaternions."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.conventions import BONES, NUM_ROTATIONS, ROTATION_NAMES, ROTATION_PARENTS
from hands3c_core.hand_model import HandModelData
from hands3c_core.model_space import ModelSpace

#: What decides which hand a pose and a shape give.
_DEFINING = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "hands_mean", "faces")


def model_sha256(model: HandModelData) -> str:
    """SHA-256 of the arrays that decide a model's mesh, as little-endian float32 and int32."""
    digest = hashlib.sha256()
    for name in _DEFINING:
        array = np.asarray(getattr(model, name))
        kind = "<i4" if np.issubdtype(array.dtype, np.integer) else "<f4"
        digest.update(f"{name} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array, dtype=kind).tobytes())
    return digest.hexdigest()


def skeleton_record(model: HandModelData) -> dict[str, Any]:
    """The skeleton of a (right) hand model as the JSONL header and ``hello`` have it.

    ``rest_joints`` (16, 3) and ``rest_joints_by_shape`` (16, 3, 10) are metres: a hand of ``shape``
    rests at ``rest_joints + rest_joints_by_shape @ shape``.
    """
    regressor = model.J_regressor.astype(np.float64)
    rest = regressor @ model.v_template
    by_shape = np.einsum("jv,vcs->jcs", regressor, model.shapedirs.astype(np.float64))
    return {
        "hand_model": model.name,
        "sha256": model_sha256(model),
        "names": list(ROTATION_NAMES),
        "parents": list(ROTATION_PARENTS),
        "bones": [list(bone) for bone in BONES],
        "hands_mean": np.round(model.hands_mean.reshape(15, 3), 6).tolist(),
        "rest_joints": np.round(rest, 6).tolist(),
        "rest_joints_by_shape": np.round(by_shape, 7).tolist(),
    }


def rest_joints(model: HandModelData, shape: ArrayLike, is_right: bool) -> NDArray[np.float64]:
    """(16, 3) metres: where the joints of a hand of ``shape`` (10,) rest, of its true side."""
    vertices = model.v_template + model.shapedirs.astype(np.float64) @ np.asarray(shape, np.float64)
    joints = np.asarray(model.J_regressor.astype(np.float64) @ vertices)
    return ModelSpace(is_right).points(joints)


def joint_quaternions(
    pose: ArrayLike, hands_mean: ArrayLike, is_right: bool
) -> NDArray[np.float64]:
    """Each joint's rotation relative to its parent, of the true side, in the camera frame's axes.

    Args:
        pose: (16, 3) rad, as ``Hand.pose``.
        hands_mean: (45,) rad, the model's mean pose.
        is_right: the hand's side.

    Returns:
        (16, 4) unit quaternions x, y, z, w with w >= 0.
    """
    full = np.array(pose, np.float64)
    full[1:] += np.asarray(hands_mean, np.float64).reshape(NUM_ROTATIONS - 1, 3)
    angle = np.linalg.norm(full, axis=1, keepdims=True)
    # sin(a / 2) / a, which is 1/2 at zero.
    share = 0.5 * np.sinc(angle / (2.0 * np.pi))
    turns = np.concatenate((full * share, np.cos(0.5 * angle)), axis=1)
    turns = ModelSpace(is_right).quaternions(turns)
    return np.where(turns[:, 3:] < 0.0, -turns, turns)
