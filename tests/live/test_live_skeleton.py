"""What a client can do with live hands alone: joints from rotations, and the mesh."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from websockets.sync.client import connect

from hands3c_core.hand_model import faces_for, load_hand_model
from hands3c_core.live import LiveOut, Target
from hands3c_core.openxr import OpenXrHands


def quaternion_matrix(q: list[float]) -> np.ndarray:
    x, y, z, w = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def joints_of(hand: dict, skeleton: dict) -> dict[str, np.ndarray]:
    """Forward kinematics from what was received, and nothing else."""
    rest = np.array(skeleton["rest_joints"])
    rest = rest + np.array(skeleton["rest_joints_by_shape"]) @ np.array(hand["shape"])
    if not hand["is_right"]:
        rest = rest * [-1, 1, 1]
    places, turns = [np.array(hand["joints_3d"][0])], [quaternion_matrix(hand["rotations"][0])]
    for k, parent in enumerate(skeleton["parents"][1:], start=1):
        places.append(places[parent] + turns[parent] @ (rest[k] - rest[parent]))
        turns.append(turns[parent] @ quaternion_matrix(hand["rotations"][k]))
    return dict(zip(skeleton["names"], places, strict=True))


def test_rotations_and_skeleton_give_the_joints_of_both_hands(port, make_result, hand_model):
    with LiveOut([Target("ws", port=port)]) as live, connect(f"ws://127.0.0.1:{port}/") as client:
        hello = json.loads(client.recv(timeout=10))
        assert "skeleton" not in hello  # not known yet
        live.send(make_result(3), hand_model)
        frame = json.loads(client.recv(timeout=10))
    assert frame["skeleton"]["hand_model"] == "hand_mano778"
    assert len(frame["hands"]) == 2
    for hand in frame["hands"]:
        told = dict(zip(hello["joint_names"], hand["joints_3d"], strict=True))
        for name, place in joints_of(hand, frame["skeleton"]).items():
            np.testing.assert_allclose(place, told[name], atol=5e-5, err_msg=name)


def test_a_new_hand_model_is_told(port, make_result, hand_model):
    other = load_hand_model("hand_mid")
    with LiveOut([Target("ws", port=port)]) as live, connect(f"ws://127.0.0.1:{port}/") as client:
        client.recv(timeout=10)
        names = []
        for model in (hand_model, hand_model, other):
            live.send(make_result(1), model)
            frame = json.loads(client.recv(timeout=10))
            names.append(frame.get("skeleton", {}).get("hand_model"))
        assert names == ["hand_mano778", None, "hand_mid"]
        with connect(f"ws://127.0.0.1:{port}/") as late:
            assert json.loads(late.recv(timeout=10))["skeleton"]["hand_model"] == "hand_mid"


def read_meshes(data: bytes) -> tuple[int, list[tuple[int, bool, np.ndarray]]]:
    """The layout as docs/live-out.md has it."""
    magic, index, hands, points = struct.unpack_from("<4sIHH", data)
    assert magic == b"HS3M"
    found, at = [], 12
    for _ in range(hands):
        track, right, x, y, z, step = struct.unpack_from("<iI4f", data, at)
        steps = np.frombuffer(data, "<i2", 3 * points, at + 24).reshape(points, 3)
        found.append((track, bool(right), np.array([x, y, z]) + step * steps))
        at += 24 + (6 * points + 3) // 4 * 4
    assert at == len(data)
    return index, found


@pytest.mark.parametrize("query", ["", "?mesh=0", "?mesh=1"])
def test_meshes_come_to_those_who_ask(port, make_result, hand_model, query):
    result = make_result(7)
    with (
        LiveOut([Target("ws", port=port)]) as live,
        connect(f"ws://127.0.0.1:{port}/{query}", compression=None) as client,
    ):
        client.recv(timeout=10)
        live.send(result, hand_model)
        if query == "?mesh=1":
            mesh = json.loads(client.recv(timeout=10))
            assert mesh["type"] == "mesh"
            assert json.loads(client.recv(timeout=10))["index"] == 7
            index, hands = read_meshes(client.recv(timeout=10))
            assert index == 7
            for (track, right, points), hand in zip(hands, result.hands, strict=True):
                assert (track, right) == (hand.track_id, hand.is_right)
                np.testing.assert_allclose(points, hand.vertices, atol=1e-5)
            vertex_points, faces = np.array(mesh["vertex_points"]), np.array(mesh["faces"])
            np.testing.assert_array_equal(
                vertex_points[faces], faces_for(hand_model, True, cap=True)
            )
            assert np.shape(mesh["uv"]) == (len(vertex_points), 2)
        else:
            assert json.loads(client.recv(timeout=10))["index"] == 7
            live.send(make_result(8), hand_model)
            assert json.loads(client.recv(timeout=10))["index"] == 8


@pytest.mark.parametrize("query", ["?openxr=1", "?openxr=1&mesh=1", ""])
def test_openxrs_joints_come_to_those_who_ask(port, make_result, hand_model, query):
    result = make_result(7)
    with (
        LiveOut([Target("ws", port=port)]) as live,
        connect(f"ws://127.0.0.1:{port}/{query}", compression=None) as client,
    ):
        client.recv(timeout=10)
        live.send(result, hand_model)
        message = json.loads(client.recv(timeout=10))
        if message["type"] == "mesh":
            message = json.loads(client.recv(timeout=10))
    assert message["index"] == 7
    assert ("openxr" in message) is ("openxr" in query)
    for told, hand in zip(message.get("openxr", ()), result.hands, strict="openxr" in query):
        assert told["is_right"] == hand.is_right
        expected = OpenXrHands(hand_model).joints(hand)
        np.testing.assert_allclose(told["joints"], expected, atol=1e-5)
