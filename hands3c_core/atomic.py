"""Files appear whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

from hands3c_core.errors import UserError


def check_place(path: str | os.PathLike[str] | None) -> None:
    """Find out before long work whether its result can be written to ``path`` (None: nowhere).

    Raises:
        UserError: it cannot: the place is a folder, or nothing can be written there.
    """
    if path is None:
        return
    path = Path(path)
    try:
        if path.is_dir():
            raise UserError(f"cannot write {path}: it is a folder; name a file in it")
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise _refused(path, error) from error


def write_atomically(
    path: str | os.PathLike[str], content: bytes | Callable[[Path], object]
) -> Path:
    """Write a file under a temporary name in the same folder, then rename it to ``path``.

    A reader never sees half a file, and a crash, even of the machine, leaves the old file as it
    was. Missing folders are made. Temporary names start with a dot and end in ``.part``.

    Args:
        path: the file.
        content: its bytes, or a function that is called with the temporary path and writes there.

    Raises:
        UserError: the place cannot be written to.
    """
    path = Path(path)
    # Cut, so that a name that is just short enough stays so.
    temporary = path.with_name(f".{path.name[:40]}.{uuid.uuid4().hex[:8]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if callable(content):
            content(temporary)
        else:
            temporary.write_bytes(content)
        with temporary.open("r+b") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except (OSError, RuntimeError) as error:  # torch reports a full disk as a RuntimeError
        raise _refused(path, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path


def _refused(path: Path, error: Exception) -> UserError:
    reason = getattr(error, "strerror", None) or error
    advice = (
        "choose a shorter name"
        if getattr(error, "errno", None) == errno.ENAMETOOLONG
        else "choose another folder"
    )
    return UserError(f"cannot write {path}: {reason}; {advice}")
