"""Which hand it is, where the detector doubts it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hands3c_core.detect import HandTracker
from hands3c_core.estimators import LandmarkEstimator
from hands3c_core.estimators.sides import SideJudge
from hands3c_core.geometry import default_camera, project
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.sources import open_source
from hands3c_core.types import Detection, HandLooks, TrackedHand

CAMERA = default_camera(640, 480)
BLANK = np.zeros((480, 640, 3), np.uint8)


def bent_hand(is_right: bool, turn: float, score: float = 0.6, says_right: bool = True):
    """A hand with bent fingers as a perfect detector sees it, but for its side."""
    hand = load_hand_model("hand_mid")
    pose = np.zeros((16, 3), np.float32)
    pose[0] = (0.4, turn, 0.3)
    pose[1:13, 2] = 0.5
    joints = FastHandLayer(hand)(pose, np.zeros(10, np.float32), np.zeros(3, np.float32))[1]
    joints = joints - joints.mean(axis=0)
    if not is_right:
        joints = joints * (-1.0, 1.0, 1.0)
    points = project(joints + np.array([0.0, 0.0, 0.5]), CAMERA).astype(np.float32)
    return Detection(says_right, score, points, joints.astype(np.float32), _no_looks(points))


def _no_looks(points) -> HandLooks:
    """A second witness that sees nothing."""
    looks = np.zeros((2, 21, 3))
    looks[..., :2] = points
    return HandLooks(looks, np.zeros(2), np.full(2, 0.5))


@pytest.mark.parametrize("is_right", [True, False])
@pytest.mark.parametrize("says_right", [True, False])
@pytest.mark.parametrize("turn", [-0.8, 0.5, 2.6])
def test_a_doubted_side_is_settled_by_the_better_fit(is_right, says_right, turn):
    hand = load_hand_model("hand_mid")
    tracker = HandTracker()
    tracked = tracker.update([bent_hand(is_right, turn, says_right=says_right)])
    settled = SideJudge(hand).settle(tracker, BLANK, tracked, CAMERA, LandmarkEstimator(hand))
    assert settled[0].is_right == is_right
    # The tracker keeps it.
    again = tracker.update([bent_hand(is_right, turn, says_right=says_right)])
    assert [(track.track_id, track.is_right) for track in again] == [(1, is_right)]


def test_a_sure_side_is_not_asked_about():
    hand = load_hand_model("hand_mid")
    judge = SideJudge(hand)
    judge.judge = None  # type: ignore[assignment, method-assign]
    tracker = HandTracker()
    tracked = tracker.update([bent_hand(True, 0.5, score=0.98)])
    assert judge.settle(tracker, BLANK, tracked, CAMERA, LandmarkEstimator(hand)) == tracked


def test_what_the_second_witness_said_goes_with_the_hand():
    """So that the estimator does not look a second time."""

    class Second:
        looked = 0

        def look(self, image, landmarks):
            self.looked += len(landmarks)
            return [_no_looks(points) for points in landmarks]

    hand = load_hand_model("hand_mid")
    estimator = LandmarkEstimator(hand)
    estimator.second = Second()  # type: ignore[attr-defined]
    seen = replace(bent_hand(True, 0.5), looks=None)
    _, hand_seen = SideJudge(hand).judge(BLANK, TrackedHand(1, True, seen, 0), CAMERA, estimator)
    assert estimator.second.looked == 1  # type: ignore[attr-defined]
    assert hand_seen.detection.looks is not None


@pytest.mark.parametrize("estimator", ["landmarks", "auto"])
def test_after_a_seek_the_first_frame_has_the_right_side(shared, estimator):
    """Where the detector alone says "Left, 73 %"."""
    pytest.importorskip("openvino")
    pipeline = HandMeshPipeline(estimator)
    with open_source(str(shared / "media" / "one_hand_720p.mp4")) as source:
        for number in (84, 90, 96):
            source.seek(number / 30)
            frame = source.read()
            pipeline.reset()
            assert [hand.is_right for hand in pipeline.process(frame).hands] == [True], number
    pipeline.close()
