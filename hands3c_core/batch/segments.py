"""Long clips in parts, joined so that no seam shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import linear_sum_assignment

from hands3c_core.batch.observations import Observations, concatenate, select

#: Times closer than this are one frame's, s.
_SAME_S: Final = 1e-3
#: Hands farther apart than this share of their size are two.
_SAME_HAND: Final = 0.5


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a clip, in seconds of it."""

    number: int
    lead: float
    """Where it is seen from, to be in step with what is before it."""
    start: float
    """Where its frames begin to count."""
    end: float | None
    """None for the clip's end."""


def split(start: float, end: float, length: float, overlap: float) -> list[Segment]:
    """Parts of about ``length`` seconds; one, of all, for what is not half as long again."""
    count = max(1, round((end - start) / length)) if end - start >= 1.5 * length else 1
    edges = [start + (end - start) * k / count for k in range(count + 1)]
    return [
        Segment(
            number,
            edges[number] - overlap if number else start,
            edges[number],
            edges[number + 1] if number + 1 < count else None,
        )
        for number in range(count)
    ]


def restarts_of(segments: Sequence[Segment]) -> list[float]:
    """When the detector begins anew, in every part alike: see ``first_pass.observe``."""
    return [segment.lead for segment in segments[1:]]


def join(parts: Sequence[Observations], starts: Sequence[float]) -> Observations:
    """One clip's observations from those of its segments.

    Each part after the first begins within the one before it. Where they overlap, hands at one
    place are one; from ``starts`` on the later part is taken.

    Args:
        parts: in order.
        starts: seconds of the source from which on each part counts.
    """
    whole, next_id = [], 1
    called: dict[int, int] = {}
    for number, part in enumerate(parts):
        own = sorted(set(part.hands["track_id"].tolist()))
        if number == 0:
            called = {track: track for track in own}
        else:
            called = _same_tracks(parts[number - 1], part, called)
            part.frames["index"] = part.frames["index"] + _shift(parts[number - 1], part)
        for track in own:
            if track not in called:
                called[track] = next_id
            next_id = max(next_id, called[track] + 1)
        times = part.frames["time"]
        keep = np.ones(len(times), np.bool_)
        if number > 0:
            keep &= times >= starts[number] - 0.5 * _SAME_S
        if number + 1 < len(parts):
            keep &= times < starts[number + 1] - 0.5 * _SAME_S
        whole.append(select(part, keep, called))
    return concatenate(whole)


def _common(one: Observations, other: Observations) -> list[tuple[int, int]]:
    """Frames that both have: (row of one, row of the other)."""
    times = one.frames["time"]
    pairs = []
    for row, time in enumerate(other.frames["time"].tolist()):
        near = int(np.searchsorted(times, time - _SAME_S))
        if near < len(times) and abs(times[near] - time) <= _SAME_S:
            pairs.append((near, row))
    return pairs


def _shift(one: Observations, other: Observations) -> int:
    """What is to be added to the other's frame numbers, which are guessed after a seek."""
    pairs = _common(one, other)
    if not pairs:
        return 0
    row, other_row = pairs[-1]
    return int(one.frames["index"][row] - other.frames["index"][other_row])


def _same_tracks(one: Observations, other: Observations, called: dict[int, int]) -> dict[int, int]:
    """Numbers of the other part's tracks that are seen in the one before it (whose own are
    ``called`` so)."""
    votes: dict[tuple[int, int], int] = {}
    # The latest frames tell best: both have had time to settle.
    for row, other_row in _common(one, other)[-30:]:
        mine = np.flatnonzero(one.hands["frame"] == row)
        theirs = np.flatnonzero(other.hands["frame"] == other_row)
        if not len(mine) or not len(theirs):
            continue
        points, others = one.hands["landmarks_2d"][mine], other.hands["landmarks_2d"][theirs]
        cost = np.linalg.norm(points[:, None] - others[None], axis=3).mean(axis=2)
        size = np.ptp(others, axis=1).max(axis=1)
        for a, b in zip(*linear_sum_assignment(cost), strict=True):
            if cost[a, b] <= _SAME_HAND * size[b]:
                pair = (
                    int(one.hands["track_id"][mine[a]]),
                    int(other.hands["track_id"][theirs[b]]),
                )
                votes[pair] = votes.get(pair, 0) + 1
    found: dict[int, int] = {}
    for (mine_id, their_id), _ in sorted(votes.items(), key=lambda item: (-item[1], item[0])):
        if their_id not in found and called[mine_id] not in found.values():
            found[their_id] = called[mine_id]
    return found
