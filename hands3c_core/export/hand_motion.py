"""Hands as animation formats want them: each node of a file shows one hand through the take."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import ROTATION_PARENTS
from hands3c_core.export.hand_names import HandPlaces, hand_name
from hands3c_core.export.results import LoggedFrame
from hands3c_core.export.settling import is_whole, take_shape
from hands3c_core.types import Camera, FrameResult


@dataclass
class HandMotion:
    """What one node has shown: one hand at a time, possibly of several tracks, always one side."""

    is_right: bool
    name: str
    """'right_hand', 'left_hand', 'right_hand_2', ..."""
    frames: list[int] = field(default_factory=list)
    """Numbers of the collector's frames in which the hand is there."""
    poses: list[NDArray[np.float32]] = field(default_factory=list)
    """(16, 3) each, as ``Hand.pose``."""
    shapes: list[NDArray[np.float32]] = field(default_factory=list)
    """(10,) each."""
    translations: list[NDArray[np.float32]] = field(default_factory=list)
    """(3,) metres each."""
    joints: list[NDArray[np.float32]] = field(default_factory=list)
    """(21, 3) metres each, as ``Hand.joints_3d``."""

    @property
    def shape(self) -> NDArray[np.float64]:
        """(10,) the one shape of the node: see ``take_shape``."""
        return take_shape(self.shapes)


class MotionCollector:
    """Sorts the hands of a take into nodes, one for each of ``HandPlaces``' places."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self._places = HandPlaces()
        self._by_place: dict[tuple[bool, int], HandMotion] = {}
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

    def add(self, frame: FrameResult | LoggedFrame) -> None:
        """Add a frame. Frames must come in order of time; one that does not is left out, and so is
        a hand whose numbers are not all finite."""
        time = float(frame.timestamp)
        if not np.isfinite(time) or (self._times and time <= self._times[-1]):
            return
        number = len(self._times)
        self._times.append(time)
        self.camera = self.camera or frame.camera
        hands = [hand for hand in frame.hands if is_whole(hand)]
        for hand, place in zip(hands, self._places.of(hands), strict=True):
            motion = self._by_place.get(place)
            if motion is None:
                motion = self._by_place[place] = HandMotion(place[0], hand_name(*place))
                self.motions.append(motion)
            motion.frames.append(number)
            motion.poses.append(np.array(hand.pose, np.float32))
            motion.shapes.append(np.array(hand.shape, np.float32))
            motion.translations.append(np.array(hand.translation, np.float32))
            motion.joints.append(np.array(hand.joints_3d, np.float32))


def bone_offsets(rest_joints: NDArray[np.float64]) -> NDArray[np.float64]:
    """(16, 3) metres: each joint of a resting hand (16, 3) from its parent; the wrist's own place
    for row 0."""
    parents = list(ROTATION_PARENTS[1:])
    return np.concatenate((rest_joints[:1], rest_joints[1:] - rest_joints[parents]))
