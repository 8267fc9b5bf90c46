"""The joints of a hand model as five finger chains, and where a fit to landmarks starts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from hands3c_core.conventions import PALM_JOINTS, ROTATION_TO_JOINT
from hands3c_core.estimators.hand_chain import kinematics, turn_about
from hands3c_core.estimators.landmarks_solver import Bones
from hands3c_core.geometry.turning import rotation_between
from hands3c_core.hand_model.data import HandModelData, assemble_joints

Floats = NDArray[np.float64]

#: Number (1..15) of the rotation at joint 1..3 of each finger, thumb to little.
_ROTATION_OF = np.array(
    [[ROTATION_TO_JOINT.index(1 + 4 * f + j) for j in range(3)] for f in range(5)]
)
_PALM = np.array(PALM_JOINTS)

#: Where MediaPipe puts its landmarks of wrist, thumb and knuckles, in mm from the model's joints at
#: rest. Found by fitting real webcam hands and averaging what remained in each bone's frame; the
#: MANO family shares frame and joints, so one table serves all its hands.
_MARKERS_MM = {
    0: (2.5, -2.5, 4.0),
    1: (4.5, -2.0, -1.5),
    2: (-3.5, -3.5, 0.0),
    3: (-2.5, -1.5, 0.5),
    5: (0.0, 3.0, -1.0),
    9: (7.5, 2.0, 1.0),
    13: (3.5, 3.0, 4.5),
    17: (3.5, 4.5, 4.0),
}
#: Its tip landmark lies on the nail's bed: this share of the last bone short of the tip's vertex
#: (thumb to little), chosen by the overlap of the mesh with skin-coloured pixels.
_TIP_SHORTFALL = (0.25, 0.2, 0.2, 0.2, 0.2)

#: Thumbs laid across the palm bend farther at their root than the models' comfortable range: a
#: quarter of real webcam hands lay on that limit.
_THUMB_ROOT_BEND = np.radians(12.0)


class HandSkeleton:
    """What a hand model says of its 21 joints, in the arrays that ``solve_hand`` takes.

    The tips are taken to move rigidly with their last joint: exact for our hands, within a
    millimetre for MANO, whose tips also have pose-dependent offsets.

    Args:
        data: any right hand model with MANO's parameters.
        markers: (21, 3) m: landmarks from the joints at rest; MediaPipe's by default.
    """

    def __init__(self, data: HandModelData, markers: Floats | None = None) -> None:
        regressor = data.J_regressor.astype(np.float64)
        shapedirs = data.shapedirs.astype(np.float64)
        rotation_joints = regressor @ data.v_template.astype(np.float64)
        rotation_dirs = np.einsum("jv,vck->jck", regressor, shapedirs)
        tips = data.v_template[data.fingertip_ids].astype(np.float64)
        self.rest: Floats = assemble_joints(rotation_joints, tips).astype(np.float64)
        tip_dirs = shapedirs[data.fingertip_ids]
        by_coefficient = assemble_joints(
            np.moveaxis(rotation_dirs, -1, 0), np.moveaxis(tip_dirs, -1, 0)
        )
        self.rest_dirs: Floats = np.moveaxis(by_coefficient, 0, -1).astype(np.float64)
        self.offsets = _from_parent(self.rest)
        self.shape_offsets = _from_parent(self.rest_dirs)
        self.markers = _mediapipe_markers(self.offsets) if markers is None else markers
        self.axes = data.joint_axes.astype(np.float64)[_ROTATION_OF - 1]
        self._handed = np.sign(np.linalg.det(self.axes))[..., None]
        self.bones = Bones(self.offsets, self.shape_offsets, self.axes)
        self.limits = np.radians(data.joint_rom_deg.astype(np.float64))[_ROTATION_OF - 1]
        self.limits[0, 0, 0, 1] += _THUMB_ROOT_BEND
        self.mean_pose = data.hands_mean.astype(np.float64).reshape(15, 3)
        self.prior_angles = np.clip(
            self._angles_of(data.hands_prior_mean.astype(np.float64).reshape(15, 3)),
            self.limits[..., 0],
            self.limits[..., 1],
        )

    def joints(self, turn: Floats, root: Floats, angles: Floats, shape: Floats) -> Floats:
        """The 21 joints (21, 3); arguments as for ``landmarks_solver.kinematics``."""
        return self._kinematics(turn, root, angles, shape)[0]

    def landmarks(self, turn: Floats, root: Floats, angles: Floats, shape: Floats) -> Floats:
        """(21, 3): where a detector would put its landmarks; arguments as for ``joints``."""
        return self._kinematics(turn, root, angles, shape)[1]

    def _kinematics(
        self, turn: Floats, root: Floats, angles: Floats, shape: Floats
    ) -> tuple[Floats, Floats, Floats]:
        return kinematics(
            turn,
            root,
            angles,
            shape,
            self.offsets,
            self.shape_offsets,
            self.axes,
            self.markers,
        )

    def root_of_shape(self, shape: Floats) -> Floats:
        """(3,) metres: the wrist of the shaped hand at rest."""
        return self.rest[0] + self.rest_dirs[0] @ shape

    def to_pose(self, turn: Floats, angles: Floats) -> NDArray[np.float32]:
        """(16, 3) axis-angle relative to the model's mean pose, from rotations of the fit."""
        matrices = np.empty((16, 3, 3))
        matrices[0] = turn
        about_axes = Rotation.from_rotvec((self.axes * angles[..., None]).reshape(-1, 3))
        bend, spread, twist = np.moveaxis(about_axes.as_matrix().reshape(5, 3, 3, 3, 3), 2, 0)
        matrices[_ROTATION_OF] = spread @ bend @ twist
        pose = Rotation.from_matrix(matrices).as_rotvec()
        pose[1:] -= self.mean_pose
        return pose.astype(np.float32)

    def from_pose(self, pose: NDArray[np.floating]) -> tuple[Floats, Floats]:
        """Global rotation (3, 3) and finger angles (5, 3, 3), the inverse of ``to_pose``."""
        full = np.asarray(pose, np.float64).copy()
        full[1:] += self.mean_pose
        matrices = Rotation.from_rotvec(full).as_matrix()
        turns = matrices[_ROTATION_OF]
        local = np.einsum("fjax,fjxy,fjby->fjab", self.axes, turns, self.axes)
        # Rot(spread) Rot(bend) Rot(twist) in the frame (bend, spread, twist) of the joint's axes.
        bend = -np.arcsin(np.clip(local[..., 1, 2], -1.0, 1.0))
        spread = np.arctan2(local[..., 0, 2], local[..., 2, 2])
        twist = np.arctan2(local[..., 1, 0], local[..., 1, 1])
        # Of the two ways to write a rotation so, the one with the lesser spread: a bend past a
        # right angle.
        past = np.abs(spread) > np.pi / 2
        bend = np.where(past, np.copysign(np.pi, bend) - bend, bend)
        spread, twist = (np.where(past, x - np.copysign(np.pi, x), x) for x in (spread, twist))
        # Where the axes are left-handed, a turn about one of them appears as its inverse.
        return matrices[0], self._handed * np.stack([bend, spread, twist], axis=-1)

    def _angles_of(self, axis_angle: Floats) -> Floats:
        """(5, 3, 3) bend, spread and twist of small-spread rotations (15, 3), to first order."""
        return np.einsum("fjdc,fjc->fjd", self.axes, axis_angle[_ROTATION_OF - 1])

    def turn_to(self, world: Floats) -> Floats:
        """The global rotation (3, 3) that lays the resting palm on world landmarks (21, 3) best."""
        return rotation_between((self.rest + self.markers)[_PALM], world[_PALM])

    def angles_to(self, turn: Floats, directions: Floats) -> Floats:
        """Finger angles (5, 3, 3) whose bones point along ``directions`` (20, 3), within limits.

        Each joint turns its bone from the resting direction by bend and spread only, given the
        joints before it.
        """
        angles = np.zeros((5, 3, 3))
        for finger in range(5):
            frame = turn
            for joint in range(3):
                axes, limits = self.axes[finger, joint], self.limits[finger, joint]
                rest = self.offsets[finger, joint + 1]
                target = frame.T @ directions[4 * finger + joint + 1]
                bend, spread = _bend_and_spread(axes, rest / np.linalg.norm(rest), target)
                if bend < np.radians(-60.0):  # a fold past a half turn, no bend backwards
                    bend = limits[0, 1]
                angles[finger, joint, 0] = np.clip(bend, *limits[0])
                angles[finger, joint, 1] = np.clip(spread, *limits[1])
                frame = (
                    frame
                    @ turn_about(axes[1], angles[finger, joint, 1])
                    @ turn_about(axes[0], angles[finger, joint, 0])
                )
        return angles


def _mediapipe_markers(offsets: Floats) -> Floats:
    """(21, 3) m: MediaPipe's landmarks from the joints of a hand with these bones (5, 4, 3)."""
    markers = np.zeros((21, 3))
    for joint, millimetres in _MARKERS_MM.items():
        markers[joint] = np.array(millimetres) / 1000
    for finger, share in enumerate(_TIP_SHORTFALL):
        markers[4 + 4 * finger] = -share * offsets[finger, 3]
    return markers


def _from_parent(joints: Floats) -> Floats:
    """Finger joints less their parents (5, 4, ...), from values per joint (21, ...)."""
    chains = joints[1:].reshape(5, 4, *joints.shape[1:])
    parents = np.concatenate(
        (np.broadcast_to(joints[0], chains[:, :1].shape), chains[:, :3]), axis=1
    )
    return np.ascontiguousarray(chains - parents)


def _bend_and_spread(axes: Floats, rest: Floats, target: Floats) -> tuple[float, float]:
    """Angles with Rot(spread) Rot(bend) rest ~ target.

    In the joint's frame (bone, bend axis, spread axis) bending moves the bone in the plane across
    the bend axis and spreading then turns what is left of it along the bone.
    """
    bend_axis, spread_axis = axes[0], axes[1]
    side = np.cross(bend_axis, rest)  # where the tip goes when the joint bends
    along, lift = float(target @ rest), float(target @ side)
    across = float(target @ np.cross(spread_axis, rest))
    spread = np.arctan2(across, abs(along)) if along != 0.0 or across != 0.0 else 0.0
    return float(np.arctan2(lift, along)), float(np.sign(along or 1.0) * spread)
