"""Reads results back from JSON lines, frame by frame or as a whole. ``docs/formats.md`` has the
schema, ``jsonl`` the writer."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.closing import Closing
from hands3c_core.errors import UserError
from hands3c_core.export.limits import MOST_SHAPE, MOST_TURN, furthest, is_possible
from hands3c_core.reading import Fields, transcoded
from hands3c_core.types import Camera, CropBox, FrameResult, Hand

FORMAT_NAME: Final = "hands3c-results"
SCHEMA_VERSION: Final = 1
#: No line is longer, bytes: two hands with 6,573 logged vertices take half a megabyte.
_LONGEST_LINE: Final = 1 << 26
#: A log in UTF-16 is held in memory as a whole, bytes.
_MOST_UTF16: Final = 1 << 28
_HEADER_TEXTS: Final = ("hand_model", "estimator", "source")

# What a log can hold, generously.
_MOST_PX: Final = 1e7
#: In widths or heights of the picture: focal length and principal point.
_FOCAL: Final = (1e-3, 1e3)
_MOST_OFF: Final = 100.0
_LARGEST_IMAGE: Final = 1 << 20
_MOST_SECONDS: Final = 1e8  # three years
_MOST_MS: Final = 1e7
_MOST_SIGMA_M: Final = 1e4  # of a joint that nothing is known of
#: Rounding aside.
_CONFIDENCE: Final = (-0.01, 1.01)
_MOST_CROP_TURN: Final = 100.0
_MOST_HANDS: Final = 64


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


def as_logged(frame: FrameResult | LoggedFrame, take_time: float | None = None) -> LoggedFrame:
    """What recorders take, a result or a logged frame, as the latter, without hands that no reader
    would believe (``limits``); ``take_time`` is a result's, as in ``LoggedFrame.of``."""
    logged = LoggedFrame.of(frame, take_time) if isinstance(frame, FrameResult) else frame
    hands = tuple(hand for hand in logged.hands if is_possible(hand, logged.camera))
    return logged if len(hands) == len(logged.hands) else replace(logged, hands=hands)


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


class ResultReader(Closing):
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
            self._file = transcoded(self.path.open("rb"), _MOST_UTF16)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UserError(f"cannot read {self.path}: {reason}") from error
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

    def __iter__(self) -> Iterator[LoggedFrame]:
        return (frame for _, frame in self.records() if frame is not None)

    def records(self) -> Iterator[tuple[dict[str, Any], LoggedFrame | None]]:
        """Every line after the header as it stands, and the frame in it, if there is one."""
        camera = self._camera
        for number, content in self._lines:
            fields = Fields(content, f"{self.path}, line {number}")
            kind = fields.text("type")
            if kind == "camera":
                camera = read_camera(fields.inner("camera"))
            yield content, read_frame(fields, camera) if kind == "frame" else None

    def _read_header(self) -> dict[str, Any]:
        _, header = next(self._lines, (0, None))
        if not isinstance(header, dict) or header.get("format") != FORMAT_NAME:
            raise UserError(
                f"{self.path} is not a results log (its first line is no {FORMAT_NAME} header)"
            )
        fields = Fields(header, f"{self.path}, line 1")
        version = fields.integer("version", 0, 1 << 31)
        if version > SCHEMA_VERSION:
            raise UserError(
                f"{self.path} has version {version}; this program reads up to {SCHEMA_VERSION}"
            )
        self._camera = read_camera(fields.inner("camera"))
        texts = {key: fields.text(key) for key in _HEADER_TEXTS if key in fields}
        return {**header, **texts}

    def _contents(self) -> Iterator[tuple[int, Any]]:
        """Number and content of each line; a last line that is cut off is left out."""
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
            yield number, content


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


def read_camera(fields: Fields) -> Camera:
    """A camera as logs and arrays tell it; raises UserError."""
    width = fields.integer("width", 1, _LARGEST_IMAGE)
    height = fields.integer("height", 1, _LARGEST_IMAGE)
    least, most = (share * max(width, height) for share in _FOCAL)
    return Camera(
        fx=fields.number("fx", least, most),
        fy=fields.number("fy", least, most),
        cx=fields.number("cx", -_MOST_OFF * width, _MOST_OFF * width),
        cy=fields.number("cy", -_MOST_OFF * height, _MOST_OFF * height),
        width=width,
        height=height,
    )


def read_frame(fields: Fields, camera: Camera) -> LoggedFrame:
    """A frame as logs tell it; raises UserError."""
    return LoggedFrame(
        index=fields.integer("index", 0, 1 << 53),
        timestamp=fields.number("time", -_MOST_SECONDS, _MOST_SECONDS),
        camera=camera,
        hands=tuple(_hand(hand, camera) for hand in fields.each("hands", _MOST_HANDS)),
        timings_ms=fields.numbers("timings_ms", -1.0, _MOST_MS),
        source_time=_if_told(fields, "source_time", _MOST_SECONDS),
        captured_at=fields.text("captured_at", longest=100)
        if _told(fields, "captured_at")
        else None,
    )


def _told(fields: Fields, key: str) -> bool:
    """Whether a log, of a version that does, tells something."""
    return fields.values.get(key) is not None


def _if_told(fields: Fields, key: str, most: float) -> float | None:
    return fields.number(key, -most, most) if _told(fields, key) else None


def _hand(fields: Fields, camera: Camera) -> Hand:
    far = furthest(camera)

    def floats(
        name: str, shape: tuple[int, ...], most: float, least: float | None = None
    ) -> NDArray[np.float32]:
        low = -most if least is None else least
        return fields.array(name, shape, low, most, holes=True).astype(np.float32)

    crop = fields.array("crop", (3,), -_MOST_PX, _MOST_PX)
    angle = _if_told(fields, "crop_angle", _MOST_CROP_TURN)
    has_vertices = fields.values.get("vertices") is not None
    return Hand(
        track_id=fields.integer("track_id", 0, (1 << 31) - 1),
        is_right=fields.flag("is_right"),
        confidence=fields.measured("confidence", *_CONFIDENCE),
        vertices=floats("vertices", (-1, 3), far) if has_vertices else np.zeros((0, 3), np.float32),
        joints_3d=floats("joints_3d", (21, 3), far),
        joints_2d=floats("joints_2d", (21, 2), _MOST_PX),
        landmarks_2d=floats("landmarks_2d", (21, 2), _MOST_PX),
        pose=floats("pose", (16, 3), MOST_TURN),
        shape=floats("shape", (10,), MOST_SHAPE),
        translation=floats("translation", (3,), far),
        crop=CropBox(float(crop[0]), float(crop[1]), float(crop[2]), angle or 0.0),
        reprojection_error_px=fields.measured("reprojection_error_px", 0.0),
        estimator=fields.text("estimator", longest=1000),
        joint_sigma=floats("joint_sigma", (21,), _MOST_SIGMA_M, 0.0)
        if _told(fields, "joint_sigma")
        else None,
        is_unsure=_told(fields, "is_unsure") and fields.flag("is_unsure"),
        is_filled=_told(fields, "is_filled") and fields.flag("is_filled"),
    )
