# SPDX-License-Identifier: GPL-3.0-or-later
"""The same session without a window: the files that were asked for, with a progress bar, and live
hands."""

from __future__ import annotations

import re
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hands3c_core.command import STOPPED
from hands3c_core.errors import UserError
from hands3c_core.live.targets import check_port
from hands3c_core.names import user_path
from hands3c_core.sources import list_cameras, open_source, split_mode

from .config import LiveChoice, ModelConfig, ViewState
from .live import targets_of
from .options import Options, bundled_clip, live_choice, model_config
from .recording import RecordFiles
from .replay import is_take
from .session import Session
from .session_types import Notice, Shown, SourceInfo, State, Take
from .wording import counted


def run_headless(options: Options, console: Console | None = None) -> int:
    """Run the source through the pipeline and write the files; returns the exit code.

    Ctrl-C ends the run early and keeps what was written (exit code 130).

    Raises:
        UserError: the source cannot be opened, the model not built, a file not written.
    """
    console = console or Console(stderr=True, markup=False, emoji=False, highlight=False)
    spec = str(bundled_clip()) if options.source is None else options.source
    if options.source is None:
        console.print("No source given: running on the bundled clip.")
    files = output_files(spec, options.out, options.write)
    live = live_choice(options, LiveChoice())
    # What fails at once is told at once, before a model is loaded for nothing.
    check_source(spec)
    for target in targets_of(live):
        check_port(target)
    with (
        Session(
            model_config(options, ModelConfig()),
            ViewState(),
            # Who listens or watches wants to see it move as it did.
            paced=bool(options.live) or options.virtual_camera,
            paints=False,
            max_frames=options.max_frames,
        ) as session,
        ExitStack() as cleaning,
    ):
        if options.virtual_camera:
            from .virtual_camera import CameraFeed

            cleaning.callback(CameraFeed(session.observables).close)
        run = _Run(session, console, loop=options.loop, max_frames=options.max_frames)
        run.listen()
        run.send_live(live)
        return run.record(spec, files, is_bundled=options.source is None)


def output_files(spec: str, folder: Path, kinds: Sequence[str]) -> RecordFiles:
    """Where the output for source ``spec`` goes, as ``kinds`` of ``config.RECORD_KINDS``.

    Raises:
        UserError: the folder cannot be made, or the output would overwrite the source.
    """
    stem = re.sub(r"[^\w.-]+", "_", spec.rstrip("/").rsplit("/", 1)[-1]).strip("._") or "stream"
    path = user_path(spec)
    if _is_file(path):
        stem = re.sub("[\udc80-\udcff]", "_", path.stem)  # bytes that are no text
    elif stem.isdigit():
        stem = f"camera{stem}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UserError(
            f"Cannot make the folder {folder}: {reason}; choose another --out."
        ) from error
    files = RecordFiles.named(folder / stem, kinds)
    for file in files.all:
        if file.exists() and _is_file(path) and file.samefile(path):
            raise UserError(f"The output would overwrite the source {path}; choose another --out.")
    return files


def check_source(spec: str) -> None:
    """Raise UserError if ``spec`` is a path of nothing or a file that cannot be read. What is slow
    to open or can be opened only once (cameras, addresses, folders, takes) waits for the run."""
    text = spec.strip()
    camera = split_mode(text)[0]
    is_named = camera.isdecimal() or camera.lower().startswith("camera:") or "://" in text
    if is_named or "\n" in text or is_take(text):
        return
    is_camera = text.casefold() in (camera.name.casefold() for camera in list_cameras())
    if not is_camera and not (text and _is_folder(user_path(text))):
        open_source(text).close()


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # a name that no folder can have
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file can have
        return False


class _Run:
    """One headless run: waits for the session's end and shows how far it is."""

    def __init__(
        self, session: Session, console: Console, *, loop: bool, max_frames: int | None
    ) -> None:
        self._session = session
        self._console = console
        self._loop = loop
        self._max_frames = max_frames
        self._done = threading.Event()
        self._live_told = threading.Event()
        self._interrupted = False
        self._error: str | None = None
        self._warned = ""
        self._frames = 0
        self._with_hands = 0
        self._hands = 0
        self._fallen = 0

    def listen(self) -> None:
        """Hear what goes wrong from now on."""
        self._session.observables.notices.connect(self._on_notice)

    def send_live(self, choice: LiveChoice) -> None:
        """Start sending and say where to; raises UserError if that cannot be done."""
        if not (choice.websocket or choice.osc or choice.vmc or choice.rerun):
            return
        self._session.live.choose(choice)
        _wait_for(self._live_told)  # however long a busy machine takes to find that a port is taken
        self._raise_error()
        state = self._session.observables.live.value
        for text in (
            state.websocket,
            state.osc and f"OSC to {state.osc}",
            state.vmc and f"VMC to {state.vmc}",
            state.rerun and f"Rerun viewer at {state.rerun}",
        ):
            if text:
                self._console.print(f"Live: {text}", soft_wrap=True, highlight=False)

    def record(self, spec: str, files: RecordFiles, *, is_bundled: bool) -> int:
        """Open, record to the end, say what was written."""
        observables = self._session.observables
        self._session.set_loop(self._loop)  # first: frames are read as soon as it is open
        self._session.open(spec, play=False, is_bundled=is_bundled)
        self._session.wait_idle()
        self._raise_error()
        info = observables.source.value
        assert info is not None
        # From the line that names the source on, Ctrl+C is noted and the run ends as a whole.
        with _ctrl_c(self._interrupt):
            self._console.print(f"{info.name}: {info.width} x {info.height}.")
            if files.all:
                self._session.start_recording(files)
            take = self._run_to_end(info)
            stopped = self._interrupted  # from here on there is nothing left to stop
            self._report(take, files_wanted=bool(files.all), stopped=stopped)
        self._raise_error()
        return STOPPED if stopped else 0

    def _run_to_end(self, info: SourceInfo) -> Take | None:
        """Play the source, show how far it is; what was recorded of it."""
        observables = self._session.observables
        with self._progress() as progress:
            task = progress.add_task("Hands", total=self._total(info))

            def on_result(shown: Shown) -> None:
                self._frames += 1
                self._with_hands += bool(shown.result.hands)
                self._hands += len(shown.result.hands)
                self._fallen += shown.fallen
                progress.update(task, completed=self._frames)

            observables.results.connect(on_result)
            observables.playback.connect(
                lambda playback: self._done.set() if playback.state is State.ENDED else None,
                now=False,
            )
            self._session.play()
            self._wait()
            return self._finish()

    def _total(self, info: SourceInfo) -> int | None:
        """How many frames the run will take, if that is known."""
        if self._max_frames is None or self._loop:
            return self._max_frames or (None if self._loop else info.frame_count)
        return min(self._max_frames, info.frame_count or self._max_frames)

    def _wait(self) -> None:
        # In steps, so that a signal's handler runs on every platform.
        while not self._interrupted and not self._done.wait(0.2):
            pass

    def _finish(self) -> Take | None:
        """Stop, and wait until the files are complete."""
        finished = threading.Event()
        observables = self._session.observables
        self._session.pause()
        self._session.stop_recording()
        self._session.wait_idle()
        observables.recording.connect(
            lambda state: None if state.active or state.saving else finished.set()
        )
        # An hour's log takes some minutes.
        _wait_for(finished, lambda: self._session.is_running)
        self._session.wait_idle()
        self._session.takes.wait()
        takes = observables.takes.value
        return takes[0] if takes else None

    def _report(self, take: Take | None, *, files_wanted: bool, stopped: bool) -> None:
        nothing = take is None and files_wanted
        if stopped and self._error is None:
            self._console.print(_stopped(nothing=nothing, files=take is not None))
        if nothing and self._error is None:
            if not stopped:
                self._console.print("Nothing was written: there was no frame.")
            return
        if self._error is not None and not self._frames:
            return
        share = 100.0 * self._with_hands / max(1, self._frames)
        self._console.print(
            f"{counted(self._frames, 'frame')}, a hand in {share:.1f} % of them. "
            f"{self._session.observables.model_status.value.note}."
        )
        if self._fallen:
            share = 100.0 * self._fallen / max(1, self._hands)
            self._console.print(
                f"The network disagreed with the detector on {share:.1f} % of the hands; those "
                "come from the landmark estimator."
            )
        for file in take.files if take is not None else ():
            self._console.print(f"Wrote {file}", soft_wrap=True, highlight=False)

    def _progress(self) -> Progress:
        return Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("frames"),
            TimeRemainingColumn(),
            console=self._console,
        )

    def _on_notice(self, notice: Notice) -> None:
        info = self._session.observables.source.value
        # A camera or stream that is lost comes back, or the user ends the run.
        is_away = notice.key == "connection" and info is not None and info.is_live
        if notice.level == "error" and notice.text and not is_away:
            self._error = self._error or notice.text
            self._done.set()
        elif self._error is not None:
            pass  # what follows from it need not be told
        elif notice.level == "warning" and notice.text and notice.text != self._warned:
            self._warned = notice.text  # a camera that stays away is told of once
            self._console.print(notice.text)
        if notice.key == "live":
            self._live_told.set()

    def _interrupt(self) -> None:
        # From a signal's handler, on the thread that waits: the event's lock may be its own.
        self._interrupted = True

    def _raise_error(self) -> None:
        if self._error is not None:
            raise UserError(self._error)


def _stopped(*, nothing: bool, files: bool) -> str:
    """The line that follows Ctrl+C."""
    if nothing:
        return "Stopped early; nothing was written: there was no frame."
    return f"Stopped early{'; what was written is complete' if files else ''}."


def _wait_for(event: threading.Event, can_come: Callable[[], bool] = lambda: True) -> None:
    """In steps, so that a signal's handler runs on every platform, and only while it can come."""
    while not event.wait(0.2) and can_come():
        pass


@contextmanager
def _ctrl_c(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` on Ctrl-C or a request to end; a second Ctrl-C ends at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop()

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
