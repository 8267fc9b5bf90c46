"""What can be labelled: videos, folders of images and single images, as clips."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from hands3c_core.errors import UserError
from hands3c_core.names import user_path
from hands3c_core.sources.base import Source
from hands3c_core.sources.images import ImageFolder, images_and_clips, natural_key
from hands3c_core.sources.open import holds_pictures, open_source
from hands3c_core.types import Frame

#: Name of the clip that single images make together.
LOOSE_IMAGES: Final = "images"


@dataclass(frozen=True, slots=True)
class Clip:
    """One video, or images that belong together."""

    name: str
    kind: Literal["video", "images"]
    files: tuple[Path, ...]
    """One video, one folder, or single images."""
    size: int
    """Bytes of all the files: what tells a clip from another one of its name."""

    @property
    def session(self) -> str:
        """The name as part of file names."""
        stem = Path(self.name).stem if self.kind == "video" else self.name
        return re.sub(r"[^\w.-]+", "_", stem).strip(".") or "clip"

    def open(self) -> ClipFrames:
        """Its frames.

        Raises:
            UserError: it cannot be read.
        """
        return ClipFrames(self)


class ClipFrames:
    """The frames of a clip in order, numbered from 0; use it as a context manager.

    Args:
        clip: the clip.

    Raises:
        UserError: it cannot be read.
    """

    def __init__(self, clip: Clip) -> None:
        self._clip = clip
        self._source = _open(clip, clip.files[0])
        several = len(clip.files) > 1
        self.count = len(clip.files) if several else self._source.frame_count
        """How many frames, as far as is known before they are read."""
        self.fps = self._source.fps
        self.unreadable = 0
        """Frames or images so far that could not be decoded."""

    def __iter__(self) -> Iterator[tuple[int, Frame]]:
        if len(self._clip.files) == 1:
            for frame in self._source:
                self.unreadable = self._source.skipped
                yield frame.index, frame
            self.unreadable = self._source.skipped
            return
        number = 0
        for path in self._clip.files:
            found = 0
            for frame in _read_all(self._clip, path):
                yield number + frame.index, frame
                found = frame.index + 1
            self.unreadable += found == 0
            number += max(1, found)

    def __enter__(self) -> ClipFrames:
        return self

    def __exit__(self, *_: object) -> None:
        self._source.close()


def find_clips(paths: Sequence[Path]) -> list[Clip]:
    """The clips that paths stand for: a video each, a folder of images each (or each video of a
    folder that holds no images), and the single images together.

    Raises:
        UserError: there is nothing at a path, or nothing that can be read.
    """
    if not paths:
        raise UserError("name a video, a folder of images, or images to label.")
    clips: list[Clip] = []
    loose: list[Path] = []
    for path in (user_path(path) for path in paths):
        if not path.exists():
            raise UserError(f"there is no {path}; name a video, a folder of images, or images.")
        if path.is_dir():
            clips += _folder_clips(path)
        elif _is_video(path):
            clips.append(_video(path))
        else:
            loose.append(path)
    if loose:
        size = sum(path.stat().st_size for path in loose)
        clips.append(Clip(LOOSE_IMAGES, "images", tuple(loose), size))
    doubled = {clip.name for clip in clips if sum(c.session == clip.session for c in clips) > 1}
    if doubled:
        raise UserError(f"several inputs are called {min(doubled)}: rename or label one by one.")
    return clips


def _folder_clips(folder: Path) -> list[Clip]:
    try:
        files = [f for f in folder.iterdir() if f.is_file() and not f.name.startswith(".")]
    except OSError as error:
        raise UserError(f"{folder} cannot be read ({error.strerror}): check its rights.") from None
    images, videos = images_and_clips(files)
    if images:
        size = sum(file.stat().st_size for file in images)
        clips = [Clip(folder.resolve().name, "images", (folder,), size)]
    elif videos:
        clips = []
    else:
        raise UserError(f"{folder} holds neither images nor videos; choose another folder.")
    videos.sort(key=lambda file: natural_key(file.name))
    return clips + [_video(file) for file in videos]


def _video(path: Path) -> Clip:
    open_source(path).close()  # says what is wrong with it before anything is labelled
    return Clip(path.name, "video", (path,), path.stat().st_size)


def _read_all(clip: Clip, path: Path) -> Iterator[Frame]:
    """The pictures of one of several files, most often one."""
    try:
        with _open(clip, path) as source:
            yield from source
    except UserError:
        return


def _open(clip: Clip, path: Path) -> Source:
    return open_source(path) if clip.kind == "video" else ImageFolder(path)


def _is_video(path: Path) -> bool:
    """Whether ``path`` moves, or is none of the pictures that are read."""
    return not holds_pictures(path)
