"""Joint angles: what they say is what the joints of the posed hand do."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hands3c_core.conventions import (
    JOINT_NAMES,
    JOINT_PARENTS,
    NUM_SHAPE,
    ROTATION_TO_JOINT,
)
from hands3c_core.data.synthetic.joint_angles import pose_from_angles
from hands3c_core.hand_model import FastHandLayer, load_hand_model, mirror_model
from hands3c_core.hand_model.joint_angles import (
    ANGLE_JOINTS,
    ANGLE_NAMES,
    ANGLES,
    anatomical_name,
    axis_angles,
    joint_angles,
    short_name,
)
from hands3c_core.model_space import mirror_axis_angle

FLEXION, ABDUCTION, TWIST = range(3)
SHAPE = np.zeros(NUM_SHAPE, np.float32)


@pytest.fixture(scope="module")
def hand():
    return load_hand_model("hand_mano778")


@pytest.fixture(scope="module")
def layer(hand):
    return FastHandLayer(hand)


def row_of(name: str) -> int:
    return ANGLE_JOINTS.index(JOINT_NAMES.index(name))


def turned(hand, joint: str, axis: int, degrees: float) -> np.ndarray:
    """The flat pose with one joint turned about one of its own axes by hand."""
    pose = hand.named_pose("flat").astype(np.float64)
    rotation = ("index", "middle", "little", "ring", "thumb").index(joint[:-1]) * 3 + int(joint[-1])
    pose[rotation] += np.radians(degrees) * hand.joint_axes[rotation - 1, axis]
    return pose


def tip_of(joint: str) -> int:
    return JOINT_NAMES.index(f"{joint[:-1]}4")


def test_the_flat_hand_is_zero(hand):
    assert joint_angles(hand.named_pose("flat"), hand) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("joint", [JOINT_NAMES[index] for index in ANGLE_JOINTS])
@pytest.mark.parametrize("degrees", [35.0, -20.0, 110.0])
def test_flexion_is_read_at_the_joint_that_flexes_alone(hand, joint, degrees):
    angles = joint_angles(turned(hand, joint, 0, degrees), hand)
    expected = np.zeros((15, 3))
    expected[row_of(joint), FLEXION] = degrees
    np.testing.assert_allclose(angles, expected, atol=1e-3)


def test_flexion_is_the_angle_by_which_the_bones_turn(hand, layer):
    """Measured on the posed joints, not on the rotations."""
    for joint in ("index2", "middle1", "little3"):
        index = JOINT_NAMES.index(joint)
        ends = [index, next(k for k, parent in enumerate(JOINT_PARENTS) if parent == index)]
        bones = []
        for degrees in (0.0, 50.0):
            joints = layer.joints(turned(hand, joint, 0, degrees), SHAPE)
            bone = joints[ends[1]] - joints[ends[0]]
            bones.append(bone / np.linalg.norm(bone))
        assert np.degrees(np.arccos(bones[0] @ bones[1])) == pytest.approx(50.0, abs=1.5)


def test_flexion_closes_the_fist(hand):
    fist = joint_angles(hand.named_pose("fist"), hand)
    for finger in ("index", "middle", "ring", "little"):
        assert 50 < fist[row_of(f"{finger}2"), FLEXION] < 130


@pytest.mark.parametrize(
    ("joint", "other"), [("index1", "middle4"), ("ring1", "middle4"), ("little1", "middle4")]
)
def test_abduction_goes_away_from_the_middle_finger(hand, layer, joint, other):
    gaps = []
    for degrees in (-8.0, 8.0):
        pose = turned(hand, joint, 1, degrees)
        joints = layer.joints(pose, SHAPE)
        gap = np.linalg.norm(joints[tip_of(joint)] - joints[JOINT_NAMES.index(other)])
        gaps.append((joint_angles(pose, hand)[row_of(joint), ABDUCTION], gap))
    (first, near), (second, far) = sorted(gaps)
    assert (first, second) == pytest.approx((-8.0, 8.0), abs=1e-3)
    assert far > near + 0.01


def test_abduction_of_middle_finger_and_thumb(hand, layer):
    flat = layer.joints(hand.named_pose("flat"), SHAPE)
    for joint, sign in (("middle1", 1.0), ("thumb1", -1.0)):
        pose = turned(hand, joint, 1, sign * 15.0)
        assert joint_angles(pose, hand)[row_of(joint), ABDUCTION] == pytest.approx(15.0, abs=1e-3)
        moved = layer.joints(pose, SHAPE)[tip_of(joint)] - flat[tip_of(joint)]
        # Template frame: the thumb's side is +z, the palm faces -y.
        assert moved[2] < -0.01 if joint == "middle1" else moved[1] < -0.01


def test_twist_turns_the_palm_side_towards_the_thumb(hand):
    pose = turned(hand, "index1", 2, 12.0)
    assert joint_angles(pose, hand)[row_of("index1"), TWIST] == pytest.approx(12.0, abs=1e-3)
    _, palmar, along = hand.joint_axes[0].astype(np.float64)
    assert np.cross(along, palmar)[2] > 0.8


def posed(hand, angles: np.ndarray) -> np.ndarray:
    """The pose of (15, 3) degrees, rows and columns as ``joint_angles`` has them, put together by
    the order documented for it: flexion, then abduction, then twist."""
    pose = np.zeros((16, 3))
    for row, joint in enumerate(ANGLE_JOINTS):
        rotation = ROTATION_TO_JOINT.index(joint) - 1
        bend, spread, twist = hand.joint_axes[rotation].astype(np.float64)
        side = -1.0 if JOINT_NAMES[joint][:-1] in ("thumb", "index") else 1.0
        flexion, abduction, turn = np.radians(angles[row])
        total = (
            Rotation.from_rotvec(flexion * bend)
            * Rotation.from_rotvec(side * abduction * spread)
            * Rotation.from_rotvec(turn * twist)
        )
        pose[rotation + 1] = total.as_rotvec() - hand.hands_mean.reshape(15, 3)[rotation]
    return pose


@pytest.mark.parametrize("side", ["right", "left"])
def test_known_poses_read_back_over_the_whole_range_of_motion(hand, side):
    """Flexion up to 130 degrees, through 90, with abduction and twist as large as any hand's."""
    draw = np.random.default_rng(11)
    grid = [(f, a, t) for f in range(-40, 131, 10) for a in (-25, 0, 1, 30) for t in (-30, 0, 20)]
    rows = np.array(grid, np.float64)
    mixed = [draw.permutation(rows)[:15] for _ in range(30)]
    for angles in (*(np.tile(row, (15, 1)) for row in rows), *mixed):
        pose = posed(hand, angles)
        model = hand
        if side == "left":
            pose, model = mirror_axis_angle(pose), mirror_model(hand)
        np.testing.assert_allclose(joint_angles(pose, model), angles, atol=1e-3)


def test_one_degree_sideways_at_a_right_angle_is_one_degree(hand):
    """With abduction first, as it once was, this read as 90 degrees of abduction."""
    angles = np.zeros((15, 3))
    angles[row_of("ring2")] = (90.0, 1.0, 0.0)
    np.testing.assert_allclose(joint_angles(posed(hand, angles), hand), angles, atol=1e-3)


@pytest.mark.parametrize("joint", ["index1", "ring1", "little2"])
def test_angles_move_smoothly_while_a_finger_closes(hand, joint):
    """A closing finger that leans a little: no angle steps, whatever the flexion passes."""
    read = []
    for flexion in np.arange(60.0, 121.0):
        angles = np.zeros((15, 3))
        angles[row_of(joint)] = (flexion, 2.0 * np.sin(flexion), 1.5 * np.cos(flexion))
        read.append(joint_angles(posed(hand, angles), hand)[row_of(joint)])
    steps = np.abs(np.diff(read, axis=0)).max(axis=0)
    assert (steps < (1.01, 4.1, 3.1)).all(), steps


def test_the_axis_angles_of_the_ranges_of_motion_give_the_pose_back(hand):
    """Random angles in the whole range of motion, and a little beyond it."""
    draw = np.random.default_rng(3)
    low, high = hand.joint_rom_deg[..., 0], hand.joint_rom_deg[..., 1]
    for _ in range(200):
        angles = draw.uniform(low - 5, high + 5)
        pose = pose_from_angles(hand, angles)
        read = axis_angles(hand, pose[1:] + hand.hands_mean.reshape(15, 3))
        np.testing.assert_allclose(read, angles, atol=0.05)


def test_a_left_hand_reads_the_same(hand):
    """Hands carry their pose in the right hand's space; a mirrored model takes a mirrored pose."""
    pose = hand.named_pose("fist")
    pose[1:] += np.random.default_rng(1).normal(0, 0.2, (15, 3))
    mirrored = joint_angles(mirror_axis_angle(pose), mirror_model(hand))
    np.testing.assert_allclose(mirrored, joint_angles(pose, hand), atol=1e-3)


def test_the_hands_turn_in_space_changes_nothing(hand):
    pose = hand.named_pose("relaxed")
    before = joint_angles(pose, hand)
    pose[0] = (1.0, -2.0, 0.5)
    np.testing.assert_array_equal(joint_angles(pose, hand), before)


def test_names():
    assert ANGLES == ("flexion", "abduction", "twist")
    assert len(set(ANGLE_NAMES)) == 45
    assert ANGLE_NAMES[:4] == (
        "thumb_cmc_flexion_deg",
        "thumb_cmc_abduction_deg",
        "thumb_cmc_twist_deg",
        "thumb_mcp_flexion_deg",
    )
    assert ANGLE_NAMES[-1] == "little_dip_twist_deg"
    assert [short_name(k) for k in (0, 3, 4, 6)] == ["Wrist", "Thumb IP", "Thumb tip", "Index PIP"]
    assert anatomical_name(0) == "Wrist"
    assert anatomical_name(9) == "Middle metacarpophalangeal joint (knuckle)"
    assert anatomical_name(20) == "Little tip"


def test_a_wrong_shape_is_refused(hand):
    with pytest.raises(ValueError, match="16, 3"):
        joint_angles(np.zeros(48), hand)
