"""Numba compilation whose cache on disk can be trusted.

Numba's own cache notices a change in the file of a compiled function, not in a function of another
file that it calls; after an update it would go on with the old code. And its folder beside the
source may not be writable in an installed copy. So the compiled code is kept in the user's cache,
in a folder named by the text of every module that compiles anything.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import platformdirs
from numba.core import config as numba_config

#: Numba fills in its settings when it is imported, where type checkers do not see them.
settings: Any = numba_config
_SETTINGS_LOCK = threading.Lock()
_PACKAGE = Path(__file__).resolve().parent


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
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="hands3c-numba-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
