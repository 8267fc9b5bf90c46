"""When a frame of a clip is due: its play time against the wall clock, at any speed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

#: Being later than this restarts the clock: the clip plays slower rather than rushing to catch up.
MAX_LATE_S = 0.25


class PlayClock:
    """Maps play times to monotonic time from the first frame after ``restart``."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._speed = 1.0
        self._origin: tuple[float, float] | None = None

    @property
    def speed(self) -> float:
        return self._speed

    def set_speed(self, speed: float) -> None:
        """Play at ``speed`` times the clip's own, from the next frame on.

        Raises:
            ValueError: not a positive finite number.
        """
        if not (speed > 0 and math.isfinite(speed)):
            raise ValueError(f"speed must be positive, not {speed}")
        self._speed = speed
        self._origin = None

    def restart(self) -> None:
        """The next frame is due at once and sets the clock."""
        self._origin = None

    def wait_for(self, play_time: float) -> float:
        """Seconds until the frame of ``play_time`` (s) is due, 0 if it is due or late."""
        now = self._now()
        if self._origin is None:
            self._origin = (now, play_time)
            return 0.0
        started, first = self._origin
        due = started + (play_time - first) / self._speed
        if now - due > MAX_LATE_S or play_time < first:
            self._origin = (now, play_time)
            return 0.0
        return max(0.0, due - now)
