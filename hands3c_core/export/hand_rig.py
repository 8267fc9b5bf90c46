"""A parametric hand as animation formats know it: a skeleton, skin weights and a few morph targets.

Skinning alone cannot show the hand model's pose correctives (the offsets of SMPL eq. 9 that keep
knuckles from collapsing, up to 3.6 mm in our hand's fist). They are linear in the entries of the
rotation matrices and are added *before* skinning, exactly where glTF adds its morph targets; so the
recorded correctives' principal components become morph targets with animated weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from hands3c_core.conventions import NUM_ROTATIONS, ROTATION_PARENTS, ROTATION_TO_JOINT
from hands3c_core.hand_model import HandModelData
from hands3c_core.model_space import ModelSpace

_PARENTS = list(ROTATION_PARENTS)
_ROUNDING_M: Final = 2e-5


@dataclass(frozen=True, eq=False)
class HandRig:
    """One hand of fixed shape, ready to be animated. Frame: the camera frame, metres, true side."""

    rest_vertices: NDArray[np.float64]
    """(V, 3) before posing."""
    rest_joints: NDArray[np.float64]
    """(16, 3) before posing, order of ``ROTATION_NAMES``."""
    influences: NDArray[np.int64]
    """(V, K) joints that move a vertex, strongest first."""
    weights: NDArray[np.float64]
    """(V, K) of ``influences``; rows sum to 1."""
    morphs: NDArray[np.float64]
    """(M, V, 3) metres: offsets to ``rest_vertices`` per unit of morph weight."""


@dataclass(frozen=True, eq=False)
class Skeleton:
    """One hand of fixed shape at rest, its true side, in the template frame, metres."""

    vertices: NDArray[np.float64]
    """(V, 3)."""
    joints: NDArray[np.float64]
    """(16, 3) in the order of ``ROTATION_NAMES``."""
    tips: NDArray[np.float64]
    """(5, 3) fingertips, thumb to little."""


@dataclass(frozen=True, eq=False)
class SkeletonMotion:
    """A skeleton's animation over N frames, in the camera frame."""

    rotations: NDArray[np.float64]
    """(N, 16, 4) quaternions x, y, z, w of each joint relative to its parent; neighbours in time
    are on the same side of the sphere."""
    root: NDArray[np.float64]
    """(N, 3) metres: where the wrist joint is."""


@dataclass(frozen=True, eq=False)
class RigMotion(SkeletonMotion):
    """A rig's animation over N frames."""

    morph_weights: NDArray[np.float64]
    """(N, M)."""


def build_skeleton(
    model: HandModelData,
    is_right: bool,
    poses: NDArray,
    shape: NDArray,
    translations: NDArray,
    joints_3d: NDArray | None = None,
) -> tuple[Skeleton, SkeletonMotion]:
    """A recording as a skeleton and its motion.

    Args:
        model: the (right) hand model.
        is_right: the side of the hand; a left hand is mirrored at x = 0.
        poses: (N, 16, 3) as in ``types.Hand.pose``.
        shape: (10,) the one shape of the skeleton.
        translations: (N, 3) as in ``types.Hand.translation``.
        joints_3d: (N, 21, 3) as in ``types.Hand.joints_3d``, or None. With them, a frame whose own
            shape was another one is moved so that its joints are where they were on average: what
            is left is the difference in size. Frames of this shape stay as they are.
    """
    vertices = model.v_template + model.shapedirs.astype(np.float64) @ np.asarray(shape, np.float64)
    joints = model.J_regressor.astype(np.float64) @ vertices
    quaternions = _rotations(model, poses).as_quat().reshape(-1, NUM_ROTATIONS, 4)
    root = joints[0] + np.asarray(translations, np.float64)
    space = ModelSpace(is_right)
    vertices, joints, root = (space.points(places) for places in (vertices, joints, root))
    quaternions = space.quaternions(quaternions)
    skeleton = Skeleton(vertices, joints, vertices[model.fingertip_ids])
    if joints_3d is not None:
        there = _joint_places(joints, quaternions, root)
        apart = np.asarray(joints_3d, np.float64)[:, list(ROTATION_TO_JOINT)] - there
        known = np.isfinite(apart).all(axis=(1, 2))
        # What a log rounds away (a micrometre a joint) is no move.
        known &= np.linalg.norm(np.nan_to_num(apart), axis=2).max(axis=1) > _ROUNDING_M
        root = root + np.where(known[:, None], np.nan_to_num(apart).mean(axis=1), 0.0)
    return skeleton, SkeletonMotion(_continuous(quaternions), root)


def _joint_places(rest: NDArray, quaternions: NDArray, root: NDArray) -> NDArray[np.float64]:
    """(N, 16, 3) forward kinematics of a skeleton whose joints rest at ``rest`` (16, 3)."""
    turns = Rotation.from_quat(quaternions.reshape(-1, 4)).as_matrix().reshape(-1, 16, 3, 3)
    places, matrices = np.empty((len(root), 16, 3)), np.empty((len(root), 16, 3, 3))
    for joint, parent in enumerate(_PARENTS):
        if parent < 0:
            places[:, joint], matrices[:, joint] = root, turns[:, joint]
            continue
        places[:, joint] = places[:, parent] + matrices[:, parent] @ (rest[joint] - rest[parent])
        matrices[:, joint] = matrices[:, parent] @ turns[:, joint]
    return places


def _rotations(model: HandModelData, poses: NDArray) -> Rotation:
    """16 N rotations from the template, the mean pose included."""
    full = np.array(poses, np.float64)
    full[:, 1:] += np.asarray(model.hands_mean, np.float64).reshape(15, 3)
    return Rotation.from_rotvec(full.reshape(-1, 3))


def build_rig(
    model: HandModelData,
    is_right: bool,
    poses: NDArray,
    shape: NDArray,
    translations: NDArray,
    joints_3d: NDArray | None = None,
    morph_tolerance: float = 0.0001,
    max_morphs: int = 32,
    max_influences: int = 4,
) -> tuple[HandRig, RigMotion]:
    """Turn a recording into a rig and its motion.

    Args:
        model: the (right) hand model.
        is_right: the side of the hand; a left hand is mirrored at x = 0.
        poses: (N, 16, 3) as in ``types.Hand.pose``.
        shape: (10,) the one shape of the rig.
        translations: (N, 3) as in ``types.Hand.translation``.
        joints_3d: as for ``build_skeleton``.
        morph_tolerance: morph targets are added until no vertex of any frame is further than this
            from the exact correctives, metres.
        max_morphs: at most this many.
        max_influences: joints per vertex.
    """
    skeleton, motion = build_skeleton(model, is_right, poses, shape, translations, joints_3d)
    order = np.argsort(-model.weights, axis=1, kind="stable")[:, :max_influences]
    weights = np.take_along_axis(model.weights.astype(np.float64), order, axis=1)
    weights /= weights.sum(axis=1, keepdims=True)

    matrices = _rotations(model, poses).as_matrix().reshape(-1, NUM_ROTATIONS, 3, 3)
    features = (matrices[:, 1:] - np.eye(3)).reshape(len(matrices), -1)
    directions = model.posedirs.astype(np.float64).reshape(-1, features.shape[1])
    morphs, morph_weights = _principal_morphs(features, directions, morph_tolerance, max_morphs)
    morphs = ModelSpace(is_right).points(morphs)
    rig = HandRig(skeleton.vertices, skeleton.joints, order, weights, morphs)
    return rig, RigMotion(motion.rotations, motion.root, morph_weights)


def _principal_morphs(
    features: NDArray, directions: NDArray, tolerance: float, limit: int
) -> tuple[NDArray, NDArray]:
    """Fewest morph targets (M, V, 3) and weights (N, M) with features @ directions.T ~ weights @
    morphs, no vertex off by more than ``tolerance`` if ``limit`` allows."""
    count = directions.shape[0] // 3
    # Principal components in the space of features under the metric of the offsets they cause.
    gram = directions.T @ directions
    values, vectors = np.linalg.eigh(gram)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    seen = features[:: max(len(features) // 512, 1)]
    _, spread, components = np.linalg.svd(seen @ root, full_matrices=False)
    keep = 0
    basis = np.zeros((0, features.shape[1]))
    while keep < min(limit, int((spread > 1e-9).sum())):
        residual = features - (features @ root) @ basis.T @ _pseudo(basis, root)
        if _largest_offset(residual, directions) <= tolerance:
            break
        keep += 1
        basis = components[:keep]
    weights = (features @ root) @ basis.T
    morphs = (_pseudo(basis, root) @ directions.T).reshape(keep, count, 3)
    if keep:
        # Weights of about one: viewers show them as sliders from 0 to 1.
        scale = np.maximum(np.abs(weights).max(axis=0), 1e-9)
        weights, morphs = weights / scale, morphs * scale[:, None, None]
    return morphs, weights


def _pseudo(basis: NDArray, root: NDArray) -> NDArray:
    """Features (M, 135) whose image under ``root`` is ``basis``."""
    return basis @ np.linalg.pinv(root, rcond=1e-9)


def _largest_offset(features: NDArray, directions: NDArray) -> float:
    worst = 0.0
    for start in range(0, len(features), 256):
        offsets = (features[start : start + 256] @ directions.T).reshape(-1, 3)
        worst = max(worst, float(np.linalg.norm(offsets, axis=1).max(initial=0.0)))
    return worst


def _continuous(quaternions: NDArray) -> NDArray:
    """The same rotations with signs chosen so that neighbours in time are on the same side."""
    result = np.array(quaternions)
    for n in range(1, len(result)):
        turned = (result[n] * result[n - 1]).sum(axis=-1) < 0
        result[n, turned] *= -1
    return result


def pose_rig(rig: HandRig, motion: RigMotion, frame: int) -> NDArray[np.float64]:
    """(V, 3) what a viewer of skins and morph targets shows in a frame: the reference for how far
    the export is from the hand model."""
    transforms = np.zeros((NUM_ROTATIONS, 4, 4))
    for joint, parent in enumerate(_PARENTS):
        local = np.eye(4)
        local[:3, :3] = Rotation.from_quat(motion.rotations[frame, joint]).as_matrix()
        if parent < 0:
            local[:3, 3] = motion.root[frame]
        else:
            local[:3, 3] = rig.rest_joints[joint] - rig.rest_joints[parent]
        transforms[joint] = local if parent < 0 else transforms[parent] @ local
    points = rig.rest_vertices + np.tensordot(motion.morph_weights[frame], rig.morphs, axes=1)
    skinned = np.zeros_like(points)
    for k in range(rig.influences.shape[1]):
        bone = rig.influences[:, k]
        local = points - rig.rest_joints[bone]
        moved = np.einsum("vij,vj->vi", transforms[bone, :3, :3], local) + transforms[bone, :3, 3]
        skinned += rig.weights[:, k, None] * moved
    return skinned
