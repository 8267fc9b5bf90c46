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


@pytest.mark.stress
def test_a_real_clip_in_parts_is_one_pass_after_the_overlap():
    from hands3c_core.assets import asset_path
    from hands3c_core.batch.first_pass import observe as first_pass
    from hands3c_core.batch.inputs import find_clips
    from hands3c_core.batch.segments import restarts_of
    from hands3c_core.batch.settings import BatchConfig
    from hands3c_core.batch.work import ClipWork
    from hands3c_core.pipeline_config import PipelineConfig

    config = BatchConfig(PipelineConfig(estimator="landmarks", hand_model="hand_mano778"), end=4.0)
    (clip,) = find_clips([asset_path("demo.mp4")])
    pipeline = ClipWork(config, "unused")._pipeline("video")
    segments = split(0.0, 4.0, 2.0, 1.5)
    restarts = restarts_of(segments)
    whole = first_pass(clip, pipeline, config, restarts=restarts)
    parts = [
        first_pass(
            clip, pipeline, config, start=s.lead, end=s.end and s.end + 0.5, restarts=restarts
        )
        for s in segments
    ]
    joined = join(parts, [segment.start for segment in segments])
    one, other = (settle(seen, pipeline.hand_model, 0.5) for seen in (whole, joined))
    for a, b in zip(one, other, strict=True):
        for ours, theirs in zip(a.hands, b.hands, strict=True):
            assert ours.track_id == theirs.track_id
            assert np.linalg.norm(ours.joints_3d - theirs.joints_3d, axis=1).max() < 5e-4
