"""Following hands ourselves: loss, recovery, searches beside the frames, and the same landmarks."""

from __future__ import annotations

import threading

import numpy as np
import pytest

pytest.importorskip("openvino")

from hands3c_core.detect import HandFollower, MediaPipeDetector, follower, open_detector
from hands3c_core.detect.follow_network import Followed
from hands3c_core.detect.photographs import PhotographDetector
from hands3c_core.errors import UserError
from hands3c_core.sources import open_source
from hands3c_core.types import Detection

_SHAPE = np.random.default_rng(3).uniform(-50.0, 50.0, (21, 2)).astype(np.float32)
IMAGE = np.zeros((480, 640, 3), np.uint8)


def hand(x: float, right: bool = True, y: float = 200.0) -> Detection:
    """A hand about 100 px wide with its middle at (x, y)."""
    points = (_SHAPE * ((1.0, 1.0) if right else (-1.0, 1.0)) + (x, y)).astype(np.float32)
    return Detection(right, 0.95, points, np.zeros((21, 3), np.float32))


class Scene:
    """The hands that are there, for a network and a finder that see them all."""

    def __init__(self) -> None:
        self.hands: list[Detection] = []
        self.looks = 0
        self.searches: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    # The landmark network's part.
    def look(self, image, landmarks):
        self.looks += 1
        return [self._nearest(points) for points in landmarks]

    def _nearest(self, points) -> Followed:
        off = [np.linalg.norm(h.landmarks_2d.mean(0) - points.mean(0)) for h in self.hands]
        if not off or min(off) > 80:
            return Followed(hand(0), 0.1)
        return Followed(self.hands[int(np.argmin(off))], 0.99)


class Finder:
    """The detector's part."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.max_hands, self.search_interval = 2, 8
        self.min_presence_confidence = self.min_tracking_confidence = 0.5
        self.min_detection_confidence = 0.5

    def detect(self, image):
        self.scene.gate.wait()
        self.scene.searches.append(threading.current_thread().name)
        return self.scene.hands[: self.max_hands]

    def configure(self, **settings):
        self.__dict__.update(settings)

    def close(self):
        pass


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def follow(scene, monkeypatch):
    monkeypatch.setattr(follower, "FollowNetwork", lambda bundle: scene)
    monkeypatch.setattr(follower, "MediaPipeDetector", lambda *settings: Finder(scene))
    with HandFollower() as made:
        yield made


def places(detections) -> list[int]:
    return [round(float(d.landmarks_2d[:, 0].mean() - _SHAPE[:, 0].mean())) for d in detections]


def test_two_hands_are_one_pass_and_no_search(scene, follow):
    scene.hands = [hand(100), hand(400, y=300)]
    follow.detect(IMAGE)
    assert (scene.looks, len(scene.searches)) == (0, 1)
    for step in range(1, 30):
        scene.hands = [hand(100 + 5 * step), hand(400 - 4 * step, y=300)]
        assert places(follow.detect(IMAGE)) == [100 + 5 * step, 400 - 4 * step]
    assert (scene.looks, len(scene.searches)) == (29, 1)


def test_an_empty_image_is_searched_on_every_frame(scene, follow):
    for _ in range(5):
        assert follow.detect(IMAGE) == []
    scene.hands = [hand(100)]
    assert places(follow.detect(IMAGE)) == [100]
    # The first may be a photograph that a hand fills, which takes two more (``photographs``).
    assert len(scene.searches) == 2 + 6


def test_a_search_for_another_hand_holds_up_no_frame(scene, follow):
    """It is joined two frames later, whenever it ended before that."""
    scene.hands = [hand(100)]
    follow.detect(IMAGE)
    scene.hands = [hand(100), hand(400)]
    for _ in range(7):
        assert places(follow.detect(IMAGE)) == [100]
    scene.gate.clear()
    assert places(follow.detect(IMAGE)) == [100]  # the search begins, and is held up
    assert places(follow.detect(IMAGE)) == [100]
    scene.gate.set()
    assert places(follow.detect(IMAGE)) == [100, 400]
    assert scene.searches[-1].startswith("hands3c-search")


def test_a_lost_hand_is_dropped_at_once_and_found_again_soon(scene, follow):
    scene.hands = [hand(100), hand(400)]
    for _ in range(3):
        follow.detect(IMAGE)
    scene.hands = [hand(100)]
    assert places(follow.detect(IMAGE)) == [100]
    for _ in range(6):
        follow.detect(IMAGE)
    scene.hands = [hand(100), hand(420)]
    seen = [len(follow.detect(IMAGE)) for _ in range(5)]
    assert seen[-1] == 2


def test_all_lost_are_searched_in_the_same_frame(scene, follow):
    scene.hands = [hand(100)]
    follow.detect(IMAGE)
    scene.hands = [hand(500)]
    assert places(follow.detect(IMAGE)) == [500]


def test_two_that_meet_on_one_hand_are_one(scene, follow):
    """The one that was heading there keeps it, and the other is found again."""
    scene.hands = [hand(100), hand(220)]
    for _ in range(3):
        follow.detect(IMAGE)
    scene.hands = [hand(170)]
    assert places(follow.detect(IMAGE)) == [170]
    assert len(follow._hands) == 1


def test_another_image_size_starts_anew(scene, follow):
    scene.hands = [hand(100)]
    follow.detect(IMAGE)
    follow.detect(np.zeros((240, 320, 3), np.uint8))
    assert (scene.looks, len(scene.searches)) == (0, 2)


def test_settings_take_effect_at_once(scene, follow):
    """Also of a picture that stands still."""
    scene.hands = [hand(100), hand(400)]
    assert len(follow.detect(IMAGE)) == 2
    for count in (1, 2):
        follow.configure(max_hands=count, min_presence_confidence=0.7)
        assert len(follow.detect(IMAGE)) == count
    assert follow.max_hands == 2
    assert follow.min_presence_confidence == 0.7
    looks = scene.looks
    follow.configure(max_hands=2)  # nothing new: hands are followed on
    follow.detect(IMAGE)
    assert scene.looks == looks + 1


def test_a_reset_forgets_a_search_under_way(scene, follow):
    scene.hands = [hand(100)]
    for _ in range(10):
        follow.detect(IMAGE)
    follow.reset()
    scene.hands = []
    assert follow.detect(IMAGE) == []


def test_a_finder_that_fails_says_so(scene, follow, monkeypatch):
    scene.hands = [hand(100)]
    follow.detect(IMAGE)

    def fail(image):
        raise UserError("no picture")

    monkeypatch.setattr(follow._finder, "detect", fail)
    for _ in range(9):  # the search begins eight frames after the first, and is joined after two
        follow.detect(IMAGE)
    with pytest.raises(UserError, match="no picture"):
        follow.detect(IMAGE)
    assert places(follow.detect(IMAGE)) == [100]


def test_frames_are_followed_and_pictures_searched():
    with open_detector() as video, open_detector(mode="image") as image:
        assert isinstance(video, HandFollower)
        assert isinstance(image, PhotographDetector)


def test_without_openvino_mediapipe_follows(monkeypatch):
    def missing():
        raise UserError("OpenVINO is not installed")

    monkeypatch.setattr("hands3c_core.detect.choose.import_openvino", missing)
    with open_detector(1) as made:
        assert isinstance(made, MediaPipeDetector)
        assert made.mode == "video"


@pytest.mark.parametrize("clip", ["one_hand_720p.mp4", "hands_360p.mp4"])
def test_it_sees_what_the_task_graph_sees(shared, clip):
    """Mean distance of the landmarks within 1 % of the hand; the same hands on the same sides. The
    first frames are left out: there the graph finds the hand twice, once for each landmarker."""
    off, other_side = [], 0
    with (
        HandFollower() as ours,
        MediaPipeDetector() as graph,
        open_source(str(shared / "media" / clip)) as source,
    ):
        for number, frame in zip(range(20), source, strict=False):
            seen, wanted = ours.detect(frame.image), graph.detect(frame.image, 33.0 * number)
            assert len(seen) == len(wanted) == 1
            if number < 8:
                continue
            one, other = seen[0], wanted[0]
            size = np.ptp(other.landmarks_2d, axis=0).max()
            distance = np.linalg.norm(one.landmarks_2d - other.landmarks_2d, axis=1).mean()
            off.append(distance / size)
            other_side += one.is_right != other.is_right
    assert np.mean(off) < 0.01
    assert other_side == 0
