"""The shipped hands, and errors of the loader."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hands3c_core.assets import asset_path
from hands3c_core.conventions import ROTATION_NAMES
from hands3c_core.errors import UserError
from hands3c_core.hand_model import SHIPPED, FastHandLayer, HandModelData, load_hand_model
from hands3c_core.hand_model.anatomy import anatomical_axes
from hands3c_core.hand_model.arrays import read_npz, write_npz

ASSETS = asset_path("hand")


@pytest.mark.parametrize(
    ("name", "count"), [("hand_mid", 1500), ("hand_mano778", 778), ("hand_high", 6573)]
)
def test_shipped_hands(name: str, count: int) -> None:
    data = load_hand_model(name)
    assert data.num_vertices == count
    assert data.is_right
    assert "CC0" in data.licence
    np.testing.assert_allclose(data.weights.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(data.J_regressor.sum(axis=1), 1, atol=1e-4)
    assert data.posedirs.dtype == np.float32
    # Each tip lies beyond its finger's last joint.
    joints = data.rest_joints_21
    for tip in (4, 8, 12, 16, 20):
        bone, last = joints[tip - 1] - joints[tip - 2], joints[tip] - joints[tip - 1]
        assert bone @ last > 0
        assert 0.01 < np.linalg.norm(last) < 0.04


def test_default_is_the_display_hand() -> None:
    assert load_hand_model().name == "hand_mid"


def test_rotation_order_of_the_files_is_ours() -> None:
    """The files say 'pinky' where the conventions say 'little'."""
    for name in SHIPPED:
        with np.load(ASSETS / f"{name}.npz") as file:
            names = [str(n).replace("pinky", "little") for n in file["joint_names"]]
        assert tuple(names) == ROTATION_NAMES


@pytest.mark.parametrize("name", SHIPPED)
def test_axes_follow_from_the_rest_pose(name: str) -> None:
    data = load_hand_model(name)
    axes = anatomical_axes(data.rest_joints, data.v_template[data.fingertip_ids])
    assert (axes * data.joint_axes).sum(-1).min() > np.cos(np.radians(0.1))


def test_spread_axis_turns_fingers_towards_the_little_finger() -> None:
    data = load_hand_model()
    fast, rest = FastHandLayer(data), data.rest_joints_21
    for rotation, tip in ((1, 8), (4, 12), (7, 20), (10, 16)):
        pose = data.named_pose("flat")
        pose[rotation] += 0.2 * data.joint_axes[rotation - 1, 1]
        assert fast.joints(pose, np.zeros(10))[tip, 2] < rest[tip, 2] - 0.005


def test_named_poses(own_hand: HandModelData) -> None:
    fast = FastHandLayer(own_hand)
    flat = fast.joints(own_hand.named_pose("flat"), np.zeros(10))
    fist = fast.joints(own_hand.named_pose("fist"), np.zeros(10))
    pinch = fast.joints(own_hand.named_pose("pinch"), np.zeros(10))
    assert (np.linalg.norm(fist[[8, 12, 16, 20]] - fist[0], axis=1) < 0.11).all()
    assert (np.linalg.norm(flat[[8, 12, 16, 20]] - flat[0], axis=1) > 0.13).all()
    assert np.linalg.norm(pinch[4] - pinch[8]) < 0.025
    assert not own_hand.named_pose("relaxed").any()
    with pytest.raises(UserError, match="choose one of"):
        own_hand.named_pose("salute")


@pytest.mark.parametrize("name", SHIPPED)
def test_npz_round_trip(name: str, tmp_path: Path) -> None:
    data = load_hand_model(name)
    path = tmp_path / "folder" / "hand.npz"
    write_npz(data, path)
    again = load_hand_model(path)
    for key, value in vars(data).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(again, key), value)
            assert getattr(again, key).dtype == value.dtype
        elif key != "named_poses":
            assert getattr(again, key) == value
    assert list(path.parent.iterdir()) == [path]


def test_paths_that_are_no_models(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="There is no hand model"):
        load_hand_model("hand_tiny")
    with pytest.raises(UserError, match="does not exist"):
        read_npz(tmp_path / "none.npz")
    with pytest.raises(UserError, match="side"):
        load_hand_model("hand_mid", "upper")  # type: ignore[arg-type]


@pytest.mark.parametrize("damage", ["empty", "truncated", "foreign", "objects", "text"])
def test_damaged_npz(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "hand.npz"
    content = (ASSETS / "hand_mano778.npz").read_bytes()
    if damage == "empty":
        path.write_bytes(b"")
    elif damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "foreign":
        np.savez(path, images=np.zeros(3))
    else:
        with np.load(ASSETS / "hand_mano778.npz") as file:
            arrays = {key: file[key] for key in file.files}
        bad = {"objects": np.array([{}], dtype=object), "text": np.array(["a", "b"])}[damage]
        np.savez(path, **{**arrays, "hands_mean": bad})
    with pytest.raises(UserError, match=r"hand") as error:
        load_hand_model(path)
    assert "\n" not in str(error.value)


def test_wrong_arrays_are_named(own_hand: HandModelData) -> None:
    bad_faces = own_hand.faces.copy()
    bad_faces[3, 1] = 778
    bad_weights = own_hand.weights.copy()
    bad_weights[0, 0] = np.inf
    for key, wrong in (
        ("posedirs", own_hand.posedirs[..., :90]),
        ("faces", bad_faces),
        ("weights", bad_weights),
        ("fingertip_ids", own_hand.fingertip_ids - 1000),
        ("ft", own_hand.ft + 1000),
    ):
        with pytest.raises(UserError, match=key):
            replace(own_hand, **{key: wrong})


def test_named_poses_file_matches(own_hand: HandModelData) -> None:
    """The angles in the JSON file, put on the axes, are the poses in the npz files."""
    from scipy.spatial.transform import Rotation

    angles = json.loads((ASSETS / "named_poses_deg.json").read_text())
    for pose_name, joints in angles.items():
        pose = own_hand.named_poses[pose_name].reshape(15, 3)
        for joint, (bend, spread, twist) in joints.items():
            row = ROTATION_NAMES.index(joint.replace("pinky", "little")) - 1
            axes = own_hand.joint_axes[row]
            turns = [
                Rotation.from_rotvec(np.radians(angle) * axes[axis])
                for angle, axis in ((spread, 1), (bend, 0), (twist, 2))
            ]
            expected = (turns[0] * turns[1] * turns[2]).as_rotvec()
            np.testing.assert_allclose(pose[row], expected, atol=1e-4)


def test_card_lists_every_asset_with_its_checksum() -> None:
    card = (ASSETS / "README.md").read_text(encoding="utf-8")
    for path in ASSETS.iterdir():
        if path.name != "README.md":
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert f"| `{path.name}` |" in card
            assert digest in card, path.name
