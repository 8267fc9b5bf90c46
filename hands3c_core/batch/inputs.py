"""What a run is of: files, folders, patterns and lists, as clips with names of their own."""

from __future__ import annotations

import functools
import glob
import hashlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from hands3c_core.batch.lerobot import LeRobotSet, clip_name, is_dataset
from hands3c_core.digest import sha256_of
from hands3c_core.errors import UserError
from hands3c_core.names import safe_name, user_path
from hands3c_core.sources.base import Source
from hands3c_core.sources.images import ImageFolder, images_and_clips, is_image, natural_key
from hands3c_core.sources.media import VIDEO_SUFFIXES
from hands3c_core.sources.open import holds_pictures, open_source


@dataclass(frozen=True, slots=True)
class Clip:
    """One input."""

    name: str
    """Its own in the run; also that of its folder."""
    path: str
    """Absolute: a video, a picture, or a folder of pictures."""
    kind: Literal["video", "images"]
    """'images' stand each for itself."""
    size: int
    """Bytes."""
    modified_ns: int
    start: float = 0.0
    """Seconds of the file that are before it (several clips in one file)."""
    end: float | None = None
    """Seconds of the file at which it ends; None for the file's end."""

    def open(self) -> Source:
        """Its frames.

        Raises:
            UserError: it cannot be read.
        """
        path = Path(self.path)
        return ImageFolder(path) if self.kind == "images" else open_source(path)

    def sha256(self) -> str:
        """Of its content; of a folder's pictures, their names and contents in order.

        Raises:
            UserError: it cannot be read.
        """
        path = Path(self.path)
        try:
            if path.is_file():
                stat = path.stat()
                return _sha256_of(path, stat.st_size, stat.st_mtime_ns)
            digest = hashlib.sha256()
            for file in pictures_of(path):
                stat = file.stat()
                content = _sha256_of(file, stat.st_size, stat.st_mtime_ns)
                digest.update(os.fsencode(file.name) + b"\0" + content.encode())
        except OSError as error:
            raise UserError(f"{path.name} cannot be read: {error.strerror}") from error
        return digest.hexdigest()


@functools.lru_cache(maxsize=8)
def _sha256_of(file: Path, size: int, modified_ns: int) -> str:
    """Of a file's content, remembered while it does not change: of several clips of one file."""
    return sha256_of(file)


def find_clips(inputs: Iterable[str | Path], known: Mapping[str, str] | None = None) -> list[Clip]:
    """The clips that inputs stand for, sorted by name.

    Args:
        inputs: videos and pictures; folders (every video in them and below, and each folder of
            pictures as one clip); patterns (``clips/**/*.mp4``); ``@list.txt`` with one of these
            a line.
        known: names that paths (see ``key_of``) have had in the run before.

    Raises:
        UserError: there is nothing at a path, or nothing at all.
    """
    found: dict[str, Clip] = {}
    for path, root in _paths(inputs):
        for clip in _clips_at(path, root):
            found.setdefault(key_of(clip), clip)
    if not found:
        raise UserError("there is no video and no picture in what was named: name others.")
    return sorted(_named(found, known or {}), key=lambda clip: natural_key(clip.name))


def key_of(clip: Clip) -> str:
    """What tells a clip from all others: its file, and where in it."""
    return clip.path if clip.end is None and not clip.start else f"{clip.path}#{clip.start:.6f}"


def pictures_of(folder: Path) -> list[Path]:
    """The pictures of a folder, in natural order."""
    files = (file for file in folder.iterdir() if file.is_file() and not file.name.startswith("."))
    return [f for f in sorted(files, key=lambda file: natural_key(file.name)) if is_image(f)]


def _paths(inputs: Iterable[str | Path]) -> Iterator[tuple[Path, Path]]:
    """Paths, and the folder that each one's name is told from."""
    for given in inputs:
        text = str(given)
        if text.startswith("@"):
            yield from _paths(_lines_of(user_path(text[1:])))
            continue
        path = user_path(text)
        if path.exists():
            yield path, path if path.is_dir() else path.parent
        elif any(letter in text for letter in "*?["):
            matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207
            if not matches:
                raise UserError(f"nothing is called {text}: check the pattern.")
            plain = re.split(r"[*?\[]", str(path), maxsplit=1)[0]
            root = Path(plain) if plain.endswith("/") else Path(plain).parent
            yield from ((Path(match), root) for match in matches)
        else:
            raise UserError(f"there is no {text}: name videos, pictures, folders or @list.txt.")


def _lines_of(file: Path) -> list[str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UserError(f"the list {file} cannot be read: {reason}.") from None
    lines = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    # A list may be moved about with what it names.
    return [
        line if Path(line).expanduser().is_absolute() else str(file.parent / line) for line in lines
    ]


def _clips_at(path: Path, root: Path) -> Iterator[Clip]:
    if path.is_file():
        yield _clip(path, _kind_of(path), root)
        return
    if is_dataset(path):
        yield from _episodes_of(path)
        return
    try:
        children = [child for child in path.iterdir() if not child.name.startswith(".")]
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its rights.") from None
    files = [child for child in children if child.is_file()]
    images, videos = images_and_clips(files)
    yield from (_clip(file, "video", root) for file in videos)
    if images:
        yield _clip(path, "images", root)
    for child in children:
        if child.is_dir():
            yield from _clips_at(child, root)


def _episodes_of(folder: Path) -> Iterator[Clip]:
    """The episodes of a LeRobot data set, each camera's by itself."""
    for episode in LeRobotSet.open(folder).episodes():
        try:
            stat = episode.video.stat()
        except OSError as error:
            raise UserError(f"{episode.video} cannot be read: {error.strerror}.") from None
        yield Clip(
            clip_name(episode.camera, episode.number),
            str(episode.video.resolve()),
            "video",
            stat.st_size,
            stat.st_mtime_ns,
            episode.start,
            episode.end,
        )


def _kind_of(path: Path) -> Literal["video", "images"]:
    is_still = path.suffix.lower() not in VIDEO_SUFFIXES and holds_pictures(path)
    return "images" if is_still else "video"


def _clip(path: Path, kind: Literal["video", "images"], root: Path) -> Clip:
    files = [path] if path.is_file() else pictures_of(path)
    try:
        stats = [file.stat() for file in files]
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its rights.") from None
    whole = path.resolve()
    try:
        told = path.relative_to(root)
    except ValueError:
        told = Path(path.name)
    if told == Path():
        told = Path(whole.name)
    stem = told.with_suffix("") if path.is_file() else told
    return Clip(
        safe_name("__".join(stem.parts)),
        str(whole),
        kind,
        sum(stat.st_size for stat in stats),
        max((stat.st_mtime_ns for stat in stats), default=0),
    )


def _named(found: Mapping[str, Clip], known: Mapping[str, str]) -> list[Clip]:
    """Clips with names of their own: those they had, else their own, numbered by their path where
    several would be called the same."""
    taken = {known[key].casefold() for key in found if key in known}
    named = []
    for key, clip in found.items():
        name = known.get(key)
        if name is None:
            name = clip.name
            if name.casefold() in taken:
                mark = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()[:8]
                name = f"{clip.name}-{mark}"
            taken.add(name.casefold())
        named.append(replace(clip, name=name))
    return named


def check_inputs(inputs: Sequence[str | Path]) -> None:
    """Raise UserError if nothing is named."""
    if not inputs:
        raise UserError("name what to process: videos, pictures, folders, patterns or @list.txt.")
