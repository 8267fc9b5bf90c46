"""Results as JSON lines: one header, then one line per frame. ``docs/formats.md`` has the schema,
``results`` the reader.

Every line reaches the operating system when it is written, so a killed run loses at most the line
it was writing. When the disk refuses a line, what was written of it is taken back.
"""

from __future__ import annotations

import contextlib
import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hands3c_core.atomic import write_atomically
from hands3c_core.closing import Closing
from hands3c_core.errors import UserError
from hands3c_core.export.hand_record import skeleton_record
from hands3c_core.export.locks import lock_file
from hands3c_core.export.results import FORMAT_NAME, SCHEMA_VERSION, LoggedFrame, as_logged
from hands3c_core.export.schema import conventions_record, frame_record, header_line, json_line
from hands3c_core.export.settling import SETTLED, TakeShapes, settle_log
from hands3c_core.hand_model import HandModelData
from hands3c_core.types import Camera, FrameResult


class ResultLog(Closing):
    """Writes results to a JSONL file. Use as a context manager or call ``close``.

    Args:
        path: the file; an older one is replaced when the first line is written.
        hand_model: the hand model, by default that of the first result; or its name alone, but then
            poses cannot be used without it.
        estimator: name of the estimator, by default that of the first hand.
        source: what the frames came from, for the reader's information.
        vertices: also log every vertex (about 40 kB a hand and frame).
        settle: when it is closed, give each hand one shape throughout (``settling``), as animations
            of it have; for one clip of the same hands, not for unrelated pictures. Needs a hand
            model, not its name alone.

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
        settle: bool = False,
    ) -> None:
        self.path = Path(path)
        self.frames = 0
        self._model = None if isinstance(hand_model, str) else hand_model
        self._name = hand_model if isinstance(hand_model, str) else None
        self._estimator = estimator
        self._source = source
        self._vertices = vertices
        self._shapes = TakeShapes() if settle else None
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
        frame = as_logged(result, time)
        self._line(frame_record(frame, self._model, vertices=self._vertices))
        if self._shapes is not None:
            self._shapes.add(frame.hands)
        self.frames += 1

    def close(self) -> None:
        """Finish the file. A log without frames leaves no file. Safe to call twice."""
        self._closed = True
        if self._file is None:
            return
        self._file.close()
        self._file = None
        if self._shapes is not None and self._model is not None:
            with contextlib.suppress(UserError):  # somebody took it away, or spoilt it
                settle_log(self.path, self._model, self._shapes.settled())

    def _begin(self, result: FrameResult | LoggedFrame) -> None:
        if self._model is None and self._name is None and isinstance(result, FrameResult):
            self._model = result.model
        hand = result.hands[0] if result.hands else None
        about = {
            "hand_model": self._name or (self._model.name if self._model is not None else ""),
            "estimator": self._estimator or (hand.estimator if hand is not None else ""),
            "source": self._source,
        }
        settles = self._shapes is not None and self._model is not None
        header = {
            "type": "header",
            "format": FORMAT_NAME,
            "version": SCHEMA_VERSION,
            **conventions_record(),
            "camera": asdict(result.camera),
            **about,
            **({SETTLED: False} if settles else {}),
            **({} if self._model is None else {"skeleton": skeleton_record(self._model)}),
        }
        content = header_line(header)
        write_atomically(self.path, content)
        self._end = len(content)
        try:
            self._file = io.FileIO(self.path, "a")
            lock_file(self._file.fileno())
        except OSError as error:
            raise UserError(f"cannot write {self.path}: {error.strerror}") from error

    def _line(self, content: dict[str, Any]) -> None:
        assert self._file is not None
        line = json_line(content)
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
