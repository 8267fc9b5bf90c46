# SPDX-License-Identifier: GPL-3.0-or-later
"""A recording: its own thread that draws, encodes and writes, so that nothing else waits for it."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.config import ViewState
from app.observe import Observable
from app.painter import Painter
from app.session_types import RecordingState, Shown, Take
from app.workers import BoundedQueue
from hands3c_core.errors import UserError
from hands3c_core.types import FrameResult

if TYPE_CHECKING:
    from hands3c_core.export import GlbRecorder, ResultLog
    from hands3c_core.export.video import VideoWriter

log = logging.getLogger(__name__)

#: Frames that may wait for the encoder: half a second, under 50 MB at 720p.
_QUEUE = 16
#: A source that names no frame rate is written with this one.
_FALLBACK_FPS = 30.0


@dataclass(frozen=True, slots=True)
class RecordFiles:
    """The files a recording writes; None for those it does not."""

    video: Path | None = None
    glb: Path | None = None
    jsonl: Path | None = None

    @property
    def all(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.video, self.glb, self.jsonl) if path is not None)


class TakeClock:
    """Turns a source's timestamps, which jump on seeks and loops, into a take's own from 0 on."""

    def __init__(self, period: float) -> None:
        """``period``: seconds a jump counts for."""
        self._period = period
        self._last: float | None = None
        self.time = 0.0

    def advance(self, timestamp: float, *, jumped: bool) -> float:
        """The take's time of a frame."""
        if self._last is not None:
            step = timestamp - self._last
            self.time += self._period if jumped or step <= 0 else step
        self._last = timestamp
        return self.time


class Recording:
    """Writes every frame it is given until ``finish``; ends by itself when a file fails."""

    def __init__(
        self,
        files: RecordFiles,
        *,
        view: Observable[ViewState],
        fps: float,
        source: str,
        on_finished: Callable[[Recording], None],
    ) -> None:
        """
        Args:
            files: what to write.
            view: the overlay of the video follows it.
            fps: the source's frame rate, 0 if unknown.
            source: the source's name, for the log's header.
            on_finished: called on the recording's thread when the files are complete.
        """
        self._files = files
        self._view = view
        self._fps = fps or _FALLBACK_FPS
        self._source = source
        self._on_finished = on_finished
        self._queue: BoundedQueue[tuple[Shown, bool]] = BoundedQueue(_QUEUE)
        self._clock = TakeClock(1.0 / self._fps)
        self._video: VideoWriter | None = None
        self._glb: GlbRecorder | None = None
        self._log: ResultLog | None = None
        self._frames = 0
        self._dropped = 0
        self.take: Take | None = None
        """What was written, once finished; None if that is nothing."""
        self.error: str | None = None
        """Why it ended early, in one line."""
        self._thread = threading.Thread(target=self._run, name="hands3c-recording", daemon=True)
        self._thread.start()

    @property
    def state(self) -> RecordingState:
        return RecordingState(
            active=True, seconds=self._clock.time, frames=self._frames, dropped=self._dropped
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
        except UserError as error:
            self.error = f"{error} The recording was ended; what was written is kept."
        except Exception as error:
            log.exception("a recording failed")
            self.error = f"The recording failed ({error}); the log has the details."
        self._queue.close(drop=True)
        self._complete()
        self._on_finished(self)

    def _write(self, painter: Painter, shown: Shown, jumped: bool) -> None:
        if self._frames == 0:
            self._open(shown)
        time = self._clock.advance(shown.result.frame.timestamp, jumped=jumped)
        result = _at(shown.result, time)
        if self._video is not None:
            image = painter.annotate(shown, self._view.value, labels=True)
            self._video.write(image, time)
        if self._glb is not None:
            self._glb.add(result)
        if self._log is not None:
            self._log.write(result)
        self._frames += 1

    def _open(self, shown: Shown) -> None:
        from hands3c_core.export import GlbRecorder, ResultLog
        from hands3c_core.export.video import VideoWriter

        assert shown.model is not None
        for file in self._files.all:
            try:
                file.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UserError(
                    f"Cannot make the folder {file.parent}: {error.strerror}."
                ) from error
        if self._files.video is not None:
            height, width = shown.result.frame.image.shape[:2]
            self._video = VideoWriter(self._files.video, (width, height), self._fps)
        if self._files.glb is not None:
            self._glb = GlbRecorder(shown.model.hand, shown.model.texture)
        if self._files.jsonl is not None:
            self._log = ResultLog(
                self._files.jsonl,
                hand_model=shown.model.hand.name,
                estimator=shown.model.pipeline.estimator.name,
                source=self._source,
            )

    def _complete(self) -> None:
        """Close the files, each as well as it goes, and sum up."""
        steps: list[Callable[[], object]] = []
        if self._video is not None:
            steps.append(self._video.close)
        if self._log is not None:
            steps.append(self._log.close)
        if self._glb is not None and self._files.glb is not None:
            recorder, path = self._glb, self._files.glb
            steps.append(lambda: recorder.save(path))
        for step in steps:
            try:
                step()
            except UserError as error:
                self.error = self.error or str(error)
            except Exception as error:
                log.exception("a recording could not be completed")
                self.error = self.error or f"A file could not be completed ({error})."
        if self._frames == 0:
            return
        written = tuple(file for file in self._files.all if file.exists())
        size = 0
        for file in written:
            with contextlib.suppress(OSError):
                size += file.stat().st_size
        if written:
            self.take = Take(written, self._frames, self._clock.time + 1.0 / self._fps, size)


def _at(result: FrameResult, time: float) -> FrameResult:
    """``result`` at a take's own time."""
    return replace(result, frame=replace(result.frame, timestamp=time))
