"""Two passes: one shape, no lag, gaps filled, sides and identities settled."""

from __future__ import annotations

import numpy as np
import pytest
from made_motions import FPS, MODEL, Made, observe

from hands3c_core.batch.people import find_people
from hands3c_core.batch.second_pass import settle


def hands_of(frames):
    return [hand for frame in frames for hand in frame.hands]


def test_a_hand_has_one_shape_and_its_bones_one_length():
    seen = observe([Made(missing=(11, 12))])
    hands = hands_of(settle(seen, MODEL, 0.5))
    assert len({hand.shape.tobytes() for hand in hands}) == 1
    bones = [np.linalg.norm(hand.joints_3d[6] - hand.joints_3d[5]) for hand in hands]
    assert np.ptp(bones) < 1e-6
    live = hands_of(settle(seen, MODEL, 0.5, offline=False))
    assert len({hand.shape.tobytes() for hand in live}) > 1


def test_short_gaps_are_filled_and_marked_and_long_ones_stay():
    frames = settle(observe([Made(missing=(10, 11, 12, *range(20, 32)))]), MODEL, 0.5)
    filled = [frame.index for frame in frames for hand in frame.hands if hand.is_filled]
    assert filled == [10, 11, 12]
    assert [frame.index for frame in frames if not frame.hands] == list(range(20, 32))
    path = np.array([frame.hands[0].joints_3d[0] for frame in frames[8:15]])
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert steps.max() < 3 * 0.15 / FPS  # it goes on evenly


def test_smoothing_both_ways_does_not_lag():
    made = Made(noise_px=0.0, speed=0.3)
    seen = observe([made])
    raw, live, unsmoothed, offline = (
        np.array([h.joints_3d[0, 0] for h in hands_of(settle(seen, MODEL, s, offline=o))])
        for s, o in ((0.0, False), (0.7, False), (0.0, True), (0.7, True))
    )
    middle = slice(12, 28)
    lag = float(np.mean(raw[middle] - live[middle]))
    assert lag > 5e-4  # the live filter does
    # Hardly more than half a millimetre either way at 0.3 m/s: less than 2 ms.
    assert abs(float(np.mean(unsmoothed[middle] - offline[middle]))) < 6e-4


def test_it_trembles_less_than_the_live_path():
    seen = observe([Made(noise_px=1.0, speed=0.02)])

    def trembling(offline):
        path = np.array([h.joints_3d for h in hands_of(settle(seen, MODEL, 0.5, offline=offline))])
        return float(np.linalg.norm(np.diff(path, 2, axis=0), axis=2).mean())

    assert trembling(offline=True) < 0.7 * trembling(offline=False)


@pytest.mark.parametrize("is_right", [True, False])
def test_a_side_is_settled_over_the_whole_track(is_right):
    seen = observe([Made(is_right=is_right, turned=(5, 6, 7, 8, 9))])
    frames = settle(seen, MODEL, 0.5)
    assert {hand.is_right for hand in hands_of(frames)} == {is_right}
    plain = settle(observe([Made(is_right=is_right)]), MODEL, 0.5)
    off = [
        np.linalg.norm(a.hands[0].joints_2d - b.hands[0].joints_2d, axis=1).mean()
        for a, b in zip(frames, plain, strict=True)
    ]
    assert max(off) < 2.0  # px: also where it was taken for the other


def test_a_hand_that_was_lost_is_the_same_one_when_it_comes_back():
    seen = observe([Made(1, last=12), Made(2, first=25)])
    (person,) = find_people(seen)
    assert len(person.rows) == 12 + 15


def test_two_hands_of_one_side_at_once_are_two_peoples():
    seen = observe([Made(1, x=-0.2), Made(2, x=0.1), Made(3, is_right=False)])
    people = find_people(seen)
    assert sorted((p.number, p.is_right) for p in people) == [(1, True), (2, True), (3, False)]


def test_without_hands_there_are_frames():
    frames = settle(observe([]), MODEL, 0.5)
    assert len(frames) == 40
    assert not hands_of(frames)
