"""Where a reading thread stands, as its listeners are told."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum


class ReaderState(str, Enum):
    """Where a reader stands."""

    RUNNING = "running"
    """Frames come (or would, if it were not paused)."""
    ENDED = "ended"
    """The file's last frame has been handed out; ``seek`` or ``resume`` start again."""
    LOST = "lost"
    """No frames come: the camera or stream went away, or a file cannot be read on."""
    RECONNECTING = "reconnecting"
    """Lost, and being opened again until it works or the reader is closed."""
    CLOSED = "closed"
    """``close`` was called."""


StateCallback = Callable[[ReaderState, str], None]
