"""Sends hands by the VMC protocol (Virtual Motion Capture): avatars in VSeeFace, VNyan, Warudo,
Unity and Godot move their fingers and wrists with them.

What is sent is a performer's part of the protocol (https://protocol.vmc.info/english): bones by
Unity's names with positions and rotations relative to their parents, in Unity's left-handed frame
(x right, y up, z forward), for a humanoid whose bones are aligned with the world in its T-pose, as
VRM has it. The avatar faces +z, the camera looks at it: the person's right hand is the avatar's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import NUM_ROTATIONS, ROTATION_NAMES, ROTATION_PARENTS
from hands3c_core.export.hand_record import joint_quaternions, rest_joints
from hands3c_core.hand_model import HandModelData
from hands3c_core.live.messages import hand_of_side
from hands3c_core.live.osc import UdpSender, osc_bundle
from hands3c_core.types import FrameResult, Hand

_PARTS: Final = ("Proximal", "Intermediate", "Distal")
#: Unity's name of each rotation's bone, without the side.
VMC_BONES: Final = tuple(
    "Hand" if name == "wrist" else f"{name[:-1].capitalize()}{_PARTS[int(name[-1]) - 1]}"
    for name in ROTATION_NAMES
)
#: A template vector times this is one of Unity's T-pose: the template's right hand points along -x.
_TEMPLATE_TO_UNITY: Final = np.array([-1.0, 1.0, 1.0])
#: A camera vector times this is one of Unity's: the avatar looks at the camera.
_CAMERA_TO_UNITY: Final = np.array([-1.0, -1.0, -1.0])


class VmcSender(UdpSender):
    """Sends each frame to one receiver.

    Raises:
        UserError: the host is not known.
    """

    name = "VMC"

    def packets(self, result: FrameResult, model: HandModelData | None) -> Iterator[bytes]:
        if model is None:
            raise ValueError("VMC needs the hand model the hands were made with")
        return vmc_packets(result, model)


def vmc_packets(result: FrameResult, model: HandModelData) -> Iterator[bytes]:
    """A frame's datagrams: state and time, then a bundle per hand, each under 1472 bytes. A hand
    that is away, or not finite, is left out: receivers then keep or relax theirs."""
    time = float(result.frame.timestamp)
    yield osc_bundle([("/VMC/Ext/OK", [1]), ("/VMC/Ext/T", [time])])
    for is_right in (True, False):
        hand = hand_of_side(result, is_right)
        if hand is None:
            continue
        parts = (hand.pose, hand.shape, hand.joints_3d)
        if all(np.isfinite(part).all() for part in parts):
            yield osc_bundle(_bones(hand, model))


def _bones(hand: Hand, model: HandModelData) -> list[tuple[str, list[Any]]]:
    side = "Right" if hand.is_right else "Left"
    offsets, turns = unity_bones(hand, model)
    messages: list[tuple[str, list[Any]]] = [
        ("/VMC/Ext/Bone/Pos", [f"{side}{name}", *offsets[k].tolist(), *turns[k].tolist()])
        for k, name in enumerate(VMC_BONES)
    ]
    wrist = hand.joints_3d[0].astype(np.float64) * _CAMERA_TO_UNITY
    # Where the hand is, for receivers that pull an arm there.
    tracker = [f"hands3c_{side.lower()}", *wrist.tolist(), *turns[0].tolist()]
    return [*messages, ("/VMC/Ext/Tra/Pos", tracker)]


def unity_bones(
    hand: Hand, model: HandModelData
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A hand's bones as a VRM humanoid has them.

    Returns:
        (16, 3) metres: positions relative to the parent, zero for the wrist; and (16, 4) unit
        quaternions x, y, z, w relative to the parent. The wrist's is relative to an arm in the
        T-pose: nothing is known of the real one. Order of ``ROTATION_NAMES``.
    """
    turns = joint_quaternions(hand.pose, model.hands_mean, hand.is_right)
    rest = rest_joints(model, hand.shape, hand.is_right) * _TEMPLATE_TO_UNITY
    offsets = np.zeros((NUM_ROTATIONS, 3))
    offsets[1:] = rest[1:] - rest[list(ROTATION_PARENTS[1:])]
    # A rotation mirrored at x = 0 turns about (x, -y, -z).
    unity = turns * np.array([1.0, -1.0, -1.0, 1.0])
    # The wrist also goes from the T-pose to the camera's view of it: camera-to-Unity undoes
    # template-to-Unity up to half a turn about x, which comes after.
    x, y, z, w = unity[0]
    unity[0] = (w, -z, y, -x)
    return offsets, unity
