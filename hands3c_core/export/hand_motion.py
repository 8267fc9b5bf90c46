"""Hands as animation formats want them: each node of a file shows one hand through the take."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..conventions import ROTATION_PARENTS
from ..types import Camera, Hand
from .results import LoggedFrame


@dataclass
class HandMotion:
    """What one node has shown: one hand at a time, possibly of several tracks, always one side."""

    is_right: bool
    name: str
    """'right_hand_1', 'left_hand_2', ...: numbered through all nodes of the file."""
    frames: list[int] = field(default_factory=list)
    """Numbers of the collector's frames in which the hand is there."""
    poses: list[NDArray[np.float32]] = field(default_factory=list)
    """(16, 3) each, as ``Hand.pose``."""
    shapes: list[NDArray[np.float32]] = field(default_factory=list)
    """(10,) each."""
    translations: list[NDArray[np.float32]] = field(default_factory=list)
    """(3,) metres each."""
    last_track: int = -1

    @property
    def shape(self) -> NDArray[np.float64]:
        """(10,) the one shape of the node: the mean of what was recorded."""
        return np.asarray(np.mean(self.shapes, axis=0, dtype=np.float64))


class MotionCollector:
    """Sorts the hands of a take into nodes.

    A hand goes to its track's own node, else to a free one of its side, else to a new one: a second
    hand of the same side at the same time gets its own, a track that ends makes its node free.
    """

    def __init__(self) -> None:
        self._times: list[float] = []
        self.camera: Camera | None = None
        """The first frame's."""
        self.motions: list[HandMotion] = []

    def __len__(self) -> int:
        """Frames added so far."""
        return len(self._times)

    @property
    def times(self) -> NDArray[np.float64]:
        """(N,) seconds from the first frame."""
        times = np.array(self._times, np.float64)
        return times - times[0] if len(times) else times

    def add(self, frame: LoggedFrame) -> None:
        """Add a frame. Frames must come in order of time; one that does not is left out, and so is
        a hand whose numbers are not all finite."""
        time = float(frame.timestamp)
        if not np.isfinite(time) or (self._times and time <= self._times[-1]):
            return
        number = len(self._times)
        self._times.append(time)
        self.camera = self.camera or frame.camera
        for hand in frame.hands:
            parts = (hand.pose, hand.shape, hand.translation)
            if not all(np.isfinite(part).all() for part in parts):
                continue
            motion = self._motion_for(hand, number)
            motion.frames.append(number)
            motion.poses.append(np.array(hand.pose, np.float32))
            motion.shapes.append(np.array(hand.shape, np.float32))
            motion.translations.append(np.array(hand.translation, np.float32))
            motion.last_track = hand.track_id

    def _motion_for(self, hand: Hand, number: int) -> HandMotion:
        free = [
            motion
            for motion in self.motions
            if motion.is_right == hand.is_right and motion.frames[-1] != number
        ]
        free.sort(key=lambda motion: motion.last_track != hand.track_id)
        if free:
            return free[0]
        side = "right" if hand.is_right else "left"
        made = HandMotion(hand.is_right, f"{side}_hand_{len(self.motions) + 1}")
        self.motions.append(made)
        return made


def bone_offsets(rest_joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """(16, 3) metres: each joint of a resting hand (16, 3) from its parent; the wrist's own place
    for row 0."""
    parents = list(ROTATION_PARENTS[1:])
    return np.concatenate((rest_joints[:1], rest_joints[1:] - rest_joints[parents]))
