# SPDX-License-Identifier: GPL-3.0-or-later
"""The open source and where it stands: a ``SourceReader`` as the session sees it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from hands3c_core.errors import UserError
from hands3c_core.sources import (
    CameraInfo,
    ImageFolder,
    ReaderState,
    Source,
    SourceReader,
    list_cameras,
    open_source,
    split_mode,
)
from hands3c_core.types import Frame

from .replay import TakeReplay, is_take
from .session_types import Notice, Playback, SourceInfo, State

#: How long to wait for a frame before looking for commands, s.
_POLL_S = 0.03
#: Times nearer than this are one frame's, s.
_SAME_S = 1e-3
#: Photographs a second, when they are played.
_SLIDES_FPS = 0.5


class Player:
    """Opens sources and plays them. Used on the engine's thread only."""

    def __init__(self, *, paced: bool, notify: Callable[[Notice], None]) -> None:
        """``paced`` plays files at their own speed; ``notify`` hears of lost and found sources."""
        self._paced = paced
        self._notify = notify
        self._reader: SourceReader | None = None
        self._spec = ""
        self._epoch = -1
        self._index = 0
        self._stopped = False
        self._unbegun = False  # opened without playing, and not played yet
        self._loop = True
        self._marks: tuple[float | None, float | None] = (None, None)
        self.passed_out = False
        """Whether the out point was reached since this was last set to False."""
        self._speed = 1.0

    @property
    def is_open(self) -> bool:
        return self._reader is not None

    @property
    def is_live(self) -> bool:
        return self._reader is not None and self._reader.source.is_live

    @property
    def replay(self) -> TakeReplay | None:
        """The recorded take that is open, if it is one."""
        source = self._reader.source if self._reader is not None else None
        return source if isinstance(source, TakeReplay) else None

    @property
    def _pictures(self) -> ImageFolder | None:
        source = self._reader.source if self._reader is not None else None
        return source if isinstance(source, ImageFolder) else None

    @property
    def is_still(self) -> bool:
        """Whether the source is one picture, which cannot play."""
        pictures = self._pictures
        return pictures is not None and pictures.frame_count == 1

    @property
    def is_photo(self) -> bool:
        """Whether the newest frame is a photograph: it has nothing to do with the one before, so
        nothing may be followed or smoothed. A numbered sequence is a film while it plays."""
        pictures = self._pictures
        if pictures is None:
            return False
        return not pictures.is_sequence or (self._paced and self.state is not State.PLAYING)

    @property
    def state(self) -> State:
        reader = self._reader
        if reader is None:
            return State.EMPTY
        if self._stopped or reader.state is ReaderState.ENDED:
            return State.ENDED
        return State.PAUSED if reader.paused else State.PLAYING

    @property
    def dropped(self) -> int:
        """Frames of a live source that nobody took in time."""
        return self._reader.dropped if self._reader is not None else 0

    def playback(self) -> Playback:
        """What the transport shows."""
        position = self._reader.position if self._reader is not None else 0.0
        return Playback(self.state, position, self._index, self._speed, self._loop, self._marks)

    def open(self, spec: str, *, play: bool, is_bundled: bool) -> SourceInfo:
        """Open ``spec`` in place of what is open.

        Raises:
            UserError: it cannot be opened; what was open stays open (unless it is the same
                device, which has to be released first).
        """
        old = self._spec
        same_device = self.is_live and split_mode(spec)[0] == split_mode(old)[0]
        if same_device:
            self.close()
        try:
            source = self._open(spec)
        except UserError:
            if same_device and spec != old:  # the device may still have its old mode
                with suppress(UserError):
                    self._read(self._open(old), old, play=play)
            raise
        self.close()
        self._read(source, spec, play=play)
        if source.note:
            self._notify(Notice("left out", source.note, "warning"))
        return _describe(source, spec, is_bundled)

    def _open(self, spec: str) -> Source:
        """Open a source; several pictures are named in a line each. Photographs are shown one after
        the other, slowly: they are no film."""
        if is_take(spec):
            return TakeReplay(spec)
        lines = [line for line in spec.splitlines() if line.strip()]
        source = ImageFolder(lines) if len(lines) > 1 else open_source(spec)
        if self._paced and isinstance(source, ImageFolder) and not source.is_sequence:
            source.close()
            if len(lines) > 1:
                return ImageFolder(lines, fps=_SLIDES_FPS)
            return open_source(spec, fps=_SLIDES_FPS)
        return source

    def _read(self, source: Source, spec: str, *, play: bool) -> None:
        reader = SourceReader(
            source, loop=self._loop, realtime=self._paced, on_state=self._on_reader_state
        )
        gallery = isinstance(source, ImageFolder) and self._paced
        if not play or gallery:
            reader.pause()
        if play and gallery:  # pictures wait to be looked at
            reader.step(1)
        if not source.is_live:
            reader.set_speed(self._speed)
        self._reader, self._spec, self._epoch, self._stopped = reader, spec, -1, False
        self._unbegun = not play
        self._marks = (None, None)
        self._index = 0

    def close(self) -> None:
        """Release the source."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def next_frame(self) -> tuple[Frame | None, bool]:
        """The frame to process now, if there is one, and whether it does not follow the last one
        (a seek, a new round, a new source): trackers must start afresh then."""
        reader = self._reader
        if reader is None or self._stopped:
            return None, False
        frame = reader.next(timeout=_POLL_S)
        if frame is None:
            return None, False
        jumped = reader.epoch != self._epoch
        if self._is_past(frame.timestamp):
            self.passed_out = True
            if not self._loop:
                reader.pause()
            reader.seek(self._marks[0] or 0.0 if self._loop else self._marks[1] or 0.0)
            return None, False
        self._epoch = reader.epoch
        self._index = frame.index
        return frame, jumped or self.is_photo

    def play(self) -> None:
        """Go on; from the start if the file has ended. A single picture that was shown has nowhere
        to go."""
        reader = self._reader
        if reader is not None and (self._unbegun or not self.is_still):
            self._unbegun = False
            low, high = self._marks
            here = reader.position
            if (low is not None and here < low - _SAME_S) or (
                high is not None and here >= high - _SAME_S
            ):
                reader.seek(low or 0.0)
            self._stopped = False
            reader.resume()

    def pause(self) -> None:
        if self._reader is not None:
            self._reader.pause()

    def toggle(self) -> None:
        if self.state is State.PLAYING:
            self.pause()
        else:
            self.play()

    def stop(self) -> None:
        """Ask for no further frames; counts as the end."""
        self.pause()
        self._stopped = self._reader is not None

    def step(self, frames: int) -> None:
        """Pause and show the frame ``frames`` after (before, if negative) this one."""
        if self._reader is not None:
            self._stopped = False
            self._reader.step(frames)

    def seek(self, seconds: float) -> None:
        """Go to ``seconds`` of a file; paused, the frame there is shown. Live sources stay."""
        reader = self._reader
        if reader is None or reader.source.is_live:
            return
        self._stopped = False
        if reader.state is ReaderState.ENDED:
            reader.pause()
        end = reader.source.duration
        reader.seek(seconds if end is None else min(seconds, end))

    def set_marks(self, low: float | None, high: float | None) -> None:
        """Play and loop from ``low`` to ``high`` seconds; None leaves that side open."""
        if low is not None and high is not None and high <= low:
            low, high = (low, None) if low != self._marks[0] else (None, high)
        live = self._reader is None or self._reader.source.is_live
        self._marks = (None, None) if live else (low, high)

    def _is_past(self, timestamp: float) -> bool:
        high = self._marks[1]
        return high is not None and self.state is State.PLAYING and timestamp > high + _SAME_S

    def set_loop(self, loop: bool) -> None:
        self._loop = loop
        if self._reader is not None:
            self._reader.set_loop(loop)

    def set_speed(self, speed: float) -> None:
        self._speed = speed
        if self._reader is not None and not self._reader.source.is_live:
            self._reader.set_speed(speed)

    def _on_reader_state(self, state: ReaderState, message: str) -> None:
        if state is ReaderState.RUNNING:
            self._notify(Notice("connection", ""))
        elif state is ReaderState.LOST:
            self._notify(Notice("connection", message, "error"))
        elif state is ReaderState.RECONNECTING:
            end = "" if message.endswith((".", "?")) else "."
            text = f"{message}{end} Reconnecting…"
            self._notify(Notice("connection", text, "warning"))


def find_cameras() -> tuple[CameraInfo, ...]:
    """The cameras of this computer."""
    try:
        return tuple(list_cameras())
    except (UserError, OSError):
        return ()


def _describe(source: Source, spec: str, is_bundled: bool) -> SourceInfo:
    width, height = source.size
    return SourceInfo(
        spec=spec,
        name=source.name,
        is_live=source.is_live,
        width=width,
        height=height,
        fps=source.fps,
        duration=source.duration,
        frame_count=source.frame_count,
        is_bundled=is_bundled,
        pictures=source.pages if isinstance(source, ImageFolder) else (),
        is_take=isinstance(source, TakeReplay),
    )
