# SPDX-License-Identifier: GPL-3.0-or-later
"""The next picture of a camera, looked at while the one before is being fitted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hands3c_core.pipeline_frames import Looked
from hands3c_core.types import Frame

#: The next picture is taken this much earlier than it must be, s: stages do not take equally long.
_MARGIN_S = 0.006
#: How fast what a stage takes is forgotten.
_NEWEST_SHARE = 0.2

Fetch = Callable[[], tuple[Frame | None, bool]]


@dataclass(frozen=True)
class Found:
    """A picture and what the detector saw in it."""

    frame: Frame
    jumped: bool
    """It does not follow the one before."""
    looked: Looked | None
    """None if the detector failed on it."""


class Ahead:
    """One thread that takes a picture and runs the detector on it, one picture ahead.

    It takes the picture as late as it can without keeping the fit waiting, so that looking ahead
    makes more pictures a second, not older ones. Whatever else is to be done with the source or the
    detector, ``drop`` comes first.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._job: tuple[Fetch, Callable[[Frame], Looked], float] | None = None
        self._found: Found | None = None
        self._error: Exception | None = None
        self._hurried = self._closing = False
        self._thread: threading.Thread | None = None
        self._look_s = 0.0
        self._fit_s = 0.0

    def start(self, fetch: Fetch, look: Callable[[Frame], Looked], *, fits: bool) -> None:
        """Begin to look for the next picture.

        Args:
            fetch: gives it, or None after a moment, and whether it does not follow the last one.
            look: the detector.
            fits: the picture before is fitted meanwhile.
        """
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="hands3c-ahead", daemon=True)
                self._thread.start()
            wait = max(0.0, self._fit_s - self._look_s - _MARGIN_S) if fits else 0.0
            self._job = fetch, look, time.monotonic() + wait
            self._hurried = False
            self._changed.notify_all()

    @contextmanager
    def fitting(self) -> Iterator[None]:
        """Measures the fit of a picture."""
        started = time.monotonic()
        yield
        self._fit_s += _NEWEST_SHARE * (time.monotonic() - started - self._fit_s)

    def take(self, fetch: Fetch, look: Callable[[Frame], Looked]) -> Found | None:
        """What was found, as soon as it is; looked for only now if ``start`` was not called. None
        if there was no picture. Raises what ``fetch`` did."""
        with self._changed:
            is_idle = self._job is None and self._found is None and self._error is None
        if is_idle:
            self.start(fetch, look, fits=False)
        with self._changed:
            self._hurried = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._job is None)
            found, self._found = self._found, None
            error, self._error = self._error, None
        if error is not None:
            raise error
        return found

    def drop(self) -> None:
        """Wait until nothing is being done, and forget what was found."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._job is None)
            self._found = self._error = None

    def close(self) -> None:
        self.drop()
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._job is not None or self._closing)
                if self._job is None:
                    return
                fetch, look, begin = self._job
                self._changed.wait_for(lambda: self._hurried, max(0.0, begin - time.monotonic()))
            found, error = None, None
            try:
                found = self._find(fetch, look)
            except Exception as problem:
                error = problem
            with self._changed:
                self._found, self._error, self._job = found, error, None
                self._changed.notify_all()

    def _find(self, fetch: Fetch, look: Callable[[Frame], Looked]) -> Found | None:
        frame, jumped = fetch()
        if frame is None:
            return None
        try:
            looked = look(frame)
        except Exception:  # the one who fits it sees for himself, and says so
            return Found(frame, jumped, None)
        self._look_s += _NEWEST_SHARE * (looked.milliseconds / 1e3 - self._look_s)
        return Found(frame, jumped, looked)
