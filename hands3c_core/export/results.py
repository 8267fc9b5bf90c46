"""Reads results back from JSON lines, frame by frame or as a whole. ``docs/formats.md`` has the
schema, ``jsonl`` the writer."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from ..types import Camera, CropBox, FrameResult, Hand

FORMAT_NAME: Final = "hands3c-results"
SCHEMA_VERSION: Final = 1
#: No line is longer, bytes: two hands with 6,573 logged vertices take half a megabyte.
_LONGEST_LINE: Final = 1 << 26


@dataclass(frozen=True)
class LoggedFrame:
    """One frame as logged: what a ``FrameResult`` says, without the picture."""

    index: int
    """Position in the source."""
    timestamp: float
    """Seconds of the take's own time, from 0 on and never back; the source's where there is no
    take."""
    camera: Camera
    """The camera in force."""
    hands: tuple[Hand, ...]
    """As logged; ``vertices`` is (0, 3) unless the log holds them."""
    timings_ms: dict[str, float]
    """As in ``FrameResult``."""
    source_time: float | None = None
    """Seconds, as ``Frame.timestamp``; None if an older log does not tell."""
    captured_at: str | None = None
    """When the frame arrived, ISO 8601 in UTC; None if an older log does not tell."""

    @classmethod
    def of(cls, result: FrameResult, take_time: float | None = None) -> LoggedFrame:
        """``result`` without its picture, at a take's own ``take_time`` (the source's if None)."""
        frame = result.frame
        return cls(
            frame.index,
            frame.timestamp if take_time is None else take_time,
            result.camera,
            result.hands,
            result.timings_ms,
            frame.timestamp,
            wall_clock(frame.captured_at),
        )


def wall_clock(monotonic: float) -> str:
    """A reading of ``time.monotonic()`` as a UTC date: '2026-11-30T09:02:11.123456+00:00'."""
    seconds = time.time() - time.monotonic() + monotonic
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class LoggedResults:
    """A whole log."""

    header: dict[str, Any]
    """The first line."""
    frames: list[LoggedFrame]
    """All complete frames, in order."""
    truncated: bool
    """Whether the last line was cut off (and left out)."""


class ResultReader:
    """A log, frame by frame: needs no more memory for an hour than for a second.

    Use as a context manager and iterate. A last line that is cut off is left out.

    Raises:
        UserError: on opening, the file cannot be read, is not such a log or is of a newer version;
            while iterating, it is damaged before its last line (the line's number is told).
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.truncated = False
        """Whether a cut-off last line was left out; known at the end."""
        try:
            self._size = max(1, self.path.stat().st_size)
            self._file = self.path.open("rb")
        except OSError as error:
            raise UserError(f"cannot read {self.path}: {error.strerror}") from error
        self._lines = self._contents()
        try:
            self.header = self._read_header()
        except BaseException:
            self._file.close()
            raise

    header: dict[str, Any]
    """The first line."""

    @property
    def fraction(self) -> float:
        """How much of the file has been read, 0 to 1."""
        return 1.0 if self._file.closed else min(1.0, self._file.tell() / self._size)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> ResultReader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[LoggedFrame]:
        camera = self._camera
        number = 1
        try:
            for content in self._lines:
                number += 1
                if content["type"] == "camera":
                    camera = Camera(**content["camera"])
                elif content["type"] == "frame":
                    yield _logged_frame(content, camera)
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"{self.path}, line {number}: not as documented ({error})") from error

    def _read_header(self) -> dict[str, Any]:
        header = next(self._lines, None)
        if not isinstance(header, dict) or header.get("format") != FORMAT_NAME:
            raise UserError(
                f"{self.path} is not a results log (its first line is no {FORMAT_NAME} header)"
            )
        version = header.get("version")
        if not isinstance(version, int) or version > SCHEMA_VERSION:
            raise UserError(
                f"{self.path} has version {version}; this program reads up to {SCHEMA_VERSION}"
            )
        try:
            self._camera = Camera(**header["camera"])
        except (KeyError, TypeError) as error:
            raise UserError(f"{self.path}, line 1: not as documented ({error})") from error
        return header

    def _contents(self) -> Iterator[Any]:
        """What each line holds; a last line that is cut off is left out."""
        number = 0
        while line := self._file.readline(_LONGEST_LINE):
            number += 1
            try:
                content = json.loads(line.decode("utf-8", errors="replace"))
            except (ValueError, RecursionError) as error:
                if number > 1 and not line.endswith(b"\n") and not self._file.read(1):
                    self.truncated = True
                    return
                raise UserError(
                    f"{self.path}, line {number}: not JSON; the file is damaged"
                ) from error
            yield content


def read_results(path: str | Path) -> LoggedResults:
    """Read a whole log; as ``ResultReader``, with the same errors."""
    with ResultReader(path) as reader:
        frames = list(reader)
    return LoggedResults(reader.header, frames, reader.truncated)


def with_vertices(frame: LoggedFrame, vertices: list[NDArray[np.float32]]) -> LoggedFrame:
    """``frame`` whose hands have these vertices (V, 3), metres, camera frame."""
    hands = (
        replace(hand, vertices=points) for hand, points in zip(frame.hands, vertices, strict=True)
    )
    return replace(frame, hands=tuple(hands))


def _array(values: Any, shape: tuple[int, ...], name: str) -> NDArray[np.float32]:
    array = np.array(values, dtype=np.float32) if values is not None else np.zeros(0, np.float32)
    if array.shape != shape and not (shape[0] < 0 and array.shape[1:] == shape[1:]):
        raise ValueError(f"{name} has shape {array.shape}, expected {shape}")
    return array


def _logged_frame(content: dict[str, Any], camera: Camera) -> LoggedFrame:
    return LoggedFrame(
        index=int(content["index"]),
        timestamp=float(content["time"]),
        camera=camera,
        hands=tuple(_logged_hand(hand) for hand in content["hands"]),
        source_time=_optional(content, "source_time", float),
        captured_at=_optional(content, "captured_at", str),
        timings_ms={str(k): float(v) for k, v in content.get("timings_ms", {}).items()},
    )


def _optional(content: dict[str, Any], name: str, kind: type) -> Any:
    """What newer logs tell."""
    value = content.get(name)
    return None if value is None else kind(value)


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
        crop=CropBox(*(float(value) for value in crop), float(content.get("crop_angle", 0.0))),
        reprojection_error_px=number("reprojection_error_px"),
        estimator=str(content["estimator"]),
    )
