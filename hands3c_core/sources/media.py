"""Opens media files with FFmpeg (PyAV), which gets their bytes and never their path.

A path may hold bytes that are no text, ``%d``, or a protocol's name; text that reaches a library in
C or C++ is read in its own way there.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Final

import av
import cv2
import numpy as np
from av.error import FFmpegError

from hands3c_core.closing import Closing
from hands3c_core.errors import UserError
from hands3c_core.sources import jpeg
from hands3c_core.sources.picture_kinds import HEAD_BYTES, Kind, kind_of

#: Containers that hold their own picture. Playlists (HLS, DASH, concat, SDP) are left out: a file
#: must never make us open another file or a network connection.
FORMATS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,gif,nut,mxf,dv,"
    "ivf,h264,hevc,m4v,mjpeg,mjpeg_2000,yuv4mpegpipe,rm,av1,obu,vc1,h263,h261,webp_anim,apng,"
    "swf,wtv,gxf,nsv,amv,roq,smk,bink,rawvideo,"
    "wav,mp3,flac,aac,aiff,ac3,eac3,caf,w64,amr,au,ape,tta,wv"
)

#: Ends of the names that files of a folder have where they are taken for videos.
VIDEO_SUFFIXES: Final = frozenset(
    {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".gif"}
)
#: A file with one of these ends is one photograph, if it begins like one: to look for a second
#: picture in each of thousands would mean to read them all.
_PHOTO_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".jpe", ".jfif"})
#: An animation of one frame is no larger, bytes.
_MOST_STILL_BYTES: Final = 64 << 20
#: In so many bytes of JPEGs there are two of them.
_SEQUENCE_BYTES: Final = 16 << 20


class MediaFile(Closing):
    """An open media file; close it, or use it as a context manager.

    Raises:
        UserError: there is no such file, it cannot be read, or it is no video.
    """

    container: av.container.InputContainer

    def __init__(self, path: Path) -> None:
        self._file = open_file(path)
        try:
            # JPEGs one after another have no container that FFmpeg could tell.
            is_jpegs = self._file.read(3) == b"\xff\xd8\xff"
            self._file.seek(0)
            self.container = av.open(  # type: ignore[assignment]
                _Bytes(self._file, path.suffix),  # type: ignore[call-overload]
                format="mjpeg" if is_jpegs else None,
                options={"protocol_whitelist": "none", "format_whitelist": FORMATS},
                metadata_errors="replace",
            )
        except (FFmpegError, ValueError):
            self._file.close()
            raise UserError(
                f"{path.name} is not a video that can be read: "
                "it may be damaged, incomplete or of another kind; try another file"
            ) from None
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        """Release the file. Closing twice is fine."""
        self.container.close()
        self._file.close()


class _Bytes:
    """What FFmpeg needs of a file, under a plain name: some formats are told by their suffix."""

    def __init__(self, file: BinaryIO, suffix: str) -> None:
        is_plain = suffix.isascii() and suffix[1:].isalnum()
        self.name = f"video{suffix.lower()}" if is_plain else "video"
        self.read, self.seek, self.tell = file.read, file.seek, file.tell


def open_file(path: Path) -> BinaryIO:
    """``path`` opened to be read.

    Raises:
        UserError: there is no such file, it is empty, or cannot be read.
    """
    try:
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise UserError(f"{path} {what}: check the path")
        if path.stat().st_size == 0:
            raise UserError(f"{path.name} is empty (0 bytes): record or copy it again")
        return path.open("rb")
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its rights") from None
    except ValueError:
        raise UserError(f"{path} is no path: check it") from None


def head_of(path: Path) -> bytes:
    """The first bytes of a file, empty if it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except (OSError, ValueError):
        return b""


def moves(path: Path, head: bytes | None = None) -> bool:
    """Whether a file among pictures is none of them but moves, by its content: an animated GIF,
    WebP, PNG, AVIF or HEIC, or JPEGs one after another. ``head`` is its ``head_of``, if known."""
    head = head_of(path) if head is None else head
    kind = kind_of(head)
    if kind in (Kind.VIDEO, Kind.WEBP_ANIMATION):
        return not _has_one_frame(path)
    is_jpeg = kind is Kind.STILL and head.startswith(b"\xff\xd8\xff")
    return is_jpeg and path.suffix.lower() not in _PHOTO_SUFFIXES and is_jpeg_sequence(path)


def _has_one_frame(path: Path) -> bool:
    """Whether a file of a kind that may move (a GIF, say) does not."""
    try:
        if path.stat().st_size > _MOST_STILL_BYTES:
            return False
        content = np.frombuffer(path.read_bytes(), np.uint8).reshape(1, -1)
        _, animation = cv2.imdecodeanimation(content, start=0, count=2)
    except (OSError, ValueError, MemoryError, cv2.error):
        return False
    return len(animation.frames) == 1


def is_jpeg_sequence(path: Path) -> bool:
    """Whether a file is JPEGs one after another: a video without a container."""
    try:
        with path.open("rb") as file:
            return jpeg.is_sequence(file.read(_SEQUENCE_BYTES))
    except (OSError, ValueError):
        return False
