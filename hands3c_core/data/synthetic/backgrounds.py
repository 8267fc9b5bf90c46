"""What is behind the hand: pictures from a folder, or rooms made up on the spot."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.data.synthetic.skins import _BACKS, TONE_NAMES, _between
from hands3c_core.errors import UserError
from hands3c_core.render.shade_kernels import SRGB_TO_LINEAR
from hands3c_core.types import UInt8

_SUFFIXES: Final = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


def list_backgrounds(folder: Path) -> list[Path]:
    """The images of a folder and its subfolders, sorted.

    Raises:
        UserError: it is no folder or holds no image.
    """
    if not folder.is_dir():
        raise UserError(f"the background folder {folder} does not exist.")
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not found:
        raise UserError(f"the background folder {folder} holds no .jpg, .png, .webp or .bmp image.")
    return found


@lru_cache(maxsize=4096)
def _encoded(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def photo_background(paths: list[Path], size: int, random: np.random.Generator) -> UInt8 | None:
    """A random window of a random picture, (size, size, 3) RGB; None if the file is damaged."""
    content = _encoded(paths[random.integers(len(paths))])
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
    if image is None:
        return None
    height, width = image.shape[:2]
    side = int(min(height, width) * random.uniform(0.65, 1.0))
    top, left = random.integers(height - side + 1), random.integers(width - side + 1)
    window = image[top : top + side, left : left + side, ::-1]
    if random.random() < 0.5:
        window = window[:, ::-1]
    shrink = side > size
    window = cv2.resize(
        np.ascontiguousarray(window),
        (size, size),
        interpolation=cv2.INTER_AREA if shrink else cv2.INTER_LINEAR,
    )
    return np.asarray(window, np.uint8)


def room_background(size: int, random: np.random.Generator) -> UInt8:
    """A made-up room, (size, size, 3) RGB: walls and floor in perspective, furniture, pictures,
    sometimes a person, sometimes nothing but a wall or a clutter of shapes."""
    canvas = _wall(size, random)
    kind = random.random()
    if kind < 0.75:
        _floor_and_corner(canvas, random)
        for _ in range(random.integers(1, 9)):
            _furniture(canvas, random)
    elif kind < 0.9:
        for _ in range(random.integers(10, 40)):
            _clutter(canvas, random)
    if random.random() < 0.3:
        _person(canvas, random)
    grain = cv2.resize(
        random.standard_normal((size // 4, size // 4, 1)).astype(np.float32), (size, size)
    )
    canvas *= (1.0 + random.uniform(0, 0.05) * grain)[..., None]
    return np.clip(canvas, 0, 255).astype(np.uint8)


def _wall(size: int, random: np.random.Generator) -> NDArray[np.float32]:
    """A plain surface in uneven light."""
    color = np.full(3, random.uniform(60, 235)) + random.normal(0, 12, 3)
    if random.random() < 0.2:
        color = random.uniform(30, 230, 3)
        color += random.uniform(0.3, 0.8) * (color.mean() - color)
    corners = random.uniform(0.6, 1.1, (2, 2, 1)).astype(np.float32)
    light = cv2.resize(corners, (size, size), interpolation=cv2.INTER_LINEAR)[..., None]
    return np.ascontiguousarray(light * color.astype(np.float32))


def _shade(random: np.random.Generator) -> tuple[float, float, float]:
    """A furniture colour: mostly wood, grey and white, some strong ones."""
    pick = random.random()
    if pick < 0.35:
        base = np.array([150, 108, 72]) * random.uniform(0.35, 1.4)
    elif pick < 0.7:
        base = np.full(3, random.uniform(15, 245))
    else:
        base = random.uniform(10, 240, 3)
        base += random.uniform(0.1, 0.8) * (base.mean() - base)  # few things are garish
    color = np.clip(base + random.normal(0, 8, 3), 0, 255)
    return float(color[0]), float(color[1]), float(color[2])


def _floor_and_corner(canvas: NDArray[np.float32], random: np.random.Generator) -> None:
    size = len(canvas)
    horizon = random.uniform(0.5, 1.3) * size
    corner = random.uniform(-0.3, 1.3) * size
    if random.random() < 0.6:
        slope = random.normal(0, 0.25)
        points = [
            (-9, horizon + slope * corner),
            (corner, horizon),
            (2 * size, horizon - slope * size),
        ]
        points += [(2 * size, 3 * size), (-9, 3 * size)]
        _polygon(canvas, points, _shade(random))
    if random.random() < 0.5:
        side = [(corner, -9), (2 * size, -9), (2 * size, horizon), (corner, horizon)]
        patch = canvas.copy()
        _polygon(patch, side, (0.0, 0.0, 0.0))
        inside = (patch.sum(axis=2) == 0)[..., None]
        canvas *= np.where(inside, np.float32(random.uniform(0.7, 1.15)), np.float32(1))


def _furniture(canvas: NDArray[np.float32], random: np.random.Generator) -> None:
    """A box, a shelf, a framed picture, a window or a lamp."""
    size = len(canvas)
    x, y = random.uniform(-0.2, 1.0, 2) * size
    w, h = random.uniform(0.08, 0.6, 2) * size
    lean = random.normal(0, 0.06, 4) * size
    corners = [
        (x, y + lean[0]),
        (x + w, y + lean[1]),
        (x + w, y + h + lean[2]),
        (x, y + h + lean[3]),
    ]
    color = np.array(_shade(random))
    _polygon(canvas, corners, tuple(color))
    kind = random.random()
    if kind < 0.35:  # a second side in another light
        deep = random.uniform(0.05, 0.25) * size * random.choice((-1, 1))
        edge = x if deep < 0 else x + w
        side = [(edge, y), (edge + deep, y - abs(deep) * 0.3), (edge + deep, y + h), (edge, y + h)]
        _polygon(canvas, side, tuple(color * random.uniform(0.5, 0.9)))
    elif kind < 0.7:  # a frame and what it holds
        rim = random.uniform(0.04, 0.15) * min(w, h)
        inner = [(x + rim, y + rim), (x + w - rim, y + rim), (x + w - rim, y + h - rim)]
        inner.append((x + rim, y + h - rim))
        bright = random.random() < 0.3
        _polygon(canvas, inner, (250.0, 250.0, 245.0) if bright else _shade(random))
    else:  # shelves or books
        count = random.integers(2, 9)
        for k in range(count):
            left = x + w * k / count
            book = [
                (left, y),
                (left + w / count * 0.9, y),
                (left + w / count * 0.9, y + h),
                (left, y + h),
            ]
            _polygon(canvas, book, _shade(random))


def _clutter(canvas: NDArray[np.float32], random: np.random.Generator) -> None:
    size = len(canvas)
    centre = random.uniform(0, 1, 2) * size
    axes = random.uniform(0.02, 0.3, 2) * size
    cv2.ellipse(
        canvas,
        (int(centre[0]), int(centre[1])),
        (int(axes[0]) + 1, int(axes[1]) + 1),
        float(random.uniform(0, 180)),
        0,
        float(random.choice((180, 360))),
        _shade(random),
        -1,
        cv2.LINE_AA,
    )


def _person(canvas: NDArray[np.float32], random: np.random.Generator) -> None:
    """Shoulders, neck and head, roughly: skin that is not a hand."""
    x, y = random.uniform(0.0, 1.0) * len(canvas), random.uniform(0.0, 0.7) * len(canvas)
    size = len(canvas)
    head = random.uniform(0.1, 0.3) * size
    place = random.uniform(0, len(TONE_NAMES) - 1)
    skin = _between(_BACKS, place)
    tone = 255 * np.clip(skin * random.uniform(0.5, 1.1), 0, 1) ** (1 / 2.2)
    shirt = _shade(random)
    body = (int(x), int(y + 3.4 * head))
    cv2.ellipse(canvas, body, (int(2.3 * head), int(2.3 * head)), 0, 0, 360, shirt, -1, cv2.LINE_AA)
    neck = (int(x), int(y + 1.1 * head))
    color = (float(tone[0]), float(tone[1]), float(tone[2]))
    dark = (color[0] * 0.8, color[1] * 0.8, color[2] * 0.8)
    cv2.ellipse(canvas, neck, (int(0.45 * head), int(0.6 * head)), 0, 0, 360, dark, -1, cv2.LINE_AA)
    hair = float(random.uniform(5, 90))
    top = (int(x), int(y - 0.25 * head))
    shades = (hair * 1.1, hair * 0.85, hair * 0.6)
    cv2.ellipse(canvas, top, (int(0.85 * head), int(head)), 0, 0, 360, shades, -1, cv2.LINE_AA)
    middle = (int(x), int(y + 0.1 * head))
    cv2.ellipse(canvas, middle, (int(0.72 * head), int(head)), 0, 0, 360, color, -1, cv2.LINE_AA)
    # Light from one side, eyes and a mouth: enough to be a face when out of focus.
    lit = (color[0] * 1.12, color[1] * 1.12, color[2] * 1.12)
    cheek = (int(x + random.choice((-0.25, 0.25)) * head), int(y + 0.2 * head))
    cv2.ellipse(canvas, cheek, (int(0.36 * head), int(0.6 * head)), 0, 0, 360, lit, -1, cv2.LINE_AA)
    for side in (-0.3, 0.3):
        eye = (int(x + side * head), int(y - 0.02 * head))
        size_of = (max(int(0.14 * head), 1), max(int(0.07 * head), 1))
        cv2.ellipse(canvas, eye, size_of, 0, 0, 360, shades, -1, cv2.LINE_AA)
    mouth = (int(x), int(y + 0.6 * head))
    red = (color[0] * 0.75, color[1] * 0.5, color[2] * 0.5)
    lips = (max(int(0.25 * head), 1), max(int(0.07 * head), 1))
    cv2.ellipse(canvas, mouth, lips, 0, 0, 360, red, -1, cv2.LINE_AA)


def _polygon(canvas: NDArray[np.float32], points: list, color: tuple) -> None:
    """Fill corners (x, y) with an RGB colour."""
    corners = np.round(np.array(points, np.float64)).astype(np.int32)
    cv2.fillPoly(canvas, [corners], tuple(float(c) for c in color), cv2.LINE_AA)


def scene_light(background: UInt8) -> NDArray[np.float64]:
    """(2, 2, 3) mean linear light of the picture's quarters: what falls on the hand from there."""
    small = cv2.resize(background, (2, 2), interpolation=cv2.INTER_AREA)
    return SRGB_TO_LINEAR[small].astype(np.float64)
