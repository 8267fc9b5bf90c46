"""Poses fitted to labels that are points."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.evaluation.alignment import align
from hands3c_core.geometry import default_camera, project
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.labelling.fit_labels import fit_labels


@pytest.fixture(scope="module")
def layer() -> FastHandLayer:
    return FastHandLayer(load_hand_model("hand_mid"))


def labelled(folder: Path, layer: FastHandLayer, count: int = 3) -> np.ndarray:
    """A folder with labels of posed hands before the camera; returns their joints, m."""
    random = np.random.default_rng(4)
    (folder / "crops").mkdir(parents=True)
    camera = default_camera(256, 256, 30.0)
    joints = []
    for row in range(count):
        pose = np.zeros((16, 3), np.float32)
        pose[0] = (np.pi, 0.0, 0.3 * row)
        pose[1:, 2] = random.uniform(0.0, 0.5, 15)
        joints.append(layer.joints(pose, np.zeros(10, np.float32), (0.0, 0.0, 0.5)))
        cv2.imwrite(str(folder / "crops" / f"{row}.png"), np.zeros((256, 256, 3), np.uint8))
    hands = np.stack(joints)
    np.savez(
        folder / "labels.npz",
        name=np.array([f"{row}.png" for row in range(count)]),
        session=np.array(["a"] * count),
        source=np.array(["made"] * count),
        joints_2d=np.stack([project(hand, camera) for hand in hands]).astype(np.float32),
        world_landmarks=(hands - hands.mean(axis=1, keepdims=True)).astype(np.float32),
        sigma_2d=np.full((count, 21), 0.005, np.float32),
        sigma_3d=np.full((count, 21), 0.002, np.float32),
    )
    return hands


def test_the_fitted_hand_meets_its_label(tmp_path, layer):
    hands = labelled(tmp_path / "labels", layer)
    told = []
    assert fit_labels(tmp_path / "labels", tmp_path / "out", lambda *done: told.append(done)) == 3
    assert told[-1] == (3, 3)
    with np.load(tmp_path / "out" / "labels.npz") as made:
        assert made["source"].tolist() == ["made"] * 3
        for row, hand in enumerate(hands):
            zeros = np.zeros(10, np.float32)
            found = layer.joints(made["pose"][row], zeros, made["translation"][row])
            error = np.linalg.norm(align(hand, np.asarray(found, float), "official") - hand, axis=1)
            assert error.mean() < 0.003
    assert (tmp_path / "out" / "crops" / "0.png").exists()


def test_a_folder_without_labels_is_refused(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        fit_labels(tmp_path, tmp_path / "out")
