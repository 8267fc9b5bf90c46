# SPDX-License-Identifier: GPL-3.0-or-later
"""The session's engine: one thread that takes frames, runs the pipeline and hands results on."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from hands3c_core.errors import UserError, unexpected
from hands3c_core.pipeline_frames import Looked
from hands3c_core.types import Frame

from .ahead import Ahead
from .config import ModelConfig
from .failures import Failures
from .maps import ask_for_maps
from .meters import Meter
from .model import LoadedModel, tune
from .model_status import ModelStatus
from .observables import Observables
from .player import Player
from .preview import Preview, raw_picture
from .recording import RecordFiles, Recording
from .relief import Relief
from .replay import TakeReplay
from .session_types import FAILURE_S, Notice, RecordingState, Shown, State

log = logging.getLogger(__name__)

_STATS_PERIOD_S = 0.25
_IDLE_S = 0.25
_JOIN_TIMEOUT_S = 15.0


class Engine:
    """Runs commands and frames on its own thread; every method but ``do``, ``start`` and ``close``
    belongs to that thread, and so does ``player``."""

    def __init__(
        self,
        observables: Observables,
        meter: Meter,
        paint: Callable[[Shown], None],
        recorded: Callable[[Recording], None],
        *,
        paced: bool,
        max_frames: int | None,
        previews: bool = False,
    ) -> None:
        """``previews``: files show their pictures before the first model is ready."""
        self._out = observables
        self._meter = meter
        self._paint = paint
        self._recorded = recorded
        self._max_frames = max_frames
        self._previews = previews
        self.preview = Preview()
        self._ahead = Ahead()
        self._relief = Relief()
        self._processed = 0
        self._failures = Failures()
        self.player = Player(paced=paced, notify=observables.notices.emit)
        self._model: LoadedModel | None = None
        self._recording: Recording | None = None
        self._finishing: list[Recording] = []
        self._stats_due = 0.0
        self._has_failed = False
        self._told_paused = False
        self._is_stale = False  # the frame on show is of another model, or lacks a map
        self._replay_model: LoadedModel | None = None
        self._range_loop: bool | None = None
        """Whether to loop again after the recording of a range; None while there is none."""
        self._commands: deque[Callable[[], None]] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self.shown: Shown | None = None
        """The newest result; any thread may read it."""
        self.is_running = True  # until the thread ends; any thread may read it
        self._thread = threading.Thread(target=self._run, name="hands3c-engine", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def do(self, command: Callable[[], None]) -> None:
        """Run ``command`` on the engine's thread before the next frame."""
        with self._wake:
            self._commands.append(command)
            self._wake.notify_all()

    def close(self) -> None:
        """Finish recordings, release the source and the model, and end the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        if self._thread is not threading.current_thread():
            self._thread.join(_JOIN_TIMEOUT_S)

    def _run(self) -> None:
        try:
            while not self._closing:
                try:
                    self._run_commands()
                    self._advance()
                except UserError as error:
                    self.fail(str(error))
                except Exception as error:
                    self.fail(unexpected(log, "Something went wrong", error))
        finally:
            self.is_running = False
            self._ahead.close()
            self.stop_recording()
            for recording in tuple(self._finishing):
                recording.join()
                self._recording_finished(recording)
            self.player.close()
            if self._model is not None:
                self._model.pipeline.close()

    def _run_commands(self) -> None:
        while not self._closing:
            with self._wake:
                command = self._commands.popleft() if self._commands else None
            if command is None:
                return
            self._ahead.drop()
            command()

    def _advance(self) -> None:
        """Process the next frame, or wait a moment for one."""
        waiting = self._model is None and not self._shows_unfitted()
        if self._model is not None and self.player.is_live:
            self._advance_live(self._model)
        elif not waiting:
            self._advance_in_order()
        self._end_range()
        if self._is_stale and self._stands():
            self._redo()
        self.say_playback()
        self._say_stats()
        # A source that has ended does not wait for pictures.
        if waiting or not self.player.is_open or self.player.state is State.ENDED:
            with self._wake:
                if not self._commands and not self._closing:
                    self._wake.wait(_IDLE_S)

    def _advance_in_order(self) -> None:
        """The next frame of a file, or a camera's picture before there is a model."""
        again = self.preview.take_again()
        frame, jumped = self.player.next_frame() if again is None else (again, True)
        if jumped and self._model is not None:
            self._model.pipeline.reset()
        if frame is not None and self._model is None and not self.player.is_live:
            self._paint(self.preview.show(frame, self._out.model.value.fov_deg, jumped=jumped))
        elif frame is not None:
            self._process_or_skip(frame, jumped=jumped)

    def _advance_live(self, model: LoadedModel) -> None:
        """Fit what the detector has seen in the newest picture while it looks at the next one. Of a
        camera, whose pictures may be missed; a file's are done one after the other."""
        fetch, look = self.player.next_frame, model.pipeline.look
        found = self._ahead.take(fetch, look)
        if found is not None and self.player.state is not State.ENDED:
            if found.jumped:
                model.pipeline.reset()
            if found.looked is not None and not self._commands:
                self._ahead.start(fetch, look, fits=True)
            with self._ahead.fitting():
                self._process_or_skip(found.frame, jumped=found.jumped, looked=found.looked)

    def _shows_unfitted(self) -> bool:
        """Before the first model is ready, a camera shows its picture. So does a file in a window,
        unless it is recorded, which must miss no hands; without a window it waits."""
        if not self._out.model_status.value.loading:
            return False
        return self.player.is_live or (self._previews and self._recording is None)

    def _process_or_skip(self, frame: Frame, *, jumped: bool, looked: Looked | None = None) -> None:
        """One frame that cannot be processed never ends a run; many in a row do."""
        try:
            self._process(frame, jumped=jumped, looked=looked)
        except Exception as error:
            notice = self._failures.of(error, frame)
            if self._failures.is_too_many or not self._may_follow():
                raise
            self._out.notices.emit(notice)
        else:
            self._failures.end_row()

    def _may_follow(self) -> bool:
        """Whether the source has, or may have, further frames."""
        info = self._out.source.value
        return info is None or info.is_live or (info.frame_count or 2) > 1

    def _process(self, frame: Frame, *, jumped: bool, looked: Looked | None = None) -> None:
        shown = self._hands_of(frame, looked)
        self._meter.processed(shown.result, dropped=self.player.dropped, fallen=shown.fallen)
        if self._has_failed:  # it gives frames again
            self._has_failed = False
            self._out.notices.emit(Notice("source", ""))
        self._publish(replace(shown, jumped=jumped))
        self._is_stale = False
        self._record(jumped=jumped)
        self._processed += 1
        if self._max_frames is not None and self._processed >= self._max_frames:
            self.player.stop()

    def _hands_of(self, frame: Frame, looked: Looked | None = None) -> Shown:
        """The frame's hands: found, or read from a take; none before the first model is ready."""
        arrived_at = frame.captured_at if self.player.is_live else time.monotonic()
        replay = self.player.replay
        if self._model is None:
            return raw_picture(frame, self._out.model.value.fov_deg, arrived_at)
        if replay is not None:
            return self._replayed(replay, frame)
        result = self._model.pipeline.process(frame, looked)
        self._relief.processed(
            self._model.pipeline.estimator, self.player.dropped, is_live=self.player.is_live
        )
        return Shown(result=result, model=self._model, arrived_at=arrived_at)

    def _replayed(self, replay: TakeReplay, frame: Frame) -> Shown:
        """A take's frame with the hands that were recorded for it."""
        assert self._model is not None
        if self._replay_model is None or self._replay_model.meshes is not replay.meshes:
            self._replay_model = replace(
                self._model, hand=replay.hand, meshes=replay.meshes, texture=replay.texture
            )
        result = replay.result_of(frame)
        return Shown(result, self._replay_model, time.monotonic(), is_replayed=True)

    def _publish(self, shown: Shown) -> None:
        self.shown = shown
        self._paint(shown)
        self._out.results.emit(shown)

    def fail(self, text: str) -> None:
        """Say what went wrong with the source and stop asking it for frames."""
        with suppress(Exception):  # what cannot even be stopped ends no engine
            self.player.stop()
        self.say_playback()
        self._has_failed = True
        self._out.notices.emit(Notice("source", text, "error"))

    def open(self, spec: str, *, play: bool, is_bundled: bool) -> None:
        """Open ``spec``; the old source goes on if that fails."""
        before = self._out.playback.value
        self._out.playback.set(replace(before, state=State.OPENING))
        try:
            info = self.player.open(spec, play=play, is_bundled=is_bundled)
        except UserError as error:
            self._out.notices.emit(Notice("source", str(error), "error", FAILURE_S))
            return
        finally:
            self.say_playback()
        self.stop_recording()
        self.preview.forget()
        self._meter.reset()
        if self._model is not None:
            self._model.pipeline.reset()
        for key in ("source", "connection"):
            self._out.notices.emit(Notice(key, ""))
        self._out.source.set(info)
        self.say_playback()

    def use_model(self, model: LoadedModel, *, interim: bool = False) -> None:
        """Swap ``model`` in; the frame on show is done again with it. An ``interim`` one only
        bridges the time until the one that was asked for is loaded."""
        ask_for_maps(model.map_source, self._out.view.value)
        old, self._model = self._model, model
        if old is not None:
            if model.pipeline.detector is old.pipeline.detector:
                old.pipeline.hand_over_detector(model.pipeline)
                # On this thread, as everything that is asked of a detector.
                model.pipeline.detector.configure(**model.config.detector_settings())
                model.pipeline.reset()
            old.pipeline.close()
        self.preview.end(self.player)
        coming = self._out.model_status.value.coming
        loading = replace(model.status, ready=False, loading=True, coming=coming)
        self._out.model_status.set(loading if interim else model.status)
        if old is not None and old.config.hand_model != model.config.hand_model and self._recording:
            self.stop_recording()
            self._out.notices.emit(
                Notice(
                    "record", "The hand model changed, so the recording was finished.", seconds=8.0
                )
            )
        self._redo()

    def tune_model(self, config: ModelConfig) -> None:
        """Change lens and smoothing of the running model; a model being loaded brings its own."""
        if self._model is None:
            return
        try:
            self._model = tune(self._model, config)
        except UserError as error:
            self._out.notices.emit(Notice("model", str(error), "error", FAILURE_S))
            self.keep_model()
            return
        self._out.notices.emit(Notice("model", ""))
        self._redo()

    def ask_for_maps(self) -> None:
        """Have the network return the maps that the view shows, from this frame on."""
        source = None if self._model is None else self._model.map_source
        if source is not None and ask_for_maps(source, self._out.view.value):
            self._is_stale = not self._stands()
            if self.shown is None or self._is_stale or self.shown.is_replayed:
                return
            result = self.shown.result
            hands = source.with_maps(result.frame.image, result.hands)
            self._publish(replace(self.shown, result=replace(result, hands=tuple(hands))))

    def _stands(self) -> bool:
        """Whether there is a frame on show that no other follows soon."""
        return self.shown is not None and self.player.state is not State.PLAYING

    def _redo(self) -> None:
        """Do the frame on show again, if no other follows it soon."""
        self._replay_model = None
        self._is_stale = not self._stands()
        if self.shown is None or self._model is None or self._is_stale:
            return
        replay = self.player.replay
        if replay is not None:
            self._publish(self._replayed(replay, self.shown.result.frame))
            return
        pipeline = self._model.pipeline
        pipeline.reset()
        result = pipeline.process(self.shown.result.frame)
        self._publish(Shown(result, self._model, time.monotonic()))

    def keep_model(self) -> None:
        """A new model could not be built: the choice goes back to the one that runs."""
        running = self._model
        if running is not None:
            self._out.model.set(running.config)
        if running is None:
            self._out.model_status.set(ModelStatus())
        else:
            self._out.model_status.set(running.status)

    def start_recording(self, files: RecordFiles) -> None:
        """Write from the next frame on."""
        if self._recording is not None:
            return
        info = self._out.source.value
        if info is None:
            text = "Open a source first, then record."
            self._out.notices.emit(Notice("record", text, "warning", seconds=8.0))
            return
        self._recording = Recording(
            files,
            view=self._out.view,
            fps=info.fps,
            source=info.name,
            on_finished=lambda done: self.do(lambda: self._recording_finished(done)),
            on_written=lambda it: self.do(lambda: self._tell_recording(it)),
            sound=None if info.is_live or not Path(info.spec).is_file() else Path(info.spec),
            settle=not info.pictures,  # those of a gallery may be of anybody
        )
        self.preview.hold()
        self._out.notices.emit(Notice("record", ""))
        if self._stands():
            # What is seen is recorded at once: a recording that waits would leave nothing.
            self._record(jumped=True)
            if self.shown is not None and not self.player.is_still:
                self._told_paused = True
                text = "The picture is paused, so this frame is recorded: press Space to go on."
                self._out.notices.emit(Notice("record", text, "warning", seconds=12.0))
        self._out.recording.set(self._recording.state)

    def record_range(self, files: RecordFiles) -> None:
        """Write from the in to the out point (or the ends), then stop."""
        info, player = self._out.source.value, self.player
        if self._recording is not None or info is None or info.is_live or not info.duration:
            text = "Open a file first: a range of it can be recorded."
            self._out.notices.emit(Notice("record", text, "warning", FAILURE_S))
            return
        loop = player.playback().loop
        player.set_loop(False)
        player.pause()
        player.seek(player.playback().marks[0] or 0.0)
        player.passed_out = False
        self.shown = None  # the frame on show is not of the range
        self.preview.forget()
        self.start_recording(files)
        self._range_loop = loop if self._recording is not None else None
        player.play()

    def _end_range(self) -> None:
        """Stop a recording of a range at its end."""
        loop, player = self._range_loop, self.player
        if loop is None or not (player.passed_out or player.state is State.ENDED):
            return
        self._range_loop = None
        player.set_loop(loop)
        self.stop_recording()

    def stop_recording(self) -> None:
        """No more frames; the take is announced when its files are complete."""
        if self._recording is not None:
            recording, self._recording = self._recording, None
            self._finishing.append(recording)
            self._out.recording.set(RecordingState(saving=True, name=recording.files.name))
            recording.finish()

    def _record(self, *, jumped: bool) -> None:
        if self._recording is None or self.shown is None or self.shown.model is None:
            return
        if self._told_paused and not self._stands():
            self._told_paused = False
            self._out.notices.emit(Notice("record", ""))
        self._recording.add(self.shown, jumped=jumped, wait=not self.player.is_live)
        self._tell_recording(self._recording)

    def _tell_recording(self, recording: Recording) -> None:
        """Say how far it is: frames are written later than they are recorded, and the picture may
        stand by then."""
        if recording is self._recording:
            self._out.recording.set(recording.state)

    def _recording_finished(self, recording: Recording) -> None:
        if recording is self._recording:  # it ended by itself: the disk is full, a file failed
            self._recording = None
        if recording in self._finishing:
            self._finishing.remove(recording)
        if self._recording is None:
            names = [waiting.files.name for waiting in self._finishing]
            state = RecordingState(saving=bool(names), name=names[0] if names else "")
            self._out.recording.set(state)
        if recording.error:  # before the take appears: whoever sees that has been told
            self._out.notices.emit(Notice("record", recording.error, "error", 2 * FAILURE_S))
        self._recorded(recording)

    def say_playback(self) -> None:
        self._out.playback.set(self.player.playback())

    def _say_stats(self) -> None:
        now = time.monotonic()
        if now >= self._stats_due:
            self._stats_due = now + _STATS_PERIOD_S
            self._out.stats.set(self._meter.stats())
