"""A take's parameters as NumPy arrays (NPZ) and its joint angles as a table (CSV)."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

import numpy as np

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import (
    JOINT_NAMES,
    NUM_JOINTS,
    NUM_ROTATIONS,
    NUM_SHAPE,
    ROTATION_NAMES,
)
from hands3c_core.export.results import LoggedFrame, as_logged
from hands3c_core.hand_model import HandModelData
from hands3c_core.hand_model.joint_angles import ANGLE_NAMES, joint_angles
from hands3c_core.types import FrameResult, Hand

NPZ_FORMAT: Final = "hands3c-arrays"
NPZ_VERSION: Final = 1

#: Columns of the table before the angles.
CSV_COLUMNS: Final = ("frame", "time_s", "hand", "track_id", "confidence")
#: Columns after them.
CSV_LAST_COLUMNS: Final = ("source_time_s", "captured_at")

#: Per-hand arrays of the NPZ: name -> (shape of a row, dtype, where a hand has it).
_HAND_ARRAYS: Final[dict[str, tuple[tuple[int, ...], Any, Callable[[Hand], Any]]]] = {
    "track_id": ((), np.int64, lambda hand: hand.track_id),
    "is_right": ((), np.bool_, lambda hand: hand.is_right),
    "confidence": ((), np.float32, lambda hand: hand.confidence),
    "is_filled": ((), np.bool_, lambda hand: hand.is_filled),
    "pose": ((NUM_ROTATIONS, 3), np.float32, lambda hand: hand.pose),
    "shape": ((NUM_SHAPE,), np.float32, lambda hand: hand.shape),
    "translation": ((3,), np.float32, lambda hand: hand.translation),
    "joints_3d": ((NUM_JOINTS, 3), np.float32, lambda hand: hand.joints_3d),
    "joints_2d": ((NUM_JOINTS, 2), np.float32, lambda hand: hand.joints_2d),
    "landmarks_2d": ((NUM_JOINTS, 2), np.float32, lambda hand: hand.landmarks_2d),
    "crop": (
        (3,),
        np.float32,
        lambda hand: (hand.crop.center_x, hand.crop.center_y, hand.crop.side),
    ),
    "crop_angle": ((), np.float32, lambda hand: hand.crop.angle),
    "reprojection_error_px": ((), np.float32, lambda hand: hand.reprojection_error_px),
}


class ArrayRecorder:
    """Collects a take, then writes one compressed NPZ without any pickled object.

    Arrays over the N frames: ``frame_index``, ``time``, ``source_time``, ``captured_at``,
    ``camera`` (N, 6). Arrays over the M hands
    of all frames, in order: ``hand_frame`` (the row of its frame) and those of ``types.Hand``.

    Args:
        about: what the take is of, as in a log's header: ``hand_model``, ``estimator``, ``source``,
            ``skeleton``.
    """

    def __init__(self, about: dict[str, Any]) -> None:
        self._about = about
        self._frames: list[tuple[int, float, tuple[float, ...]]] = []
        self._source_times: list[float] = []
        self._captured: list[np.datetime64] = []
        self._hand_frames: list[int] = []
        self._hands: dict[str, list[Any]] = {name: [] for name in _HAND_ARRAYS}

    def add(self, frame: FrameResult | LoggedFrame) -> None:
        """Add a frame."""
        frame = as_logged(frame)
        lens = frame.camera
        camera = (lens.fx, lens.fy, lens.cx, lens.cy, float(lens.width), float(lens.height))
        for hand in frame.hands:
            self._hand_frames.append(len(self._frames))
            for name, (_, kind, value) in _HAND_ARRAYS.items():
                self._hands[name].append(np.asarray(value(hand), kind))
        self._frames.append((frame.index, frame.timestamp, camera))
        self._source_times.append(np.nan if frame.source_time is None else frame.source_time)
        self._captured.append(utc_datetime(frame.captured_at))

    def save(self, path: str | Path) -> Path:
        """Write the file, whole or not at all; raises UserError if it cannot be written."""
        indices, times, cameras = zip(*self._frames, strict=True) if self._frames else ((), (), ())
        about = {"format": NPZ_FORMAT, "version": NPZ_VERSION, **self._about}
        arrays: dict[str, Any] = {
            "about": np.array(json.dumps(about)),
            "joint_names": np.array(JOINT_NAMES),
            "rotation_names": np.array(ROTATION_NAMES),
            "frame_index": np.array(indices, np.int64),
            "time": np.array(times, np.float64),
            "source_time": np.array(self._source_times, np.float64),
            "captured_at": np.array(self._captured, "datetime64[us]"),
            "camera": np.array(cameras, np.float64).reshape(-1, 6),
            "hand_frame": np.array(self._hand_frames, np.int64),
        }
        for name, (shape, kind, _) in _HAND_ARRAYS.items():
            arrays[name] = np.array(self._hands[name], kind).reshape(-1, *shape)

        def write(temporary: Path) -> None:
            with temporary.open("wb") as file:
                np.savez_compressed(file, **arrays)

        return write_atomically(path, write)


class AngleTable:
    """Collects a take, then writes its joint angles as CSV: a row per hand and frame, degrees.

    Args:
        model: the hand model whose mean pose and joint axes the poses are for.
    """

    def __init__(self, model: HandModelData) -> None:
        self._model = model
        self._lines = [",".join((*CSV_COLUMNS, *ANGLE_NAMES, *CSV_LAST_COLUMNS))]

    def add(self, frame: FrameResult | LoggedFrame) -> None:
        """Add a frame; what is not known of a hand stays empty."""
        frame = as_logged(frame)
        for hand in frame.hands:
            cells = [
                str(frame.index),
                f"{frame.timestamp:.6f}",
                "right" if hand.is_right else "left",
                str(hand.track_id),
                _cell(hand.confidence, 4),
            ]
            angles = joint_angles(hand.pose, self._model).reshape(-1)
            last = ["" if frame.source_time is None else f"{frame.source_time:.6f}"]
            last.append(frame.captured_at or "")
            self._lines.append(",".join([*cells, *(_cell(angle, 2) for angle in angles), *last]))

    def save(self, path: str | Path) -> Path:
        """Write the file, whole or not at all; raises UserError if it cannot be written."""
        return write_atomically(path, ("\n".join(self._lines) + "\n").encode())


def _cell(value: float, decimals: int) -> str:
    # Adding zero turns -0.0 into 0.0.
    return f"{round(float(value), decimals) + 0.0:.{decimals}f}" if np.isfinite(value) else ""


def utc_datetime(text: str | None) -> np.datetime64:
    """``LoggedFrame.captured_at`` as a NumPy date in UTC; NaT if there is none or it is none."""
    try:
        moment = datetime.fromisoformat(text or "").astimezone(timezone.utc)
    except ValueError:
        return np.datetime64("NaT", "us")
    return np.datetime64(moment.replace(tzinfo=None), "us")
