"""The hand layer for the live path: one hand at a time, float32, numpy and numba, no torch."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.conventions import NUM_ROTATIONS, NUM_SHAPE, ROTATION_PARENTS
from hands3c_core.hand_model.data import JOINT_GATHER, HandModelData

Float32 = NDArray[np.float32]

_PARENTS = np.array(ROTATION_PARENTS, dtype=np.int32)
_GATHER = np.array(JOINT_GATHER)


class FastHandLayer:
    """``HandLayer`` without gradients, equal to it within 1e-5 m and much faster for single hands.

    Not thread-safe: give each thread its own. The hand of the last ``shape`` is kept, so a settled
    shape costs nothing.

    Args:
        data: the hand model.
        flat_hand_mean: as in ``HandLayer``.
    """

    def __init__(self, data: HandModelData, *, flat_hand_mean: bool = False) -> None:
        count = data.num_vertices
        self.data = data
        self._template = data.v_template.astype(np.float32)
        self._shapedirs = data.shapedirs.reshape(3 * count, NUM_SHAPE).astype(np.float32)
        self._posedirs = np.ascontiguousarray(data.posedirs.reshape(3 * count, -1), np.float32)
        self._regressor = data.J_regressor.astype(np.float32)
        self._tips = data.fingertip_ids.astype(np.int64)
        tip_rows = (3 * self._tips[:, None] + np.arange(3)).ravel()
        self._tip_posedirs = np.ascontiguousarray(self._posedirs[tip_rows])
        # Each vertex follows few joints: keep only those, most important first.
        used = int((data.weights > 0).sum(axis=1).max())
        self._bone_ids = np.argsort(-data.weights, axis=1, kind="stable")[:, :used].astype(np.int32)
        self._bone_weights = np.take_along_axis(data.weights, self._bone_ids, 1).astype(np.float32)
        mean = np.zeros((NUM_ROTATIONS, 3))
        if not flat_hand_mean:
            mean[1:] = data.hands_mean.reshape(15, 3)
        self._mean = mean
        self._shape: Float32 | None = None
        self._shaped = self._template
        self._rest_joints = np.zeros((NUM_ROTATIONS, 3), np.float32)

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
        offsets = (self._posedirs @ features).reshape(-1, 3)
        vertices = np.empty_like(self._shaped)
        _skin(
            self._shaped,
            offsets,
            self._bone_ids,
            self._bone_weights,
            turns,
            positions,
            move,
            vertices,
        )
        posed_joints = positions[:, 0] + move
        joints = np.concatenate((posed_joints, vertices[self._tips]))[_GATHER]
        return vertices, joints

    __call__ = forward

    def joints(
        self, pose: ArrayLike, shape: ArrayLike, translation: ArrayLike | None = None
    ) -> Float32:
        """The 21 joints (21, 3) of one hand alone; only the tips' vertices are computed."""
        turns, positions, features, move = self._prepare(pose, shape, translation)
        offsets = (self._tip_posedirs @ features).reshape(-1, 3)
        tips = np.empty_like(offsets)
        ids, weights = self._bone_ids[self._tips], self._bone_weights[self._tips]
        _skin(self._shaped[self._tips], offsets, ids, weights, turns, positions, move, tips)
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
        self._shaped = self._template + (self._shapedirs @ shape).reshape(-1, 3)
        self._rest_joints = self._regressor @ self._shaped
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


@numba.njit(cache=True)
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


@numba.njit(cache=True, fastmath=True)
def _skin(
    shaped: np.ndarray,
    offsets: np.ndarray,
    bone_ids: np.ndarray,
    bone_weights: np.ndarray,
    turns: np.ndarray,
    positions: np.ndarray,
    move: np.ndarray,
    out: np.ndarray,
) -> None:
    """Linear blend skinning of ``shaped + offsets`` into ``out``."""
    shifts = np.empty((len(turns), 3), np.float32)
    for k in range(len(turns)):
        for i in range(3):
            shifts[k, i] = positions[k, 0, i] - (
                turns[k, i, 0] * positions[k, 1, 0]
                + turns[k, i, 1] * positions[k, 1, 1]
                + turns[k, i, 2] * positions[k, 1, 2]
            )
    for v in range(len(shaped)):
        x = shaped[v, 0] + offsets[v, 0]
        y = shaped[v, 1] + offsets[v, 1]
        z = shaped[v, 2] + offsets[v, 2]
        for i in range(3):
            total = move[i]
            for b in range(bone_ids.shape[1]):
                weight = bone_weights[v, b]
                k = bone_ids[v, b]
                total += weight * (
                    turns[k, i, 0] * x + turns[k, i, 1] * y + turns[k, i, 2] * z + shifts[k, i]
                )
            out[v, i] = total
