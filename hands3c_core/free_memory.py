"""Giving freed memory back to the system."""

from __future__ import annotations

import contextlib
import ctypes
import sys


def trim_heap() -> None:
    """Return freed memory to the system where its allocator (GNU's) would keep it."""
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL("libc.so.6").malloc_trim(0)
