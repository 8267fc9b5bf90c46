"""A folder of images, or one image, as a clip."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from hands3c_core.errors import UserError
from hands3c_core.names import printable
from hands3c_core.sources import heif
from hands3c_core.sources.base import Source, check_fps, no_raw_errors
from hands3c_core.sources.decode import Flips, apply_flips
from hands3c_core.sources.media import VIDEO_SUFFIXES, head_of, moves
from hands3c_core.sources.pages import DAMAGED, Page, is_tiff, page_content, pages_of, tiff_page
from hands3c_core.sources.picture_kinds import HEAD_BYTES, Kind, kind_of
from hands3c_core.types import Frame, UInt8

log = logging.getLogger(__name__)

DEFAULT_FPS = 30.0
_MOST_BYTES = 1 << 30
#: So many files that were left out are named.
_MOST_NAMED = 3
#: As few images as this can be a film.
_LEAST_SEQUENCE = 3

#: Flips (transpose, mirror, upside down) by EXIF orientation (EXIF 2.32, tag 0x0112).
_EXIF_FLIPS: dict[int, Flips] = {
    2: (False, True, False),
    3: (False, True, True),
    4: (False, False, True),
    5: (True, False, False),
    6: (True, True, False),
    7: (True, True, True),
    8: (True, False, True),
}
_ORIENTATION_TAG = 0x0112
_EXIF_METADATA = 0  # cv2.IMAGE_METADATA_EXIF


class ImageFolder(Source):
    """The images of a folder in natural order (2 before 10), a single image, or several named ones.

    Takes whatever OpenCV reads, and HEIC. 16-bit images keep their upper 8 bits, floating-point
    ones are clipped to 0..1, grey ones become RGB, transparent ones are laid over black, EXIF
    orientation is applied. Image k has timestamp k / fps. Files that are no images are left out
    from the start, images that turn out to be damaged are passed over; both are counted in
    ``skipped`` (each file once). Images may differ in size. A file of several pictures (pages of a
    TIFF, a stereo pair, a HEIF collection) is as many images. Animations are no images: they are
    left out, and ``note`` names them.
    """

    @no_raw_errors
    def __init__(self, path: str | Path | Sequence[str | Path], fps: float | None = None) -> None:
        """Open the folder or image ``path``, or the images and folders of a list, in its order.

        Raises:
            UserError: there is no such folder or no image in it can be read.
        """
        check_fps(fps)
        paths = [Path(path)] if isinstance(path, (str, Path)) else [Path(each) for each in path]
        if not paths:
            raise UserError("no picture is named: give one or more files")
        path = paths[0]
        self.name = printable(path.name or str(path))
        if len(paths) > 1:
            self.name = f"{self.name} and {len(paths) - 1} more"
        files = [file for each in paths for file in _files_of(each)]
        images, moving = _sorted_out(files)
        self.note = _left_out(moving)
        self._pages = [page for file in images for page in pages_of(file)]
        self.is_sequence = len(self._pages) == len(images) and _are_numbered(images)
        """Whether the images follow each other in time; otherwise they are photographs."""
        self.fps = fps or DEFAULT_FPS
        self._junk = len(files) - len(images)
        self._damaged: set[Page] = set()
        self._position = 0
        first = self.read()
        if first is None:
            where = path if len(paths) == 1 else f"{path} or what is named with it"
            if moving:
                raise UserError(f"{where} holds no still image that can be read. {self.note}")
            raise UserError(f"{where} holds no image that can be read: choose another one")
        self._position = 0
        self.frame_count = len(self._pages)
        self.duration = len(self._pages) / self.fps

    @property
    def pages(self) -> tuple[Page, ...]:
        """The images, in order: one a file, or several."""
        return tuple(self._pages)

    @property
    def skipped(self) -> int:  # type: ignore[override]
        return self._junk + len(self._damaged)

    @no_raw_errors
    def read(self) -> Frame | None:
        while self._position < len(self._pages):
            index = self._position
            self._position += 1
            image = read_page(self._pages[index])
            if image is not None:
                self.size = (image.shape[1], image.shape[0])
                return Frame(image, index / self.fps, index, time.monotonic())
            self._damaged.add(self._pages[index])
            log.debug("skipped damaged image %s", self._pages[index].name)
        return None

    def seek(self, seconds: float) -> None:
        index = int(seconds * self.fps + 1e-6)
        self._position = min(max(index, 0), len(self._pages) - 1)

    def close(self) -> None:
        self._position = len(self._pages)


def _are_numbered(files: Sequence[Path]) -> bool:
    """Whether the names count up from 0 or 1 without a gap, as the frames of a film do."""
    numbers, frames = [], set()
    for file in files:
        found = re.fullmatch(r"(.*?)(\d+)(\D*)", file.name)
        if found is None:
            return False
        frames.add((file.parent, found[1], found[3]))
        numbers.append(int(found[2]))
    first = numbers[0] if numbers else -1
    counts = numbers == list(range(first, first + len(numbers)))
    return len(files) >= _LEAST_SEQUENCE and len(frames) == 1 and first in (0, 1) and counts


def natural_key(name: str) -> tuple[list[tuple[int, int, str]], str]:
    """Sorting key that orders runs of digits by value and letters without regard to case."""
    parts = re.findall(r"\d+|\D+", name)
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p.casefold()) for p in parts], name


def is_image(path: Path) -> bool:
    """Whether the file's first bytes are those of a picture that is read, and it does not move."""
    return bool(_sorted_out([path])[0])


def images_and_clips(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The pictures among files, and those that are clips by themselves: they move, or are called
    like videos. Each file is looked at once."""
    images, moving = (set(part) for part in _sorted_out(files))
    is_named = {file for file in files if file.suffix.lower() in VIDEO_SUFFIXES}
    clips = moving | (is_named - images)
    return [file for file in files if file in images], [file for file in files if file in clips]


def _sorted_out(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """The pictures among files, and what moves, by their content."""
    images, moving = [], []
    for file in files:
        head = head_of(file)
        if moves(file, head):
            moving.append(file)
        elif kind_of(head) is not Kind.OTHER:
            images.append(file)
    return images, moving


def _left_out(moving: Sequence[Path]) -> str:
    """The line that names what moves among pictures; empty if nothing does."""
    if not moving:
        return ""
    names = ", ".join(printable(file.name) for file in moving[:_MOST_NAMED])
    more = f" and {len(moving) - _MOST_NAMED} more" if len(moving) > _MOST_NAMED else ""
    what = "it moves" if len(moving) == 1 else "they move"
    each = "it" if len(moving) == 1 else "each"
    return f"Left out, as {what}: {names}{more}; open {each} by itself."


def read_image(path: Path) -> UInt8 | None:
    """The picture (of several, or of a moving one, the first) as upright (H, W, 3) RGB, or None if
    it cannot be decoded."""
    return read_page(Page(path))


def read_page(page: Page) -> UInt8 | None:
    """A page as upright (H, W, 3) RGB, or None if it cannot be decoded."""
    try:
        if page.file.stat().st_size > _MOST_BYTES:
            return None
        content = page.file.read_bytes()
    except (OSError, ValueError):
        return None
    return decode_image(content) if page.number == 0 else _decode_further(content, page.number)


def _decode_further(content: bytes, number: int) -> UInt8 | None:
    """Page ``number`` (1, 2, ...) in a file's bytes."""
    try:
        if is_tiff(content):
            image = tiff_page(content, number)
            return None if image is None or image.size == 0 else _to_rgb(_to_uint8(image))
        if content[4:8] == b"ftyp":
            return heif.decode(content, heif.pictures(content)[number])
        own = page_content(content, number)
    except (*DAMAGED, cv2.error, MemoryError) as error:
        log.debug("page %d is not read: %s", number + 1, error)
        return None
    return None if own is None else decode_image(own)


def decode_image(content: bytes) -> UInt8 | None:
    """The picture in a file's bytes as upright (H, W, 3) RGB, or None if it cannot be decoded."""
    if kind_of(content[:HEAD_BYTES]) is Kind.HEIF:
        try:
            return heif.decode(content)
        except ValueError as error:
            log.debug("a HEIC picture is not read: %s", error)
            return None
    try:
        data = np.frombuffer(content, np.uint8)
        flags = cv2.IMREAD_UNCHANGED
        image, kinds, metadata = cv2.imdecodeWithMetadata(data, None, flags)
        if image is None or image.size == 0:
            return None
        rgb = _to_rgb(_to_uint8(image))
    except (cv2.error, ValueError, MemoryError):
        return None
    for kind, block in zip(np.ravel(kinds).tolist(), metadata, strict=False):
        if kind == _EXIF_METADATA:
            flips = _EXIF_FLIPS.get(exif_orientation(np.asarray(block).tobytes()))
            return rgb if flips is None else apply_flips(rgb, flips)
    return rgb


def exif_orientation(exif: bytes) -> int:
    """The orientation (1..8) in a TIFF-structured EXIF block; 1 if there is none."""
    exif = exif.removeprefix(b"Exif\0\0")
    order = {b"II": "little", b"MM": "big"}.get(exif[:2])
    if order is None:
        return 1

    def number(at: int, length: int) -> int:
        return int.from_bytes(exif[at : at + length], order)  # type: ignore[arg-type]

    start = number(4, 4)
    for k in range(number(start, 2)):
        entry = start + 2 + 12 * k
        if entry + 12 > len(exif):
            break
        if number(entry, 2) == _ORIENTATION_TAG:
            return number(entry + 8, 2)
    return 1


def _files_of(path: Path) -> list[Path]:
    """The folder's files in natural order, without hidden ones."""
    if path.is_file():
        return [path]
    try:
        files = [f for f in path.iterdir() if f.is_file() and not f.name.startswith(".")]
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: check the path") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): check its rights") from None
    except ValueError:
        raise UserError(f"{path} is no path: check it") from None
    return sorted(files, key=lambda file: natural_key(file.name))


def _to_uint8(image: Any) -> UInt8:
    if image.dtype == np.uint8:
        return image
    if image.dtype == np.uint16:
        return (image >> 8).astype(np.uint8)
    if image.dtype.kind == "f":
        return (np.nan_to_num(np.clip(image, 0, 1)) * 255 + 0.5).astype(np.uint8)
    return np.clip(image, 0, 255).astype(np.uint8)


def _to_rgb(image: Any) -> UInt8:
    channels = 1 if image.ndim == 2 else image.shape[2]
    if channels == 1:
        return np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)
    rgb: Any = cv2.cvtColor(image[..., :3], cv2.COLOR_BGR2RGB)
    if channels == 4:
        rgb = (rgb * (image[..., 3:].astype(np.uint16) + 1) >> 8).astype(np.uint8)
    return rgb
