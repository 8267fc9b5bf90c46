# SPDX-License-Identifier: GPL-3.0-or-later
"""The Qt-free model behind the window and the headless run.

Threads, each handing on to the next without waiting for it: the reader decodes (``sources``), the
*engine* runs the pipeline (a camera's next picture is looked at meanwhile: ``ahead``), the
*painter* draws the overlay of the newest result, a recording draws and encodes on its own, and the
*loader* builds models. Views get the newest value only; a recording of a file gets every frame, for
which the engine waits; a recording of a live source drops what it cannot take, and says so.

Everything public may be called from any thread and returns at once unless it says otherwise.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hands3c_core.errors import UserError, unexpected
from hands3c_core.weights import LANDMARKS

from .compare import Comparison
from .config import ModelConfig, RecordChoice, ViewState
from .engine import Engine
from .live import LiveSender
from .meters import Meter
from .model import LoadedModel, is_network, load_model, model_title, needs_rebuild
from .observables import Observables
from .painter import Painter
from .player import find_cameras
from .recording import RecordFiles
from .session_log import log_session
from .session_types import FAILURE_S, Level, Notice, Picture, Shown, State
from .snapshots import save_snapshot
from .takes import TakeShelf
from .wording import saved_text
from .workers import RenderThread, TaskThread
from .zoom import WHOLE, PictureFollower, Zoom

if TYPE_CHECKING:
    from hands3c_core.detect import HandDetector

log = logging.getLogger(__name__)

#: The first load imports torch and MediaPipe and cannot be interrupted.
_LOADER_TIMEOUT_S = 15.0
#: Whoever waits for the engine looks so often whether it is still there, s.
_LOOK_S = 0.2
#: The model does not wait longer for the picture of a slow source.
_PICTURE_TIMEOUT_S = 20.0


class Session:
    """Source, pipeline, view state and recorders; ``observables`` tells what happens."""

    def __init__(
        self,
        model: ModelConfig | None = None,
        view: ViewState | None = None,
        record: RecordChoice | None = None,
        *,
        paced: bool = True,
        paints: bool = True,
        max_frames: int | None = None,
        picture_first: bool = False,
    ) -> None:
        """
        Args:
            model: what turns frames into hands.
            view: what the overlay shows.
            record: what ``start_recording`` writes and where.
            paced: files play at their own speed; False runs them as fast as the pipeline goes.
            paints: draw pictures for a window.
            max_frames: end after this many frames.
            picture_first: show a file's raw pictures before there is a model, and begin to load
                that, which keeps all cores busy, when the first has been painted (``displayed``).
        """
        self.observables = Observables(
            model or ModelConfig(), view or ViewState(), record or RecordChoice()
        )
        log_session(self.observables)
        self._meter = Meter()
        self._painter_tools: Painter | None = None
        self._follower = PictureFollower()
        self._display_size: tuple[int, int] | None = None
        self._density = 1.0
        self._zoom = WHOLE
        self._fresh: list[LoadedModel] = []  # loaded, and not yet the engine's
        self._bridged = False
        self._detector: HandDetector | None = None
        self._closing = self._closed = False
        self._has_picture = threading.Event()
        if not picture_first:
            self._has_picture.set()
        self.observables.notices.connect(self._hear)
        self._painter = RenderThread("hands3c-painter", self._draw) if paints else None
        self.compare = Comparison(self.observables, self._post, lambda: self.shown)
        """A second estimator's look at the same pictures."""
        self._loader = RenderThread("hands3c-loader", self._load)
        self._tasks = TaskThread("hands3c-tasks")
        self.takes = TakeShelf(self.observables, self._tasks)
        """The recordings that are there."""
        self.live = LiveSender(self.observables, lambda: self.shown)
        """Hands out live."""
        self._engine = Engine(
            self.observables,
            self._meter,
            self._paint,
            self.takes.recorded,
            paced=paced,
            max_frames=max_frames,
            previews=picture_first,
        )
        self._engine.start()
        self._request_model(self.observables.model.value)

    def look_around(self) -> None:
        """Find cameras at once, and the takes that are there once a first picture is on screen."""
        self.find_cameras()
        self._tasks.post(self._await_picture)
        self.takes.refresh()

    def _hear(self, notice: Notice) -> None:
        if notice.key == "source" and notice.level == "error":
            self._has_picture.set()  # nothing to wait for

    def _await_picture(self) -> None:
        """What is imported beside the first picture would delay it."""
        self._has_picture.wait(_PICTURE_TIMEOUT_S)
        self._has_picture.set()  # whoever waited in vain once does not wait again

    # ------------------------------------------------------------------------------- playback

    def open(self, spec: str, *, play: bool = True, is_bundled: bool = False) -> None:
        """Open a source. On failure a notice says why and the old source goes on.

        ``play=False`` leaves it before its first frame, with nothing processed.
        """
        self._engine.do(lambda: self._engine.open(spec, play=play, is_bundled=is_bundled))

    def find_cameras(self) -> None:
        """Look for cameras; ``observables.cameras`` tells what was found."""
        self._tasks.post(self._look_for_cameras)

    def play(self) -> None:
        self._engine.do(lambda: self._engine.player.play())

    def pause(self) -> None:
        self._engine.do(lambda: self._engine.player.pause())

    def toggle_play(self) -> None:
        self._engine.do(lambda: self._engine.player.toggle())

    def step(self, frames: int = 1) -> None:
        """Pause and go ``frames`` on (or, negative, back)."""
        self._engine.do(lambda: self._engine.player.step(frames))

    def seek(self, seconds: float) -> None:
        """Go to ``seconds`` of a file; of many calls in a row the last one counts."""
        self._engine.do(lambda: self._engine.player.seek(seconds))

    def skip(self, seconds: float) -> None:
        """Go on by ``seconds`` (back if negative); in a gallery to the next or last picture."""
        info = self.observables.source.value
        if info is not None and info.pictures:
            self.step(1 if seconds > 0 else -1)
        else:
            self.seek(max(0.0, self.observables.playback.value.position + seconds))

    def show_frame(self, index: int) -> None:
        """Go to frame (or picture) ``index`` of a file, counted from 0."""
        info = self.observables.source.value
        if info is not None and not info.is_live and info.fps > 0:
            # The middle of its time: whichever way it is rounded, it is this frame.
            self.seek((max(index, 0) + 0.5) / info.fps)

    def end(self) -> None:
        """Go to the last frame of a file."""
        info = self.observables.source.value
        if info is not None and info.duration:
            self.pause()
            self.seek(info.duration)

    def mark_in(self) -> None:
        """Play from here on."""
        now = self.observables.playback.value
        self._set_marks(now.position, now.marks[1])

    def mark_out(self) -> None:
        """Play up to here."""
        now = self.observables.playback.value
        self._set_marks(now.marks[0], now.position)

    def clear_marks(self) -> None:
        """Play all of it."""
        self._set_marks(None, None)

    def _set_marks(self, low: float | None, high: float | None) -> None:
        self._engine.do(lambda: self._engine.player.set_marks(low, high))

    def record_range(self) -> None:
        """Record from the in to the out point, every frame once, and stop there."""
        self._engine.do(lambda: self._engine.record_range(self._new_take()))

    def set_loop(self, loop: bool) -> None:
        self._engine.do(lambda: self._engine.player.set_loop(loop))

    def set_speed(self, speed: float) -> None:
        self._engine.do(lambda: self._engine.player.set_speed(speed))

    # ------------------------------------------------------------------------------ model, view

    def set_model(self, model: ModelConfig) -> None:
        """Change what turns frames into hands, live: smoothing and lens at once, another hand model
        when it is loaded. On failure the old one stays and a notice says why."""
        old = self.observables.model.value
        if model == old:
            return
        if needs_rebuild(old, model) or self.observables.model_status.value.loading:
            self._request_model(model)
        else:
            self.observables.model.set(model)
            self._engine.do(lambda: self._engine.tune_model(model))

    def set_view(self, view: ViewState) -> None:
        old = self.observables.view.value
        if view != old:
            self.observables.view.set(view)
            if view.picture_follow and not old.picture_follow:
                self._follower = PictureFollower()
                self._zoom = WHOLE
            if view.network_map is not old.network_map:
                self._engine.do(self._engine.ask_for_maps)
            self._repaint()

    def set_display_size(self, width: int, height: int, density: float = 1.0) -> None:
        """Size of the camera view in device pixels, and how many of them a logical pixel has."""
        if (width, height, density) != (*(self._display_size or (0, 0)), self._density):
            self._display_size, self._density = (width, height), density
            self._repaint()

    def set_zoom(self, zoom: Zoom) -> None:
        """Show this part of the camera picture; nothing but the screen changes."""
        if zoom != self._zoom:
            self._zoom = zoom
            self._repaint()

    def displayed(self, picture: Picture) -> None:
        """The window says that it has painted ``picture``."""
        self._has_picture.set()
        if self.observables.playback.value.state is State.PLAYING:
            self._meter.displayed(picture.arrived_at)

    @property
    def shown(self) -> Shown | None:
        """The newest result."""
        return self._engine.shown

    # -------------------------------------------------------------------------------- recording

    def set_record_choice(self, choice: RecordChoice) -> None:
        moved = choice.folder != self.observables.record_choice.value.folder
        self.observables.record_choice.set(choice)
        if moved:
            self.takes.refresh()

    def start_recording(self, files: RecordFiles | None = None) -> None:
        """Record from the next frame on, into ``files`` or else a new take in the chosen folder."""
        self._engine.do(lambda: self._engine.start_recording(files or self._new_take()))

    def stop_recording(self) -> None:
        """Finish the files; ``observables.takes`` tells when they are complete."""
        self._engine.do(self._engine.stop_recording)

    def toggle_recording(self) -> None:
        if self.observables.recording.value.active:
            self.stop_recording()
        else:
            self.start_recording()

    def snapshot(self, kind: str, file: Path | None = None) -> None:
        """Save the newest frame: ``kind`` is '.obj', '.ply' (one file per hand) or '.png'."""
        shown, view = self._engine.shown, self.observables.view.value
        if shown is None:
            self._say("record", "There is no frame to save yet.", "warning", FAILURE_S)
            return
        self._tasks.post(lambda: self._save_snapshot(shown, view, kind, file))

    def wait_idle(self, timeout: float | None = None) -> bool:
        """Block until the engine did everything asked for so far; False after ``timeout`` s, or if
        it does nothing any more."""
        done = threading.Event()
        self._engine.do(done.set)
        until = math.inf if timeout is None else time.monotonic() + timeout
        while self.is_running and time.monotonic() < until:
            if done.wait(min(_LOOK_S, max(0.0, until - time.monotonic()))):
                return True
        return done.is_set()

    @property
    def is_running(self) -> bool:
        """Whether the engine still does what it is asked for."""
        return self._engine.is_running

    def close(self) -> None:
        """Finish recordings, release the source and end all threads; blocks until that is done."""
        self._closing = True
        self._has_picture.set()
        self._loader.close(_LOADER_TIMEOUT_S)
        self._engine.close()
        self.compare.close()
        self._closed = True
        self._drop_fresh()
        self.takes.close()
        self._tasks.close()
        self.live.close()
        if self._painter is not None:
            self._painter.close()

    def _drop_fresh(self) -> None:
        """Free what was loaded too late for the engine to take it over."""
        fresh, self._fresh = self._fresh, []
        for loaded in fresh:
            loaded.pipeline.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------------- own threads' work

    def _request_model(self, config: ModelConfig) -> None:
        status = self.observables.model_status.value
        self.observables.model.set(config)
        self.observables.model_status.set(replace(status, loading=True, coming=model_title(config)))
        self._loader.post(config)

    def _load(self, config: ModelConfig) -> None:
        self._await_picture()
        if self._closing:
            return
        try:
            if not self._bridged and self._painter is not None:
                self._bridged = True
                self._bridge(config)
            report = partial(self._say_loading, config)
            loaded = load_model(config, report, self._detector)
            self._detector = loaded.pipeline.detector
        except UserError as error:
            self._model_failed(str(error))
        except Exception as error:
            self._model_failed(unexpected(log, "The model could not be built", error))
        else:
            self._say("model", "")
            self._fresh.append(loaded)
            self._engine.do(lambda: self._adopt(loaded))
            if self._closed:  # nobody waits for it any more
                self._drop_fresh()

    def _say_loading(self, config: ModelConfig, step: str) -> None:
        """What is being done for ``config``, unless it is no longer the one that is asked for."""
        status = self.observables.model_status.value
        if status.loading and config == self.observables.model.value:
            coming = f"{model_title(config)}: {step}"
            self.observables.model_status.set(replace(status, coming=coming))

    def _bridge(self, config: ModelConfig) -> None:
        """In a window, hands come from the landmark estimator until the first network is ready,
        which takes from seconds to a minute where its kernels are still to be built."""
        if is_network(config):
            interim = load_model(replace(config, estimator=LANDMARKS))
            self._detector = interim.pipeline.detector
            self._fresh.append(interim)
            self._engine.do(lambda: self._adopt(interim, interim=True))

    def _adopt(self, loaded: LoadedModel, *, interim: bool = False) -> None:
        self._engine.use_model(loaded, interim=interim)
        if loaded in self._fresh:
            self._fresh.remove(loaded)

    def _model_failed(self, text: str) -> None:
        self._say("model", text, "error", FAILURE_S)
        self._engine.do(self._engine.keep_model)

    def _paint(self, shown: Shown) -> None:
        if self._painter is not None and not self.compare.takes(shown):
            self._post(shown)

    def _post(self, shown: Shown) -> None:
        if self._painter is not None:
            self._painter.post(shown)

    def _repaint(self) -> None:
        shown = self._engine.shown or self._engine.preview.shown
        if shown is not None:
            self._paint(shown)

    def _draw(self, shown: Shown) -> None:
        if self._painter_tools is None:
            self._painter_tools = Painter()
        started = time.perf_counter()
        view, size = self.observables.view.value, self._display_size
        zoom = self._follower.aim(self._zoom, shown.result) if view.picture_follow else self._zoom
        picture = self._painter_tools.picture(shown, view, size, zoom, self._density)
        picture = self.compare.draw(picture, shown, view, size, self._density)
        self._meter.drawn((time.perf_counter() - started) * 1e3)
        self.observables.painted.emit(shown)
        self.observables.pictures.emit(picture)

    def _look_for_cameras(self) -> None:
        self.observables.cameras.set(find_cameras())

    def _save_snapshot(self, shown: Shown, view: ViewState, kind: str, file: Path | None) -> None:
        target = file or self._new_file("frame", kind)
        try:
            saved = save_snapshot(shown, view, target)
        except UserError as error:
            self._say("record", str(error), "error", FAILURE_S)
            return
        self._say("record", saved_text(saved), seconds=6.0)

    def _new_take(self) -> RecordFiles:
        kinds = self.observables.record_choice.value.kinds
        return RecordFiles.named(self._new_file("take", ""), kinds)

    def _new_file(self, prefix: str, suffix: str) -> Path:
        stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
        return self.observables.record_choice.value.folder / f"{prefix}-{stamp}{suffix}"

    def _say(
        self, key: str, text: str, level: Level = "info", seconds: float | None = None
    ) -> None:
        self.observables.notices.emit(Notice(key, text, level, seconds))
