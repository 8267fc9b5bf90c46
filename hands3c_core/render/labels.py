"""Words on pictures: plates with text and colour bars, drawn alike on screen and in recordings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from hands3c_core.types import Hand, UInt8

Order = Literal["rgb", "bgra"]
Place = tuple[int, int, int, int]
"""Left, top, width and height, px."""

_PLATE: Final = (10, 12, 15, 185)
_UNSURE_PLATE: Final = (132, 82, 0, 215)
_WHITE: Final = (255, 255, 255, 255)
#: Height of the letters as a share of the picture's smaller side, and their least and most, px.
_TEXT_SHARE, _LEAST_TEXT, _MOST_TEXT = 0.028, 10, 64
#: Drawn this many times larger and reduced: corners without steps.
_FINE: Final = 3
#: Costs of a label's place: another label under it, a joint under it, a place farther down the
#: list, and the share of its size by which it had to be moved into the picture.
_ON_LABEL, _ON_JOINT, _LATER, _MOVED = 100.0, 10.0, 1.0, 3.0
_WRIST: Final = 0
_KNUCKLES: Final = (5, 9, 13, 17)


def text_size(width: int, height: int, density: float = 1.0) -> int:
    """Height of the letters on a picture of this size, px.

    ``density``: device pixels per logical pixel, on a screen.
    """
    least = round(_LEAST_TEXT * density)
    return int(np.clip(round(min(width, height) * _TEXT_SHARE), least, max(_MOST_TEXT, least)))


def label_text(hand: Hand) -> str:
    """Side and confidence of a hand: 'Right  94 %', 'Left, unsure  31 %'."""
    side = "Right" if hand.is_right else "Left"
    unsure = ", unsure" if hand.is_unsure else ""
    return f"{side}{unsure}  {hand.confidence * 100:.0f} %"


@lru_cache(maxsize=128)
def text_plate(text: str, size: int, unsure: bool = False) -> UInt8:
    """(h, w, 4) RGBA: ``text`` in letters ``size`` px high on a rounded dark plate."""
    font = _font(size)
    left, top, right, bottom = font.getbbox(text)
    pad_x, pad_y = round(0.6 * size), round(0.34 * size)
    width, height = math.ceil(right - left) + 2 * pad_x, size + 2 * pad_y
    made = _rounded(width, height, height * 0.32, _UNSURE_PLATE if unsure else _PLATE)
    middle = (width / 2, height / 2)
    ImageDraw.Draw(made).text(middle, text, font=font, fill=_WHITE, anchor="mm")
    del top, bottom
    return np.asarray(made)


def legend_plate(
    title: str, words: tuple[str, str, str], colors: UInt8, size: int, most_width: int
) -> UInt8:
    """(h, w, 4) RGBA: a colour bar with its title above and its ends named below.

    Args:
        title: what is shown.
        words: what the first, the middle and the last colour stand for; '' is left out.
        colors: (256, 3) RGB.
        size: height of the letters, px.
        most_width: no wider than this, px.
    """
    pad, bar = round(0.7 * size), max(round(0.7 * size), 4)
    font = _font(size)
    wanted = max(15 * size, math.ceil(font.getlength(title)) + 2 * pad)
    width = max(min(wanted, most_width), 4 * size)
    height = 2 * pad + 2 * size + bar + round(0.8 * size)
    made = _rounded(width, height, 0.6 * size, _PLATE)
    draw = ImageDraw.Draw(made)
    draw.text((pad, pad), title, font=font, fill=_WHITE, anchor="lt")
    ramp = colors[np.linspace(0, len(colors) - 1, width - 2 * pad).astype(int)]
    strip = Image.fromarray(np.repeat(ramp[None], bar, axis=0))
    top = pad + size + round(0.4 * size)
    made.paste(strip, (pad, top))
    ends = top + bar + round(0.4 * size)
    draw.text((pad, ends), words[0], font=font, fill=_WHITE, anchor="lt")
    draw.text((width / 2, ends), words[1], font=font, fill=_WHITE, anchor="mt")
    draw.text((width - pad, ends), words[2], font=font, fill=_WHITE, anchor="rt")
    return np.asarray(made)


def draw_color_bar(
    image: UInt8,
    title: str,
    words: tuple[str, str, str],
    colors: UInt8,
    size: int | None = None,
    order: Order = "rgb",
) -> Place | None:
    """Draw a bar of colours into the lower left corner of ``image`` (H, W, 3 or 4), in place.

    Args:
        image: changed.
        title: what is shown.
        words: what the first, the middle and the last colour stand for.
        colors: (256, 3) RGB.
        size: height of the letters, px; by default what suits the image.
        order: names the channels of ``image``.

    Returns:
        Where it is; None where there is no room.
    """
    height, width = image.shape[:2]
    letters = size or text_size(width, height)
    plate = legend_plate(title, words, colors, letters, width - letters)
    x, y = letters, height - plate.shape[0] - letters
    if y < 0 or x + plate.shape[1] > width:
        return None
    paste_plate(image, plate, x, y, order)
    return x, y, plate.shape[1], plate.shape[0]


def paste_plate(image: UInt8, plate: UInt8, x: int, y: int, order: Order = "rgb") -> None:
    """Blend an RGBA plate over ``image`` (H, W, 3 or 4) at (x, y), in place; what lies outside is
    cut off. ``order`` names the channels of ``image``."""
    height, width = image.shape[:2]
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + plate.shape[1], width), min(y + plate.shape[0], height)
    if right <= left or bottom <= top:
        return
    part = plate[top - y : bottom - y, left - x : right - x]
    color = part[..., :3] if order == "rgb" else part[..., 2::-1]
    alpha = part[..., 3:].astype(np.uint16)
    region = image[top:bottom, left:right, :3]
    mixed = (color.astype(np.uint16) * alpha + region * (255 - alpha) + 127) // 255
    region[...] = mixed.astype(np.uint8)


def place_labels(
    hands: Sequence[NDArray], sizes: Sequence[tuple[int, int]], room: tuple[int, int]
) -> list[Place]:
    """Where each hand's label goes: beside its wrist, away from the fingers, clear of all joints
    and of other labels as far as there is room.

    Args:
        hands: each hand's 21 joints, (21, 2) px of the picture.
        sizes: (width, height) of each label, px.
        room: (width, height) of the picture, px.
    """
    places: list[Place] = []
    joints = [points[np.isfinite(points).all(axis=1)] for points in map(np.asarray, hands)]
    for points, (width, height) in zip(hands, sizes, strict=True):
        best, chosen = math.inf, (0, 0, width, height)
        for rank, (x, y) in enumerate(_candidates(np.asarray(points, float), width, height)):
            inside_x = min(max(x, 4.0), max(room[0] - width - 4.0, 0.0))
            inside_y = min(max(y, 4.0), max(room[1] - height - 4.0, 0.0))
            place = (round(inside_x), round(inside_y), width, height)
            moved = abs(inside_x - x) / width + abs(inside_y - y) / height
            cost = _LATER * rank + _MOVED * moved
            cost += _ON_LABEL * sum(_meet(place, other) for other in places)
            cost += _ON_JOINT * sum(_covered(place, seen) for seen in joints)
            if cost < best:
                best, chosen = cost, place
        places.append(chosen)
    return places


def draw_labels(
    image: UInt8, hands: Sequence[Hand], points: Sequence[NDArray], size: int, order: Order = "rgb"
) -> list[Place]:
    """Draw each hand's ``label_text`` beside its wrist, in place.

    Args:
        image: (H, W, 3 or 4).
        hands: whose joints may lie outside of the image; then there is no label.
        points: each hand's joints, (21, 2) px of ``image``.
        size: height of the letters, px.
        order: names the channels of ``image``.

    Returns:
        Where the labels are.
    """
    height, width = image.shape[:2]
    shown = [
        (hand, place)
        for hand, place in zip(hands, points, strict=True)
        if bool(np.isfinite(place).all()) and _any_inside(place, width, height)
    ]
    plates = [text_plate(label_text(hand), size, hand.is_unsure) for hand, _ in shown]
    sizes = [(plate.shape[1], plate.shape[0]) for plate in plates]
    places = place_labels([place for _, place in shown], sizes, (width, height))
    for plate, (x, y, _, _) in zip(plates, places, strict=True):
        paste_plate(image, plate, x, y, order)
    return places


def _candidates(points: NDArray, width: float, height: float) -> list[tuple[float, float]]:
    """Corners of a label's possible places, the best first."""
    wrist = points[_WRIST]
    away = wrist - points[list(_KNUCKLES)].mean(axis=0)
    length = float(np.linalg.norm(away))
    away = away / length if length > 1e-6 else np.array([0.0, 1.0])
    start = math.atan2(away[1], away[0])
    made = []
    for turn in (0.0, 50.0, -50.0, 100.0, -100.0):
        angle = start + math.radians(turn)
        x, y = math.cos(angle), math.sin(angle)
        # So far that the plate's edge, not its middle, comes near the wrist.
        reach = 0.7 * height + abs(x) * width / 2 + abs(y) * height / 2
        made.append((wrist[0] + x * reach - width / 2, wrist[1] + y * reach - height / 2))
    low, high = points.min(axis=0), points.max(axis=0)
    middle = (low + high) / 2
    gap = 0.6 * height
    made += [
        (middle[0] - width / 2, high[1] + gap),
        (middle[0] - width / 2, low[1] - gap - height),
        (high[0] + gap, middle[1] - height / 2),
        (low[0] - gap - width, middle[1] - height / 2),
    ]
    return made


def _covered(place: Place, points: NDArray) -> int:
    """How many of (N, 2) points lie under ``place`` or touch it."""
    x, y, width, height = place
    margin = 0.25 * height
    across = (points[:, 0] > x - margin) & (points[:, 0] < x + width + margin)
    down = (points[:, 1] > y - margin) & (points[:, 1] < y + height + margin)
    return int((across & down).sum())


def _meet(one: Place, other: Place) -> bool:
    return (
        one[0] < other[0] + other[2]
        and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3]
        and other[1] < one[1] + one[3]
    )


def _any_inside(points: NDArray, width: int, height: int) -> bool:
    inside = (points >= 0).all(axis=1) & (points < (width, height)).all(axis=1)
    return bool(inside.any())


@lru_cache(maxsize=16)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _rounded(
    width: int, height: int, radius: float, color: tuple[int, int, int, int]
) -> Image.Image:
    """A plate with round corners on nothing."""
    mask = Image.new("L", (width * _FINE, height * _FINE), 0)
    corners = (0, 0, width * _FINE - 1, height * _FINE - 1)
    ImageDraw.Draw(mask).rounded_rectangle(corners, radius * _FINE, fill=color[3])
    made = Image.new("RGBA", (width, height), (*color[:3], 255))
    made.putalpha(mask.resize((width, height), Image.Resampling.BOX))
    return made
