"""The limit a shell or a batch system may set on a process's memory (``ulimit -v``).

Libraries in C++ do not survive it: some end the process, and OpenVINO's threading library may wait
for ever for memory that it does not get. So it is looked at before they are loaded. Imports nothing
heavy.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from hands3c_core.errors import UserError

#: Megabytes of address space, much of it never used: measured on two cores (docs/reliability.md),
#: rounded up. Any command; the app with the landmark estimator, with a network, with its window.
COMMAND_MB: Final = 1200
LANDMARKS_MB: Final = 2400
NETWORK_MB: Final = 3300
WINDOW_MB: Final = 3700
#: What a network takes besides what is loaded already.
FURTHER_NETWORK_MB: Final = 1000


def require_limit(megabytes: int, what: str) -> None:
    """Raise UserError if the process may not have ``megabytes`` in all, which ``what`` needs."""
    limit = _limit_mb()
    if limit is not None and limit < megabytes:
        raise UserError(
            f"the memory limit is {limit} MB (ulimit -v), and {what} needs {megabytes} MB: raise "
            "the limit"
        )


def require_room_for_network() -> None:
    """Raise UserError if the process may not have what one more network takes."""
    limit = _limit_mb()
    room = FURTHER_NETWORK_MB if limit is None else max(0, limit - _used_mb())
    if room < FURTHER_NETWORK_MB:
        raise UserError(
            f"the memory limit (ulimit -v) leaves {room} MB, and a network needs "
            f"{FURTHER_NETWORK_MB} MB: raise the limit"
        )


def _limit_mb() -> int | None:
    """What the process may have in all; None without a limit."""
    if sys.platform == "win32":
        return None
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    return None if soft == resource.RLIM_INFINITY else soft >> 20


def _used_mb() -> int:
    """The process's address space; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 0
    import resource

    return pages * resource.getpagesize() >> 20
