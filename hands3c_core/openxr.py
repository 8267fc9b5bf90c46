"""A hand as OpenXR's 26 joints (XR_EXT_hand_tracking): pose and radius of each.

Frame: OpenXR's view space of the camera, right-handed, x right, y up, z backward, metres: the
camera frame turned by half a turn about x. A joint's -z points along its bone to the fingertip, its
+y out of the back of the hand. Where OpenXR has joints that the hand model does not, they are
placed by anatomy: the bases of the metacarpals of index to little finger at ``_METACARPAL_BASE`` of
the way from the wrist to the knuckle, the palm in the middle of the middle finger's metacarpal.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import FINGER_NAMES, JOINT_NAMES, ROTATION_NAMES, ROTATION_PARENTS
from hands3c_core.export.hand_record import joint_quaternions
from hands3c_core.hand_model import HandModelData
from hands3c_core.model_space import ModelSpace
from hands3c_core.types import Hand

_BONES: Final = {
    finger: ("metacarpal", "proximal", "distal", "tip")
    if finger == "thumb"
    else ("metacarpal", "proximal", "intermediate", "distal", "tip")
    for finger in FINGER_NAMES
}
#: XrHandJointEXT, in its order, in lower case without the prefix and suffix.
OPENXR_JOINTS: Final = (
    "palm",
    "wrist",
    *(f"{finger}_{bone}" for finger in FINGER_NAMES for bone in _BONES[finger]),
)
#: The columns of a joint.
OPENXR_FIELDS: Final = ("x", "y", "z", "qx", "qy", "qz", "qw", "radius")

#: From the wrist joint's middle to the knuckles, the carpal bones take up about this share.
_METACARPAL_BASE: Final = 0.28
_TO_OPENXR: Final = np.array([1.0, -1.0, -1.0])


class OpenXrHands:
    """Turns hands of one hand model into OpenXR's joints.

    Args:
        model: the (right) hand model the hands were made with.
    """

    def __init__(self, model: HandModelData) -> None:
        self.model = self._model = model
        self._radii: tuple[bytes, NDArray[np.float64]] | None = None
        # Of each rotation, along its bone and out of the hand's back, at rest, in a right hand.
        axes = model.joint_axes.astype(np.float64)
        self._along = np.concatenate((np.zeros((1, 3)), axes[:, 2]))
        self._dorsal = np.concatenate((np.zeros((1, 3)), -axes[:, 1]))
        rest = model.J_regressor.astype(np.float64) @ model.v_template
        self._along[0] = rest[ROTATION_NAMES.index("middle1")] - rest[0]
        self._dorsal[0] = self._dorsal[ROTATION_NAMES.index("middle1")]

    def joints(self, hand: Hand) -> NDArray[np.float64]:
        """(26, 8) of a hand: columns ``OPENXR_FIELDS``, rows ``OPENXR_JOINTS``; metres, unit
        quaternions. Not finite where the hand is not."""
        space = ModelSpace(hand.is_right)
        turns = _global_turns(joint_quaternions(hand.pose, self._model.hands_mean, hand.is_right))
        along = np.einsum("kij,kj->ki", turns, space.points(self._along))
        dorsal = np.einsum("kij,kj->ki", turns, space.points(self._dorsal))
        places = hand.joints_3d.astype(np.float64)
        positions, forwards, backs = [], [], []

        def add(place: NDArray, forward: NDArray, back: NDArray) -> None:
            positions.append(place)
            forwards.append(forward)
            backs.append(back)

        wrist, middle = places[0], places[JOINT_NAMES.index("middle1")]
        base = wrist + _METACARPAL_BASE * (middle - wrist)
        add(0.5 * (base + middle), middle - base, dorsal[0])
        add(wrist, along[0], dorsal[0])
        for finger in FINGER_NAMES:
            first = JOINT_NAMES.index(f"{finger}1")
            if finger != "thumb":
                knuckle = places[first]
                bone = knuckle - wrist
                add(wrist + _METACARPAL_BASE * bone, bone, dorsal[0])
            for number in range(4):
                row = ROTATION_NAMES.index(f"{finger}{min(number, 2) + 1}")
                add(places[first + number], along[row], dorsal[row])
        result = np.empty((len(OPENXR_JOINTS), 8))
        result[:, :3] = np.array(positions) * _TO_OPENXR
        result[:, 3:7] = _orientations(
            np.array(forwards) * _TO_OPENXR, np.array(backs) * _TO_OPENXR
        )
        result[:, 7] = self._radius(hand)
        return result

    def _radius(self, hand: Hand) -> NDArray[np.float64]:
        """(26,) distance of each joint from the skin of the resting hand; a tip, which lies on the
        skin, has its distal joint's."""
        key = np.asarray(hand.shape, np.float32).tobytes()
        if self._radii is None or self._radii[0] != key:
            model = self._model
            vertices = model.v_template + model.shapedirs.astype(np.float64) @ hand.shape
            joints = model.J_regressor.astype(np.float64) @ vertices
            places = dict(zip(ROTATION_NAMES, joints, strict=True))
            base = joints[0] + _METACARPAL_BASE * (places["middle1"] - joints[0])
            points = [0.5 * (base + places["middle1"]), joints[0]]
            for finger in FINGER_NAMES:
                own = [places[f"{finger}{number}"] for number in (1, 2, 3)]
                if finger != "thumb":
                    points.append(joints[0] + _METACARPAL_BASE * (own[0] - joints[0]))
                points += [*own, own[2]]
            apart = np.array(points)[:, None] - vertices[None]
            self._radii = (key, np.linalg.norm(apart, axis=2).min(axis=1))
        return self._radii[1]


def _global_turns(quaternions: NDArray[np.float64]) -> NDArray[np.float64]:
    """(16, 3, 3) rotations from rest, of quaternions (16, 4) relative to the parents."""
    x, y, z, w = quaternions.T
    local = np.stack(
        [
            np.stack([1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)], axis=1),
            np.stack([2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)], axis=1),
            np.stack([2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)], axis=1),
        ],
        axis=1,
    )
    turns = np.empty_like(local)
    for k, parent in enumerate(ROTATION_PARENTS):
        turns[k] = local[k] if parent < 0 else turns[parent] @ local[k]
    return turns


def _orientations(forward: NDArray[np.float64], back: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 4) quaternions x, y, z, w with -z along ``forward`` and +y towards ``back`` as nearly as
    that allows."""
    from scipy.spatial.transform import Rotation

    z = -_unit(forward)
    y = _unit(back - (back * z).sum(axis=1, keepdims=True) * z)
    matrices = np.stack([np.cross(y, z), y, z], axis=2)
    result = np.full((len(z), 4), np.nan)
    known = np.isfinite(matrices).all(axis=(1, 2))
    if known.any():
        result[known] = Rotation.from_matrix(matrices[known]).as_quat()
    return result


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
