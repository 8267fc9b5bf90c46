"""How busy a machine was with other things while something was measured.

Passes that are all held up alike look like those of a slower runtime, so their spread does not
tell; what the processors were used for does.
"""

from __future__ import annotations

import threading
import time
from typing import Final

import psutil

#: Work of others that a measurement bears: cores, or this share of all of them.
_BEARABLE_CORES: Final = 0.15
_BEARABLE_SHARE: Final = 0.05


class Bystanders:
    """Counts what other processes, and this one's other Python threads, use of the processors that
    this process may run on. Make it on the thread that is about to measure; a library's own threads
    count as part of what is measured."""

    def __init__(self) -> None:
        self._processors = _processors()
        self._started = time.monotonic()
        self._before = self._others_s()

    def cores(self) -> float:
        """Cores that they have kept busy since, on average; 0 where the system does not tell."""
        span = time.monotonic() - self._started
        return max(0.0, self._others_s() - self._before) / max(span, 1e-3)

    def disturb(self) -> bool:
        """Whether what was measured since may be wrong."""
        return self.cores() > max(_BEARABLE_CORES, _BEARABLE_SHARE * len(self._processors))

    def _others_s(self) -> float:
        """Processor seconds that were not spent on what is measured."""
        try:
            times = psutil.cpu_times(percpu=True)
            own = psutil.Process()
            used = own.cpu_times()
            here = threading.get_ident()
            beside = {thread.native_id for thread in threading.enumerate() if thread.ident != here}
            threads = sum(
                thread.user_time + thread.system_time
                for thread in own.threads()
                if thread.id in beside
            )
        except (psutil.Error, OSError):
            return 0.0
        busy = sum(_busy_s(times[row]) for row in self._processors if row < len(times))
        return busy - used.user - used.system + threads


def _busy_s(times: object) -> float:
    """Seconds in which a processor did not idle, of psutil's ``scputimes``; time that a host took
    from a virtual machine is busy."""
    fields: dict[str, float] = times._asdict()  # type: ignore[attr-defined]
    # A guest's time is part of the user's.
    idle = ("idle", "iowait", "guest", "guest_nice")
    return sum(seconds for name, seconds in fields.items() if name not in idle)


def _processors() -> list[int]:
    """Numbers of the processors that this process may use."""
    own = psutil.Process()
    if hasattr(own, "cpu_affinity"):
        try:
            return list(own.cpu_affinity() or [])
        except (psutil.Error, OSError):
            pass
    return list(range(psutil.cpu_count() or 1))
