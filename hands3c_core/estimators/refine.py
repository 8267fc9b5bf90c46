"""The last few pixels: a network's pose moved so that its joints meet the network's own heatmaps.

A network says where the joints are twice: by its heatmaps in the image, and by pose and shape in
3D. The heatmaps are nearer to the truth in the image, because they look at it cell by cell; pose
and shape know what a hand can do. Gauss-Newton brings the two together: pose and translation change
as little as they must, each joint counts by the spread of its heatmap.

How easily a pose changes follows from how networks err: mostly in how far a finger is bent, with
its two outer joints together (one tendon bends both), and little in any other direction. On 2,500
renders, errors about the bending axes had a standard deviation of 0.2 to 0.4 rad, those of middle
and end joints a correlation of 0.9; about the other axes it was 0.01 to 0.1 rad.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.conventions import (
    JOINT_PARENTS,
    NUM_JOINTS,
    NUM_ROTATIONS,
    ROTATION_PARENTS,
    ROTATION_TO_JOINT,
)
from hands3c_core.hand_model import FastHandLayer
from hands3c_core.types import Camera, Float32

Floats = NDArray[np.float64]
#: Unknowns: a small turn of each rotation, then the translation.
_TURNS: Final = 3 * NUM_ROTATIONS
_UNKNOWNS: Final = _TURNS + 3
#: Fingers, the thumb last, with three rotations each.
_FINGERS: Final = 5
#: No joint comes nearer to the camera than this, m.
_NEAREST: Final = 0.01


def _moved_by() -> NDArray[np.bool_]:
    """(16, 21) whether a rotation moves a joint: those beyond the joint about which it turns."""
    moved = np.zeros((NUM_ROTATIONS, NUM_JOINTS), bool)
    for rotation, joint in enumerate(ROTATION_TO_JOINT):
        for other in range(NUM_JOINTS):
            ancestor = JOINT_PARENTS[other]
            while ancestor >= 0:
                moved[rotation, other] |= ancestor == joint
                ancestor = JOINT_PARENTS[ancestor]
    return moved


_MOVES: Final = _moved_by()


@dataclass(frozen=True, slots=True)
class RefineOptions:
    """How far a pose may move, as standard deviations."""

    global_turn: float = 0.14
    """Of the global orientation, rad."""
    finger_turn: float = 0.08
    """Of each finger joint about any axis, rad."""
    bend: tuple[float, float, float] = (0.18, 0.19, 0.13)
    """Of a finger's three joints about their bending axes besides, rad, from the knuckle out."""
    bend_thumb: float = 0.14
    """Of the thumb's joints, rad."""
    follows: tuple[float, float] = (0.3, 0.9)
    """Correlation of a finger's middle joint with the knuckle, and of its end joint with the middle
    one."""
    sideways: float = 0.05
    """Of the translation across the line of sight, m; the heatmaps know it well."""
    depth: float = 0.06
    """Of the translation along it, as a share of the distance."""
    pixel: float = 0.012
    """Least standard deviation of a heatmap's joint, as a share of the crop's side."""
    outlier: float = 3.0
    """Standard deviations from which a joint counts less (Cauchy's weight)."""
    steps: int = 3
    """Gauss-Newton steps."""


class PoseRefiner:
    """Refines poses of one hand model.

    Args:
        layer: poses the hand.
        options: how far a pose may move.
    """

    def __init__(self, layer: FastHandLayer, options: RefineOptions | None = None) -> None:
        self.layer = layer
        self.options = options or RefineOptions()
        self._mean = np.zeros((NUM_ROTATIONS, 3))
        self._mean[1:] = np.asarray(layer.data.hands_mean, float).reshape(-1, 3)
        self._turns = np.linalg.inv(_covariance(self.options, layer.data.joint_axes[:, 0]))

    def refine(
        self,
        pose: ArrayLike,
        shape: ArrayLike,
        translation: ArrayLike,
        joints_2d: ArrayLike,
        sigma: ArrayLike,
        side: float,
        camera: Camera,
    ) -> tuple[Float32, Float32]:
        """Pose and translation that meet the 2D joints better.

        Args:
            pose: (16, 3) axis-angle, rad, as everywhere.
            shape: (10,).
            translation: (3,) m.
            joints_2d: (21, 2) px, where the heatmaps see the joints.
            sigma: (21,) px, spread of each heatmap.
            side: of the crop, px of the image.
            camera: of the image (mirrored for a left hand).

        Returns:
            Pose (16, 3) and translation (3,), float32.
        """
        options = self.options
        # A heatmap's spread overstates its error: it is as wide as it was taught to be.
        spread = np.maximum(0.5 * np.asarray(sigma, float), options.pixel * side)
        local = _matrices(np.asarray(pose, float) + self._mean)
        start = np.asarray(translation, float)
        place = start.copy()
        moved = np.zeros(_UNKNOWNS)
        stiffness = self._stiffness(start)
        for _ in range(options.steps):
            joints = np.asarray(self.layer.joints(self._pose(local), shape, place), float)
            jacobian, errors = _linearise(joints, local, np.asarray(joints_2d, float), camera)
            distance = np.linalg.norm(errors, axis=1) / spread
            weight = 1.0 / (1.0 + (distance / options.outlier) ** 2) / spread**2
            weighted = jacobian * weight[:, None, None]
            normal = np.einsum("jax,jay->xy", weighted, jacobian) + stiffness
            right = np.einsum("jax,ja->x", weighted, errors) - stiffness @ moved
            step = np.linalg.solve(normal, right)
            moved += step
            local = _matrices(step[:_TURNS].reshape(-1, 3)) @ local
            place = place + step[_TURNS:]
            place[2] = max(place[2], start[2] - (joints[:, 2].min() - _NEAREST))
        return self._pose(local).astype(np.float32), place.astype(np.float32)

    def _stiffness(self, translation: Floats) -> Floats:
        """(51, 51) inverse covariance of the unknowns."""
        options = self.options
        inverse = np.zeros((_UNKNOWNS, _UNKNOWNS))
        inverse[:_TURNS, :_TURNS] = self._turns
        depth = options.depth * max(float(translation[2]), _NEAREST)
        sigmas = np.array([options.sideways, options.sideways, depth])
        inverse[range(_TURNS, _UNKNOWNS), range(_TURNS, _UNKNOWNS)] = sigmas**-2.0
        return inverse

    def _pose(self, local: Floats) -> Floats:
        """(16, 3) axis-angle relative to the mean pose, from (16, 3, 3) rotations."""
        return np.stack([cv2.Rodrigues(turn)[0][:, 0] for turn in local]) - self._mean


def _covariance(options: RefineOptions, bend_axes: ArrayLike) -> Floats:
    """(48, 48) covariance of the turns, from the axes (15, 3) about which the joints bend."""
    first, outer = options.follows
    along = np.array(
        [[1.0, first, first * outer], [first, 1.0, outer], [first * outer, outer, 1.0]]
    )
    bends = np.kron(np.eye(_FINGERS), along * np.outer(options.bend, options.bend))
    thumb = slice(3 * (_FINGERS - 1), None)
    bends[thumb, thumb] = np.eye(3) * options.bend_thumb**2
    axes = np.asarray(bend_axes, float)
    fingers = np.einsum("ij,ia,jb->iajb", bends, axes, axes).reshape(3 * len(axes), -1)
    covariance = np.diag(np.full(_TURNS, options.finger_turn**2))
    covariance[:3, :3] = np.eye(3) * options.global_turn**2
    covariance[3:, 3:] += fingers
    return covariance


def _matrices(axis_angle: Floats) -> Floats:
    return np.stack([cv2.Rodrigues(vector)[0] for vector in axis_angle])


def _linearise(
    joints: Floats, local: Floats, joints_2d: Floats, camera: Camera
) -> tuple[Floats, Floats]:
    """Derivatives (21, 2, 51) of the projected joints, and what is missing to ``joints_2d``.

    A turn u of rotation k in its parent's frame moves each joint X beyond the point P that it turns
    about by (G u) x (X - P), G the parent's orientation.
    """
    frames = np.empty_like(local)
    orientation = np.empty_like(local)
    for k, parent in enumerate(ROTATION_PARENTS):
        frames[k] = np.eye(3) if parent < 0 else orientation[parent]
        orientation[k] = frames[k] @ local[k]
    arms = joints[None] - joints[list(ROTATION_TO_JOINT)][:, None]
    # Column a of frame k is the axis of unknown (k, a): (16, 21, axis, xyz).
    turned = np.cross(frames.transpose(0, 2, 1)[:, None], arms[:, :, None])
    turned *= _MOVES[:, :, None, None]
    points = np.zeros((NUM_JOINTS, 3, _UNKNOWNS))
    points[:, :, :_TURNS] = turned.transpose(1, 3, 0, 2).reshape(NUM_JOINTS, 3, _TURNS)
    points[:, range(3), range(_TURNS, _UNKNOWNS)] = 1.0
    depth = np.maximum(joints[:, 2], _NEAREST)
    plane = joints[:, :2] / depth[:, None]
    focal = np.array([camera.fx, camera.fy])
    projection = np.zeros((NUM_JOINTS, 2, 3))
    projection[:, 0, 0], projection[:, 1, 1] = focal[0] / depth, focal[1] / depth
    projection[:, :, 2] = -focal * plane / depth[:, None]
    errors = joints_2d - (focal * plane + (camera.cx, camera.cy))
    return projection @ points, errors
