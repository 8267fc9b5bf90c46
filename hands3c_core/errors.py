"""Errors that a user can act on."""

from __future__ import annotations


class UserError(Exception):
    """Something outside the program is wrong (a file, a device, an argument).

    The message is one line: what is wrong and what to do. Commands print it and exit with code 2,
    the app shows it in a banner; neither shows a traceback.
    """
