"""Identity of hands across frames."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from hands3c_core.types import Detection, TrackedHand

Points = NDArray[np.float32]

#: Cost of giving a detection to a track of the other handedness, in hand sizes: enough to keep two
#: hands apart while they cross, little enough to follow one whose handedness flickers.
_HANDEDNESS_COST = 0.6
_FORBIDDEN = 1e6
#: Seconds between frames whose time is not given.
_FRAME_SECONDS = 1 / 30
#: Time constant with which a hand that is not seen is taken to slow down, seconds.
_SLOWING = 0.25
#: No single frame says more of a side than this (a score of 0.99), as log odds.
_MOST_SURE = math.log(0.99 / 0.01)


@dataclass(frozen=True)
class TrackerSettings:
    """When two detections are one hand, and when a hand has changed. Evidence on handedness is
    counted in log odds and added up over frames."""

    max_gap: float = 1.0
    """Seconds a track survives without a detection."""
    max_hidden: float = 2.5
    """The same for a hand that was last seen beside another one, which hides it."""
    reach: float = 1.2
    """A hand moves at most this many times its size from where it was expected; more after a
    gap."""
    reach_other_side: float = 0.5
    """The same, for the middle of a detection that is sure to be of the other side."""
    growth: float = 1.65
    """Over a gap a palm's size in the image changes by this factor at most. Within a second of
    three real clips it changed by up to 1.57."""
    sure: float = math.log(0.8 / 0.2)
    """Evidence from which a detection is sure of its side."""
    most_evidence: float = 9.0
    """Evidence that a track keeps of its side at most."""
    settled: float = 7.0
    """Evidence from which a track's side is settled: what contradicts it for long is another
    hand, with an identity of its own."""
    flip: float = 2.5
    """Evidence for the other side at which a track changes it."""
    young_age: int = 10
    """Age in frames below which a track's side may be open."""
    open_side: float = 3.0
    """Evidence below which it is."""
    same_hand: float = 0.15
    """Detections closer than this share of their size are one hand."""
    same_side: float = 0.3
    """The same for two detections of the same handedness."""


@dataclass
class _Sight:
    """Where a track's hand was, and how it moved."""

    landmarks: Points
    velocity: NDArray[np.float64]
    """px a second."""
    time: float


@dataclass
class _Track:
    track_id: int
    is_right: bool
    sight: _Sight
    agreed: _Sight
    """The last one whose detection was of the track's side."""
    evidence: float
    """Log odds of the track's side."""
    settled: bool = False
    age: int = 0
    missed: bool = False
    """The last frame did not show it."""
    hidden: bool = False
    """It was beside another hand when it was seen last."""


class HandTracker:
    """Gives every hand a number that stays with it, and a handedness that does not flicker.

    Detections are assigned to tracks so that the sum of distances between landmarks and their
    expected places, in hand sizes, is least. A number never goes over to the other hand: after a
    gap or a leap, a detection that is sure to be of the other side begins a track, and so does one
    that contradicts a settled track for some frames. The result depends on nothing but the calls
    since the last ``reset``.
    """

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self.settings = settings or TrackerSettings()
        self.reset()

    def reset(self) -> None:
        """Forget all tracks and start numbering from 1 again."""
        self._tracks: list[_Track] = []
        self._next_id = 1
        self._time = 0.0

    def update(
        self,
        detections: Sequence[Detection],
        image_size: tuple[int, int] | None = None,
        timestamp: float | None = None,
    ) -> list[TrackedHand]:
        """Take in one frame.

        Args:
            detections: the detector's hands, in any order.
            image_size: (width, height) px; detections wholly outside of it are dropped.
            timestamp: seconds; a thirtieth after the last frame's by default.

        Returns:
            The hands of this frame by track id; duplicates of one hand are merged.
        """
        self._time = self._time + _FRAME_SECONDS if timestamp is None else timestamp
        detections = [d for d in detections if _is_usable(d, image_size)]
        detections = self._merge_duplicates(detections)
        self._forget_lost()
        pairs = self._assign(detections)
        seen: dict[int, TrackedHand] = {}
        for row, track in enumerate(list(self._tracks)):
            track.age += 1
            track.missed = row not in pairs
            if not track.missed:
                hand = self._continue(track, detections[pairs[row]])
                seen[hand.track_id] = hand
        taken = set(pairs.values())
        for index, detection in enumerate(detections):
            if index not in taken:
                hand = self._begin(detection, np.zeros(2))
                seen[hand.track_id] = hand
        self._note_hidden(seen)
        return [seen[track_id] for track_id in sorted(seen)]

    def is_open(self, hand: TrackedHand) -> bool:
        """Whether the side of a hand of this frame, of a young track, is still in doubt."""
        track = self._track(hand.track_id)
        return track.age < self.settings.young_age and track.evidence < self.settings.open_side

    def hear(self, hand: TrackedHand, right: float) -> TrackedHand:
        """Take in further evidence on a young track's side.

        Args:
            hand: of this frame.
            right: log odds that it is a right hand.

        Returns:
            The hand, of the side that is likelier now.
        """
        track = self._track(hand.track_id)
        evidence = track.evidence + (right if track.is_right else -right)
        if evidence < 0.0:
            track.is_right, evidence = not track.is_right, -evidence
        track.evidence = min(evidence, self.settings.most_evidence)
        return replace(hand, is_right=track.is_right)

    def _track(self, track_id: int) -> _Track:
        return next(track for track in self._tracks if track.track_id == track_id)

    def _forget_lost(self) -> None:
        longest = (self.settings.max_gap, self.settings.max_hidden)
        # A hair more: times are sums of thirtieths.
        self._tracks = [
            track
            for track in self._tracks
            if self._time - track.sight.time <= longest[track.hidden] + 1.5 * _FRAME_SECONDS
        ]

    def _begin(self, detection: Detection, velocity: NDArray[np.float64]) -> TrackedHand:
        sight = _Sight(detection.landmarks_2d, velocity, self._time)
        evidence = _evidence(detection)
        track = _Track(self._next_id, detection.is_right, sight, sight, evidence)
        self._next_id += 1
        self._tracks.append(track)
        return TrackedHand(track.track_id, track.is_right, detection, 0)

    def _continue(self, track: _Track, detection: Detection) -> TrackedHand:
        last = track.sight
        moved = detection.landmarks_2d.mean(axis=0) - last.landmarks.mean(axis=0)
        step = max(self._time - last.time, 1e-3)
        velocity = 0.5 * last.velocity + 0.5 * moved / step
        track.sight = _Sight(detection.landmarks_2d, velocity, self._time)
        agrees = detection.is_right == track.is_right
        track.evidence += _evidence(detection) if agrees else -_evidence(detection)
        track.evidence = min(track.evidence, self.settings.most_evidence)
        if agrees:
            track.agreed = track.sight
            track.settled |= track.evidence >= self.settings.settled
        elif track.evidence <= -self.settings.flip:
            if track.settled:
                return self._part(track, detection)
            track.is_right, track.evidence = detection.is_right, -track.evidence
            track.agreed = track.sight
        return TrackedHand(track.track_id, track.is_right, detection, track.age)

    def _part(self, track: _Track, detection: Detection) -> TrackedHand:
        """Another hand has taken a track's place: it begins one, and the track's own hand is where
        it was seen last."""
        hand = self._begin(detection, track.sight.velocity)
        track.sight, track.missed = track.agreed, True
        track.evidence = self.settings.most_evidence
        return hand

    def _note_hidden(self, seen: dict[int, TrackedHand]) -> None:
        """Of every track that was seen, whether it was beside another."""
        for track in self._tracks:
            if track.track_id in seen:
                mine = track.sight.landmarks
                track.hidden = any(
                    _middle_distance(mine, other.sight.landmarks) < _size(mine)
                    for other in self._tracks
                    if other is not track and not other.missed
                )
            elif track.missed and not track.hidden:
                # It vanished in this frame or before: is another one where it was heading?
                expected = self._expected(track)
                track.hidden = any(
                    _middle_distance(expected, hand.detection.landmarks_2d) < 0.6 * _size(expected)
                    for hand in seen.values()
                )

    def _expected(self, track: _Track) -> Points:
        """Where a track's hand is now if it slows down."""
        sight = track.sight
        gone = _SLOWING * (1.0 - math.exp(-(self._time - sight.time) / _SLOWING))
        return np.asarray(sight.landmarks + sight.velocity * gone, np.float32)

    def _assign(self, detections: list[Detection]) -> dict[int, int]:
        """Track index -> detection index, of those within reach."""
        if not self._tracks or not detections:
            return {}
        cost = np.full((len(self._tracks), len(detections)), _FORBIDDEN)
        for row, track in enumerate(self._tracks):
            expected = self._expected(track)
            for column, detection in enumerate(detections):
                size = max(_size(track.sight.landmarks), _size(detection.landmarks_2d))
                # Where it was counts as well as where it was heading: hands stop suddenly.
                distance = min(
                    _distance(expected, detection.landmarks_2d) / size,
                    _distance(track.sight.landmarks, detection.landmarks_2d) / size + 0.1,
                )
                if distance <= self._reach(track, detection, expected, size):
                    other = detection.is_right != track.is_right
                    cost[row, column] = distance + _HANDEDNESS_COST * other
        rows, columns = linear_sum_assignment(cost)
        pairs = zip(rows.tolist(), columns.tolist(), strict=True)
        return {row: column for row, column in pairs if cost[row, column] < _FORBIDDEN}

    def _reach(self, track: _Track, detection: Detection, expected: Points, size: float) -> float:
        """How far the detection may be from where the track was expected, in hand sizes; below 0
        where it cannot be the track's hand."""
        settings = self.settings
        if track.missed:
            growth = _palm(detection.landmarks_2d) / _palm(track.sight.landmarks)
            if not 1.0 / settings.growth <= growth <= settings.growth:
                return -1.0
        gap = max(self._time - track.sight.time - _FRAME_SECONDS, 0.0)
        reach = settings.reach * (1.0 + 3.0 * gap)
        other = detection.is_right != track.is_right
        if not other or not track.settled or _evidence(detection) < settings.sure:
            return reach
        leap = _middle_distance(expected, detection.landmarks_2d) / size
        return -1.0 if track.missed or leap > settings.reach_other_side else reach

    def _merge_duplicates(self, detections: list[Detection]) -> list[Detection]:
        """Drop every detection that lies on a better one."""
        ranked = sorted(
            range(len(detections)), key=lambda i: (-self._plausibility(detections[i]), i)
        )
        kept: list[int] = []
        for index in ranked:
            mine = detections[index]
            if not any(same_hand(mine, detections[other], self.settings) for other in kept):
                kept.append(index)
        return [detections[index] for index in sorted(kept)]

    def _plausibility(self, detection: Detection) -> float:
        """The handedness score, more if a track of that handedness is where the detection is."""
        near = any(
            track.is_right == detection.is_right
            and _distance(track.sight.landmarks, detection.landmarks_2d)
            < 0.5 * _size(detection.landmarks_2d)
            for track in self._tracks
        )
        return detection.handedness_score + float(near)


def same_hand(one: Detection, other: Detection, settings: TrackerSettings) -> bool:
    """Whether two detections of one image lie on the same hand."""
    size = max(_size(one.landmarks_2d), _size(other.landmarks_2d))
    same_side = one.is_right == other.is_right
    near = settings.same_side if same_side else settings.same_hand
    return _distance(one.landmarks_2d, other.landmarks_2d) < near * size


def _evidence(detection: Detection) -> float:
    """Log odds that the detection is of the side that it says, 0 or more."""
    score = min(max(float(detection.handedness_score), 0.5), 1.0 - 1e-9)
    return min(math.log(score / (1.0 - score)), _MOST_SURE)


def _size(landmarks: Points) -> float:
    """Longer side of the landmarks' box, px."""
    return max(float(np.ptp(landmarks, axis=0).max()), 1.0)


def _palm(landmarks: Points) -> float:
    """The longest side of the palm, px: of what a hand shows, it changes least with its pose."""
    sides = landmarks[[0, 0, 0, 5]] - landmarks[[5, 9, 17, 17]]
    return max(float(np.linalg.norm(sides, axis=1).max()), 1.0)


def _distance(one: NDArray[np.floating], other: Points) -> float:
    """Mean distance between corresponding landmarks, px."""
    return float(np.linalg.norm(one - other, axis=1).mean())


def _middle_distance(one: Points, other: Points) -> float:
    """Distance between the middles, px."""
    return float(np.linalg.norm(one.mean(axis=0) - other.mean(axis=0)))


def _is_usable(detection: Detection, image_size: tuple[int, int] | None) -> bool:
    points = detection.landmarks_2d
    if not (np.isfinite(points).all() and np.isfinite(detection.landmarks_world).all()):
        return False
    if image_size is None:
        return True
    inside = (points >= 0).all(axis=1) & (points < image_size).all(axis=1)
    return bool(inside.any())
