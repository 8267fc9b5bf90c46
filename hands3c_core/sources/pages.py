"""Files that hold several pictures of equal rank: pages of a TIFF, the pictures of a stereo or
multi-view JPEG (MPO), of a HEIF collection and of a row of netpbm pictures.

Thumbnails, gain maps, depth maps and tiles are no pages. What is counted is read from the files'
tables alone, so that a folder of thousands is opened quickly.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import cv2
import numpy as np

from hands3c_core.sources import heif, jpeg
from hands3c_core.sources.picture_kinds import HEAD_BYTES

#: No file has more pages, and no table more bytes.
_MOST_PAGES: Final = 10_000
_MOST_BYTES: Final = 1 << 24

#: What a damaged table raises.
DAMAGED: Final = (ValueError, ArithmeticError, LookupError, StopIteration, struct.error)

_TIFF: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
#: NewSubfileType (TIFF 6.0, section 8): bit 0 a smaller version of another page, bit 2 a mask.
_SUBFILE_TYPE, _NO_PAGE = 254, 0b101
#: MP Entry (CIPA DC-007, 5.2.3.3): what describes each picture in 16 bytes.
_MP_ENTRY, _MP_ENTRY_BYTES = 0xB002, 16
#: Its types of pictures that a reader may show beside the first: panorama, disparity, multi-angle,
#: undefined.
_MP_PAGES: Final = (0x020001, 0x020002, 0x020003, 0x030000, 0x000000)
#: Marks of a gain map (ISO 21496-1 and Adobe's) in its first bytes.
_GAIN_MAP: Final = re.compile(rb"urn:iso:std:iso:ts:21496|hdrgm|HDRGainMap")
#: A raw netpbm picture's width, height and largest value, with comments between them.
_NETPBM: Final = re.compile(rb"P([456])((?:\s+|#[^\n]*\n)+(\d+)(?:\s+|#[^\n]*\n)+(\d+))")


@dataclass(frozen=True, slots=True)
class Page:
    """A picture of a file."""

    file: Path
    number: int = 0
    """Counted from 0."""
    count: int = 1
    """How many the file has."""

    @property
    def name(self) -> str:
        """'scan.tif', or 'scan.tif, page 2' where it has several."""
        more = f", page {self.number + 1}" if self.count > 1 else ""
        return f"{self.file.name}{more}"

    def __str__(self) -> str:
        return str(self.file.with_name(self.name)) if self.count > 1 else str(self.file)


def pages_of(path: Path) -> list[Page]:
    """The pictures of a file; a damaged one's is one, to be found damaged when it is read."""
    try:
        with path.open("rb") as file:
            count = _count(file)
    except (OSError, *DAMAGED):
        count = 1
    count = max(1, min(count, _MOST_PAGES))
    return [Page(path, number, count) for number in range(count)]


def page_content(content: bytes, number: int) -> bytes | None:
    """The bytes of page ``number`` as a file of its own, for kinds whose pages are files; None
    for others."""
    if content.startswith(b"\xff\xd8"):
        return _jpeg_pages(io.BytesIO(content))[number]
    if _is_netpbm(content):
        starts = list(_netpbm_starts(io.BytesIO(content)))
        return content[starts[number] :]
    return None


def tiff_page(content: bytes, number: int) -> np.ndarray | None:
    """Page ``number`` of a TIFF as OpenCV gives it; None if it cannot be decoded."""
    index = list(_tiff_pages(io.BytesIO(content)))[number]
    data = np.frombuffer(content, np.uint8)
    _, found = cv2.imdecodemulti(data, cv2.IMREAD_UNCHANGED, range=(index, index + 1))
    return found[0] if found else None


def is_tiff(head: bytes) -> bool:
    return head.startswith(_TIFF)


def _count(file: BinaryIO) -> int:
    head = file.read(HEAD_BYTES)
    if is_tiff(head):
        return sum(1 for _ in _tiff_pages(file))
    if head.startswith(b"\xff\xd8"):
        return len(_jpeg_pages(file))
    if head[4:8] == b"ftyp":
        return len(heif.pictures(_up_to_tables(file)))
    if _is_netpbm(head):
        return sum(1 for _ in _netpbm_starts(file))
    return 1


# ------------------------------------------------------------------------------------------ TIFF


def _tiff_pages(file: BinaryIO) -> Iterator[int]:
    """Which of the directories of a TIFF (or BigTIFF) are pages."""
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    big = head[2:4] in (b"+\0", b"\0+")
    count_code, offset_code, entry_bytes = ("Q", "Q", 20) if big else ("H", "I", 12)
    at = struct.unpack_from(order + offset_code, head, 8 if big else 4)[0]
    seen: set[int] = set()
    while at and at not in seen and len(seen) < _MOST_PAGES:
        seen.add(at)
        file.seek(at)
        raw = file.read(struct.calcsize(order + count_code))
        if len(raw) < struct.calcsize(order + count_code):
            return
        entries = struct.unpack(order + count_code, raw)[0]
        table = file.read(min(entries * entry_bytes, _MOST_BYTES))
        kind = 0
        for entry in range(0, len(table) - entry_bytes + 1, entry_bytes):
            if struct.unpack_from(order + "H", table, entry)[0] == _SUBFILE_TYPE:
                kind = struct.unpack_from(order + "I", table, entry + (12 if big else 8))[0]
        if not kind & _NO_PAGE:
            yield len(seen) - 1
        raw = file.read(struct.calcsize(order + offset_code))
        at = struct.unpack(order + offset_code, raw)[0] if raw else 0


# ------------------------------------------------------------------------------------------ JPEG


def _jpeg_pages(file: BinaryIO) -> list[bytes]:
    """Each picture of a multi-picture JPEG that is as large as the first; of another the first
    alone, as an empty text: it is the file.

    The pictures are found by their own marks: the lengths and places that programs list of them
    are not to be relied on.
    """
    kinds = _mp_kinds(file)
    if len(kinds) < 2:
        return [b""]
    file.seek(0)
    found = jpeg.JpegSplitter().feed(file.read())[: len(kinds)]
    return found[:1] + [
        content
        for kind, content in zip(kinds[1:], found[1:], strict=False)
        if kind in _MP_PAGES
        and jpeg.size_of(content) == jpeg.size_of(found[0])
        and not _GAIN_MAP.search(content[:HEAD_BYTES])
    ]


def _mp_kinds(file: BinaryIO) -> list[int]:
    """The type of each picture, as the first one's APP2 segment lists them."""
    at = 2
    while True:
        file.seek(at)
        head = file.read(4)
        if len(head) < 4 or head[0] != 0xFF or head[1] in (0xDA, 0xD9):
            return []
        length = int.from_bytes(head[2:], "big")
        if head[1] == 0xE2 and file.read(4) == b"MPF\0":
            break
        at += 2 + length
    block = file.read(max(0, length - 6))
    order = "<" if block[:2] == b"II" else ">"
    start = struct.unpack_from(order + "I", block, 4)[0]
    for entry in range(struct.unpack_from(order + "H", block, start)[0]):
        tag, _, count, where = struct.unpack_from(order + "HHII", block, start + 2 + 12 * entry)
        if tag == _MP_ENTRY:
            rows = range(where, min(where + count, len(block)), _MP_ENTRY_BYTES)
            return [struct.unpack_from(order + "I", block, row)[0] & 0xFFFFFF for row in rows]
    return []


# ------------------------------------------------------------------------------------------ HEIF


def _up_to_tables(file: BinaryIO) -> bytes:
    """A HEIF file's boxes up to the item tables, the pictures' own bytes left out."""
    at, parts = 0, list[bytes]()
    while True:
        file.seek(at)
        head = file.read(16)
        if len(head) < 8:
            return b"".join(parts)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        if head[4:8] in (b"ftyp", b"meta"):
            file.seek(at)
            parts.append(file.read(min(length or _MOST_BYTES, _MOST_BYTES)))
        if head[4:8] == b"meta" or length < 8:
            return b"".join(parts)
        at += length


# ---------------------------------------------------------------------------------------- netpbm


def _is_netpbm(head: bytes) -> bool:
    return head[:2] in (b"P4", b"P5", b"P6") and head[2:3].isspace()


def _netpbm_starts(file: BinaryIO) -> Iterator[int]:
    """Where each raw picture of a row of them begins."""
    at = 0
    for _ in range(_MOST_PAGES):
        file.seek(at)
        head = file.read(HEAD_BYTES)
        found = _NETPBM.match(head)
        if found is None:
            return
        width, height, end = int(found[3]), int(found[4]), found.end()
        if found[1] == b"4":
            length = (width + 7) // 8 * height
        else:
            largest = re.compile(rb"(?:\s+|#[^\n]*\n)+(\d+)").match(head, end)
            if largest is None:
                return
            end = largest.end()
            channels = 3 if found[1] == b"6" else 1
            length = width * height * channels * (2 if int(largest[1]) > 255 else 1)
        yield at
        at += end + 1 + length
        file.seek(at)
        while (byte := file.read(1)) and byte.isspace():
            at += 1
