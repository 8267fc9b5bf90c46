# SPDX-License-Identifier: GPL-3.0-or-later
"""Records the 3D view, alone or beside the camera picture, along with a take. No Qt."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError, unexpected

from .config import SceneVideo
from .observables import Observables
from .painter import Painter
from .recording import TakeClock
from .scene_state import Rendering
from .session_types import FAILURE_S, Notice, RecordingState, Shown
from .take_files import SCENE_SUFFIX
from .workers import BoundedQueue

if TYPE_CHECKING:
    from hands3c_core.export.video import VideoWriter

log = logging.getLogger(__name__)

#: Renderings that may wait for the encoder; more are left out, the view is never held up.
_QUEUE = 12
_FALLBACK_FPS = 30.0


class SceneRecorder:
    """Begins and ends with each take for which the 3D view was chosen too."""

    def __init__(self, observables: Observables, done: Callable[[], None]) -> None:
        """``done`` is called, on a thread of the recorder's, when a file is complete."""
        self._out = observables
        self._done = done
        self._lock = threading.Lock()
        self._queue: BoundedQueue[Rendering] | None = None
        self._threads: list[threading.Thread] = []
        self._last: Shown | None = None
        self._disconnect = observables.recording.connect(self._follow)

    def take(self, rendering: Rendering) -> None:
        """A new rendering; those of a frame that was written already are left out. Any thread."""
        with self._lock:
            queue, shown = self._queue, rendering.shown
            if queue is None or shown is None or shown is self._last:
                return
            self._last = shown
            queue.put(rendering, wait=False)

    def close(self) -> None:
        """Complete the file; blocks until that is done."""
        self._disconnect()
        self._end()
        for thread in self._threads:
            thread.join(60.0)

    def _follow(self, state: RecordingState) -> None:
        choice = self._out.record_choice.value
        with self._lock:
            begins = state.active and self._queue is None and choice.scene is not SceneVideo.OFF
            if begins:
                queue: BoundedQueue[Rendering] = BoundedQueue(_QUEUE)
                self._queue, self._last = queue, None
                file = choice.folder / (state.name + SCENE_SUFFIX)
                thread = threading.Thread(
                    target=self._run, args=(queue, file, choice.scene), daemon=True,
                    name="hands3c-scene-recording",
                )  # fmt: skip
                self._threads = [old for old in self._threads if old.is_alive()] + [thread]
                thread.start()
        if not state.active:
            self._end()

    def _end(self) -> None:
        with self._lock:
            queue, self._queue = self._queue, None
        if queue is not None:
            queue.close()

    def _run(self, queue: BoundedQueue[Rendering], file: Path, what: SceneVideo) -> None:
        info = self._out.source.value
        fps = (info.fps if info is not None else 0.0) or _FALLBACK_FPS
        writer: VideoWriter | None = None
        try:
            clock, painter = TakeClock(1.0 / fps), Painter()
            while (rendering := queue.get()) is not None:
                assert rendering.shown is not None
                image = self._image(rendering, painter, what)
                if writer is None:
                    from hands3c_core.export import VideoWriter

                    writer = VideoWriter(file, (image.shape[1], image.shape[0]), fps)
                at = clock.advance(rendering.shown.result.frame.timestamp, jumped=False)
                writer.write(image, at)
        except UserError as error:
            self._say(str(error))
        except Exception as error:
            self._say(unexpected(log, "The 3D view was not recorded", error))
        finally:
            queue.close(drop=True)
            self._complete(writer)

    def _complete(self, writer: VideoWriter | None) -> None:
        if writer is None:
            return
        try:
            writer.close()
        except UserError as error:
            self._say(str(error))
        self._done()

    def _image(self, rendering: Rendering, painter: Painter, what: SceneVideo) -> NDArray[np.uint8]:
        """(H, W, 3) RGB to write."""
        scene = np.asarray(cv2.cvtColor(rendering.pixels, cv2.COLOR_BGRA2RGB), np.uint8)
        if what is SceneVideo.SCENE or rendering.shown is None:
            return scene
        view = self._out.view.value
        picture = painter.annotate(rendering.shown, view, labels=True)
        height = scene.shape[0]
        width = max(2, round(picture.shape[1] * height / picture.shape[0]))
        method = cv2.INTER_AREA if height < picture.shape[0] else cv2.INTER_LINEAR
        fitted = np.asarray(cv2.resize(picture, (width, height), interpolation=method), np.uint8)
        sides = (scene, fitted) if view.swapped else (fitted, scene)
        return np.hstack(sides)

    def _say(self, text: str) -> None:
        self._out.notices.emit(Notice("record", text, "error", FAILURE_S))
