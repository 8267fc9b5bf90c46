"""Before, after and the difference of the attention module side by side, for every hand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.geometry import crop_affine
from hands3c_core.render.attention import MapScale, color_table, normalise_map
from hands3c_core.render.labels import Order, paste_plate, text_plate
from hands3c_core.types import Hand, UInt8

#: Titles of a hand's tiles, from left to right.
TITLES: Final = ("Before", "After", "Difference")
#: How much of a tile is map and not picture.
_OPACITY: Final = 0.72
#: The tiles' side as a share of the picture's height, and of its width for all of them.
_HEIGHT_SHARE, _WIDTH_SHARE = 0.42, 0.96


@cache
def difference_table() -> UInt8:
    """(256, 3) RGB from blue (less after the module) by white to red (more)."""
    stops = np.array(
        [[33, 80, 172], [150, 190, 235], [244, 244, 244], [240, 160, 120], [176, 24, 39]]
    )
    at = np.linspace(0.0, 1.0, len(stops))
    level = np.linspace(0.0, 1.0, 256)
    return np.stack([np.interp(level, at, stops[:, k]) for k in range(3)], axis=1).astype(np.uint8)


def draw_comparison(
    image: UInt8,
    frame: UInt8,
    hands: Sequence[Hand],
    scale: MapScale | None,
    size: int,
    *,
    mirror: bool = False,
    order: Order = "rgb",
) -> bool:
    """Draw a row of tiles along the lower edge, in place: for each hand its crop under the map
    before the module, the one after, and what the module added or took away.

    Args:
        image: (H, W, 3 or 4) to draw on.
        frame: (h, w, 3) RGB in which the hands were found.
        hands: those without attention maps are left out.
        scale: the maps' colours; None scales each hand to itself.
        size: height of the letters, px.
        mirror: show the tiles the other way round.
        order: names the channels of ``image``.

    Returns:
        Whether any hand has maps.
    """
    shown = [hand for hand in hands if hand.attention is not None]
    height, width = image.shape[:2]
    count = len(TITLES) * len(shown)
    if not count:
        return False
    gap = max(size // 3, 2)
    side = int(min(_HEIGHT_SHARE * height, (_WIDTH_SHARE * width - (count - 1) * gap) / count))
    if side < 2 * size:
        return False
    x = (width - count * side - (count - 1) * gap) // 2
    y = height - side - gap - size // 2
    for hand in shown:
        for title, tile in zip(TITLES, _tiles(frame, hand, scale, side, mirror), strict=True):
            image[y : y + side, x : x + side, :3] = tile if order == "rgb" else tile[..., ::-1]
            paste_plate(image, text_plate(title, size), x + gap, y + gap, order)
            x += side + gap
    return True


def _tiles(
    frame: UInt8, hand: Hand, scale: MapScale | None, side: int, mirror: bool
) -> list[UInt8]:
    maps = hand.attention
    assert maps is not None
    place = crop_affine(hand.crop, side)
    picture = cv2.warpAffine(
        frame, place, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if scale is not None:
        before, after = scale("before", maps.before), scale("after", maps.after)
    else:
        peak = float(max(maps.before.max(), maps.after.max()))
        before, after = normalise_map(maps.before, peak), normalise_map(maps.after, peak)
    table = color_table("viridis")
    # Levels, not values: what looks alike in the first two tiles is white in the third.
    change = (after - before) / 2 + 0.5
    made = []
    for level, colors in ((before, table), (after, table), (change, difference_table())):
        seen = level if hand.is_right else level[:, ::-1]
        large = cv2.resize(np.ascontiguousarray(seen), (side, side), interpolation=cv2.INTER_LINEAR)
        color = colors[(large.clip(0, 1) * 255 + 0.5).astype(np.uint8)].astype(np.float32)
        tile: NDArray = picture + (color - picture) * _OPACITY
        tile = (tile + 0.5).clip(0, 255).astype(np.uint8)
        made.append(tile[:, ::-1] if mirror else tile)
    return made
