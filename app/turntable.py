# SPDX-License-Identifier: GPL-3.0-or-later
"""A video of the 3D view that turns once around. No Qt."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError

if TYPE_CHECKING:
    from hands3c_core.export.video import VideoWriter

#: Pictures of a turn, and how many of them are shown in a second.
PICTURES, FPS = 120, 30.0
_DEGREES_PER_PX = 0.5  # of ``OrbitCamera.orbit``


class Turntable:
    """Takes ``PICTURES`` renderings, each turned by ``step`` px of a drag from the one before, and
    writes them to an MP4 file, which is there when all of them are."""

    step = 360.0 / PICTURES / _DEGREES_PER_PX

    def __init__(self, file: Path) -> None:
        self.file = file
        self._writer: VideoWriter | None = None
        self._taken = 0

    def take(self, pixels: NDArray[np.uint8]) -> bool:
        """Write a rendering, (H, W, 4) BGRA; whether it was the last. Raises ``UserError`` if it
        cannot be written."""
        if self._writer is None:
            from hands3c_core.export import VideoWriter

            self._writer = VideoWriter(self.file, (pixels.shape[1], pixels.shape[0]), FPS)
        image = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGRA2RGB), np.uint8)
        self._writer.write(image, self._taken / FPS)
        self._taken += 1
        if self._taken < PICTURES:
            return False
        self._writer.close()
        return True

    def drop(self) -> None:
        """Leave no file behind."""
        if self._writer is not None:
            with contextlib.suppress(Exception):
                self._writer.close()
            self.file.unlink(missing_ok=True)


class Turns:
    """The turn under way, if there is one. It is asked for on any thread, taken on the scene's."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turn: Turntable | None = None
        self._ended: list[Turntable] = []

    @property
    def is_on(self) -> bool:
        return self._turn is not None

    def ask(self, file: Path | None) -> None:
        """Begin a turn; None ends one and leaves no file."""
        with self._lock:
            if self._turn is not None:
                self._ended.append(self._turn)
            self._turn = None if file is None else Turntable(file)

    def current(self) -> Turntable | None:
        """The turn under way; what is left of those that were ended goes."""
        with self._lock:
            ended, self._ended = self._ended, []
            turn = self._turn
        for old in ended:
            old.drop()
        return turn

    def take(self, turn: Turntable, pixels: NDArray[np.uint8]) -> str | None:
        """Give a rendering to ``turn``; at its end what went wrong ('' for nothing), else None."""
        problem = ""
        try:
            if not turn.take(pixels):
                return None
        except UserError as error:
            problem = str(error)
        self.done(turn)
        return problem

    def done(self, turn: Turntable) -> None:
        """``turn`` is over; a newer one goes on."""
        with self._lock:
            if self._turn is turn:
                self._turn = None

    def close(self) -> None:
        """End what is under way."""
        self.ask(None)
        self.current()
