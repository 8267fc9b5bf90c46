"""Left hands from right ones: everything mirrored at the plane x = 0."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from hands3c_core.hand_model.data import HandModelData, Ints
from hands3c_core.model_space import ModelSpace, flip_faces, mirror_axis_angle, mirror_points


def faces_for(data: HandModelData, is_right: bool, *, cap: bool = False) -> Ints:
    """Triangles (F, 3) of the model for a right or a left (mirrored) hand, wound outwards.

    Args:
        data: the hand model.
        is_right: the side of the hand that is to be drawn.
        cap: if True, the triangles that close the wrist follow the others: (F + C, 3).
    """
    faces = np.concatenate((data.faces, data.cap_faces)) if cap else data.faces
    return ModelSpace(is_right == data.is_right).faces(faces)


def mirror_model(data: HandModelData) -> HandModelData:
    """The hand model of the other side.

    For any ``pose`` and ``shape``, the mirrored model with ``mirror_axis_angle(pose)`` gives the
    mirrored vertices and joints of this one. ``joint_rom_deg`` stays: the axes turn the other way.
    """
    sign = np.array([-1.0, 1.0, 1.0], dtype=data.v_template.dtype)
    # A mirrored rotation matrix is M R M, so its entry (i, j) changes by sign_i * sign_j.
    entry = np.tile(np.outer(sign, sign).ravel(), 15)

    def turned(rotations: np.ndarray) -> np.ndarray:
        return mirror_axis_angle(rotations.reshape(-1, 15, 3)).reshape(rotations.shape)

    bounds = {}
    if data.pose_min is not None and data.pose_max is not None:
        low, high = turned(data.pose_min), turned(data.pose_max)
        bounds = {"pose_min": np.minimum(low, high), "pose_max": np.maximum(low, high)}
    return replace(
        data,
        is_right=not data.is_right,
        v_template=mirror_points(data.v_template),
        shapedirs=data.shapedirs * sign[:, None].astype(data.shapedirs.dtype),
        posedirs=data.posedirs * (sign[:, None] * entry).astype(data.posedirs.dtype),
        faces=flip_faces(data.faces),
        cap_faces=flip_faces(data.cap_faces),
        ft=None if data.ft is None else flip_faces(data.ft),
        hands_mean=turned(data.hands_mean),
        hands_components=turned(data.hands_components),
        hands_prior_mean=turned(data.hands_prior_mean),
        joint_axes=mirror_axis_angle(data.joint_axes),
        named_poses={name: turned(pose) for name, pose in data.named_poses.items()},
        **bounds,
    )
