"""Animated WebP files, which FFmpeg does not play; OpenCV decodes them."""

from __future__ import annotations

import time
from bisect import bisect_right
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from hands3c_core.errors import UserError
from hands3c_core.names import printable
from hands3c_core.reading import read_bytes
from hands3c_core.sources.base import Source, no_raw_errors
from hands3c_core.types import Frame, UInt8

_MOST_BYTES: Final = 1 << 29
#: Pictures decoded at once take about as many bytes.
_BLOCK_BYTES: Final = 64 << 20
#: What browsers make of pictures that would be shown for no time, s.
_LEAST_S, _USUAL_S = 0.011, 0.1


class WebpAnimation(Source):
    """An animated WebP, laid over black. Timestamps follow from how long its pictures are shown."""

    @no_raw_errors
    def __init__(self, path: str | Path) -> None:
        """Open ``path``.

        Raises:
            UserError: it cannot be read or decoded.
        """
        path = Path(path)
        self.name = printable(path.name)
        content = read_bytes(path, _MOST_BYTES)
        shown, (width, height) = _tables(content)
        self._data = np.frombuffer(content, np.uint8).reshape(1, -1)
        self._starts = [0.0, *np.cumsum(shown).tolist()]
        self._block = max(1, _BLOCK_BYTES // max(1, 4 * width * height))
        self._pictures: tuple[int, list[UInt8]] = (0, [])
        self._position = 0
        self.frame_count = len(shown)
        self.duration = self._starts[-1]
        self.fps = len(shown) / self.duration if shown else 0.0
        first = self._picture(0)
        if first is None:
            raise UserError(f"{self.name} is damaged: none of its pictures can be decoded")
        self.size = (first.shape[1], first.shape[0])

    @no_raw_errors
    def read(self) -> Frame | None:
        index = self._position
        image = self._picture(index)
        if image is None:
            self.skipped = len(self._starts) - 1 - index
            return None
        self._position += 1
        return Frame(image, self._starts[index], index, time.monotonic())

    def seek(self, seconds: float) -> None:
        index = bisect_right(self._starts, seconds + 1e-6) - 1
        self._position = min(max(index, 0), len(self._starts) - 2)

    def close(self) -> None:
        self._pictures = (0, [])
        self._position = len(self._starts)

    def _picture(self, index: int) -> UInt8 | None:
        """Picture ``index`` as RGB, None beyond the last one that can be decoded."""
        if index >= len(self._starts) - 1:
            return None
        start, pictures = self._pictures
        if not start <= index < start + len(pictures):
            _, animation = cv2.imdecodeanimation(self._data, start=index, count=self._block)
            pictures = [_to_rgb(picture) for picture in animation.frames]
            self._pictures = (index, pictures)
            start = index
        return pictures[index - start] if index - start < len(pictures) else None


def _tables(content: bytes) -> tuple[list[float], tuple[int, int]]:
    """How long each picture is shown, s, and (width, height), px (WebP Container Specification)."""
    shown: list[float] = []
    size = (0, 0)
    at = 12
    while at + 8 <= len(content):
        kind, length = content[at : at + 4], int.from_bytes(content[at + 4 : at + 8], "little")
        if kind == b"VP8X":
            width, height = (
                int.from_bytes(content[k : k + 3], "little") + 1 for k in (at + 12, at + 15)
            )
            size = (width, height)
        elif kind == b"ANMF":
            seconds = int.from_bytes(content[at + 20 : at + 23], "little") / 1000
            shown.append(seconds if seconds >= _LEAST_S else _USUAL_S)
        at += 8 + length + length % 2
    return shown, size


def _to_rgb(picture: np.ndarray) -> UInt8:
    """BGRA laid over black."""
    rgb = cv2.cvtColor(picture[..., :3], cv2.COLOR_BGR2RGB)
    if picture.shape[2] == 4 and not (picture[..., 3] == 255).all():
        shares = picture[..., 3:].astype(np.uint16) + 1
        rgb = np.right_shift(rgb.astype(np.uint16) * shares, 8).astype(np.uint8)
    return np.ascontiguousarray(rgb)  # type: ignore[return-value]
