"""Results as JSON lines: one header, then one line per frame. ``docs/formats.md`` has the schema.

Every line is flushed when it is written, so a killed run loses at most the line it was writing, and
the reader takes a file whose last line is cut off.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TextIO

import numpy as np
from numpy.typing import NDArray

from ..atomic import write_atomically
from ..conventions import JOINT_NAMES, ROTATION_NAMES
from ..errors import UserError
from ..types import Camera, CropBox, FrameResult, Hand

FORMAT_NAME: Final = "hands3c-results"
SCHEMA_VERSION: Final = 1


@dataclass(frozen=True)
class LoggedFrame:
    """One frame as read back."""

    index: int
    """Position in the source."""
    timestamp: float
    """Seconds, as in ``Frame``."""
    camera: Camera
    """The camera in force."""
    hands: tuple[Hand, ...]
    """As logged; ``vertices`` is (0, 3) unless the log holds them."""
    timings_ms: dict[str, float]
    """As in ``FrameResult``."""


def _numbers(values: Any, decimals: int) -> Any:
    """Nested lists of rounded numbers; what is not finite becomes null, as JSON has no NaN."""
    array = np.asarray(values, dtype=np.float64)
    if np.isfinite(array).all():
        return np.round(array, decimals).tolist()

    def clean(item: Any) -> Any:
        if isinstance(item, list):
            return [clean(part) for part in item]
        return item if math.isfinite(item) else None

    return clean(np.round(array, decimals).tolist())


def _array(values: Any, shape: tuple[int, ...], name: str) -> NDArray[np.float32]:
    array = np.array(values, dtype=np.float32) if values is not None else np.zeros(0, np.float32)
    if array.shape != shape and not (shape[0] < 0 and array.shape[1:] == shape[1:]):
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    return array


class ResultLog:
    """Writes results to a JSONL file. Use as a context manager or call ``close``.

    Args:
        path: the file; an older one is replaced when the first line is written.
        hand_model: name of the hand model.
        estimator: name of the estimator.
        source: what the frames came from, for the reader's information.
        vertices: also log every vertex (about 40 kB a hand and frame).

    Raises:
        UserError: the file cannot be written.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        hand_model: str,
        estimator: str,
        source: str = "",
        vertices: bool = False,
    ) -> None:
        self.path = Path(path)
        self.frames = 0
        self._about = {"hand_model": hand_model, "estimator": estimator, "source": source}
        self._vertices = vertices
        self._camera: Camera | None = None
        self._file: TextIO | None = None
        self._closed = False

    def write(self, result: FrameResult) -> None:
        """Append a frame. Raises UserError when the disk refuses, ValueError after ``close``."""
        if self._closed:
            raise ValueError("the log is closed")
        if self._file is None:
            self._begin(result.camera)
        elif result.camera != self._camera:
            self._line({"type": "camera", "camera": asdict(result.camera)})
        self._camera = result.camera
        self._line(
            {
                "type": "frame",
                "index": result.frame.index,
                "time": round(result.frame.timestamp, 6),
                "timings_ms": {k: round(v, 3) for k, v in result.timings_ms.items()},
                "hands": [self._hand(hand) for hand in result.hands],
            }
        )
        self.frames += 1

    def close(self) -> None:
        """Finish the file. A log without frames leaves no file. Safe to call twice."""
        self._closed = True
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> ResultLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _begin(self, camera: Camera) -> None:
        header = {
            "type": "header",
            "format": FORMAT_NAME,
            "version": SCHEMA_VERSION,
            "units": {"length": "m", "angle": "rad", "image": "px", "time": "s"},
            "frame": "camera: x right, y down, z forward; pixel centres have integer coordinates",
            "joint_names": list(JOINT_NAMES),
            "rotation_names": list(ROTATION_NAMES),
            "camera": asdict(camera),
            **self._about,
        }
        write_atomically(self.path, (json.dumps(header, allow_nan=False) + "\n").encode())
        try:
            self._file = self.path.open("a", encoding="utf-8", newline="\n")
        except OSError as error:
            raise UserError(f"cannot write {self.path}: {error.strerror}") from error

    def _line(self, content: dict[str, Any]) -> None:
        assert self._file is not None
        try:
            self._file.write(json.dumps(content, allow_nan=False, separators=(",", ":")) + "\n")
            self._file.flush()
        except OSError as error:
            raise UserError(
                f"cannot write {self.path}: {error.strerror}; is the disk full?"
            ) from error

    def _hand(self, hand: Hand) -> dict[str, Any]:
        crop = (hand.crop.center_x, hand.crop.center_y, hand.crop.side)
        line = {
            "track_id": hand.track_id,
            "is_right": bool(hand.is_right),
            "confidence": _numbers(hand.confidence, 4),
            "estimator": hand.estimator,
            "pose": _numbers(hand.pose, 5),
            "shape": _numbers(hand.shape, 5),
            "translation": _numbers(hand.translation, 6),
            "joints_3d": _numbers(hand.joints_3d, 6),
            "joints_2d": _numbers(hand.joints_2d, 2),
            "landmarks_2d": _numbers(hand.landmarks_2d, 2),
            "crop": _numbers(crop, 2),
            "reprojection_error_px": _numbers(hand.reprojection_error_px, 3),
        }
        if self._vertices:
            line["vertices"] = _numbers(hand.vertices, 6)
        return line


@dataclass(frozen=True)
class LoggedResults:
    """A whole log."""

    header: dict[str, Any]
    """The first line."""
    frames: list[LoggedFrame]
    """All complete frames, in order."""
    truncated: bool
    """Whether the last line was cut off (and left out)."""


def read_results(path: str | Path) -> LoggedResults:
    """Read a log.

    A last line that is cut off is left out. Raises UserError if the file cannot be read, is not
    such a log, is of a newer version, or is damaged before its last line (with the line's number).
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    lines = _parsed_lines(path, text)
    header = next(lines, None)
    if not isinstance(header, dict) or header.get("format") != FORMAT_NAME:
        raise UserError(f"{path} is not a results log (its first line is no {FORMAT_NAME} header)")
    if not isinstance(header.get("version"), int) or header["version"] > SCHEMA_VERSION:
        raise UserError(
            f"{path} has version {header.get('version')}; this program reads up to {SCHEMA_VERSION}"
        )
    frames, number, truncated = [], 1, False
    try:
        camera = Camera(**header["camera"])
        for content in lines:
            number += 1
            if content is None:
                truncated = True
            elif content["type"] == "camera":
                camera = Camera(**content["camera"])
            elif content["type"] == "frame":
                frames.append(_logged_frame(content, camera))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path}, line {number}: not as documented ({error})") from error
    return LoggedResults(header, frames, truncated)


def _parsed_lines(path: Path, text: str) -> Iterator[Any]:
    """Each line's content; None for a last line that is cut off."""
    lines = text.splitlines()
    complete = text.endswith("\n")
    for number, line in enumerate(lines, start=1):
        try:
            yield json.loads(line)
        except (ValueError, RecursionError) as error:
            if number == len(lines) and number > 1 and not complete:
                yield None
            else:
                raise UserError(f"{path}, line {number}: not JSON; the file is damaged") from error


def _logged_frame(content: dict[str, Any], camera: Camera) -> LoggedFrame:
    return LoggedFrame(
        index=int(content["index"]),
        timestamp=float(content["time"]),
        camera=camera,
        hands=tuple(_logged_hand(hand) for hand in content["hands"]),
        timings_ms={str(k): float(v) for k, v in content.get("timings_ms", {}).items()},
    )


def _logged_hand(content: dict[str, Any]) -> Hand:
    def number(name: str) -> float:
        value = content[name]
        return math.nan if value is None else float(value)

    crop = _array(content["crop"], (3,), "crop")
    vertices = content.get("vertices")
    return Hand(
        track_id=int(content["track_id"]),
        is_right=bool(content["is_right"]),
        confidence=number("confidence"),
        vertices=np.zeros((0, 3), np.float32)
        if vertices is None
        else _array(vertices, (-1, 3), "vertices"),
        joints_3d=_array(content["joints_3d"], (21, 3), "joints_3d"),
        joints_2d=_array(content["joints_2d"], (21, 2), "joints_2d"),
        landmarks_2d=_array(content["landmarks_2d"], (21, 2), "landmarks_2d"),
        pose=_array(content["pose"], (16, 3), "pose"),
        shape=_array(content["shape"], (10,), "shape"),
        translation=_array(content["translation"], (3,), "translation"),
        crop=CropBox(*(float(value) for value in crop)),
        reprojection_error_px=number("reprojection_error_px"),
        estimator=str(content["estimator"]),
    )
