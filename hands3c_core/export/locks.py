"""Who writes a file."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path


def lock_file(handle: int) -> bool:
    """Mark an open file as being written, until it is closed or the process ends; False if another
    process has it. Where there are no such locks (Windows), an open file cannot be renamed, which
    serves as well."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EAGAIN)
    return True


@contextlib.contextmanager
def held(path: Path) -> Iterator[bool]:
    """Have a file to oneself meanwhile, as ``lock_file``; False if another process writes it or it
    cannot be opened. Where there are no such locks, it stays closed so that it can be replaced."""
    try:
        import fcntl  # noqa: F401
    except ImportError:
        yield True
        return
    try:
        file = path.open("rb")
    except OSError:
        yield False
        return
    with file:
        yield lock_file(file.fileno())
