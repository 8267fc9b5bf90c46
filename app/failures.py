# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames that cannot be processed: each is passed over, and many in a row end a run."""

from __future__ import annotations

import logging
from typing import Final

from hands3c_core.types import Frame

from .session_types import Notice

log = logging.getLogger(__name__)

_MOST_IN_A_ROW: Final = 10


class Failures:
    """Counts the frames of a run that could not be processed."""

    def __init__(self) -> None:
        self._count = self._in_a_row = 0

    @property
    def is_too_many(self) -> bool:
        """Whether so many failed one after another that the next ones will."""
        return self._in_a_row >= _MOST_IN_A_ROW

    def end_row(self) -> None:
        """A frame was processed."""
        self._in_a_row = 0

    def of(self, error: Exception, frame: Frame) -> Notice:
        """Count one, log it, and put it into words."""
        self._count += 1
        self._in_a_row += 1
        log.info("frame %d is passed over: %s", frame.index, error)
        text = f"1 frame was passed over because {error}"
        if self._count > 1:
            text = f"{self._count} frames were passed over, the last one because {error}"
        return Notice("passed", text, "warning", seconds=8.0)
