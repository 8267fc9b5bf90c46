"""Where pictures of several kinds begin and end in a stream of bytes: JPEG, PNG and WebP."""

from __future__ import annotations

import re
from typing import Final

from hands3c_core.sources.jpeg import JpegSplitter

#: The first bytes of a JPEG, a PNG (third edition, 5.2) and a WebP (container specification).
_START: Final = re.compile(rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF[\s\S]{4}WEBP")
_LONGEST_START: Final = 12
_PNG_START: Final = 8


class PictureSplitter(JpegSplitter):
    """As ``JpegSplitter``, for PNG and WebP pictures too."""

    def _begin(self) -> bool:
        found = _START.search(self._buffer)
        if found is None:
            del self._buffer[: max(0, len(self._buffer) - _LONGEST_START + 1)]
            return False
        del self._buffer[: found.start()]
        self._at, self._coded = _PNG_START if self._buffer[0] == 0x89 else 2, False
        return True

    def _walk(self) -> int | None:
        first = self._buffer[0]
        if first == 0x89:
            return self._walk_png()
        return self._walk_webp() if first == 0x52 else super()._walk()

    def _walk_png(self) -> int | None:
        """From chunk to chunk."""
        buffer = self._buffer
        while len(buffer) >= self._at + 8:
            length = int.from_bytes(buffer[self._at : self._at + 4], "big")
            name = bytes(buffer[self._at + 4 : self._at + 8])
            if length > self._most or not (name.isascii() and name.isalpha()):
                self._give_up(_PNG_START)
                return 0
            end = self._at + 12 + length
            if name == b"IEND":
                return end if len(buffer) >= end else None
            self._at = end
        return None

    def _walk_webp(self) -> int | None:
        length = int.from_bytes(self._buffer[4:8], "little")
        if length > self._most:
            self._give_up(_LONGEST_START)
            return 0
        return 8 + length if len(self._buffer) >= 8 + length else None
