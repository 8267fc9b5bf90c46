"""Whose hands a clip shows: tracks joined over their gaps, each of one side throughout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.batch.observations import Observations

#: Frames that two tracks of one hand may share: the new one was found before the old one was lost.
_SHARED: Final = 2


@dataclass
class Person:
    """One hand of one person through the clip."""

    number: int
    """From 1, in the order of appearance: the track's number in the results."""
    is_right: bool
    rows: NDArray[np.int64]
    """Of the observations' hands, in order of time, at most one a frame."""


def find_people(observations: Observations) -> list[Person]:
    """The hands of a clip, settled over the whole of it.

    A track's side is what the detector said, weighted by how sure it was, and the tracker made of
    it, over all its frames. Tracks
    of one side that are never there together are one hand that was lost for a while: a clip shows
    no more hands than it does at one time. Where there are several to choose from, the one that
    was last seen nearest is gone on with.
    """
    hands = observations.hands
    tracks = [np.flatnonzero(hands["track_id"] == n) for n in np.unique(hands["track_id"])]
    tracks.sort(key=lambda rows: (int(rows[0]), int(hands["track_id"][rows[0]])))
    people: list[Person] = []
    for rows in tracks:
        is_right = _side(hands, rows)
        person = _who(people, hands, rows, is_right)
        if person is None:
            people.append(Person(len(people) + 1, is_right, rows))
        else:
            person.rows = _merged(hands, person.rows, rows)
    return people


def _side(hands: dict[str, Any], rows: NDArray[np.int64]) -> bool:
    # A score of a half says nothing. What the tracker made of the scores so far counts as much as
    # one of three quarters.
    detected = np.where(hands["detected_right"][rows], 1.0, -1.0)
    tracked = np.where(hands["is_right"][rows], 1.0, -1.0)
    weights = np.clip(hands["handedness"][rows] - 0.5, 0.0, 0.5)
    return float((detected * weights + 0.25 * tracked).sum()) >= 0


def _who(
    people: Sequence[Person], hands: dict[str, Any], rows: NDArray[np.int64], is_right: bool
) -> Person | None:
    """The person that a track goes on with, None for a new one."""
    best, nearest = None, np.inf
    frames = hands["frame"]
    for person in people:
        if person.is_right != is_right:
            continue
        if len(np.intersect1d(frames[person.rows], frames[rows])) > _SHARED:
            continue
        before = person.rows[frames[person.rows] <= frames[rows[0]]]
        last = before[-1] if len(before) else person.rows[0]
        points = hands["landmarks_2d"]
        distance = float(np.linalg.norm(points[last].mean(axis=0) - points[rows[0]].mean(axis=0)))
        if distance < nearest:
            best, nearest = person, distance
    return best


def _merged(
    hands: dict[str, Any], one: NDArray[np.int64], other: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Rows of both in order of time; of a frame that has both, the more certain."""
    rows = np.concatenate([one, other])
    order = np.lexsort((-hands["confidence"][rows], hands["frame"][rows]))
    rows = rows[order]
    _, first = np.unique(hands["frame"][rows], return_index=True)
    return rows[first]
