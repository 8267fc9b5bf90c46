"""Where JPEG pictures begin and end in bytes, whatever is around them.

A JPEG is a chain of segments from SOI to EOI (ITU-T T.81, annex B); thumbnails lie inside segments
and are stepped over with them.
"""

from __future__ import annotations

import re
from typing import Final

_SOI, _EOI = b"\xff\xd8\xff", 0xD9
#: In coded data 0xFF is followed by a zero, a restart or a further 0xFF; anything else is a marker.
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
#: No camera's picture is larger, bytes.
MOST_BYTES: Final = 64 << 20
_SOS: Final = 0xDA
#: Frame headers, which hold the size: SOF0 to SOF15 less DHT, JPG and DAC.
_SOF: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


class JpegSplitter:
    """Takes a stream of bytes in pieces of any size and gives the JPEG pictures in it.

    What lies between pictures (boundaries, headers, their absence or their mistakes) is passed
    over, which is what browsers come to. A picture is given as soon as its last byte is there.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        """``most``: bytes of a picture at most; a longer one is given up."""
        self._most = most
        self._buffer = bytearray()
        self._at = 0
        """From where to go on in the picture at the buffer's start; 0 between pictures."""
        self._coded = False
        """Whether that place lies in coded data, rather than at a segment."""
        self.broken = 0
        """Pictures that were cut off or too long so far."""

    @property
    def held(self) -> int:
        """Bytes that wait for the rest of their picture."""
        return len(self._buffer)

    def feed(self, piece: bytes) -> list[bytes]:
        """The pictures that ``piece`` completes."""
        self._buffer += piece
        pictures = []
        while (picture := self._next()) is not None:
            pictures.append(picture)
        return pictures

    def _next(self) -> bytes | None:
        while self._at or self._begin():
            end = self._walk()
            if end is None:
                if len(self._buffer) <= self._most:
                    return None
                self._give_up(2)
            elif end > 0:
                picture = bytes(self._buffer[:end])
                del self._buffer[:end]
                self._at = 0
                return picture
        return None

    def _begin(self) -> bool:
        """Drop what comes before a picture; whether there is one."""
        start = self._buffer.find(_SOI)
        if start < 0:
            del self._buffer[: max(0, len(self._buffer) - len(_SOI) + 1)]
            return False
        del self._buffer[:start]
        self._at, self._coded = 2, False
        return True

    def _give_up(self, skipped: int) -> None:
        """Look for the next picture from ``skipped`` bytes on."""
        self.broken += 1
        del self._buffer[:skipped]
        self._at = 0

    def _walk(self) -> int | None:
        """The picture's length, None if more bytes are needed, 0 if it was given up."""
        buffer = self._buffer
        while True:
            if self._coded:
                found = _MARKER.search(buffer, self._at)
                if found is None:
                    self._at = max(self._at, len(buffer) - 1)
                    return None
                self._at, self._coded = found.start(), False
            if len(buffer) < self._at + 2:
                return None
            if buffer[self._at] != 0xFF:
                self._give_up(2)
                return 0
            code = buffer[self._at + 1]
            if code == _EOI:
                return self._at + 2
            if code == 0xD8:  # the next picture begins: this one was cut off
                self._give_up(self._at)
                return 0
            if code == 0xFF:
                self._at += 1
                continue
            if len(buffer) < self._at + 4:
                return None
            length = int.from_bytes(buffer[self._at + 2 : self._at + 4], "big")
            if length < 2 or code == 0x00:
                self._give_up(2)
                return 0
            self._at += 2 + length
            self._coded = code == _SOS


def size_of(picture: bytes) -> tuple[int, int] | None:
    """(width, height) in a JPEG's frame header; None if it has none."""
    at = 2
    while at + 9 < len(picture) and picture[at] == 0xFF:
        code = picture[at + 1]
        if code in _SOF:
            height, width = (int.from_bytes(picture[k : k + 2], "big") for k in (at + 5, at + 7))
            return width, height
        at += 1 if code == 0xFF else 2 + int.from_bytes(picture[at + 2 : at + 4], "big")
    return None


def is_sequence(content: bytes) -> bool:
    """Whether bytes are several JPEG pictures of one size, one after another, and so a video
    without a container. Photos with a second picture behind (gain maps, stereo pairs) say so in a
    segment of the multi-picture format."""
    splitter = JpegSplitter()
    pictures = splitter.feed(content)
    if len(pictures) < 2 or b"MPF\x00" in pictures[0]:
        return False
    return size_of(pictures[0]) == size_of(pictures[1]) is not None
