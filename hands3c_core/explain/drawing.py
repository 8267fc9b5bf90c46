"""Pieces of figures: pictures with captions, maps in colour, colour bars, grids."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.render.attention import blend_map, color_table
from hands3c_core.types import CropBox, UInt8

_INK: Final = (32, 34, 38)
_FAINT: Final = (108, 112, 120)
_PAPER: Final = 255
_GAP: Final = 14
_FONT: Final = cv2.FONT_HERSHEY_SIMPLEX
#: Formats that figures are written in.
FIGURE_SUFFIXES: Final = (".png", ".webp", ".jpg")


def log_levels(values: NDArray, decades: float) -> NDArray[np.float32]:
    """A non-negative map on a logarithmic scale: 1 at its maximum, 0 from ``decades`` powers of ten
    below it. Numbers that are not finite count as 0."""
    clean = np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    peak = float(clean.max(initial=0.0))
    if peak <= 0:
        return np.zeros(values.shape, np.float32)
    smallest = peak * 10.0**-decades
    level = 1.0 + np.log10(np.maximum(clean, smallest) / peak) / decades
    return level.astype(np.float32)


def colored(level: NDArray, color_map: str = "viridis") -> UInt8:
    """Levels (h, w) in [0, 1] -> (h, w, 3) RGB."""
    index = (np.clip(level, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    return color_table(color_map)[index]


def enlarged(picture: UInt8, size: int) -> UInt8:
    """A square picture (s, s, 3) at another size; cells stay sharp when it grows a lot."""
    grows = size >= 4 * len(picture)
    shrinks = size < len(picture)
    method = cv2.INTER_NEAREST if grows else cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, (size, size), interpolation=method), np.uint8)


def over_picture(
    picture: UInt8, level: NDArray, opacity: float = 0.6, fade_low: bool = False
) -> UInt8:
    """A copy of a square picture (s, s, 3) with levels (h, w) in [0, 1] blended over it."""
    canvas = picture.copy()
    middle = (len(picture) - 1) / 2
    window = CropBox(middle, middle, float(len(picture)))
    blend_map(canvas, level, window, False, opacity, fade_low=fade_low)
    return canvas


def mark(picture: UInt8, point: tuple[float, float]) -> None:
    """Draw a ring about (x, y) px, in place."""
    place = round(point[0] * 16), round(point[1] * 16)
    for color, width in (((0, 0, 0), 4), ((255, 255, 255), 2)):
        cv2.circle(picture, place, 7 * 16, color, width, cv2.LINE_AA, 4)


def draw_square(picture: UInt8, center: tuple[float, float], half: float) -> None:
    """Draw a square's outline, px, in place; what lies outside is cut off."""
    low = tuple(round(c - half) for c in center)
    high = tuple(round(c + half) for c in center)
    for grow, color in ((1, (0, 0, 0)), (-1, (0, 0, 0)), (0, (255, 255, 255))):
        first, last = [v - grow for v in low], [v + grow for v in high]
        cv2.rectangle(picture, first, last, color, 1)


def captioned(picture: UInt8, title: str, *notes: str) -> UInt8:
    """The picture with a title above it and notes below; all of one row should have as many."""
    height, width = picture.shape[:2]
    size = fitting_size([title], width, 0.5)
    top, line = 24, 18
    block = np.full((top + height + line * len(notes), width, 3), _PAPER, np.uint8)
    block[top : top + height] = picture
    write_text(block, title, (0, top - 8), size)
    small = fitting_size(notes, width, 0.4)
    for number, note in enumerate(notes):
        write_text(block, note, (0, top + height + line * (number + 1) - 4), small, _FAINT)
    return block


def color_bar(width: int, low: str, high: str, title: str) -> UInt8:
    """A colour bar (rows, ``width``, 3) with its ends and its meaning in words."""
    bar = np.full((48, width, 3), _PAPER, np.uint8)
    ramp = colored(np.linspace(0, 1, width)[None])
    bar[18:28] = ramp
    write_text(bar, title, (0, 12), fitting_size([title], width, 0.4))
    write_text(bar, low, (0, 43), 0.4, _FAINT)
    end = width - text_width(high, 0.4)
    write_text(bar, high, (end, 43), 0.4, _FAINT)
    return bar


def grid(rows: Sequence[Sequence[UInt8]]) -> UInt8:
    """Blocks in rows, aligned at their top left corners, on white."""
    heights = [max((len(block) for block in row), default=0) for row in rows]
    widths = [sum(block.shape[1] + _GAP for block in row) for row in rows]
    sheet = np.full(
        (sum(h + _GAP for h in heights) + _GAP, max(widths, default=0) + _GAP, 3), _PAPER, np.uint8
    )
    y = _GAP
    for row, height in zip(rows, heights, strict=True):
        x = _GAP
        for block in row:
            sheet[y : y + len(block), x : x + block.shape[1]] = block
            x += block.shape[1] + _GAP
        y += height + _GAP
    return sheet


def text_line(width: int, text: str, size: float = 0.42) -> UInt8:
    """One line of text as a block ``width`` px wide, smaller where it would not fit."""
    block = np.full((20, width, 3), _PAPER, np.uint8)
    write_text(block, text, (0, 14), fitting_size([text], width, size), _FAINT)
    return block


def write_text(
    image: UInt8,
    text: str,
    place: tuple[int, int],
    size: float,
    color: tuple[int, int, int] = _INK,
) -> None:
    """Write one line, in place; ``place`` is the left end of its base line."""
    cv2.putText(image, text, place, _FONT, size, color, 1, cv2.LINE_AA)


def text_width(text: str, size: float) -> int:
    """How wide ``write_text`` writes it, px."""
    return cv2.getTextSize(text, _FONT, size, 1)[0][0]


def fitting_size(lines: Sequence[str], width: int, size: float) -> float:
    """The size at which all lines fit into ``width``, at most ``size``."""
    widest = max((text_width(line, size) for line in lines), default=0)
    return size if widest <= width else size * width / widest


def save_figure(image: UInt8, path: Path) -> None:
    """Write a figure (H, W, 3) RGB as PNG, WebP or JPEG, by the name's ending.

    Raises:
        UserError: another ending, or the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix not in FIGURE_SUFFIXES:
        raise UserError(f"{path.name}: figures are written as {', '.join(FIGURE_SUFFIXES)} files.")
    quality = {".webp": [cv2.IMWRITE_WEBP_QUALITY, 90], ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 92]}
    done, code = cv2.imencode(suffix, image[..., ::-1], quality.get(suffix, []))
    if not done:
        raise UserError(f"{path.name} cannot be encoded as {suffix[1:]}: take a .png file.")
    write_atomically(path, code.tobytes())
