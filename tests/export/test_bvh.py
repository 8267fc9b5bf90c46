"""BVH files are read back by a reader and a forward kinematics written here, by the letter of the
format, and compared with the joints of the hand model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from sample_hands import make_hand, make_result

from hands3c_core.conventions import JOINT_NAMES, ROTATION_TO_JOINT
from hands3c_core.errors import UserError
from hands3c_core.export import BvhRecorder, LoggedFrame
from hands3c_core.export.bvh import MIXAMO_BVH, OUR_BVH

TO_Y_UP = np.array([1.0, -1.0, -1.0])


@dataclass
class Node:
    name: str
    parent: int
    offset: np.ndarray = field(default_factory=lambda: np.zeros(3))
    channels: list[str] = field(default_factory=list)
    first: int = 0


class Bvh:
    def __init__(self, path: Path) -> None:
        words = iter(path.read_text().split())
        self.nodes: list[Node] = []
        assert next(words) == "HIERARCHY"
        stack, total, ends = [-1], 0, 0
        for word in words:
            if word == "MOTION":
                break
            if word in ("ROOT", "JOINT", "End"):
                name = next(words)
                if word == "End":
                    assert name == "Site"
                    name = f"{self.nodes[stack[-1]].name} tip"
                    ends += 1
                self.nodes.append(Node(name, stack[-1]))
            elif word == "{":
                stack.append(len(self.nodes) - 1)
            elif word == "}":
                stack.pop()
            elif word == "OFFSET":
                self.nodes[-1].offset = np.array([float(next(words)) for _ in range(3)])
            elif word == "CHANNELS":
                count = int(next(words))
                self.nodes[-1].channels = [next(words) for _ in range(count)]
                self.nodes[-1].first = total
                total += count
            else:
                raise AssertionError(word)
        assert stack == [-1]
        assert [next(words), int(next(words))][0] == "Frames:"
        self.frames = int(path.read_text().split("Frames:")[1].split()[0])
        assert [next(words), next(words)] == ["Frame", "Time:"]
        self.period = float(next(words))
        self.rows = np.array([float(word) for word in words]).reshape(self.frames, total)
        assert [n.name for n in self.nodes if n.parent < 0] in (["hands"], ["Hips"])

    def pose(self, frame: int) -> dict[str, np.ndarray]:
        """World position of every node: each channel is applied in the order it is listed."""
        world: list[np.ndarray] = []
        for node in self.nodes:
            local = np.eye(4)
            local[:3, 3] = node.offset
            for channel, value in zip(node.channels, self.rows[frame, node.first :], strict=False):
                axis = "XYZ".index(channel[0])
                step = np.eye(4)
                if channel.endswith("position"):
                    step[axis, 3] = value
                else:
                    c, s = np.cos(np.radians(value)), np.sin(np.radians(value))
                    i, j = (axis + 1) % 3, (axis + 2) % 3
                    step[i, i], step[i, j], step[j, i], step[j, j] = c, -s, s, c
                local = local @ step
            world.append(local if node.parent < 0 else world[node.parent] @ local)
        return {n.name: matrix[:3, 3] for n, matrix in zip(self.nodes, world, strict=True)}

    def hand(self, frame: int, name: str) -> np.ndarray:
        """(21, 3) joints of a hand in the camera frame."""
        places = self.pose(frame)
        joints = []
        for joint in JOINT_NAMES:
            tip = joint.endswith("4")
            key = f"{name}_{joint[:-1]}3 tip" if tip else f"{name}_{joint}"
            joints.append(places[key])
        return np.array(joints) * TO_Y_UP


def record(model, results) -> BvhRecorder:
    recorder = BvhRecorder(model)
    for result in results:
        recorder.add(LoggedFrame.of(result))
    return recorder


def test_forward_kinematics_gives_all_21_joints_of_both_hands(tmp_path, model, session):
    path = record(model, session).save(tmp_path / "take.bvh")
    bvh = Bvh(path)
    assert bvh.frames == len(session)
    assert bvh.period == pytest.approx(1 / 25)
    assert list(tmp_path.iterdir()) == [path]
    worst = 0.0
    for number, result in enumerate(session):
        for hand in result.hands:
            name = "right_hand" if hand.is_right else "left_hand"
            distance = np.linalg.norm(bvh.hand(number, name) - hand.joints_3d, axis=1)
            worst = max(worst, float(distance.max()))
    print(f"worst joint {worst * 1e6:.1f} um")
    assert worst < 1e-4


def test_a_settled_shape_is_the_takes_and_earlier_frames_differ_by_size_alone(
    tmp_path, model, layer
):
    """BVH, GLB and JSONL agree: exactly once the shape has settled, before it in place and pose."""
    settled, guessed = np.zeros(10), np.full(10, 0.9)
    results = []
    for n in range(20):
        pose = np.full((16, 3), 0.02 * n)
        shape = settled if n >= 7 else guessed * (7 - n) / 7
        results.append(make_result(n, make_hand(layer, False, pose, shape, np.array([0, 0, 0.5]))))
    bvh = Bvh(record(model, results).save(tmp_path / "settling.bvh"))
    apart = np.array(
        [bvh.hand(n, "left_hand") - result.hands[0].joints_3d for n, result in enumerate(results)]
    )
    assert np.abs(apart[7:]).max() < 2e-5
    assert np.abs(apart[0]).max() > 0.003  # the sizes do differ
    turning = list(ROTATION_TO_JOINT)
    assert np.abs(apart[:, turning].mean(axis=1)).max() < 2e-5


def test_a_hand_that_is_away_keeps_its_place(tmp_path, model, session):
    bvh = Bvh(record(model, session).save(tmp_path / "take.bvh"))
    first, last = session[8].hands[1], session[19].hands[1]
    for frame in (0, 7):
        np.testing.assert_allclose(bvh.hand(frame, "left_hand"), first.joints_3d, atol=1e-4)
    for frame in (20, 29):
        np.testing.assert_allclose(bvh.hand(frame, "left_hand"), last.joints_3d, atol=1e-4)


def test_angles_never_jump_by_a_turn(tmp_path, model, layer):
    """A wrist that turns on and on crosses +-180 degrees."""
    hand = make_hand(layer, True, np.zeros((16, 3)), np.zeros(10), np.ones(3))
    results = []
    for n in range(60):
        pose = np.zeros((16, 3), np.float32)
        pose[0] = [0.0, 0.0, np.radians(12 * n)]
        results.append(make_result(n, replace(hand, pose=pose)))
    bvh = Bvh(record(model, results).save(tmp_path / "turning.bvh"))
    assert np.abs(np.diff(bvh.rows, axis=0)).max() < 20.0


def test_uneven_times_are_resampled(tmp_path, model, layer):
    """A frame is missing from 25 a second of a hand that turns and moves evenly."""
    results = []
    for time in (0.0, 0.04, 0.08, 0.16, 0.20, 0.24):
        pose = np.zeros((16, 3))
        pose[0] = [0.0, 5 * time, 0.0]
        hand = make_hand(layer, True, pose, np.zeros(10), np.array([time, 0.0, 0.5]))
        result = make_result(0, hand)
        results.append(replace(result, frame=replace(result.frame, timestamp=7.0 + time)))
    bvh = Bvh(record(model, results).save(tmp_path / "uneven.bvh"))
    assert bvh.period == pytest.approx(0.04)
    assert bvh.frames == 7
    pose[0] = [0.0, 5 * 0.12, 0.0]
    between = make_hand(layer, True, pose, np.zeros(10), np.array([0.12, 0.0, 0.5]))
    np.testing.assert_allclose(bvh.hand(3, "right_hand"), between.joints_3d, atol=1e-4)


def test_a_take_without_hands_is_told(tmp_path, model):
    with pytest.raises(UserError, match="no hand"):
        record(model, [make_result(0)]).save(tmp_path / "none.bvh")
    assert list(tmp_path.iterdir()) == []


def test_one_frame_is_a_file(tmp_path, model, session):
    bvh = Bvh(record(model, session[:1]).save(tmp_path / "one.bvh"))
    assert bvh.frames == 1
    np.testing.assert_allclose(bvh.hand(0, "right_hand"), session[0].hands[0].joints_3d, atol=1e-4)


MIXAMO_FINGERS = {"thumb": "Thumb", "index": "Index", "middle": "Middle", "ring": "Ring",
                  "little": "Pinky"}  # fmt: skip


def test_mixamos_names_in_centimetres_and_gaps_cut(tmp_path, model, session):
    """The hands are away in frames 3 to 6 of 12; a second right hand has its number."""
    results = [
        make_result(n, *(() if 3 <= n < 7 else result.hands))
        for n, result in enumerate(session[8:20])
    ]
    recorder = BvhRecorder(model, MIXAMO_BVH)
    for result in results:
        recorder.add(LoggedFrame.of(result))
    path = recorder.save(tmp_path / "take.mixamo.bvh")
    bvh = Bvh(path)
    assert bvh.frames == 8
    shown = [result for result in results if result.hands]
    for frame, result in enumerate(shown):
        places = bvh.pose(frame)
        for hand in result.hands:
            side = "Right" if hand.is_right else "Left"
            for joint, place in zip(JOINT_NAMES, hand.joints_3d, strict=True):
                finger, number = joint[:-1], joint[-1]
                name = f"{side}Hand"
                if joint != "wrist":
                    name += f"{MIXAMO_FINGERS[finger]}{number}"
                if number == "4":
                    name = f"{name[:-1]}3 tip"
                np.testing.assert_allclose(places[name], 100 * place * TO_Y_UP, atol=0.02)
    # At rest the arms go sideways, palms down, as in Mixamo's T-pose.
    rest = {node.name: node.offset for node in bvh.nodes}
    assert rest["RightHandMiddle1"][0] < -5
    assert rest["LeftHandMiddle1"][0] > 5
    assert rest["RightHandThumb1"][2] > 0.5


def test_bvhio_reads_both_conventions(tmp_path, model, session):
    bvhio = pytest.importorskip("bvhio", reason="bvhio is not installed")
    for convention, wrist, scale in (
        (OUR_BVH, "right_hand_wrist", 1.0), (MIXAMO_BVH, "RightHand", 100.0),
    ):  # fmt: skip
        recorder = BvhRecorder(model, convention)
        for result in session:
            recorder.add(LoggedFrame.of(result))
        root = bvhio.readAsHierarchy(str(recorder.save(tmp_path / "take.bvh")))
        for frame in (0, 14, 29):
            root.loadPose(frame)
            places = {joint.Name: np.array(joint.PositionWorld) for joint, _, _ in root.layout()}
            expected = scale * session[frame].hands[0].joints_3d[0] * TO_Y_UP
            np.testing.assert_allclose(places[wrist], expected, atol=2e-4 * scale)
