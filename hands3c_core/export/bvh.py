"""A take's hands as BVH motion capture, for Blender, Maya, MotionBuilder, Unreal and the like, with
our names in metres, or with Mixamo's in centimetres for retargeting.

Frame of the file: y up, z towards the viewer, metres (the camera frame turned by half a turn about
x, as in the GLB). Below one root that never moves hangs each hand's wrist, which carries the hand's
place as position channels; every other joint only turns. Offsets are those of the resting hand: in
a right hand the fingers along -x, the palm down, in a left hand its mirror image.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import FINGER_NAMES, ROTATION_NAMES, ROTATION_PARENTS
from hands3c_core.errors import UserError
from hands3c_core.export.hand_motion import HandMotion, MotionCollector, bone_offsets
from hands3c_core.export.hand_rig import Skeleton, build_skeleton
from hands3c_core.export.results import LoggedFrame
from hands3c_core.gaps import MOST_GAP_S, without_gaps
from hands3c_core.hand_model import HandModelData
from hands3c_core.types import FrameResult

#: Applied in this order, R = Rz Rx Ry: what nearly every BVH file has.
log = logging.getLogger(__name__)

_EULER: Final = "ZXY"
_ROTATION_CHANNELS: Final = "Zrotation Xrotation Yrotation"
_POSITION_CHANNELS: Final = "Xposition Yposition Zposition"
#: A camera-frame vector times this is a vector of the file.
_TO_Y_UP: Final = np.array([1.0, -1.0, -1.0])
_HALF_TURN_ABOUT_X: Final = Rotation.from_quat([1.0, 0.0, 0.0, 0.0])
_USUAL_PERIOD_S: Final = 1.0 / 30.0
#: No take has more frames a second: one odd pair of times must not blow the file up.
_SHORTEST_PERIOD_S: Final = 1.0 / 240.0


@dataclass(frozen=True, slots=True)
class BvhConvention:
    """What a file's joints are called, and in what unit they are."""

    root: str
    name: Callable[[HandMotion, str], str]
    """(hand, one of ``ROTATION_NAMES``) -> the joint's name."""
    scale: float
    """Units a metre."""
    cuts_gaps: bool
    """Whether frames without any hand are left out."""


def _mixamo_name(motion: HandMotion, joint: str) -> str:
    """'RightHand', 'RightHandIndex1', 'LeftHandPinky3'; of second hands with '_2' after it."""
    side = "Right" if motion.is_right else "Left"
    finger = "" if joint == "wrist" else joint.replace("little", "pinky").capitalize()
    number = re.search(r"_\d+$", motion.name)
    return f"{side}Hand{finger}{number[0] if number else ''}"


OUR_BVH: Final = BvhConvention(
    "hands", lambda motion, joint: f"{motion.name}_{joint}", scale=1.0, cuts_gaps=False
)
#: Names, unit and rest pose (arms sideways, palms down, facing +z) that Rokoko's and other
#: retargeters know from Mixamo.
MIXAMO_BVH: Final = BvhConvention("Hips", _mixamo_name, scale=100.0, cuts_gaps=True)


class BvhRecorder:
    """Collects a take, then writes one BVH with all its hands.

    BVH has neither fixed shapes per frame nor visibility nor uneven frame times, so: a hand has one
    shape in the file, that of ``hand_motion.take_shape``; a hand that is away keeps its last place
    (its first one before it came); a take of uneven frame times is resampled at its median rate,
    turning joints evenly between neighbouring frames.

    Args:
        model: the (right) hand model the results were made with.
        convention: names and unit.
    """

    def __init__(self, model: HandModelData, convention: BvhConvention = OUR_BVH) -> None:
        if not model.is_right:
            raise ValueError("the recorder takes the right hand's model and mirrors it itself")
        self._model = model
        self._convention = convention
        self._collected = MotionCollector()

    def add(self, frame: FrameResult | LoggedFrame) -> None:
        """Add a frame, in order of time."""
        self._collected.add(frame)

    def save(self, path: str | Path) -> Path:
        """Write the file, whole or not at all.

        Raises:
            UserError: no frame has a hand, or the file cannot be written.
        """
        motions = self._collected.motions
        if not motions:
            raise UserError(f"{Path(path).name} was not written: there is no hand in the take")
        seen, cut = without_gaps(self._collected.times)
        if cut > 0:
            log.warning(
                "%s: %.0f s without frames are left out; each gap is %g s long there",
                Path(path).name,
                cut,
                MOST_GAP_S,
            )
        times, period = _frame_times(seen)
        if self._convention.cuts_gaps:
            times = times[self._is_seen(seen, times, period)]
        lines, columns = _root(self._convention.root), [np.zeros((len(times), 6))]
        for motion in motions:
            skeleton, channels = self._hand(motion, seen, times)
            lines += self._joint_lines(skeleton, motion, 0, 1)
            channels[:, :3] *= self._convention.scale
            columns.append(channels)
        lines += ["}", "MOTION", f"Frames: {len(times)}", f"Frame Time: {period:.9f}"]
        rows = np.concatenate(columns, axis=1)

        def write(temporary: Path) -> None:
            with temporary.open("w", encoding="ascii", newline="\n") as file:
                file.write("\n".join(lines) + "\n")
                np.savetxt(file, rows, fmt="%.6f")

        return write_atomically(path, write)

    def _is_seen(
        self, frame_times: NDArray[np.float64], times: NDArray[np.float64], period: float
    ) -> NDArray[np.bool_]:
        """(len(times),) whether a frame with a hand is nearer than three quarters of a period;
        ``frame_times`` are those of the take's frames."""
        frames = np.unique(np.concatenate([motion.frames for motion in self._collected.motions]))
        seen = frame_times[frames]
        after = np.clip(np.searchsorted(seen, times), 0, len(seen) - 1)
        before = np.maximum(after - 1, 0)
        apart = np.minimum(np.abs(seen[after] - times), np.abs(times - seen[before]))
        return np.asarray(apart < 0.75 * period)

    def _hand(
        self, motion: HandMotion, seen: NDArray[np.float64], times: NDArray[np.float64]
    ) -> tuple[Skeleton, NDArray[np.float64]]:
        """The skeleton of a node and its channels (len(times), 51) in the order of the file;
        ``seen`` are the times of the take's frames."""
        skeleton, moves = build_skeleton(
            self._model,
            motion.is_right,
            np.stack(motion.poses),
            motion.shape,
            np.stack(motion.translations),
            np.stack(motion.joints),
        )
        before, after, share = _neighbours(seen, np.array(motion.frames), times)
        root = (1 - share) * moves.root[before] + share * moves.root[after]
        turns = moves.rotations[before]
        turns = turns + share[:, None] * (moves.rotations[after] - turns)  # scipy normalises
        angles = np.empty((len(times), len(ROTATION_NAMES), 3))
        for joint in range(len(ROTATION_NAMES)):
            local = Rotation.from_quat(turns[:, joint])
            angles[:, joint] = _euler(_HALF_TURN_ABOUT_X * local if joint == 0 else local)
        ordered = angles[:, list(_depth_first())].reshape(len(times), -1)
        return skeleton, np.concatenate((root * _TO_Y_UP, ordered), axis=1)

    def _joint_lines(
        self, skeleton: Skeleton, motion: HandMotion, joint: int, depth: int
    ) -> list[str]:
        """The hierarchy from ``joint`` on."""
        tab, inner = "\t" * depth, "\t" * (depth + 1)
        scale, name = self._convention.scale, ROTATION_NAMES[joint]
        if joint == 0:
            # The whole place is in the channels: some programs add the offset to them, some do not.
            offset, channels = np.zeros(3), f"CHANNELS 6 {_POSITION_CHANNELS} {_ROTATION_CHANNELS}"
        else:
            offset = scale * bone_offsets(skeleton.joints)[joint]
            channels = f"CHANNELS 3 {_ROTATION_CHANNELS}"
        lines = [f"{tab}JOINT {self._convention.name(motion, name)}", f"{tab}{{"]
        lines += [f"{inner}OFFSET {_vector(offset)}", f"{inner}{channels}"]
        for child in _children(joint):
            lines += self._joint_lines(skeleton, motion, child, depth + 1)
        if not _children(joint):
            tip = skeleton.tips[FINGER_NAMES.index(name[:-1])] - skeleton.joints[joint]
            lines += [f"{inner}End Site", f"{inner}{{"]
            lines += [f"{inner}\tOFFSET {_vector(scale * tip)}", f"{inner}}}"]
        lines.append(f"{tab}}}")
        return lines


def _frame_times(times: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Evenly spaced times for the file's frames, and their distance, s."""
    if len(times) < 2:
        return times, _USUAL_PERIOD_S
    mean = float(times[-1]) / (len(times) - 1)
    if np.abs(times - mean * np.arange(len(times))).max() < 0.25 * mean:
        return times, mean  # a steady take is written frame by frame
    period = max(float(np.median(np.diff(times))), _SHORTEST_PERIOD_S)
    return np.arange(0.0, times[-1] + 0.5 * period, period), period


def _neighbours(
    frame_times: NDArray[np.float64], seen: NDArray[np.int64], times: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """For each of ``times``, the rows of ``seen`` before and after it and how far it is between
    them (N, 1); where the hand is away, it stays with the row before."""
    seen_times = frame_times[seen]
    before = np.clip(np.searchsorted(seen_times, times, side="right") - 1, 0, len(seen) - 1)
    after = np.minimum(before + 1, len(seen) - 1)
    step = seen_times[after] - seen_times[before]
    neighbours = seen[after] - seen[before] == 1
    inside = neighbours & (step > 0)
    share = np.where(inside, (times - seen_times[before]) / np.where(inside, step, 1.0), 0.0)
    return before, after, np.clip(share, 0.0, 1.0)[:, None]


def _euler(turns: Rotation) -> NDArray[np.float64]:
    """(N, 3) degrees in the order of the channels, without jumps of a full turn."""
    with warnings.catch_warnings():
        # At gimbal lock one angle is free; any choice gives the same rotation.
        warnings.filterwarnings("ignore", message="Gimbal lock")
        angles = turns.as_euler(_EULER, degrees=True)
    return np.asarray(np.unwrap(angles, period=360.0, axis=0))


def _children(joint: int) -> list[int]:
    return [child for child, parent in enumerate(ROTATION_PARENTS) if parent == joint]


def _depth_first(joint: int = 0) -> Iterator[int]:
    """The joints in the order in which the hierarchy names them."""
    yield joint
    for child in _children(joint):
        yield from _depth_first(child)


def _root(name: str) -> list[str]:
    channels = f"CHANNELS 6 {_POSITION_CHANNELS} {_ROTATION_CHANNELS}"
    return ["HIERARCHY", f"ROOT {name}", "{", "\tOFFSET 0 0 0", f"\t{channels}"]


def _vector(values: NDArray[np.float64]) -> str:
    return " ".join(f"{value:.6f}" for value in values)
