"""Files appear whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ..errors import UserError


def write_atomically(path: str | Path, content: bytes) -> Path:
    """Write ``content`` to a temporary name in the same folder, then rename it to ``path``.

    A reader never sees half a file and a crash leaves the old file as it was. Missing folders are
    made. Raises UserError if the place cannot be written to.
    """
    path = Path(path)
    temporary: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        # mkstemp makes private files; give the result the permissions an ordinary file would have.
        mask = os.umask(0)
        os.umask(mask)
        Path(temporary).chmod(0o666 & ~mask)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise UserError(
            f"cannot write {path}: {error.strerror or error}; choose another folder"
        ) from error
    return path
