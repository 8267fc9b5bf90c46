"""Identity, handedness and duplicates, on hands drawn by hand."""

from __future__ import annotations

import numpy as np
import pytest

from hands3c_core.detect import HandTracker, TrackerSettings
from hands3c_core.types import Detection

_SHAPE = np.random.default_rng(3).uniform(-50.0, 50.0, (21, 2)).astype(np.float32)
_WORLD = np.zeros((21, 3), np.float32)


def hand(x: float, y: float = 200.0, right: bool = True, score: float = 0.9) -> Detection:
    """A hand about 100 px wide with its middle at (x, y)."""
    points = _SHAPE * ((1.0, 1.0) if right else (-1.0, 1.0)) + (x, y)
    return Detection(right, score, points.astype(np.float32), _WORLD)


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
    tracker = HandTracker(TrackerSettings(max_gap=5))
    tracker.update([hand(100)])
    for _ in range(5):
        assert tracker.update([]) == []
    assert ids(tracker.update([hand(130)])) == [1]
    for _ in range(6):
        tracker.update([])
    assert ids(tracker.update([hand(130)])) == [2]


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


def test_handedness_flickers_without_effect_and_settles_after_long_disagreement():
    tracker = HandTracker(TrackerSettings(flip_after=8))
    for step in range(30):
        tracked = tracker.update([hand(100, right=step % 3 != 2)])
        assert tracked[0].is_right
    sides = [tracker.update([hand(100, right=False)])[0].is_right for _ in range(12)]
    assert ids(tracked) == [1]
    # The last flicker (step 29) was a disagreement too, so it counts as the first of eight.
    assert sides == [True] * 6 + [False] * 6


def test_a_young_track_changes_its_mind_sooner():
    tracker = HandTracker(TrackerSettings(flip_after_young=3))
    tracker.update([hand(100)])
    sides = [tracker.update([hand(100, right=False)])[0].is_right for _ in range(4)]
    assert sides == [True, True, False, False]


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
