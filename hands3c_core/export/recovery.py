"""Recordings that a crash left behind, and which videos are ours."""

from __future__ import annotations

import re
from pathlib import Path

import av
from av.error import FFmpegError

from hands3c_core.errors import UserError
from hands3c_core.export.locks import lock_file
from hands3c_core.export.mp4_boxes import trim_to_fragments
from hands3c_core.export.video import MADE_BY
from hands3c_core.sources.media import MediaFile

#: Names that begin with a dot are those of files that are written whole or not at all.
_PART = re.compile(r"(?P<name>[^.].*\.mp4)(\.\d+)?\.part")


def is_unfinished(path: Path) -> bool:
    """Whether ``path`` has the name of a video being recorded."""
    return _PART.fullmatch(path.name) is not None


def recover_video(part: Path) -> Path | None:
    """Give a video that a crash left as ``NAME.mp4.part`` its name, or the next free one.

    Returns:
        The video; None if it is still being written, holds no frame (it is removed then) or cannot
        be renamed.
    """
    match = _PART.fullmatch(part.name)
    if match is None:
        return None
    try:
        with part.open("rb") as file:
            if not lock_file(file.fileno()):
                return None
            trim_to_fragments(part)
            if not _has_frame(part):
                part.unlink()
                return None
            video = part.with_name(match["name"])
            stem, number = video.name.removesuffix(".mp4"), 2
            while video.exists():
                video = part.with_name(f"{stem}-{number}.mp4")
                number += 1
            return part.rename(video)
    except OSError:
        return None


def is_own_video(path: Path) -> bool:
    """Whether ``VideoWriter`` made the MP4 at ``path``."""
    try:
        with MediaFile(path) as media:
            return media.container.metadata.get("comment") == MADE_BY
    except (UserError, OSError, FFmpegError):
        return False


def video_seconds(path: Path) -> float | None:
    """How long a video is, if that can be told without reading all of it."""
    try:
        with MediaFile(path) as media:
            duration = media.container.duration
            return None if duration is None else duration / av.time_base
    except (UserError, OSError, FFmpegError):
        return None


def _has_frame(path: Path) -> bool:
    try:
        with MediaFile(path) as media:
            return any(packet.size > 0 for packet in media.container.demux(video=0))
    except (UserError, OSError, FFmpegError, IndexError, ValueError):
        return False
