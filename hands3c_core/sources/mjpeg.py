"""JPEG (or PNG, or WebP) pictures from an HTTP answer, however a camera frames them.

Cameras send ``multipart/x-mixed-replace`` with missing, doubled or misplaced boundaries, without
headers, or with lengths that are wrong; browsers show all of it. So the framing is not looked at:
pictures are found by their own first and last markers.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Final, Protocol

from hands3c_core.sources.base import SourceLostError
from hands3c_core.sources.images import decode_image
from hands3c_core.sources.jpeg import MOST_BYTES
from hands3c_core.sources.picture_splitter import PictureSplitter
from hands3c_core.types import UInt8

_PIECE: Final = 1 << 16
#: As many pictures one after another that cannot be decoded are no video.
_MOST_DAMAGED: Final = 100
#: As many parts one after another without a picture are none.
_MOST_PARTS: Final = 100
_PART: Final = re.compile(rb"(?i)\bcontent-type:[ \t]*([\w/+.-]{1,60})")
_TYPES: Final = ("multipart/", "image/jpeg", "image/jpg", "image/pjpeg")
#: The second byte of JPEG data after SOI and 0xFF, in what is looked at to tell it.
_START: Final = b"\xff\xd8\xff"


class Body(Protocol):
    """Bytes as they arrive."""

    def read(self, size: int) -> bytes: ...


class PrefixedBody:
    """A body of which some bytes were read ahead."""

    def __init__(self, start: bytes, body: Body) -> None:
        self._start, self._body = start, body

    def read(self, size: int) -> bytes:
        if self._start:
            piece, self._start = self._start[:size], self._start[size:]
            return piece
        return self._body.read(size)


def is_mjpeg(content_type: str, start: bytes) -> bool:
    """Whether an answer of this type with these first bytes is a stream of JPEGs."""
    if content_type.startswith(_TYPES) or "jpeg" in content_type:
        return True
    is_declared = content_type.startswith(("video/", "audio/", "application/x-mpegurl"))
    return not is_declared and (start.lstrip().startswith(b"--") or _START in start)


class MjpegPictures:
    """The pictures of a stream of JPEGs, PNGs or WebPs."""

    def __init__(self, body: Body, name: str) -> None:
        self._body, self._name = body, name
        self._splitter = PictureSplitter()
        self._waiting: deque[bytes] = deque()
        self._damaged = 0
        self._shown = False
        self._part = ""
        """What the newest part says that it is."""

    @property
    def skipped(self) -> int:
        """Pictures that were cut off or cannot be decoded so far."""
        return self._damaged + self._splitter.broken

    def next(self) -> UInt8:
        """The next sound picture, (H, W, 3) RGB.

        Raises:
            SourceLostError: the stream ended or stalled, or what it sends are no pictures.
        """
        tried = without = parts = 0
        while tried < _MOST_DAMAGED and without < MOST_BYTES and parts < _MOST_PARTS:
            while self._waiting:
                image = decode_image(self._waiting.popleft())
                if image is not None:
                    self._shown = True
                    return image
                tried += 1
                self._damaged += 1
            piece = self._body.read(_PIECE)
            if not piece:
                if without and not self._shown:
                    break
                raise SourceLostError(f"{self._name} ended the stream")
            without += len(piece)
            said = _PART.findall(piece)
            self._part = said[-1].decode("ascii", "replace") if said else self._part
            found = self._splitter.feed(piece)
            parts = 0 if found else parts + len(said)
            self._waiting.extend(found)
        what = f" (it sends {self._part})" if self._part else ""
        raise SourceLostError(
            f"{self._name} sends nothing that can be decoded{what}: set the camera to JPEG"
        )
