# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that make up a take: which belong together, how long and how large they are."""

from __future__ import annotations

import contextlib
from functools import cache
from pathlib import Path

from hands3c_core.errors import UserError
from hands3c_core.export_formats import EXPORT_FORMATS
from hands3c_core.reading import Fields, parse_json

from .session_types import Take

RAW_SUFFIX = ".raw.mp4"
SCENE_SUFFIX = ".scene.mp4"
#: Enough for the last lines of a log.
_TAIL = 1 << 17
_HEAD = 1 << 12


@cache
def endings() -> tuple[str, ...]:
    """Ends of the names of a take's files, in the order they are listed. Those that begin with an
    underscore are folders."""
    videos = (".mp4", RAW_SUFFIX, SCENE_SUFFIX)
    return (*videos, ".jsonl", *(made.ending for made in EXPORT_FORMATS.values()))


def split(path: Path) -> tuple[str, str] | None:
    """A path's take and ending ('walk', '.raw.mp4'); None if no take has such a file."""
    for end in sorted(endings(), key=len, reverse=True):  # .raw.mp4 before .mp4
        if path.name.endswith(end) and len(path.name) > len(end):
            folder = end.startswith("_")
            return (path.name.removesuffix(end), end) if path.is_dir() == folder else None
    return None


def files_of(folder: Path, name: str) -> tuple[Path, ...]:
    """The files and folders of the take ``name`` that are there."""
    paths = (folder / (name + end) for end in endings())
    return tuple(path for path in paths if path.exists() and split(path) is not None)


def scan(folder: Path) -> list[Take]:
    """The takes in ``folder``, newest first. A video that a crash left unfinished gets its name.

    A take is what has a log of ours or a video of ours: other files are left alone.
    """
    from hands3c_core.export import is_unfinished, recover_video

    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return []
    for entry in entries:
        if is_unfinished(entry):
            recover_video(entry)
    with contextlib.suppress(OSError):
        entries = sorted(folder.iterdir())
    names = {found[0] for entry in entries if (found := split(entry)) is not None}
    takes = [take for name in names if (take := read_take(folder, name)) is not None]
    return sorted(takes, key=lambda take: (_recorded_at(take), take.name), reverse=True)


def read_take(folder: Path, name: str) -> Take | None:
    """The take ``name`` in ``folder``, if it is one."""
    from hands3c_core.export import is_own_video, video_seconds

    log = folder / f"{name}.jsonl"
    videos = (folder / f"{name}.mp4", folder / (name + RAW_SUFFIX))
    seconds: float | None = None
    if _is_log(log):
        seconds = _log_seconds(log)
    else:
        own = [video for video in videos if video.exists() and is_own_video(video)]
        if not own:
            return None
        seconds = video_seconds(own[0])
    files = files_of(folder, name)
    return Take(name, files, None, seconds or 0.0, sum(map(size_of, files)))


def size_of(path: Path) -> int:
    """Bytes of a file, or of a folder's files."""
    with contextlib.suppress(OSError):
        if path.is_dir():
            return sum(entry.stat().st_size for entry in path.iterdir())
        return path.stat().st_size
    return 0


def _recorded_at(take: Take) -> float:
    with contextlib.suppress(OSError):
        return max(file.stat().st_mtime for file in take.files if file.suffix in (".jsonl", ".mp4"))
    return 0.0


def _is_log(path: Path) -> bool:
    from hands3c_core.export.results import FORMAT_NAME

    try:
        with path.open("rb") as file:
            return f'"{FORMAT_NAME}"'.encode() in file.read(_HEAD)
    except OSError:
        return False


def _log_seconds(path: Path) -> float | None:
    """Time of the last complete frame."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _TAIL))
            lines = file.read().splitlines()
    except OSError:
        return None
    for line in reversed(lines):
        with contextlib.suppress(UserError):
            return Fields(parse_json(line, str(path)), str(path)).number("time", 0.0)
    return None
