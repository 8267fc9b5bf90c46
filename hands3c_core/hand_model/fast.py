"""The hand layer for the live path: one hand at a time, float32, numpy and numba, no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.conventions import NUM_ROTATIONS, NUM_SHAPE, ROTATION_PARENTS
from hands3c_core.hand_model.data import JOINT_GATHER, HandModelData
from hands3c_core.jit import njit
from hands3c_core.model_space import ModelSpace

if TYPE_CHECKING:
    from hands3c_core.types import Hand

Float32 = NDArray[np.float32]

_PARENTS = np.array(ROTATION_PARENTS, dtype=np.int32)
_GATHER = np.array(JOINT_GATHER)


class FastHandLayer:
    """``HandLayer`` without gradients, equal to it within 1e-5 m and much faster for single hands.

    Not thread-safe: give each thread its own. The hand of the last ``shape`` is kept, so a settled
    shape costs nothing. No BLAS is called: for products this small its threads cost more than they
    save, above all where other threads keep the cores busy.

    Args:
        data: the hand model.
        flat_hand_mean: as in ``HandLayer``.
    """

    def __init__(self, data: HandModelData, *, flat_hand_mean: bool = False) -> None:
        count = data.num_vertices
        self.data = data
        self._template = data.v_template.astype(np.float32)
        self._shapedirs = np.ascontiguousarray(data.shapedirs, np.float32)
        # Joints are linear in the shape: J (template + shapedirs shape).
        regressor = data.J_regressor.astype(np.float64)
        self._joint_template = (regressor @ data.v_template).astype(np.float32)
        joint_dirs = regressor @ data.shapedirs.reshape(count, -1)
        self._joint_dirs = joint_dirs.reshape(NUM_ROTATIONS, 3, NUM_SHAPE).astype(np.float32)
        self._tips = data.fingertip_ids.astype(np.int64)
        self._moving_ids, self._correctives = _active_correctives(data.posedirs)
        self._tip_moving_ids = self._moving_ids[self._tips]
        self._tip_correctives = self._correctives[self._tips]
        # Each vertex follows few joints: keep only those, most important first.
        used = int((data.weights > 0).sum(axis=1).max())
        self._bone_ids = np.argsort(-data.weights, axis=1, kind="stable")[:, :used].astype(np.int32)
        self._bone_weights = np.take_along_axis(data.weights, self._bone_ids, 1).astype(np.float32)
        self._tip_bone_ids = self._bone_ids[self._tips]
        self._tip_bone_weights = self._bone_weights[self._tips]
        mean = np.zeros((NUM_ROTATIONS, 3))
        if not flat_hand_mean:
            mean[1:] = data.hands_mean.reshape(15, 3)
        self._mean = mean
        self._shape: Float32 | None = None
        self._shaped = self._template.copy()
        self._rest_joints = self._joint_template.copy()

    def forward(
        self, pose: ArrayLike, shape: ArrayLike, translation: ArrayLike | None = None
    ) -> tuple[Float32, Float32]:
        """Vertices and joints of one hand or a small batch.

        Args:
            pose: (16, 3) axis-angle in rad as in ``HandLayer``, or (B, 16, 3).
            shape: (10,), or (B, 10).
            translation: (3,) metres, or (B, 3), or None.

        Returns:
            Vertices (V, 3) and joints (21, 3) in metres, or (B, V, 3) and (B, 21, 3); new arrays.

        Raises:
            ValueError: an argument has a wrong shape.
        """
        if np.ndim(pose) == 3:
            return self._batch(np.asarray(pose), np.asarray(shape), translation)
        turns, positions, features, move = self._prepare(pose, shape, translation)
        vertices = self._shaped.copy()
        _add_correctives(self._moving_ids, self._correctives, features, vertices)
        _skin(self._bone_ids, self._bone_weights, turns, positions, move, vertices)
        posed_joints = positions[:, 0] + move
        joints = np.concatenate((posed_joints, vertices[self._tips]))[_GATHER]
        return vertices, joints

    __call__ = forward

    def posed(self, hand: Hand) -> tuple[Float32, Float32]:
        """Vertices (V, 3) and joints (21, 3) of a hand in its camera's frame, metres, from its
        parameters: those of a left one are mirrored back."""
        vertices, joints = self(hand.pose, hand.shape, hand.translation)
        space = ModelSpace(hand.is_right)
        return space.points(vertices), space.points(joints)

    def joints(
        self, pose: ArrayLike, shape: ArrayLike, translation: ArrayLike | None = None
    ) -> Float32:
        """The 21 joints (21, 3) of one hand alone; only the tips' vertices are computed."""
        turns, positions, features, move = self._prepare(pose, shape, translation)
        tips = self._shaped[self._tips]
        _add_correctives(self._tip_moving_ids, self._tip_correctives, features, tips)
        _skin(self._tip_bone_ids, self._tip_bone_weights, turns, positions, move, tips)
        return np.concatenate((positions[:, 0] + move, tips))[_GATHER]

    def _prepare(
        self, pose: ArrayLike, shape: ArrayLike, translation: ArrayLike | None
    ) -> tuple[Float32, Float32, Float32, Float32]:
        """Bone turns (16, 3, 3), [posed, rest] positions (16, 2, 3), pose features, translation."""
        full = np.asarray(pose, dtype=np.float64)
        if full.shape != (NUM_ROTATIONS, 3):
            raise ValueError(f"pose must be (16, 3) or (B, 16, 3), not {full.shape}")
        move = np.zeros(3, np.float32) if translation is None else np.asarray(translation)
        if move.shape != (3,):
            raise ValueError(f"translation must be (3,), not {move.shape}")
        self._set_shape(np.asarray(shape, dtype=np.float32))
        turns, positions, features = _pose_chain(full + self._mean, self._rest_joints, _PARENTS)
        return turns, positions, features, move.astype(np.float32)

    def _set_shape(self, shape: Float32) -> None:
        """Shape the template, if ``shape`` is another one than last time."""
        if self._shape is not None and np.array_equal(shape, self._shape):
            return
        if shape.shape != (NUM_SHAPE,):
            raise ValueError(f"shape must be (10,) or (B, 10), not {shape.shape}")
        _shape_points(self._template, self._shapedirs, shape, self._shaped)
        _shape_points(self._joint_template, self._joint_dirs, shape, self._rest_joints)
        self._shape = shape.copy()

    def _batch(
        self, pose: np.ndarray, shape: np.ndarray, translation: ArrayLike | None
    ) -> tuple[Float32, Float32]:
        count = len(pose)
        move = np.zeros((count, 3), np.float32) if translation is None else np.asarray(translation)
        if len(shape) != count or len(move) != count:
            raise ValueError("pose, shape and translation must have the same batch size")
        vertices = np.empty((count, *self._template.shape), np.float32)
        joints = np.empty((count, len(_GATHER), 3), np.float32)
        for index in range(count):
            vertices[index], joints[index] = self.forward(pose[index], shape[index], move[index])
        return vertices, joints


def _active_correctives(posedirs: np.ndarray) -> tuple[NDArray[np.int32], Float32]:
    """The pose correctives without their zeros: most vertices answer to a few joints alone.

    Returns:
        (V, K) finger rotations (0..14) that move each vertex, and their correctives (V, K, 3, 9),
        K being the most that any vertex has; those of unused places are zero.
    """
    blocks = posedirs.reshape(-1, 3, NUM_ROTATIONS - 1, 9).transpose(0, 2, 1, 3)
    active = (blocks != 0).any(axis=(2, 3))
    most = max(1, int(active.sum(axis=1).max()))
    ids = np.argsort(~active, axis=1, kind="stable")[:, :most]
    chosen = np.take_along_axis(blocks, ids[:, :, None, None], axis=1)
    return ids.astype(np.int32), np.ascontiguousarray(chosen, dtype=np.float32)


@njit(fastmath=True)
def _shape_points(
    template: np.ndarray, directions: np.ndarray, shape: np.ndarray, out: np.ndarray
) -> None:
    """``template + directions @ shape`` into ``out``."""
    for p in range(len(template)):
        for i in range(3):
            total = template[p, i]
            for k in range(len(shape)):
                total += directions[p, i, k] * shape[k]
            out[p, i] = total


@njit(fastmath=True)
def _add_correctives(
    ids: np.ndarray, blocks: np.ndarray, features: np.ndarray, vertices: np.ndarray
) -> None:
    """Add the pose correctives to shaped ``vertices``; see ``_active_correctives``."""
    for v in range(len(vertices)):
        x = y = z = np.float32(0.0)
        for k in range(ids.shape[1]):
            first = 9 * ids[v, k]
            for e in range(9):
                feature = features[first + e]
                x += blocks[v, k, 0, e] * feature
                y += blocks[v, k, 1, e] * feature
                z += blocks[v, k, 2, e] * feature
        vertices[v, 0] += x
        vertices[v, 1] += y
        vertices[v, 2] += z


@njit
def _pose_chain(
    axis_angle: np.ndarray, rest_joints: np.ndarray, parents: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Forward kinematics in float64, results in float32."""
    count = len(parents)
    turns = np.empty((count, 3, 3))
    posed = np.empty((count, 3))
    features = np.empty(9 * (count - 1), np.float32)
    local = np.empty((3, 3))
    for k in range(count):
        x, y, z = axis_angle[k]
        squared = x * x + y * y + z * z
        angle = np.sqrt(squared)
        # Rodrigues' formula; near zero by the first terms of the series.
        first = np.sin(angle) / angle if angle > 1e-6 else 1.0 - squared / 6.0
        second = (1.0 - np.cos(angle)) / squared if angle > 1e-6 else 0.5 - squared / 24.0
        local[0, 0] = 1.0 - second * (y * y + z * z)
        local[1, 1] = 1.0 - second * (x * x + z * z)
        local[2, 2] = 1.0 - second * (x * x + y * y)
        local[0, 1] = second * x * y - first * z
        local[1, 0] = second * x * y + first * z
        local[0, 2] = second * x * z + first * y
        local[2, 0] = second * x * z - first * y
        local[1, 2] = second * y * z - first * x
        local[2, 1] = second * y * z + first * x
        parent = parents[k]
        if parent < 0:
            turns[k] = local
            posed[k] = rest_joints[k]
            continue
        for i in range(3):
            posed[k, i] = posed[parent, i]
            for j in range(3):
                features[9 * (k - 1) + 3 * i + j] = local[i, j] - (1.0 if i == j else 0.0)
                posed[k, i] += turns[parent, i, j] * (rest_joints[k, j] - rest_joints[parent, j])
                turns[k, i, j] = (
                    turns[parent, i, 0] * local[0, j]
                    + turns[parent, i, 1] * local[1, j]
                    + turns[parent, i, 2] * local[2, j]
                )
    positions = np.empty((count, 2, 3), np.float32)
    positions[:, 0] = posed
    positions[:, 1] = rest_joints
    return turns.astype(np.float32), positions, features


@njit(fastmath=True)
def _skin(
    bone_ids: np.ndarray,
    bone_weights: np.ndarray,
    turns: np.ndarray,
    positions: np.ndarray,
    move: np.ndarray,
    vertices: np.ndarray,
) -> None:
    """Linear blend skinning of ``vertices``, in place."""
    shifts = np.empty((len(turns), 3), np.float32)
    for k in range(len(turns)):
        for i in range(3):
            shifts[k, i] = positions[k, 0, i] - (
                turns[k, i, 0] * positions[k, 1, 0]
                + turns[k, i, 1] * positions[k, 1, 1]
                + turns[k, i, 2] * positions[k, 1, 2]
            )
    for v in range(len(vertices)):
        x, y, z = vertices[v]
        out_x, out_y, out_z = move
        for b in range(bone_ids.shape[1]):
            w = bone_weights[v, b]
            t = turns[bone_ids[v, b]]
            s = shifts[bone_ids[v, b]]
            out_x += w * (t[0, 0] * x + t[0, 1] * y + t[0, 2] * z + s[0])
            out_y += w * (t[1, 0] * x + t[1, 1] * y + t[1, 2] * z + s[1])
            out_z += w * (t[2, 0] * x + t[2, 1] * y + t[2, 2] * z + s[2])
        vertices[v, 0] = out_x
        vertices[v, 1] = out_y
        vertices[v, 2] = out_z
