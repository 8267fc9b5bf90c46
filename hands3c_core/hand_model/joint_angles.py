"""Joint angles in degrees, with the names anatomy gives them, from a pose.

Zero is the hand model's flat pose: straight fingers in the plane of the palm, a little apart, the
thumb beside it. Each finger joint's rotation from there is taken apart as
Rot(flexion) Rot(abduction) Rot(twist) about the joint's own axes (``HandModelData.joint_axes``):
flexion about the axis that is fixed to the bone before, twist about the bone itself, abduction
about the axis between, as the International Society of Biomechanics recommends (Wu et al. 2005,
J. Biomech. 38). It is singular only at 90 degrees of abduction, which no finger reaches; with
abduction first it would be at 90 degrees of flexion, where every fist is. The wrist's rotation is
the hand's orientation in the camera's frame, not a joint angle, and is left out: nothing is known
of the forearm.

``pose`` describes a right hand, or a left one mirrored, so the signs mean the same on both sides:

* flexion: positive closes the finger towards the palm, negative overextends it;
* abduction: positive turns index, ring and little finger away from the middle finger, the middle
  finger towards the little one, and the thumb away from the palm;
* twist: about the bone; positive turns the side that faces the palm towards the thumb (supination;
  for the thumb itself, away from the index finger).

Only the thumb's first joint and the fingers' first joints abduct and twist noticeably in a healthy
hand; what the others show is what the estimate says of them.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from hands3c_core.conventions import (
    FINGER_NAMES,
    JOINT_NAMES,
    NUM_ROTATIONS,
    ROTATION_TO_JOINT,
)
from hands3c_core.hand_model.data import HandModelData
from hands3c_core.joint_names import anatomical_name, short_name

__all__ = [
    "ANGLES",
    "ANGLE_JOINTS",
    "ANGLE_NAMES",
    "anatomical_name",
    "axis_angles",
    "joint_angles",
    "short_name",
]

#: The three angles of a joint, in the order of ``joint_angles``' columns.
ANGLES: Final = ("flexion", "abduction", "twist")

#: Index (0..20) of the 15 joints that have angles, thumb to little, root to tip.
ANGLE_JOINTS: Final = tuple(
    JOINT_NAMES.index(f"{finger}{number}") for finger in FINGER_NAMES for number in range(1, 4)
)

#: Row in ``pose[1:]`` of each of ``ANGLE_JOINTS``: MANO numbers the fingers in another order.
_POSE_ROWS: Final = tuple(ROTATION_TO_JOINT.index(joint) - 1 for joint in ANGLE_JOINTS)

#: Positive spread turns every finger towards the little one and the thumb to the back of the hand.
_ABDUCTION_SIGN: Final = np.array(
    [-1.0 if JOINT_NAMES[joint][:-1] in ("thumb", "index") else 1.0 for joint in ANGLE_JOINTS]
)


#: Names of the 45 numbers of ``joint_angles``, row by row: 'thumb_cmc_flexion_deg', ...
ANGLE_NAMES: Final = tuple(
    f"{short_name(joint).lower().replace(' ', '_')}_{angle}_deg"
    for joint in ANGLE_JOINTS
    for angle in ANGLES
)


def joint_angles(pose: ArrayLike, hand: HandModelData) -> NDArray[np.float64]:
    """Angles of the 15 finger joints.

    Args:
        pose: (16, 3) axis-angle in rad, as in ``Hand.pose``; row 0 is not used.
        hand: the model that ``pose`` is for; a left model is met with its own (mirrored) pose.

    Returns:
        (15, 3) degrees: rows ``ANGLE_JOINTS``, columns ``ANGLES``; abduction within +-90, flexion
        and twist within +-180.

    Raises:
        ValueError: ``pose`` is not (16, 3).
    """
    relative = np.asarray(pose, np.float64)
    if relative.shape != (NUM_ROTATIONS, 3):
        raise ValueError(f"pose must be (16, 3), not {relative.shape}")
    local = _local_turns(hand, relative[1:] + hand.hands_mean.reshape(15, 3))[list(_POSE_ROWS)]
    # R = Rx(flexion) Rz(spread) Ry(twist).
    flexion = np.arctan2(local[:, 2, 1], local[:, 1, 1])
    spread = np.arcsin(np.clip(-local[:, 0, 1], -1.0, 1.0))
    twist = np.arctan2(local[:, 0, 2], local[:, 0, 0])
    angles = np.degrees(np.stack([flexion, spread, twist], axis=1))
    angles[:, 1] *= _ABDUCTION_SIGN
    return angles


def axis_angles(hand: HandModelData, fingers: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Angles about each joint's own axes in the order and with the signs of the hand model's ranges
    of motion (``HandModelData.joint_rom_deg``). Not what is shown or exported: spread comes first
    here, so spread and twist mean little near 90 degrees of bend.

    Args:
        hand: supplies the axes.
        fingers: (45,) or (15, 3) axis-angle in rad from the template (mean pose included).

    Returns:
        (15, 3) degrees of bend, spread and twist in the order of ``ROTATION_NAMES[1:]``, so that
        the rotation is Rot(spread) Rot(bend) Rot(twist); spread within +-90.
    """
    local = _local_turns(hand, np.asarray(fingers, np.float64).reshape(15, 3))
    # R = Rz(spread) Rx(bend) Ry(twist).
    bend = np.arcsin(np.clip(local[:, 2, 1], -1.0, 1.0))
    spread = np.arctan2(-local[:, 0, 1], local[:, 1, 1])
    twist = np.arctan2(-local[:, 2, 0], local[:, 2, 2])
    # A bend past 90 degrees looks like one short of it with spread and twist turned over.
    over = np.abs(spread) > np.pi / 2
    bend = np.where(over, np.pi - bend, bend)
    spread = np.where(over, spread - np.copysign(np.pi, spread), spread)
    twist = np.where(over, twist - np.copysign(np.pi, twist), twist)
    return np.degrees(np.stack([bend, spread, twist], axis=1))


def _local_turns(hand: HandModelData, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """(15, 3, 3) rotations of axis-angle vectors (15, 3) along (bend, twist, spread), which is
    right-handed."""
    basis = hand.joint_axes[:, [0, 2, 1]].astype(np.float64)
    return np.asarray(basis @ _matrices(vectors) @ basis.transpose(0, 2, 1))


def _matrices(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 3, 3) rotation matrices of axis-angle vectors (N, 3) (Rodrigues' formula)."""
    angle = np.linalg.norm(vectors, axis=1)[:, None, None]
    x, y, z = (vectors / np.maximum(angle[:, 0], 1e-12)).T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=1).reshape(-1, 3, 3)
    return np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * (cross @ cross)
