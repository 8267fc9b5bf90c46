"""OpenXR's 26 joints: order as in the specification's own binding, axes and places by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from sample_hands import make_hand, make_result
from scipy.spatial.transform import Rotation

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.export import ResultLog, convert_take
from hands3c_core.openxr import OPENXR_FIELDS, OPENXR_JOINTS, OpenXrHands

TO_OPENXR = np.array([1.0, -1.0, -1.0])
#: OpenXR joint -> joint of ours, where both have it.
SHARED = {
    "wrist": "wrist",
    **{f"thumb_{name}": f"thumb{k}" for k, name in enumerate(
        ("metacarpal", "proximal", "distal", "tip"), start=1)},
    **{f"{finger}_{name}": f"{finger}{k}"
       for finger in ("index", "middle", "ring", "little")
       for k, name in enumerate(("proximal", "intermediate", "distal", "tip"), start=1)},
}  # fmt: skip


def test_joints_are_in_openxrs_order():
    assert len(OPENXR_JOINTS) == 26
    assert OPENXR_JOINTS[:7] == (
        "palm", "wrist", "thumb_metacarpal", "thumb_proximal", "thumb_distal", "thumb_tip",
        "index_metacarpal",
    )  # fmt: skip
    assert OPENXR_JOINTS[10] == "index_tip"
    assert OPENXR_JOINTS[25] == "little_tip"
    assert OPENXR_FIELDS == ("x", "y", "z", "qx", "qy", "qz", "qw", "radius")


def test_the_specifications_python_binding_has_the_same_order():
    xr = pytest.importorskip("xr", reason="pyopenxr is not installed")
    assert [xr.HandJointEXT(k).name.lower() for k in range(26)] == list(OPENXR_JOINTS)


@pytest.mark.parametrize("is_right", [True, False])
def test_places_axes_and_radii(model, layer, is_right):
    """A posed hand: -z along each bone, +y out of the back of the hand, as specified."""
    pose = model.named_pose("flex45").astype(np.float64)
    pose[0] = (0.4, 0.9, -0.3)
    hand = make_hand(layer, is_right, pose, np.zeros(10), np.array([0.05, 0.02, 0.5]))
    joints = dict(zip(OPENXR_JOINTS, OpenXrHands(model).joints(hand), strict=True))
    ours = dict(zip(JOINT_NAMES, hand.joints_3d * TO_OPENXR, strict=True))
    for name, own in SHARED.items():
        np.testing.assert_allclose(joints[name][:3], ours[own], atol=1e-6, err_msg=name)
    wrist, middle = joints["wrist"][:3], joints["middle_proximal"][:3]
    np.testing.assert_allclose(
        joints["palm"][:3], 0.5 * (joints["middle_metacarpal"][:3] + middle), atol=1e-6
    )
    for finger in ("index", "middle", "ring", "little"):
        base, knuckle = (joints[f"{finger}_{bone}"][:3] for bone in ("metacarpal", "proximal"))
        assert 0.015 < np.linalg.norm(base - wrist) < 0.04
        assert 0.04 < np.linalg.norm(base - knuckle) < 0.08
    # The back of the hand, from three points of it, on either side.
    across = ours["little1"] - ours["index1"]
    back = np.cross(across, middle - wrist) * (1 if is_right else -1)
    back /= np.linalg.norm(back)
    for finger in ("index", "middle", "ring", "little"):
        bones = ("metacarpal", "proximal", "intermediate", "distal", "tip")
        for bone, child in pairwise(bones):
            here, there = joints[f"{finger}_{bone}"], joints[f"{finger}_{child}"]
            turn = Rotation.from_quat(here[3:7])
            along = (there[:3] - here[:3]) / np.linalg.norm(there[:3] - here[:3])
            assert turn.apply([0, 0, -1]) @ along > np.cos(np.radians(15)), (finger, bone)
    for name in ("palm", "wrist", "index_metacarpal", "middle_metacarpal", "ring_metacarpal"):
        assert Rotation.from_quat(joints[name][3:7]).apply([0, 1, 0]) @ back > 0.85, name
    # Bent by 45 degrees at each joint, the backs of the fingers turn forwards.
    forward = (middle - wrist) / np.linalg.norm(middle - wrist)
    for finger in ("index", "middle", "ring"):
        up = Rotation.from_quat(joints[f"{finger}_intermediate"][3:7]).apply([0, 1, 0])
        assert up @ forward > 0.5, finger
    radii = np.array([joint[7] for joint in joints.values()])
    assert radii.min() > 0.003
    assert radii.max() < 0.03
    assert joints["index_tip"][7] == joints["index_distal"][7]


def test_files_hold_the_joints_of_every_hand(tmp_path, session, model):
    with ResultLog(tmp_path / "take.jsonl", hand_model=model, estimator="landmarks") as log:
        for result in session:
            log.write(result)
    lines, arrays = convert_take(log.path, ["openxr", "openxr_npz"]).files
    header, *frames = map(json.loads, lines.read_text().splitlines())
    assert header["format"] == "hands3c-openxr"
    assert header["joint_names"] == list(OPENXR_JOINTS)
    assert len(frames) == len(session)
    maker = OpenXrHands(model)
    with np.load(arrays, allow_pickle=False) as data:
        assert data["position"].shape == (sum(len(r.hands) for r in session), 26, 3)
        row = 0
        for number, (frame, result) in enumerate(zip(frames, session, strict=True)):
            assert frame["source_time"] == pytest.approx(result.frame.timestamp)
            for told, hand in zip(frame["hands"], result.hands, strict=True):
                expected = maker.joints(hand)
                np.testing.assert_allclose(told["joints"], expected, atol=1e-4)
                np.testing.assert_allclose(data["position"][row], expected[:, :3], atol=1e-4)
                np.testing.assert_allclose(data["radius"][row], expected[:, 7], atol=1e-4)
                assert data["hand_frame"][row] == number
                row += 1


def test_a_hand_with_numbers_missing_is_null_not_an_error(tmp_path, session, model):
    hand = session[0].hands[0]
    broken = replace(hand, joints_3d=np.full_like(hand.joints_3d, np.nan))
    with ResultLog(tmp_path / "take.jsonl", hand_model=model, estimator="landmarks") as log:
        log.write(session[0])
        log.write(make_result(1, broken))
    lines, _ = convert_take(log.path, ["openxr", "openxr_npz"]).files
    frame = json.loads(lines.read_text().splitlines()[2])
    assert frame["hands"][0]["joints"][1][0] is None
