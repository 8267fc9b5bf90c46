"""What a picture file is, by its first bytes; its name does not count."""

from __future__ import annotations

from enum import Enum
from typing import Final

#: As many bytes as ``kind_of`` needs.
HEAD_BYTES: Final = 4096

#: First bytes of the formats that OpenCV decodes.
_STILLS: Final = (
    *(b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    *(b"#?RADIANCE", b"#?RGBE", b"\x59\xa6\x6a\x95", b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51"),
    *(b"PF\n", b"Pf\n", b"P7\n", b"v/1\x01"),
)
_GIF: Final = (b"GIF87a", b"GIF89a")
#: Brands of the HEIF family (ISO/IEC 23008-12): pictures, and sequences of them.
_HEIC: Final = frozenset((b"heic", b"heix", b"heim", b"heis", b"mif1", b"hevc", b"hevx", b"msf1"))
_SEQUENCES: Final = frozenset((b"avis", b"hevc", b"hevx", b"msf1"))


class Kind(Enum):
    """What a file holds."""

    STILL = "still"
    """A picture that OpenCV decodes; JPEGs one after another begin like one."""
    HEIF = "heif"
    """A picture as phones write them, perhaps in tiles."""
    WEBP_ANIMATION = "webp animation"
    VIDEO = "video"
    """A moving picture that FFmpeg plays: GIF, animated PNG or AVIF."""
    OTHER = "other"
    """No picture, or a video in a container."""


def kind_of(head: bytes) -> Kind:
    """The kind of a file with these first bytes (``HEAD_BYTES`` of them, or all there are)."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        moves = head[12:16] == b"VP8X" and len(head) > 20 and bool(head[20] & 2)
        return Kind.WEBP_ANIMATION if moves else Kind.STILL
    if head[4:8] == b"ftyp":
        return _of_brands(head)
    if head.startswith(_GIF):
        return Kind.VIDEO
    if head.startswith(b"\x89PNG") and _is_apng(head):
        return Kind.VIDEO
    if head.startswith(_STILLS) or _is_netpbm(head):
        return Kind.STILL
    return Kind.OTHER


def _of_brands(head: bytes) -> Kind:
    length = min(int.from_bytes(head[:4], "big"), len(head), 512)
    brands = {head[8:12], *(head[k : k + 4] for k in range(16, length, 4))}
    if brands & _SEQUENCES:
        return Kind.VIDEO
    if b"avif" in brands:
        return Kind.STILL
    return Kind.HEIF if brands & _HEIC and head[8:12] != b"isom" else Kind.OTHER


def _is_apng(head: bytes) -> bool:
    """Whether an animation's chunk comes before the picture's (PNG, third edition)."""
    at = 8
    while at + 8 <= len(head):
        name = head[at + 4 : at + 8]
        if name == b"acTL":
            return True
        if name == b"IDAT":
            return False
        at += 12 + int.from_bytes(head[at : at + 4], "big")
    return False


def _is_netpbm(head: bytes) -> bool:
    return len(head) > 2 and head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace()
