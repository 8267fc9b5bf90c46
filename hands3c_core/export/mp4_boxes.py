"""Where a fragmented MP4 that was cut off is still whole (ISO/IEC 14496-12, boxes)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def trim_to_fragments(path: Path) -> int:
    """Cut what does not belong to a complete fragment off the end of an MP4.

    Returns:
        The bytes cut off. Raises OSError if the file cannot be read or cut.
    """
    with path.open("r+b") as file:
        length = file.seek(0, os.SEEK_END)
        whole = _whole_length(file, length)
        if whole < length:
            file.truncate(whole)
    return length - whole


def _whole_length(file: BinaryIO, length: int) -> int:
    """Offset after the last complete box, a movie fragment counting only with its data."""
    whole = at = 0
    while at + 8 <= length:
        file.seek(at)
        head = file.read(16)
        size, kind = int.from_bytes(head[:4], "big"), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        if size < 8 or at + size > length:
            break
        at += size
        if kind != b"moof":
            whole = at
    return whole
