"""A log's vertices from its poses alone, by a program that shares nothing with ours but the files:
JSON, the hand model's arrays and MANO's formula (Romero, Tzionas and Black, 2017)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from hands3c_core.assets import asset_path
from hands3c_core.export import ResultLog

HAND = "hand_mano778"


def turn(axis_angle: np.ndarray) -> np.ndarray:
    """Rodrigues' formula."""
    angle = np.linalg.norm(axis_angle)
    if angle < 1e-12:
        return np.eye(3)
    x, y, z = axis_angle / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def vertices_of(hand: dict, skeleton: dict, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """A hand's vertices in the camera frame, m."""
    pose = np.array(hand["pose"])
    pose[1:] += np.array(skeleton["hands_mean"]).reshape(15, 3)
    turns = np.array([turn(row) for row in pose])
    shape = np.array(hand["shape"])
    rest = arrays["v_template"] + arrays["shapedirs"] @ shape
    joints = np.array(skeleton["rest_joints"]) + np.array(skeleton["rest_joints_by_shape"]) @ shape
    posed = rest + arrays["posedirs"] @ (turns[1:] - np.eye(3)).reshape(-1)
    places, globals_ = [joints[0]], [turns[0]]
    for k, parent in enumerate(skeleton["parents"][1:], start=1):
        places.append(places[parent] + globals_[parent] @ (joints[k] - joints[parent]))
        globals_.append(globals_[parent] @ turns[k])
    found = sum(
        arrays["weights"][:, k, None] * ((posed - joints[k]) @ globals_[k].T + places[k])
        for k in range(16)
    )
    found = found + np.array(hand["translation"])
    return found if hand["is_right"] else found * [-1, 1, 1]


def test_vertices_are_rebuilt_from_pose_shape_and_translation(session, tmp_path: Path, model):
    path = tmp_path / "log.jsonl"
    with ResultLog(path, hand_model=model, estimator="landmarks", vertices=True) as log:
        for result in session:
            log.write(result)
    header, *lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert header["skeleton"]["hand_model"] == HAND
    with np.load(asset_path(f"hand/{HAND}.npz")) as file:
        arrays = {
            name: file[name].astype(float) for name in file.files if file[name].dtype.kind == "f"
        }
    hands = [hand for line in lines if line["type"] == "frame" for hand in line["hands"]]
    assert {hand["is_right"] for hand in hands} == {True, False}
    for hand in hands:
        error = np.abs(vertices_of(hand, header["skeleton"], arrays) - hand["vertices"])
        assert error.max() < 2e-5
