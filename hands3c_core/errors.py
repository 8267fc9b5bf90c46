"""Errors that a user can act on."""

from __future__ import annotations

from hands3c_core.names import printable


class UserError(Exception):
    """Something outside the program is wrong (a file, a device, an argument).

    The message is one line: what is wrong and what to do. Commands print it and exit with code 2,
    the app shows it in a banner; neither shows a traceback. Names of files in it may hold bytes
    that are no text; they are made visible.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(printable(str(message)))
