"""Identity, handedness and duplicates, on hands drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hands3c_core.detect import HandTracker, TrackerSettings
from hands3c_core.types import Detection

_SHAPE = np.random.default_rng(3).uniform(-50.0, 50.0, (21, 2)).astype(np.float32)
_OTHER_SHAPE = _SHAPE + np.random.default_rng(4).uniform(-15.0, 15.0, (21, 2)).astype(np.float32)
_WORLD = np.zeros((21, 3), np.float32)


def hand(x: float, y: float = 200.0, right: bool = True, score: float = 0.9) -> Detection:
    """A hand about 100 px wide with its middle at (x, y)."""
    points = _SHAPE * ((1.0, 1.0) if right else (-1.0, 1.0)) + (x, y)
    return Detection(right, score, points.astype(np.float32), _WORLD)


def _other_pose(x: float, y: float, right: bool) -> Detection:
    """Another hand: its fingers lie otherwise."""
    points = _OTHER_SHAPE * ((1.0, 1.0) if right else (-1.0, 1.0)) + (x, y)
    return Detection(right, 0.95, points.astype(np.float32), _WORLD)


def ids(tracked) -> list[int]:
    return [item.track_id for item in tracked]


def place(tracked, track_id: int) -> float:
    found = next(item for item in tracked if item.track_id == track_id)
    return float(found.detection.landmarks_2d[:, 0].mean() - _SHAPE[:, 0].mean())


def test_identity_does_not_depend_on_the_order_of_detections():
    tracker = HandTracker()
    first = tracker.update([hand(100), hand(400, right=False)])
    for step in range(1, 20):
        pair = [hand(100 + 3 * step), hand(400 - 3 * step, right=False)]
        tracked = tracker.update(pair if step % 2 else pair[::-1])
        assert ids(tracked) == ids(first) == [1, 2]
        assert tracked[0].is_right
        assert not tracked[1].is_right
        assert tracked[0].age == step


@pytest.mark.parametrize("flip_handedness", [False, True])
def test_two_hands_cross_and_keep_their_numbers(flip_handedness):
    """Also when the detector confuses the sides at the moment of crossing."""
    tracker = HandTracker()
    for step in range(61):
        x = 100 + 10 * step
        confused = flip_handedness and 28 <= step <= 32
        tracked = tracker.update(
            [hand(x, right=not confused), hand(700 - 10 * step, y=260, right=confused)]
        )
    assert ids(tracked) == [1, 2]
    assert tracked[0].is_right
    assert tracked[0].detection.landmarks_2d[:, 0].mean() > 600


def test_a_gap_is_bridged_and_a_long_one_is_not():
    tracker = HandTracker(TrackerSettings(max_gap=5 / 30))
    tracker.update([hand(100)])
    for _ in range(5):
        assert tracker.update([]) == []
    assert ids(tracker.update([hand(130)])) == [1]
    for _ in range(7):
        tracker.update([])
    assert ids(tracker.update([hand(130)])) == [2]


@pytest.mark.parametrize("fps", [10, 30, 60])
def test_a_hand_lost_for_half_a_second_comes_back_as_itself(fps):
    """By the clock, however many frames that is; also a little elsewhere."""
    tracker = HandTracker()
    for frame in range(fps):
        tracker.update([hand(100), hand(500, right=False)], timestamp=frame / fps)
    for frame in range(fps, fps + fps // 2):
        tracker.update([hand(500, right=False)], timestamp=frame / fps)
    back = tracker.update([hand(190, y=240), hand(500, right=False)], timestamp=1.5)
    assert ids(back) == [1, 2]
    assert back[0].is_right


def test_a_moving_hand_is_found_where_it_was_heading():
    tracker = HandTracker()
    for step in range(10):
        tracker.update([hand(100 + 40 * step)])
    for _ in range(3):
        tracker.update([])
    assert ids(tracker.update([hand(100 + 40 * 13)])) == [1]


def test_a_far_hand_is_another_hand():
    tracker = HandTracker()
    tracker.update([hand(100)])
    assert ids(tracker.update([hand(600)])) == [2]


def test_duplicates_of_one_hand_are_merged():
    tracker = HandTracker()
    assert len(tracker.update([hand(100), hand(108, score=0.7)])) == 1
    close_other_side = Detection(False, 0.6, hand(103).landmarks_2d, _WORLD)
    tracked = tracker.update([close_other_side, hand(100)])
    assert ids(tracked) == [1]
    assert tracked[0].detection.is_right


def test_a_merged_duplicate_agrees_with_the_track():
    """The duplicate of the known handedness wins even with the lower score."""
    tracker = HandTracker()
    tracker.update([hand(100)])
    wrong = Detection(False, 0.99, hand(101).landmarks_2d, _WORLD)
    tracked = tracker.update([wrong, hand(100, score=0.55)])
    assert tracked[0].detection.is_right


def test_two_near_hands_of_different_sides_are_kept():
    assert len(HandTracker().update([hand(100), hand(150, right=False)])) == 2


def test_handedness_flickers_without_effect():
    tracker = HandTracker()
    for step in range(30):
        tracked = tracker.update([hand(100, right=step % 3 != 2)])
        assert ids(tracked) == [1]
        assert tracked[0].is_right


def test_what_contradicts_a_settled_track_for_long_is_another_hand():
    """The number stays with its hand, and comes back with it."""
    tracker = HandTracker()
    for _ in range(10):
        tracker.update([hand(100)])
    seen = [tracker.update([hand(100, right=False)])[0] for _ in range(12)]
    sides = [(track.track_id, track.is_right) for track in seen]
    assert sides == [(1, True)] * 5 + [(2, False)] * 7
    assert ids(tracker.update([hand(100), hand(200, right=False)])) == [1, 2]


def test_sure_evidence_counts_for_more():
    tracker = HandTracker()
    for _ in range(10):
        tracker.update([hand(100)])
    sides = [tracker.update([hand(100, right=False, score=0.99)])[0].is_right for _ in range(4)]
    assert sides == [True, True, False, False]


def test_a_young_track_changes_its_mind_sooner_and_keeps_its_number():
    tracker = HandTracker()
    tracker.update([hand(100)])
    tracked = [tracker.update([hand(100, right=False)])[0] for _ in range(4)]
    assert [track.is_right for track in tracked] == [True, True, False, False]
    assert ids(tracked) == [1, 1, 1, 1]


def test_an_unsure_first_sight_is_overruled_by_the_next():
    tracker = HandTracker()
    tracker.update([hand(100, right=False, score=0.73)])
    tracker.update([hand(100, score=0.9)])
    tracked = tracker.update([hand(100, score=0.9)])
    assert ids(tracked) == [1]
    assert tracked[0].is_right


@pytest.mark.parametrize("gap", [1, 4, 12])
def test_after_a_gap_the_other_hand_is_another_hand(gap):
    """As where one hand hides the other and only the nearer one is found again."""
    tracker = HandTracker()
    for step in range(15):
        tracker.update([hand(400 - 6 * step, right=False)])
    for _ in range(gap):
        tracker.update([])
    tracked = tracker.update([hand(310 - 5 * gap, score=0.84)])
    assert ids(tracked) == [2]
    assert tracked[0].is_right
    # Its own hand comes back as itself.
    back = tracker.update([hand(316 - 5 * gap), hand(200, right=False)])
    assert [(track.track_id, track.is_right) for track in back] == [(1, False), (2, True)]


def test_after_a_gap_a_hand_of_another_size_is_another_hand():
    """As where two hands of one side cross and only one of them was ever found."""
    tracker = HandTracker()
    for _ in range(15):
        tracker.update([hand(100)])
    for _ in range(6):
        tracker.update([])
    near = hand(0, y=0)
    small = Detection(True, 0.97, 0.5 * near.landmarks_2d + np.float32(100), _WORLD)
    assert ids(tracker.update([small])) == [2]


def test_a_leap_to_the_other_hand_is_another_hand():
    """As where the detector loses one hand and finds the other in the same frame."""
    tracker = HandTracker()
    for _ in range(15):
        tracker.update([hand(100)])
    assert ids(tracker.update([hand(180, right=False)])) == [2]


@pytest.mark.parametrize("sides", [(True, True), (False, False), (True, False)])
@pytest.mark.parametrize("hidden_frames", [0, 6, 14, 40])
@pytest.mark.parametrize("height", [0, 40])
@pytest.mark.parametrize("speed", [4, 12, 25])
def test_the_hidden_hand_of_a_crossing_comes_back_as_itself(sides, hidden_frames, height, speed):
    """The second hand is not seen for some frames around the crossing."""
    tracker = HandTracker()
    steps = 800 // speed
    for step in range(steps):
        one, other = 50 + speed * step, 850 - speed * step
        seen = [hand(one, right=sides[0])]
        if abs(step - steps // 2) >= hidden_frames / 2:
            seen.append(_other_pose(other, 200 + height, sides[1]))
        for track in tracker.update(seen[:: -1 if step % 2 else 1], timestamp=step / 30):
            x = track.detection.landmarks_2d[:, 0].mean()
            is_first = abs(x - seen[0].landmarks_2d[:, 0].mean()) < 1.0
            if len(seen) == 2 and abs(one - other) < 2 * speed and sides[0] == sides[1]:
                continue  # one may have been taken for a duplicate of the other
            assert track.track_id == (1 if is_first else 2), step
            assert track.is_right == sides[not is_first], step


def test_useless_detections_are_dropped():
    broken = hand(100)
    broken.landmarks_2d[3] = np.nan
    outside = hand(-500)
    assert HandTracker().update([broken, outside], (640, 480)) == []


def test_reset_starts_anew_and_repeats_exactly():
    rng = np.random.default_rng(0)
    frames = [
        [hand(float(x), right=bool(x > 300)) for x in rng.uniform(0, 600, rng.integers(0, 3))]
        for _ in range(60)
    ]
    tracker = HandTracker()
    first = [[(t.track_id, t.is_right) for t in tracker.update(frame)] for frame in frames]
    tracker.reset()
    second = [[(t.track_id, t.is_right) for t in tracker.update(frame)] for frame in frames]
    assert first == second
    assert any(first)
