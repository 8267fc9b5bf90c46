"""Long clips in parts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from made_motions import FPS, MODEL, Made, observe

from hands3c_core.batch.observations import Observations, select
from hands3c_core.batch.second_pass import settle
from hands3c_core.batch.segments import join, split


def part_of(whole: Observations, first: int, last: int, renumber: dict[int, int]) -> Observations:
    keep = np.zeros(len(whole), np.bool_)
    keep[first:last] = True
    own = {track: renumber.get(track, track) for track in set(whole.hands["track_id"].tolist())}
    part = select(whole, keep, own)
    part.frames["index"] = part.frames["index"] - 2  # guessed a little wrong after a seek
    return part


def test_parts_joined_are_the_whole():
    whole = observe([Made(1, x=-0.2, last=30), Made(2, is_right=False), Made(3, first=33)])
    first = part_of(whole, 0, 25, {})
    first.frames["index"] += 2
    second = part_of(whole, 15, 40, {1: 2, 2: 1, 3: 3})  # its own tracker counts from 1 again
    joined = join([first, second], [0.0, 20 / FPS])
    for name, array in whole.frames.items():
        assert np.array_equal(joined.frames[name], array), name
    for name, array in whole.hands.items():
        assert np.array_equal(joined.hands[name], array, equal_nan=array.dtype.kind == "f"), name


def test_saved_parts_come_back_as_they_were(tmp_path):
    whole = observe([Made(1)], frames=5)
    again = Observations.load(whole.save(tmp_path / "part.npz"))
    one, other = (settle(part, MODEL, 0.5) for part in (whole, again))
    assert all(
        np.array_equal(a.hands[0].joints_3d, b.hands[0].joints_3d)
        for a, b in zip(one, other, strict=True)
    )


@pytest.mark.parametrize(("length", "count"), [(0.5, 1), (170, 1), (181, 2), (600, 5), (3600, 30)])
def test_long_clips_are_cut_evenly_with_overlap(length, count):
    parts = split(10.0, 10.0 + length, 120.0, 6.0)
    assert len(parts) == count
    assert parts[0].start == parts[0].lead == 10.0
    assert parts[-1].end is None
    for before, after in itertools.pairwise(parts):
        assert before.end == after.start == after.lead + 6.0
