"""The pose prior: within the ranges of motion, no finger through another, every family drawn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hands3c_core.data.synthetic import FAMILIES, GESTURES, PosePrior
from hands3c_core.data.synthetic.joint_angles import pose_from_angles
from hands3c_core.data.synthetic.scene import draw_rotation
from hands3c_core.data.synthetic.self_contact import penetration_depth
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.hand_model.joint_angles import axis_angles


@pytest.fixture(scope="module")
def model():
    return load_hand_model("hand_mano778")


@pytest.fixture(scope="module")
def drawn(model):
    prior = PosePrior(model)
    return [prior.sample(np.random.default_rng([5, k])) for k in range(400)]


def test_angles_stay_within_the_ranges_of_motion(model, drawn):
    low, high = model.joint_rom_deg[..., 0], model.joint_rom_deg[..., 1]
    for sample in drawn:
        assert (sample.angles >= low - 1e-3).all()
        assert (sample.angles <= high + 1e-3).all()


def test_the_pose_has_the_angles_it_says(model, drawn):
    for sample in drawn[:60]:
        full = sample.pose[1:] + model.hands_mean.reshape(15, 3)
        assert np.allclose(axis_angles(model, full), sample.angles, atol=0.05)


def test_fingers_do_not_run_through_each_other(model, drawn):
    layer = FastHandLayer(model)
    prior = PosePrior(model)
    depths = [penetration_depth(layer.joints(s.pose, s.shape)) for s in drawn]
    # The relaxed pose is the last resort, whatever a shape does to it.
    assert np.mean(np.array(depths) <= prior.max_penetration + 1e-6) > 0.99


def test_crossed_fingers_count_as_penetration(model):
    layer = FastHandLayer(model)
    angles = np.zeros((15, 3))
    angles[0] = (30.0, 35.0, 0.0)  # the index swung through the middle finger
    angles[3] = (30.0, -25.0, 0.0)
    crossed = layer.joints(pose_from_angles(model, angles), np.zeros(10))
    flat = layer.joints(pose_from_angles(model, np.zeros((15, 3))), np.zeros(10))
    assert penetration_depth(flat) == 0.0
    assert penetration_depth(crossed) > 2 * PosePrior(model).max_penetration
    # Depth is a length: it does not change when the hand moves, and grows with the hand.
    assert penetration_depth(crossed + np.array([0.3, -1.0, 2.0])) == pytest.approx(
        penetration_depth(crossed), rel=1e-3
    )
    assert penetration_depth(2 * crossed) == pytest.approx(2 * penetration_depth(crossed), rel=1e-4)


def test_named_poses_of_the_model_pass(model):
    layer = FastHandLayer(model)
    limit = PosePrior(model).max_penetration
    for name in ("pinch", "spread", "point", "thumbsup", "relaxed", "flat"):
        assert penetration_depth(layer.joints(model.named_pose(name), np.zeros(10))) <= limit


def test_every_family_and_gesture_is_drawn(drawn):
    families = {name: sum(s.family == name for s in drawn) for name in FAMILIES}
    for name, share in FAMILIES.items():
        assert families[name] == pytest.approx(share * len(drawn), abs=5 * np.sqrt(len(drawn) / 4))
    assert {s.name for s in drawn if s.family == "gesture"} == set(GESTURES)


def test_shapes_follow_unit_normals_and_hands_differ_in_size(model, drawn):
    shapes = np.stack([s.shape for s in drawn])
    assert np.abs(shapes.mean(axis=0)).max() < 0.25
    assert np.abs(shapes.std(axis=0) - 1).max() < 0.2
    layer = FastHandLayer(model)
    lengths = [
        np.linalg.norm(np.diff(layer.joints(s.pose, s.shape)[[0, 9]], axis=0)) for s in drawn
    ]
    assert 0.03 < np.std(lengths) / np.mean(lengths) < 0.15


def test_neighbouring_fingers_move_together(drawn):
    free = np.stack([s.angles for s in drawn if s.family == "free"])
    index, middle, little = free[:, 0, 0], free[:, 3, 0], free[:, 6, 0]
    assert np.corrcoef(index, middle)[0, 1] > 0.35
    assert np.corrcoef(index, middle)[0, 1] > np.corrcoef(index, little)[0, 1]
    # The outermost joint follows the middle one.
    assert np.corrcoef(free[:, 1, 0], free[:, 2, 0])[0, 1] > 0.8


def test_webcam_hands_point_up_and_uniform_ones_anywhere(model):
    layer = FastHandLayer(model)

    def upward(uniform_share):
        values = []
        for k in range(150):
            pose = np.zeros((16, 3), np.float32)
            pose[0] = draw_rotation(uniform_share, np.random.default_rng([9, k]))
            joints = layer.joints(pose, np.zeros(10))
            finger = joints[12] - joints[0]
            values.append(-finger[1] / np.linalg.norm(finger))
        return np.array(values)

    assert np.mean(upward(0.0) > 0.3) > 0.7
    assert abs(upward(1.0).mean()) < 0.2


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(-80, 80), min_size=15, max_size=15),
    st.lists(st.floats(-60, 60), min_size=15, max_size=15),
    st.floats(-1, 1),
)
def test_angles_and_poses_are_inverse(bends, spreads, share):
    model = load_hand_model("hand_mano778")
    angles = np.stack([bends, spreads, share * np.array(spreads)], axis=1)
    pose = pose_from_angles(model, angles)
    full = pose[1:] + model.hands_mean.reshape(15, 3)
    assert np.allclose(axis_angles(model, full), angles, atol=0.05)
