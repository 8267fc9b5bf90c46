"""What keeps two bootstraps from installing at once; the standard library alone."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold a lock file while installing; a lock whose process is gone is taken over."""
    announced = False
    while True:
        try:
            handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
            break
        except FileExistsError:
            if lock_is_stale(lock):
                lock.unlink(missing_ok=True)
                continue
            if not announced:
                print(
                    "[bootstrap] Another bootstrap is installing; waiting for it "
                    f"({lock} holds its number).",
                    flush=True,
                )
                announced = True
            time.sleep(1)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(str(os.getpid()))
        yield
    finally:
        lock.unlink(missing_ok=True)


def lock_is_stale(lock: Path) -> bool:
    try:
        age = time.time() - lock.stat().st_mtime
        pid = int(lock.read_text() or 0)
    except (OSError, ValueError):
        return False
    if pid == 0:  # created, its number not written yet
        return age > 10
    if os.name == "nt":  # os.kill(pid, 0) would end the process there
        return age > 3600
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def write_atomically(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text)
    temporary.replace(path)
