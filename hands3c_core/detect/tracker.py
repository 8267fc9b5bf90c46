"""Identity of hands across frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from hands3c_core.types import Detection, TrackedHand

Points = NDArray[np.float32]

#: Cost of giving a detection to a track of the other handedness, in hand sizes: enough to keep two
#: hands apart while they cross, little enough to follow one whose handedness flickers.
_HANDEDNESS_COST = 0.6
_FORBIDDEN = 1e6


@dataclass(frozen=True)
class TrackerSettings:
    """When two detections are one hand, and when a hand has changed."""

    max_gap: int = 10
    """Frames a track survives without a detection."""
    reach: float = 1.2
    """A hand moves at most this many times its size from where it was expected."""
    flip_after: int = 8
    """Consecutive disagreeing detections after which handedness changes."""
    flip_after_young: int = 3
    """The same while the track is younger than ``young_age`` frames."""
    young_age: int = 10
    """Age below which a track's handedness is still open."""
    same_hand: float = 0.15
    """Detections closer than this share of their size are one hand."""
    same_side: float = 0.3
    """The same for two detections of the same handedness."""


@dataclass
class _Track:
    track_id: int
    is_right: bool
    landmarks: Points
    velocity: NDArray[np.float64]
    age: int = 0
    gap: int = 0
    disagreements: int = 0


class HandTracker:
    """Gives every hand a number that stays with it, and a handedness that does not flicker.

    Detections are assigned to tracks so that the sum of distances between landmarks and their
    expected places, in hand sizes, is least. The result depends on nothing but the calls since the
    last ``reset``.
    """

    def __init__(self, settings: TrackerSettings | None = None) -> None:
        self.settings = settings or TrackerSettings()
        self._tracks: list[_Track] = []
        self._next_id = 1

    def reset(self) -> None:
        """Forget all tracks and start numbering from 1 again."""
        self._tracks.clear()
        self._next_id = 1

    def update(
        self, detections: Sequence[Detection], image_size: tuple[int, int] | None = None
    ) -> list[TrackedHand]:
        """Take in one frame.

        Args:
            detections: the detector's hands, in any order.
            image_size: (width, height) px; detections wholly outside of it are dropped.

        Returns:
            The hands of this frame by track id; duplicates of one hand are merged.
        """
        detections = [d for d in detections if _is_usable(d, image_size)]
        detections = self._merge_duplicates(detections)
        pairs = self._assign(detections)
        seen: dict[int, TrackedHand] = {}
        for track_index, detection_index in pairs.items():
            track = self._tracks[track_index]
            seen[track.track_id] = self._continue(track, detections[detection_index])
        for track in self._tracks:
            if track.track_id not in seen:
                track.gap += 1
                track.age += 1
                track.velocity *= 0.8
        self._tracks = [track for track in self._tracks if track.gap <= self.settings.max_gap]
        taken = set(pairs.values())
        for index, detection in enumerate(detections):
            if index not in taken:
                hand = self._begin(detection)
                seen[hand.track_id] = hand
        return [seen[track_id] for track_id in sorted(seen)]

    def _begin(self, detection: Detection) -> TrackedHand:
        track = _Track(self._next_id, detection.is_right, detection.landmarks_2d, np.zeros(2))
        self._next_id += 1
        self._tracks.append(track)
        return TrackedHand(track.track_id, track.is_right, detection, 0)

    def _continue(self, track: _Track, detection: Detection) -> TrackedHand:
        moved = detection.landmarks_2d.mean(axis=0) - track.landmarks.mean(axis=0)
        track.velocity = 0.5 * track.velocity + 0.5 * moved / (track.gap + 1)
        track.landmarks, track.gap = detection.landmarks_2d, 0
        track.age += 1
        self._update_handedness(track, detection)
        return TrackedHand(track.track_id, track.is_right, detection, track.age)

    def _update_handedness(self, track: _Track, detection: Detection) -> None:
        if detection.is_right == track.is_right:
            track.disagreements = 0
            return
        track.disagreements += 1
        settings = self.settings
        young = track.age < settings.young_age
        needed = settings.flip_after_young if young else settings.flip_after
        if track.disagreements >= needed:
            track.is_right, track.disagreements = detection.is_right, 0

    def _assign(self, detections: list[Detection]) -> dict[int, int]:
        """Track index -> detection index, of those within reach."""
        if not self._tracks or not detections:
            return {}
        cost = np.full((len(self._tracks), len(detections)), _FORBIDDEN)
        for row, track in enumerate(self._tracks):
            expected = track.landmarks + track.velocity * (track.gap + 1)
            reach = self.settings.reach * (1.0 + 0.1 * track.gap)
            for column, detection in enumerate(detections):
                size = max(_size(track.landmarks), _size(detection.landmarks_2d))
                # Where it was counts as well as where it was heading: hands stop suddenly.
                distance = min(
                    _distance(expected, detection.landmarks_2d),
                    _distance(track.landmarks, detection.landmarks_2d) + 0.1 * size,
                )
                if distance / size <= reach:
                    other = detection.is_right != track.is_right
                    cost[row, column] = distance / size + _HANDEDNESS_COST * other
        rows, columns = linear_sum_assignment(cost)
        pairs = zip(rows.tolist(), columns.tolist(), strict=True)
        return {row: column for row, column in pairs if cost[row, column] < _FORBIDDEN}

    def _merge_duplicates(self, detections: list[Detection]) -> list[Detection]:
        """Drop every detection that lies on a better one."""
        ranked = sorted(
            range(len(detections)), key=lambda i: (-self._plausibility(detections[i]), i)
        )
        kept: list[int] = []
        for index in ranked:
            if not any(self._is_same(detections[index], detections[other]) for other in kept):
                kept.append(index)
        return [detections[index] for index in sorted(kept)]

    def _plausibility(self, detection: Detection) -> float:
        """The handedness score, more if a track of that handedness is where the detection is."""
        near = any(
            track.is_right == detection.is_right
            and _distance(track.landmarks, detection.landmarks_2d)
            < 0.5 * _size(detection.landmarks_2d)
            for track in self._tracks
        )
        return detection.handedness_score + float(near)

    def _is_same(self, one: Detection, other: Detection) -> bool:
        size = max(_size(one.landmarks_2d), _size(other.landmarks_2d))
        same_side = one.is_right == other.is_right
        near = self.settings.same_side if same_side else self.settings.same_hand
        return _distance(one.landmarks_2d, other.landmarks_2d) < near * size


def _size(landmarks: Points) -> float:
    """Longer side of the landmarks' box, px."""
    return max(float(np.ptp(landmarks, axis=0).max()), 1.0)


def _distance(one: NDArray[np.floating], other: Points) -> float:
    """Mean distance between corresponding landmarks, px."""
    return float(np.linalg.norm(one - other, axis=1).mean())


def _is_usable(detection: Detection, image_size: tuple[int, int] | None) -> bool:
    points = detection.landmarks_2d
    if not (np.isfinite(points).all() and np.isfinite(detection.landmarks_world).all()):
        return False
    if image_size is None:
        return True
    inside = (points >= 0).all(axis=1) & (points < image_size).all(axis=1)
    return bool(inside.any())
