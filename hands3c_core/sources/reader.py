"""A thread that reads a source ahead of its consumer, and the player's controls over it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from hands3c_core.closing import Closing
from hands3c_core.errors import UserError, unexpected
from hands3c_core.sources.base import MIN_STEP_S, Source, SourceLostError
from hands3c_core.sources.pacing import PlayClock
from hands3c_core.sources.reader_state import ReaderState, StateCallback
from hands3c_core.types import Frame

log = logging.getLogger(__name__)

#: Frames read ahead of a file's consumer: enough to decode while it works, few to throw away.
READ_AHEAD = 2
#: Seconds before the first attempt to reconnect, and the most between two.
FIRST_BACKOFF_S = 0.5
MAX_BACKOFF_S = 8.0


class _Item(NamedTuple):
    frame: Frame
    play_time: float
    """The frame's timestamp on a time line that goes on when the file starts again."""
    epoch: int
    lap: int
    """Rounds of a loop since the last seek."""


class SourceReader(Closing):
    """Hands out a source's frames; takes the source over and closes it.

    *Live* sources are read as fast as they deliver and ``next`` gives the newest frame; a frame
    that nobody took in time is replaced and counted in ``dropped``. When the source is lost, the
    state becomes LOST, then RECONNECTING with growing pauses, then RUNNING again.

    *Files* give every frame in order; the consumer sets the pace, at most ``READ_AHEAD`` frames
    wait. With ``realtime``, ``next`` also holds each frame back until it is due by its timestamp
    and the speed; a consumer that is too slow slows the clip down, it loses no frame.

    Timestamps are the source's own and increase strictly within an *epoch*. ``seek``, ``step``
    backwards and the start of each further round of a loop begin a new epoch, in which a file's
    timestamps (and indices) are again those of the place in the file; ``epoch`` tells the one of
    the frame ``next`` gave last. Live sources stay in one epoch, across reconnections too.

    Every method may be called from any thread; ``next`` is meant for one consumer.
    """

    def __init__(
        self,
        source: Source,
        loop: bool = False,
        realtime: bool = True,
        *,
        on_state: StateCallback | None = None,
        reconnect: bool = True,
        first_backoff: float = FIRST_BACKOFF_S,
        max_backoff: float = MAX_BACKOFF_S,
    ) -> None:
        """Start reading.

        Args:
            source: open; the reader's own from now on.
            loop: a file starts again after its last frame.
            realtime: pace a file by its timestamps.
            on_state: called on the reader's thread with each new state (but CLOSED) and its
                message; it must return soon and must not wait for the reader.
            reconnect: open a lost live source again.
            first_backoff, max_backoff: seconds before the first and at most between two attempts.
        """
        self.source = source
        self._changed = threading.Condition()
        self._on_state = on_state
        self._reconnect = reconnect
        self._first_backoff, self._max_backoff = first_backoff, max_backoff
        self._realtime = realtime
        self._loop = loop
        self._clock = PlayClock()
        self._queue: deque[_Item] = deque()
        self._paused = False
        self._owed = 0  # frames to hand out although paused
        self._back_steps = 0  # backward steps asked for since the last frame was handed out
        self._seek_to: float | None = None
        self._rewind = False  # start again without throwing away what waits
        self._exhausted = False  # the source has no further frame
        self._stuck = False  # the source is lost for good
        self._closing = False
        self._state = self._announced = ReaderState.RUNNING
        self._message = ""
        self._dropped = 0
        self._epoch = self._read_epoch = 0
        self._lap = self._read_lap = 0  # of the frame handed out last, of what is read
        self._position = 0.0
        # What the reading thread alone uses: the end of what it read, and the current round.
        self._offset = 0.0
        self._read_until: float | None = None
        self._thread = threading.Thread(target=self._run, name="hands3c-source", daemon=True)
        self._thread.start()

    # -- the consumer ------------------------------------------------------------------------

    def next(self, timeout: float | None = None) -> Frame | None:
        """The next frame (files) or the newest one not handed out yet (live sources).

        Args:
            timeout: seconds to wait at most; None waits for as long as a frame may come, which is
                for ever while paused or reconnecting.

        Returns:
            The frame; None if none came in time, at the end, after a final loss or once closed
            (``state`` tells which).
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self._closing:
                wait = self._wait_until_due()
                if wait == 0.0:
                    return self._hand_out()
                if not self._queue and (self._stuck or self._state is ReaderState.ENDED):
                    return None
                if deadline is not None:
                    left = deadline - time.monotonic()
                    if left <= 0:
                        return None
                    wait = left if wait is None else min(wait, left)
                self._changed.wait(wait)
        return None

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self.next()) is not None:
            yield frame

    def _wait_until_due(self) -> float | None:
        """Seconds until the first waiting frame may be handed out; None if that is not known."""
        if not self._queue:
            return None
        if self._paused:
            return 0.0 if self._owed > 0 else None
        if self.source.is_live or not self._realtime:
            return 0.0
        return self._clock.wait_for(self._queue[0].play_time)

    def _hand_out(self) -> Frame:
        frame, _, self._epoch, self._lap = self._queue.popleft()
        self._position = frame.timestamp
        self._back_steps = 0
        if self._paused:
            self._owed -= 1
            self._clock.restart()
        self._changed.notify_all()
        return frame

    # -- what it is doing ----------------------------------------------------------------------

    @property
    def state(self) -> ReaderState:
        return self._state

    @property
    def message(self) -> str:
        """Why the source is lost, in one line; empty while all is well."""
        return self._message

    @property
    def dropped(self) -> int:
        """Frames of a live source that were replaced before anybody took them."""
        return self._dropped

    @property
    def position(self) -> float:
        """Timestamp of the frame handed out last, s; 0 before the first."""
        return self._position

    @property
    def epoch(self) -> int:
        """Which stretch of increasing timestamps the frame handed out last belongs to."""
        return self._epoch

    @property
    def paused(self) -> bool:
        return self._paused

    @property
    def loop(self) -> bool:
        return self._loop

    @property
    def speed(self) -> float:
        return self._clock.speed

    # -- controls ------------------------------------------------------------------------------

    def pause(self) -> None:
        """Hand out no frames but those asked for by ``step`` and ``seek``."""
        with self._changed:
            self._paused = True
            self._owed = 0
            self._changed.notify_all()

    def resume(self) -> None:
        """Go on after ``pause``; a file that has ended starts again."""
        with self._changed:
            self._paused = False
            self._owed = 0
            self._clock.restart()
            if self._state is ReaderState.ENDED:
                self._seek(0.0)
            self._changed.notify_all()

    def step(self, frames: int = 1) -> None:
        """Pause, and hand out the next ``frames`` frames, or go that many back and hand out one.

        Going back several frames at once assumes an even frame rate; one is exact. Of a live
        source a step gives the newest frame.
        """
        with self._changed:
            self._paused = True
            if frames > 0 or self.source.is_live:
                self._owed += 1 if self.source.is_live else frames
            elif frames < 0:
                steps = self._back_steps - frames
                period = 1.0 / self.source.fps if self.source.fps > 0 else 0.0
                # Half a smallest step before a frame is the frame before it.
                self._seek(self._position - MIN_STEP_S / 2 - (steps - 1) * period)
                self._back_steps = steps
            self._changed.notify_all()

    def seek(self, seconds: float) -> None:
        """Go on from the frame shown at ``seconds``; paused, that one frame is handed out.

        Raises:
            UserError: the source is live.
        """
        if self.source.is_live:
            raise UserError(f"{self.source.name} is live: it cannot be wound")
        with self._changed:
            self._seek(seconds)

    def _seek(self, seconds: float) -> None:
        self._seek_to = max(0.0, seconds)
        self._rewind = self._exhausted = False
        self._back_steps = 0
        self._lap = 0
        self._queue.clear()
        self._clock.restart()
        self._owed = 1 if self._paused else 0
        if self._state is ReaderState.ENDED:
            self._set_state(ReaderState.RUNNING)
        self._changed.notify_all()

    def set_speed(self, speed: float) -> None:
        """Play a file at ``speed`` times its own.

        Raises:
            ValueError: not a positive number.
        """
        with self._changed:
            self._clock.set_speed(speed)
            self._changed.notify_all()

    def set_loop(self, loop: bool) -> None:
        """Whether a file starts again after its end; one that has already ended stays there, and
        frames of a further round that nobody has taken yet are not handed out."""
        with self._changed:
            self._loop = loop
            if not loop and (self._rewind or self._read_lap > self._lap):
                self._queue = deque(item for item in self._queue if item.lap <= self._lap)
                self._rewind, self._exhausted = False, True
            if loop and self._exhausted and self._state is ReaderState.RUNNING:
                self._exhausted, self._rewind = False, True
            self._changed.notify_all()

    def close(self, timeout: float = 10.0) -> bool:
        """Stop reading, close the source and wait for the thread, ``timeout`` seconds at most.

        Returns:
            Whether the thread has ended. If a device keeps it longer, it ends (and closes the
            source) as soon as the device lets go.
        """
        with self._changed:
            self._closing = True
            self._set_state(ReaderState.CLOSED)
            self._queue.clear()
            self._changed.notify_all()
        self.source.cancel()
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)
            if self._thread.is_alive():
                log.warning("%s does not let go; it is closed when it does", self.source.name)
        return not self._thread.is_alive()

    # -- the reading thread --------------------------------------------------------------------

    def _run(self) -> None:
        work = self._read_live if self.source.is_live else self._read_file
        try:
            while not self._closing:
                self._announce()
                try:
                    work()
                except UserError as error:
                    self._lose(str(error))
                except Exception as error:
                    self._lose(unexpected(log, f"{self.source.name} failed", error))
        finally:
            self.source.close()

    def _set_state(self, state: ReaderState, message: str = "") -> None:
        """With the lock held. Nothing follows CLOSED."""
        if self._state is not ReaderState.CLOSED:
            self._state, self._message = state, message
            self._changed.notify_all()

    def _announce(self) -> None:
        """Tell the listener the newest state, if it has not heard of it."""
        with self._changed:
            state, message = self._state, self._message
            if self._closing or state is self._announced:
                return
            self._announced = state
        if self._on_state is not None:
            try:
                self._on_state(state, message)
            except Exception:
                log.exception("a listener of the reader's state failed")

    def _read_live(self) -> None:
        frame = self.source.read()
        if frame is None:
            raise SourceLostError(f"{self.source.name} ended")
        with self._changed:
            if self._queue:
                self._queue.clear()
                self._dropped += not self._paused
            self._queue.append(_Item(frame, frame.timestamp, 0, 0))
            self._changed.notify_all()

    def _read_file(self) -> None:
        with self._changed:
            self._changed.wait_for(self._has_work)
            if self._closing:
                return
            if self._exhausted and self._seek_to is None and not self._rewind:
                self._set_state(ReaderState.ENDED)
                return
            target, self._seek_to = self._seek_to, None
            if target is not None:
                self._read_lap = 0
            rewind, self._rewind = self._rewind, False
        if target is not None:
            self._go_to(target)
        elif rewind:
            self._start_again()
        self._take(self.source.read())

    def _has_work(self) -> bool:
        if self._closing or self._seek_to is not None or self._rewind:
            return True
        if self._stuck or self._state is ReaderState.ENDED:
            return self._state is not self._announced
        return not self._queue if self._exhausted else len(self._queue) < READ_AHEAD

    def _go_to(self, seconds: float) -> None:
        self.source.seek(seconds)
        self._offset = 0.0
        self._read_until = None
        self._read_epoch += 1

    def _start_again(self) -> None:
        """The next round of a loop: the play time goes on where the last frame's time ends."""
        self._offset += self._read_until or 0.0
        self._read_until = None
        self._read_lap += 1
        self.source.seek(0.0)
        self._read_epoch += 1

    def _take(self, frame: Frame | None) -> None:
        with self._changed:
            if self._seek_to is not None:
                return  # asked to be elsewhere meanwhile
            if self._read_lap > self._lap and not self._loop:
                self._exhausted = True  # told meanwhile not to start again
                self._changed.notify_all()
                return
            if frame is not None:
                period = 1.0 / self.source.fps if self.source.fps > 0 else MIN_STEP_S
                self._read_until = frame.timestamp + period
                play_time = self._offset + frame.timestamp
                self._queue.append(_Item(frame, play_time, self._read_epoch, self._read_lap))
            elif self._loop and self._read_until is not None:
                self._rewind = True
            else:
                self._exhausted = True
            self._changed.notify_all()

    def _lose(self, message: str) -> None:
        """Report the loss; bring a live source back, or wait to be closed."""
        with self._changed:
            if self._closing:
                return
            self._stuck = not (self.source.is_live and self._reconnect)
            self._set_state(ReaderState.LOST, message)
        log.warning("%s", message)
        self._announce()
        if self._stuck:
            with self._changed:
                self._changed.wait_for(lambda: self._closing)
        else:
            self._bring_back(message)

    def _bring_back(self, message: str) -> None:
        delay = self._first_backoff
        while not self._closing:
            with self._changed:
                self._changed.wait_for(lambda: self._closing, delay)
                if self._closing:
                    return
                self._set_state(ReaderState.RECONNECTING, message)
            self._announce()
            try:
                self.source.reopen()
            except Exception as error:
                log.debug("%s cannot be opened again yet: %s", self.source.name, error)
                delay = min(2 * delay, self._max_backoff)
                continue
            with self._changed:
                self._set_state(ReaderState.RUNNING)
            log.info("%s is back", self.source.name)
            return
