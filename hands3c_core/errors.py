"""Errors that a user can act on."""

from __future__ import annotations

import errno
import logging
import re

from hands3c_core.names import printable


class UserError(Exception):
    """Something outside the program is wrong (a file, a device, an argument).

    The message is one line: what is wrong and what to do. Commands print it and exit with code 2,
    the app shows it in a banner; neither shows a traceback. Names of files in it may hold bytes
    that are no text; they are made visible.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(printable(str(message)))


#: How libraries say that memory ran out: PyTorch, OpenVINO and C++, the loader of shared libraries.
_NO_MEMORY = re.compile(
    r"allocate memory(?! in static TLS)|out of memory|std::bad_alloc|failed to map segment|"
    r"Unable to allocate|ArrayMemoryError",
    re.IGNORECASE,
)


def is_out_of_memory(error: BaseException | None) -> bool:
    """Whether ``error``, or what led to it, is that memory ran out, however a library says so."""
    while error is not None:
        if isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM:
            return True
        if not isinstance(error, UserError) and _NO_MEMORY.search(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def unexpected(log: logging.Logger, what: str, error: Exception) -> str:
    """What a user is told of an ``error`` that nobody foresaw; the log has it whole.

    Args:
        log: where it goes with its traceback; only for the log's readers if memory ran out.
        what: what came of it, '... failed'.
        error: the cause.
    """
    no_memory = is_out_of_memory(error)
    log.log(logging.INFO if no_memory else logging.ERROR, "%s", what, exc_info=error)
    if no_memory:
        return f"{what}: there is not enough memory. Close other programs, or ask for less."
    return f"{what} ({error}); the log has the details."
