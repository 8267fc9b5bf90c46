# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording: its own thread that draws, encodes and writes, so that nothing else waits for it."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hands3c_core.errors import UserError, unexpected
from hands3c_core.gaps import MOST_GAP_S
from hands3c_core.names import cut_name

from .config import ViewState
from .observe import Observable
from .painter import Painter
from .session_types import RecordingState, Shown, Take
from .take_files import RAW_SUFFIX, size_of
from .workers import BoundedQueue

if TYPE_CHECKING:
    from hands3c_core.export import ResultLog
    from hands3c_core.export.finished_mp4 import SoundPart
    from hands3c_core.export.video import VideoWriter
    from hands3c_core.hand_model import HandModelData

log = logging.getLogger(__name__)

#: Frames that may wait for the encoder, at most (under 50 MB at 720p) and in seconds: with the half
#: second of a video's fragment, what a crash can cost stays under a second.
_QUEUE, _QUEUE_S = 16, 0.4
#: A source that names no frame rate is written with this one.
_FALLBACK_FPS = 30.0
#: Bytes of a take's name: its files' names are longer, also while they are written.
_LONGEST_TAKE = 220
#: Constant rate factor of the raw video: its losses cannot be seen.
_RAW_QUALITY = 12
#: A recording ends while there is still room to complete its files, bytes.
RESERVE = 100_000_000
_ROOM_PERIOD_S = 1.0


@dataclass(frozen=True, slots=True)
class RecordFiles:
    """What a recording writes; None for files it does not."""

    video: Path | None = None
    """The picture with its overlay."""
    raw: Path | None = None
    """The source's frames."""
    jsonl: Path | None = None
    exports: tuple[str, ...] = ()
    """Formats (``export.FORMATS``) to make of the JSONL when the recording is complete."""

    @classmethod
    def named(cls, base: Path, kinds: Sequence[str]) -> RecordFiles:
        """The files ``base`` + suffix for ``kinds`` of ``config.RECORD_KINDS``. With exports comes
        the JSONL they are made of."""
        base = base.with_name(cut_name(base.name, most=_LONGEST_TAKE))
        exports = tuple(kind for kind in kinds if kind not in ("video", "raw", "jsonl"))
        return cls(
            video=base.with_name(f"{base.name}.mp4") if "video" in kinds else None,
            raw=base.with_name(base.name + RAW_SUFFIX) if "raw" in kinds else None,
            jsonl=base.with_name(f"{base.name}.jsonl") if exports or "jsonl" in kinds else None,
            exports=exports,
        )

    @property
    def name(self) -> str:
        """The take's name."""
        ends = (RAW_SUFFIX, ".mp4", ".jsonl")
        name = self.all[0].name if self.all else ""
        return next((name.removesuffix(end) for end in ends if name.endswith(end)), name)

    @property
    def all(self) -> tuple[Path, ...]:
        """What is written as the recording goes."""
        return tuple(path for path in (self.video, self.raw, self.jsonl) if path is not None)


class TakeClock:
    """Turns a source's timestamps, which jump on seeks and loops and where a machine slept, into a
    take's own from 0 on."""

    def __init__(self, period: float) -> None:
        """``period``: seconds a jump counts for."""
        self._period = period
        self._last: float | None = None
        self.time = 0.0

    def advance(self, timestamp: float, *, jumped: bool) -> float:
        """The take's time of a frame."""
        if self._last is not None:
            step = timestamp - self._last
            self.time += self._period if jumped or step <= 0 else min(step, MOST_GAP_S)
        self._last = timestamp
        return self.time


class Stretches:
    """Which stretches of a file a recording holds, so that its sound can be put to them."""

    def __init__(self, file: Path | None, period: float) -> None:
        """``period``: seconds that the last frame of a stretch lasts."""
        self._file = file
        self._period = period
        self._last: float | None = None
        self._spans: list[list[float]] = []
        """[source's start, take's start, length] of each."""

    def add(self, timestamp: float, at: float, *, jumped: bool) -> None:
        """A frame of the source's time ``timestamp`` at the take's time ``at``."""
        if jumped or self._last is None or timestamp <= self._last:
            self._spans.append([timestamp, at, self._period])
        self._spans[-1][2] = timestamp - self._spans[-1][0] + self._period
        self._last = timestamp

    @property
    def parts(self) -> tuple[SoundPart, ...]:
        """What is to be heard."""
        from hands3c_core.export.finished_mp4 import SoundPart

        file = self._file
        return () if file is None else tuple(SoundPart(file, *span) for span in self._spans)


class Recording:
    """Writes every frame it is given until ``finish``; ends by itself when a file fails or the disk
    is nearly full. What was written until then is complete and stays."""

    def __init__(
        self,
        files: RecordFiles,
        *,
        view: Observable[ViewState],
        fps: float,
        source: str,
        on_finished: Callable[[Recording], None],
        on_written: Callable[[Recording], None] | None = None,
        sound: Path | None = None,
        settle: bool = True,
    ) -> None:
        """
        Args:
            files: what to write.
            view: the overlay of the video follows it.
            fps: the source's frame rate, 0 if unknown.
            source: the source's name, for the log's header.
            on_finished: called on the recording's thread when the files are complete.
            on_written: called on the recording's thread after each frame.
            sound: the file the frames come from, whose sound goes with the videos; None for a live
                source.
            settle: whether the hands are the same throughout, so that each gets one shape.
        """
        self.files = files
        self._view = view
        self._fps = fps or _FALLBACK_FPS
        self._source = source
        self._settle = settle
        self._on_written = on_written
        self._on_finished = on_finished
        self._queue: BoundedQueue[tuple[Shown, bool]] = BoundedQueue(
            max(2, min(_QUEUE, round(_QUEUE_S * self._fps)))
        )
        self._clock = TakeClock(1.0 / self._fps)
        self._stretches = Stretches(sound, 1.0 / self._fps)
        self._video: VideoWriter | None = None
        self._raw: VideoWriter | None = None
        self._log: ResultLog | None = None
        self._room_due = 0.0
        self._frames = 0
        self._dropped = 0
        self.hand: HandModelData | None = None
        """The hand model of what was written."""
        self.take: Take | None = None
        """What was written, once finished; None if that is nothing."""
        self.error: str | None = None
        """Why it ended early, in one line."""
        self._thread = threading.Thread(target=self._run, name="hands3c-recording", daemon=True)
        self._thread.start()

    @property
    def state(self) -> RecordingState:
        return RecordingState(
            active=True,
            name=self.files.name,
            seconds=self._clock.time,
            frames=self._frames,
            dropped=self._dropped,
        )

    def add(self, shown: Shown, *, jumped: bool, wait: bool) -> None:
        """Queue a frame. With ``wait`` the caller waits for a free place; without, a frame too
        many is left out and counted. ``jumped``: it does not follow the one before."""
        if not self._queue.put((shown, jumped), wait=wait):
            self._dropped += 1

    def finish(self) -> None:
        """Take no more frames; what is queued is still written."""
        self._queue.close()

    def join(self, timeout: float = 60.0) -> None:
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)

    # ------------------------------------------------------------------------------- the thread

    def _run(self) -> None:
        try:
            painter = Painter()
            while (item := self._queue.get()) is not None:
                self._write(painter, *item)
                if self._on_written is not None:
                    self._on_written(self)
        except UserError as error:
            self.error = str(error)
        except Exception as error:
            self.error = unexpected(log, "The recording failed", error)
        self._queue.close(drop=True)
        try:
            self._complete()
        except Exception as error:  # whoever waits for the end is told of it, whatever it was
            self.error = self.error or unexpected(log, "The recording could not be ended", error)
        self._on_finished(self)

    def _write(self, painter: Painter, shown: Shown, jumped: bool) -> None:
        self._check_room()
        if self._frames == 0:
            self._open(shown)
        timestamp = shown.result.frame.timestamp
        at = self._clock.advance(timestamp, jumped=jumped)
        self._stretches.add(timestamp, at, jumped=jumped)
        if self._log is not None:  # first: it is small, and the rest can be made of it
            self._log.write(shown.result, at)
        if self._video is not None:
            self._video.write(painter.annotate(shown, self._view.value, labels=True), at)
        if self._raw is not None:
            self._raw.write(shown.result.frame.image, at)
        self._frames += 1

    def _check_room(self) -> None:
        """End before the disk is full, while the files can still be completed."""
        now = time.monotonic()
        if now < self._room_due or not self.files.all:
            return
        self._room_due = now + _ROOM_PERIOD_S
        folder = self.files.all[0].parent
        try:
            free = shutil.disk_usage(folder if folder.exists() else folder.parent).free
        except OSError:
            return
        if free < RESERVE:
            kept = "is complete" if self._frames else "was not begun"
            raise UserError(
                f"The disk of {folder} is nearly full ({free / 1e6:.0f} MB left): the recording "
                f"{kept}. Make room or choose another folder."
            )

    def _open(self, shown: Shown) -> None:
        from hands3c_core.export import ResultLog, VideoWriter

        assert shown.model is not None
        self.hand = shown.model.hand
        for file in self.files.all:
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UserError(
                    f"Cannot make the folder {file.parent}: {error.strerror}."
                ) from error
        height, width = shown.result.frame.image.shape[:2]
        if self.files.video is not None:
            self._video = VideoWriter(self.files.video, (width, height), self._fps)
        if self.files.raw is not None:
            size = (width, height)
            self._raw = VideoWriter(self.files.raw, size, self._fps, quality=_RAW_QUALITY)
        if self.files.jsonl is not None:
            self._log = ResultLog(
                self.files.jsonl,
                hand_model=shown.model.hand,
                estimator=shown.model.pipeline.estimator.name,
                source=self._source,
                settle=self._settle,
            )

    def _complete(self) -> None:
        """Close the files, each as well as it goes, and sum up."""
        closers: list[Callable[[], object]] = [
            partial(writer.close, self._stretches.parts)
            for writer in (self._video, self._raw)
            if writer is not None
        ]
        if self._log is not None:  # last: a long one is written anew for minutes
            closers.append(self._log.close)
        for close in closers:
            try:
                close()
            except UserError as error:
                self.error = self.error or str(error)
            except Exception as error:
                told = unexpected(log, "A file could not be completed", error)
                self.error = self.error or told
        written = tuple(file for file in self.files.all if file.exists())
        if self._frames and written:
            length = self._clock.time + 1.0 / self._fps
            self.take = Take(
                name=self.files.name,
                files=written,
                frames=self._frames,
                seconds=length,
                size_bytes=sum(map(size_of, written)),
            )
