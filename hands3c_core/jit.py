"""Numba compilation whose cache on disk can be trusted.

Numba's own cache notices a change in the file of a compiled function, not in a function of another
file that it calls; after an update it would go on with the old code. And its folder beside the
source may not be writable in an installed copy. So the compiled code is kept in the user's cache,
in a folder named by the text of every module that compiles anything. Folders of other versions that
no process has asked for in a week are removed.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numba
import platformdirs
from numba.core import config as numba_config

#: Numba fills in its settings when it is imported, where type checkers do not see them.
settings: Any = numba_config
_SETTINGS_LOCK = threading.Lock()
_PACKAGE = Path(__file__).resolve().parent
#: Two versions in use side by side keep their code; one that was replaced does not.
_KEPT_SECONDS: Final = 7 * 24 * 3600


def njit(function: Callable | None = None, **options: Any) -> Any:
    """``numba.njit(cache=True, nogil=True)`` with the cache described above.

    Used as ``@njit`` or ``@njit(fastmath=True)``.
    """
    if function is None:
        return functools.partial(njit, **options)
    with _SETTINGS_LOCK:  # modules are imported on several threads
        before = settings.CACHE_DIR
        if not before:  # what the user set with NUMBA_CACHE_DIR stands
            settings.CACHE_DIR = str(cache_folder())
        try:
            return numba.njit(cache=True, nogil=True, **options)(function)
        finally:
            settings.CACHE_DIR = before


@functools.cache
def cache_folder() -> Path:
    """Where compiled functions of this version of the sources are kept: the user's cache folder,
    or a folder of this process where that cannot be written."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.rglob("*.py")):
        text = path.read_bytes()
        if b"njit" in text:
            digest.update(path.relative_to(_PACKAGE).as_posix().encode() + b"\0" + text)
    folder = platformdirs.user_cache_path("hands3c") / f"numba-{digest.hexdigest()[:16]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)  # in use
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="hands3c-numba-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    else:
        _remove_unused(folder.parent)
    return folder


def _remove_unused(parent: Path) -> None:
    """Remove the folders of versions that no process has asked for in a week."""
    for folder in parent.glob("numba-*"):
        with contextlib.suppress(OSError):  # another process was faster
            if time.time() - folder.stat().st_mtime > _KEPT_SECONDS:
                # Renamed first: nobody finds half a cache.
                doomed = folder.rename(parent / f".removed-{folder.name}-{os.getpid()}")
                shutil.rmtree(doomed, ignore_errors=True)
