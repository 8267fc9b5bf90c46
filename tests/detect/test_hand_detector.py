"""MediaPipe's detector and our follower behind one interface."""

from __future__ import annotations

import subprocess
import sys

import cv2
import numpy as np
import pytest

from hands3c_core.detect import HandFollower, MediaPipeDetector
from hands3c_core.errors import UserError


@pytest.fixture(scope="module")
def hand_image(shared) -> np.ndarray:
    """(360, 640, 3) RGB: one open right hand."""
    capture = cv2.VideoCapture(str(shared / "media" / "one_hand_720p.mp4"))
    image = capture.read()[1]
    capture.release()
    return cv2.cvtColor(cv2.resize(image, (640, 360)), cv2.COLOR_BGR2RGB)


@pytest.fixture(scope="module")
def two_hands(hand_image) -> np.ndarray:
    """(360, 640, 3) RGB: a right hand on the left and its mirror image on the right."""
    half = hand_image[:, 180:500]
    return np.ascontiguousarray(np.hstack([half, half[:, ::-1]]))


def _follower(**settings) -> HandFollower:
    pytest.importorskip("openvino")
    return HandFollower(**settings)


MAKERS = pytest.mark.parametrize("make", [MediaPipeDetector, _follower])


@pytest.fixture(scope="module", params=[MediaPipeDetector, _follower])
def detector(request):
    with request.param() as made:
        yield made


@pytest.fixture
def fresh(detector):
    detector.reset()
    return detector


def test_nothing_in_an_empty_image(fresh):
    assert fresh.detect(np.full((240, 320, 3), 90, np.uint8)) == []


def test_a_right_hand_is_right_and_its_mirror_image_left(fresh, hand_image):
    (right,) = fresh.detect(hand_image)
    fresh.reset()
    (left,) = fresh.detect(np.ascontiguousarray(hand_image[:, ::-1]))
    assert right.is_right
    assert not left.is_right
    assert min(right.handedness_score, left.handedness_score) > 0.7
    mirrored = np.array([[639.0, 0.0]]) + left.landmarks_2d * (-1, 1)
    size = np.ptp(right.landmarks_2d, axis=0).max()
    assert np.linalg.norm(mirrored - right.landmarks_2d, axis=1).mean() < 0.05 * size


def test_world_landmarks_have_our_axes_and_metres(fresh, hand_image):
    """They are the hand seen from the camera: x right, y down like the image, z forward."""
    (found,) = fresh.detect(hand_image)
    world, image = found.landmarks_world, found.landmarks_2d
    assert world.shape == (21, 3)
    assert world.dtype == np.float32
    assert 0.12 < np.linalg.norm(world[12] - world[0]) < 0.25
    for axis in (0, 1):
        assert np.corrcoef(world[:, axis], image[:, axis])[0, 1] > 0.95
    # The palm faces the camera, so the bent fingertips are nearer than the knuckles.
    assert world[[8, 12, 16, 20], 2].mean() < world[[5, 9, 13, 17], 2].mean()


def test_time_may_stand_still_or_jump_back(fresh, hand_image):
    for moment in (0.0, 33.0, 33.0, 10.0, None, 1e7, 0.0, float("nan")):
        assert len(fresh.detect(hand_image, moment)) == 1


def test_a_second_hand_is_found_while_one_is_followed(fresh, two_hands):
    alone = two_hands.copy()
    alone[:, 320:] = 128
    for _ in range(5):
        assert len(fresh.detect(alone)) == 1
    counts = [len(fresh.detect(two_hands)) for _ in range(fresh.search_interval + 2)]
    assert counts[-1] == 2
    assert {hand.is_right for hand in fresh.detect(two_hands)} == {True, False}
    for _ in range(3):
        seen = fresh.detect(alone)
    assert [hand.is_right for hand in seen] == [True]


@MAKERS
def test_max_hands_can_be_changed(make, two_hands):
    with make(max_hands=1) as detector:
        assert len(detector.detect(two_hands)) == 1
        detector.configure(max_hands=2, min_detection_confidence=0.4)
        counts = [len(detector.detect(two_hands)) for _ in range(detector.search_interval + 4)]
        assert counts[-1] == 2


def test_image_mode_searches_every_image(two_hands, hand_image):
    with MediaPipeDetector(mode="image") as detector:
        counts = [len(detector.detect(image)) for image in (two_hands, hand_image, two_hands)]
    assert counts == [2, 1, 2]


@pytest.mark.parametrize(
    "setting",
    [
        {"max_hands": 0},
        {"mode": "film"},
        {"min_presence_confidence": 1.5},
        {"search_interval": 0},
        {"bundle": "/nowhere/hands.task"},
    ],
)
def test_wrong_settings(setting):
    with pytest.raises(UserError):
        MediaPipeDetector(**setting)


def test_wrong_changes_leave_everything_as_it_was(fresh):
    for wrong in ({"max_hands": -1}, {"colour": 3}):
        with pytest.raises(UserError):
            fresh.configure(**wrong)
    assert fresh.max_hands == 2
    assert fresh.detect(np.zeros((64, 64, 3), np.uint8)) == []


def test_a_damaged_bundle_is_a_clear_error(tmp_path):
    bundle = tmp_path / "broken.task"
    bundle.write_bytes(b"no bundle at all")
    for make in (MediaPipeDetector, _follower):
        with pytest.raises(UserError, match=r"broken\.task cannot be loaded"):
            make(bundle=bundle)


@MAKERS
def test_closed_detector_says_so(make):
    detector = make(max_hands=1)
    detector.close()
    detector.close()
    with pytest.raises(UserError, match="closed"):
        detector.detect(np.zeros((64, 64, 3), np.uint8))


@pytest.mark.parametrize("name", ["MediaPipeDetector", "HandFollower"])
def test_it_is_quiet_and_ends_cleanly(name):
    """Nothing on the error stream, also when nobody closes it."""
    code = (
        "import numpy as np\n"
        f"from hands3c_core.detect import {name}\n"
        f"d = {name}()\n"
        "d.detect(np.full((240, 320, 3), 90, np.uint8))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
