"""Results as JSON lines: one header, then one line per frame. ``docs/formats.md`` has the schema,
``results`` the reader.

Every line reaches the operating system when it is written, so a killed run loses at most the line
it was writing. When the disk refuses a line, what was written of it is taken back.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..atomic import write_atomically
from ..closing import Closing
from ..conventions import JOINT_NAMES, ROTATION_NAMES
from ..errors import UserError
from ..hand_model import HandModelData
from ..types import Camera, FrameResult, Hand
from .hand_record import joint_quaternions, skeleton_record
from .results import FORMAT_NAME, SCHEMA_VERSION, LoggedFrame


def rounded(values: Any, decimals: int) -> Any:
    """Nested lists of rounded numbers; what is not finite becomes null, as JSON has no NaN."""
    array = np.asarray(values, dtype=np.float64)
    if np.isfinite(array).all():
        return np.round(array, decimals).tolist()

    def clean(item: Any) -> Any:
        if isinstance(item, list):
            return [clean(part) for part in item]
        return item if math.isfinite(item) else None

    return clean(np.round(array, decimals).tolist())


def conventions_record() -> dict[str, Any]:
    """Units, frame, names and their order: what a reader of hands must know."""
    return {
        "units": {"length": "m", "angle": "rad", "image": "px", "time": "s"},
        "frame": "camera: x right, y down, z forward; pixel centres have integer coordinates",
        "joint_names": list(JOINT_NAMES),
        "rotation_names": list(ROTATION_NAMES),
    }


def frame_record(
    frame: LoggedFrame, model: HandModelData | None = None, *, vertices: bool = False
) -> dict[str, Any]:
    """A frame as the schema has it; joint rotations need the hand model."""
    return {
        "type": "frame",
        "index": frame.index,
        "time": round(frame.timestamp, 6),
        "source_time": None if frame.source_time is None else round(frame.source_time, 6),
        "captured_at": frame.captured_at,
        "timings_ms": {k: round(v, 3) for k, v in frame.timings_ms.items()},
        "hands": [hand_record(hand, model, vertices=vertices) for hand in frame.hands],
    }


def hand_record(
    hand: Hand, model: HandModelData | None = None, *, vertices: bool = False
) -> dict[str, Any]:
    """A hand as the schema has it."""
    crop = (hand.crop.center_x, hand.crop.center_y, hand.crop.side)
    record = {
        "track_id": hand.track_id,
        "is_right": bool(hand.is_right),
        "confidence": rounded(hand.confidence, 4),
        "estimator": hand.estimator,
        "pose": rounded(hand.pose, 5),
        "shape": rounded(hand.shape, 5),
        "translation": rounded(hand.translation, 6),
        "joints_3d": rounded(hand.joints_3d, 6),
        "joints_2d": rounded(hand.joints_2d, 2),
        "landmarks_2d": rounded(hand.landmarks_2d, 2),
        "crop": rounded(crop, 2),
        "crop_angle": rounded(hand.crop.angle, 4),
        "reprojection_error_px": rounded(hand.reprojection_error_px, 3),
        "is_unsure": bool(hand.is_unsure),
        "is_filled": bool(hand.is_filled),
        "joint_sigma": None if hand.joint_sigma is None else rounded(hand.joint_sigma, 5),
    }
    if model is not None:
        turns = joint_quaternions(hand.pose, model.hands_mean, hand.is_right)
        record["rotations"] = rounded(turns, 5)
    if vertices:
        record["vertices"] = rounded(hand.vertices, 6)
    return record


class ResultLog(Closing):
    """Writes results to a JSONL file. Use as a context manager or call ``close``.

    Args:
        path: the file; an older one is replaced when the first line is written.
        hand_model: the hand model, by default that of the first result; or its name alone, but then
            poses cannot be used without it.
        estimator: name of the estimator, by default that of the first hand.
        source: what the frames came from, for the reader's information.
        vertices: also log every vertex (about 40 kB a hand and frame).

    Raises:
        UserError: the file cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        hand_model: HandModelData | str | None = None,
        estimator: str | None = None,
        source: str = "",
        vertices: bool = False,
    ) -> None:
        self.path = Path(path)
        self.frames = 0
        self._model = None if isinstance(hand_model, str) else hand_model
        self._name = hand_model if isinstance(hand_model, str) else None
        self._estimator = estimator
        self._source = source
        self._vertices = vertices
        self._camera: Camera | None = None
        self._file: io.FileIO | None = None
        self._end = 0
        self._closed = False

    @property
    def size_bytes(self) -> int:
        """Bytes written so far."""
        return self._end

    def write(self, result: FrameResult | LoggedFrame, time: float | None = None) -> None:
        """Append a frame.

        Args:
            result: the frame; one that is logged already is written as it is.
            time: the take's own time of it, s; the source's if None.

        Raises:
            UserError: the disk refuses.
            ValueError: after ``close``.
        """
        if self._closed:
            raise ValueError("the log is closed")
        if self._file is None:
            self._begin(result)
        elif result.camera != self._camera:
            self._line({"type": "camera", "camera": asdict(result.camera)})
        self._camera = result.camera
        frame = result if isinstance(result, LoggedFrame) else LoggedFrame.of(result, time)
        self._line(frame_record(frame, self._model, vertices=self._vertices))
        self.frames += 1

    def close(self) -> None:
        """Finish the file. A log without frames leaves no file. Safe to call twice."""
        self._closed = True
        if self._file is not None:
            self._file.close()
            self._file = None

    def _begin(self, result: FrameResult | LoggedFrame) -> None:
        if self._model is None and self._name is None and isinstance(result, FrameResult):
            self._model = result.model
        hand = result.hands[0] if result.hands else None
        about = {
            "hand_model": self._name or (self._model.name if self._model is not None else ""),
            "estimator": self._estimator or (hand.estimator if hand is not None else ""),
            "source": self._source,
        }
        header = {
            "type": "header",
            "format": FORMAT_NAME,
            "version": SCHEMA_VERSION,
            **conventions_record(),
            "camera": asdict(result.camera),
            **about,
            **({} if self._model is None else {"skeleton": skeleton_record(self._model)}),
        }
        content = (json.dumps(header, allow_nan=False) + "\n").encode()
        write_atomically(self.path, content)
        self._end = len(content)
        try:
            self._file = io.FileIO(self.path, "a")
        except OSError as error:
            raise UserError(f"cannot write {self.path}: {error.strerror}") from error

    def _line(self, content: dict[str, Any]) -> None:
        assert self._file is not None
        line = (json.dumps(content, allow_nan=False, separators=(",", ":")) + "\n").encode()
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(self._end)
            raise UserError(
                f"cannot write {self.path}: {error.strerror}; is the disk full?"
            ) from error
        self._end += len(line)
