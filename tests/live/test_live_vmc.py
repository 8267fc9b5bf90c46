"""VMC over real UDP, read with python-osc and applied to a humanoid's T-pose in Unity's frame."""

from __future__ import annotations

import socket

import numpy as np
import pytest
from pythonosc.osc_packet import OscPacket
from scipy.spatial.transform import Rotation

from hands3c_core.conventions import ROTATION_NAMES, ROTATION_PARENTS, ROTATION_TO_JOINT
from hands3c_core.live import LiveOut, Target
from hands3c_core.live.vmc import VMC_BONES, vmc_packets

#: Unity's names of the bones of a hand, from its documentation of HumanBodyBones.
UNITY = {
    "Hand",
    *(
        f"{finger}{part}"
        for finger in ("Thumb", "Index", "Middle", "Ring", "Little")
        for part in ("Proximal", "Intermediate", "Distal")
    ),
}


def read(packets: list[bytes]) -> list[tuple[str, list]]:
    return [
        (timed.message.address, timed.message.params)
        for packet in packets
        for timed in OscPacket(packet).messages
    ]


def bones_of(messages: list[tuple[str, list]], side: str) -> dict[str, list[float]]:
    return {
        params[0].removeprefix(side): params[1:]
        for address, params in messages
        if address == "/VMC/Ext/Bone/Pos" and params[0].startswith(side)
    }


def test_a_receiver_hears_state_time_and_every_bone(make_result, hand_model):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(10)
        with LiveOut([Target("vmc", port=listener.getsockname()[1])]) as live:
            live.send(make_result(6), hand_model)
            packets = [listener.recv(65536) for _ in range(3)]
            assert live.status.vmc_frames == 1
    assert max(map(len, packets)) <= 1472
    messages = read(packets)
    assert messages[0] == ("/VMC/Ext/OK", [1])
    assert messages[1] == ("/VMC/Ext/T", [pytest.approx(0.2)])
    for side in ("Right", "Left"):
        bones = bones_of(messages, side)
        assert set(bones) == UNITY
        for values in bones.values():
            assert len(values) == 7
            assert np.linalg.norm(values[3:]) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("side", ["Right", "Left"])
def test_the_avatars_hand_takes_the_pose_of_the_hand_in_the_picture(make_result, hand_model, side):
    """Forward kinematics of the received bones, from Unity's T-pose (right arm along +x, palms
    down), gives the joints as a person sees them who faces the camera: Unity's x is the camera's
    -x, its y the camera's -y, its z (where the avatar looks) the camera's -z."""
    result = make_result(4)
    bones = bones_of(read(list(vmc_packets(result, hand_model))), side)
    places, turns = [np.zeros(3)], []
    for k, parent in enumerate(ROTATION_PARENTS):
        values = np.array(bones[VMC_BONES[k]])
        local = Rotation.from_quat(values[3:])
        if parent >= 0:
            places.append(places[parent] + turns[parent].apply(values[:3]))
        turns.append(local if parent < 0 else turns[parent] * local)
    hand = next(hand for hand in result.hands if hand.is_right == (side == "Right"))
    joints = (hand.joints_3d - hand.joints_3d[0]) * [-1, -1, -1]
    expected = joints[list(ROTATION_TO_JOINT)]
    np.testing.assert_allclose(np.array(places), expected, atol=1e-4)
    # In the T-pose, fingers point away from the body and the thumb forward.
    rest = np.array([bones[name][:3] for name in VMC_BONES])
    outward = rest[ROTATION_NAMES.index("middle1")][0]
    assert (outward > 0.05) if side == "Right" else (outward < -0.05)
    assert rest[ROTATION_NAMES.index("thumb1")][2] > 0.005


def test_only_hands_that_are_there_are_sent(make_result, hand_model):
    messages = read(list(vmc_packets(make_result(1, (False,)), hand_model)))
    assert not bones_of(messages, "Right")
    assert len(bones_of(messages, "Left")) == 16
    assert {params[0] for address, params in messages if address == "/VMC/Ext/Tra/Pos"} == {
        "hands3c_left"
    }
