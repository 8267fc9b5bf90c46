"""Maps of the network (joint heatmaps, attention) drawn back onto the frame they came from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.geometry import crop_corners
from hands3c_core.joint_names import short_name
from hands3c_core.render.labels import Order, Place, draw_color_bar
from hands3c_core.types import AttentionMaps, CropBox, Hand, UInt8

#: Names of the attention maps a style can ask for.
ATTENTION_KINDS: Final = ("before", "after", "spatial", "channel")

#: What each map shows, for menus and legends.
KIND_TITLES: Final = {
    "before": "Before attention",
    "after": "After attention",
    "spatial": "Spatial branch",
    "channel": "Channel branch",
}

#: The colour maps on offer. Both are perceptually ordered; 'viridis' also survives a grey print and
#: colour blindness.
COLOR_MAPS: Final = {"viridis": cv2.COLORMAP_VIRIDIS, "turbo": cv2.COLORMAP_TURBO}


class MapScale(Protocol):
    """Turns attention maps into levels that hold still from frame to frame
    (``explain.maps.ColorScale``)."""

    def __call__(self, kind: str, values: NDArray) -> NDArray[np.float32]: ...
    def limits(self, kind: str) -> tuple[float, float]: ...
    def value_at(self, kind: str, level: float) -> float: ...


@dataclass(frozen=True)
class MapStyle:
    """Which of a network's maps is drawn over the frame, and how."""

    kind: str
    """'heatmaps' or one of ``ATTENTION_KINDS``."""
    joint: int | None = None
    """The joint (0..20) whose heatmap is drawn; None for all."""
    opacity: float = 0.55
    """0 to 1."""
    color_map: str = "viridis"
    """One of ``COLOR_MAPS``."""
    on_hand: bool = False
    """Colour the hand's own pixels only, not the whole crop."""


@cache
def color_table(name: str) -> UInt8:
    """(256, 3) RGB uint8 of a colour map, dark to bright. Raises ValueError if unknown."""
    if name not in COLOR_MAPS:
        raise ValueError(f"unknown colour map {name!r}; use one of {', '.join(COLOR_MAPS)}")
    ramp = np.arange(256, dtype=np.uint8).reshape(-1, 1)
    table = cv2.applyColorMap(ramp, COLOR_MAPS[name])[:, 0, ::-1]
    return np.ascontiguousarray(table)


def normalise_map(values: NDArray, peak: float | None = None) -> NDArray[np.float32]:
    """A non-negative map divided by ``peak`` (its own maximum if None) and clipped to [0, 1].

    Numbers that are not finite become 0. Give one ``peak`` to several maps (or frames) to make
    their colours comparable.
    """
    clean = np.nan_to_num(np.asarray(values, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    top = float(clean.max(initial=0.0)) if peak is None else float(peak)
    if top <= 0:
        return np.zeros_like(clean)
    return np.clip(clean / np.float32(top), 0.0, 1.0)


def joint_heatmap(heatmaps: NDArray, joint: int | None = None) -> NDArray[np.float32]:
    """One (h, w) map in [0, 1] from (21, h, w) joint probabilities.

    That of ``joint``, scaled to its own peak; or, for None, the maximum over all joints, each
    scaled to its own peak, so that a vague joint is as visible as a sharp one.
    """
    chosen = heatmaps if joint is None else heatmaps[joint : joint + 1]
    stack = np.nan_to_num(np.asarray(chosen, np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    peaks = stack.max(axis=(1, 2), keepdims=True)
    return (stack / np.maximum(peaks, 1e-12)).max(axis=0).clip(0.0, 1.0)


def attention_map(maps: AttentionMaps, kind: str) -> NDArray[np.float32] | None:
    """The (h, w) map of a kind, None if the network has none. Raises ValueError if unknown."""
    if kind not in ATTENTION_KINDS:
        raise ValueError(f"unknown attention map {kind!r}; use one of {', '.join(ATTENTION_KINDS)}")
    return getattr(maps, kind)


def warp_to_image(
    values: NDArray, crop: CropBox, mirrored: bool, width: int, height: int
) -> tuple[NDArray[np.float32], int, int]:
    """Resample a map that covers a crop onto the pixels of the frame.

    Args:
        values: (h, w), covering ``crop`` edge to edge.
        crop: the window, px in the frame.
        mirrored: the map is of the mirrored crop (left hands).
        width, height: the frame's size, px.

    Returns:
        ``(window, x0, y0)``: the map on the frame's pixels inside the crop, (rows, columns)
        float32, and the frame pixel of its corner; NaN beside a turned crop. Empty if the crop
        misses the frame.
    """
    corners = crop_corners(crop)
    if not np.isfinite(corners).all() or crop.side <= 0:
        return np.zeros((0, 0), np.float32), 0, 0
    low, high = corners.min(axis=0), corners.max(axis=0)
    x0, y0 = (max(int(np.ceil(value)), 0) for value in low)
    x1, y1 = (
        min(int(np.floor(value)), size - 1)
        for value, size in zip(high, (width, height), strict=True)
    )
    if x1 < x0 or y1 < y0:
        return np.zeros((0, 0), np.float32), 0, 0
    rows, columns = values.shape
    # Pixel (u, v) of the frame in the window's own axes, as shares of its side from its corner.
    right, down = (corners[1] - corners[0]) / crop.side**2, (corners[3] - corners[0]) / crop.side**2
    across, along = np.meshgrid(
        np.arange(x0, x1 + 1) - corners[0, 0], np.arange(y0, y1 + 1) - corners[0, 1]
    )
    u = (across * right[0] + along * right[1]) * columns - 0.5
    v = (across * down[0] + along * down[1]) * rows - 0.5
    if mirrored:
        u = columns - 1 - u
    grid_u, grid_v = u.astype(np.float32), v.astype(np.float32)
    window: NDArray[np.float32] = cv2.remap(
        np.ascontiguousarray(values, dtype=np.float32),
        grid_u,
        grid_v,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    ).astype(np.float32, copy=False)
    if crop.angle:
        inside = (u > -0.5) & (u < columns - 0.5) & (v > -0.5) & (v < rows - 0.5)
        window[~inside] = np.nan
    return window, x0, y0


def blend_map(
    image: UInt8,
    values: NDArray,
    crop: CropBox,
    mirrored: bool,
    opacity: float = 0.55,
    color_map: str = "viridis",
    fade_low: bool = False,
    mask: NDArray[np.float32] | None = None,
) -> None:
    """Blend a map in [0, 1] over ``image`` (H, W, 3) RGB in place.

    ``fade_low`` makes low values transparent, so that only peaks cover the picture. ``mask``
    (H, W) in [0, 1] says how much of each pixel may be covered.
    """
    height, width = image.shape[:2]
    window, x0, y0 = warp_to_image(values, crop, mirrored, width, height)
    if window.size == 0:
        return
    inside = np.isfinite(window)
    level = np.where(inside, window, 0.0).clip(0.0, 1.0)
    color = color_table(color_map)[(level * 255.0 + 0.5).astype(np.uint8)].astype(np.float32)
    alpha = float(opacity) * (level if fade_low else inside.astype(np.float32))
    place = slice(y0, y0 + window.shape[0]), slice(x0, x0 + window.shape[1])
    if mask is not None:
        alpha = alpha * mask[place]
    region = image[place]
    blended = region + (color - region) * alpha[:, :, None]
    region[...] = (blended + 0.5).astype(np.uint8)


def draw_hand_map(
    image: UInt8,
    hand: Hand,
    style: MapStyle,
    scale: MapScale | None = None,
    mask: NDArray[np.float32] | None = None,
) -> bool:
    """Draw one map of a hand over the frame, in place. Returns whether the hand has it.

    Args:
        image: (H, W, 3) RGB, the frame in which the hand was found.
        hand: with ``heatmaps`` or ``attention``.
        style: which map.
        scale: the colours of attention maps; None scales each frame to its own maximum.
        mask: (H, W) as in ``blend_map``.
    """
    if style.kind == "heatmaps":
        if hand.heatmaps is None:
            return False
        level = joint_heatmap(hand.heatmaps, style.joint)
    else:
        values = None if hand.attention is None else attention_map(hand.attention, style.kind)
        if values is None or hand.attention is None:
            return False
        level = scale(style.kind, values) if scale else _own_levels(hand.attention, style.kind)
    blend_map(
        image,
        level,
        hand.crop,
        not hand.is_right,
        style.opacity,
        style.color_map,
        fade_low=style.kind == "heatmaps",
        mask=mask,
    )
    return True


def _own_levels(maps: AttentionMaps, kind: str) -> NDArray[np.float32]:
    """A map scaled to its maximum; 'before' and 'after' share one, or their difference could not
    be seen."""
    shared = kind in ("before", "after")
    peak = float(max(maps.before.max(), maps.after.max())) if shared else None
    return normalise_map(getattr(maps, kind), peak)


def legend_title(style: MapStyle) -> str:
    """What a style's map is called in a legend: 'After attention', 'Heatmap: index PIP'."""
    if style.kind != "heatmaps":
        return KIND_TITLES[style.kind]
    return "Heatmaps" if style.joint is None else f"Heatmap: {short_name(style.joint)}"


def legend_ends(style: MapStyle, scale: MapScale | None = None) -> tuple[str, str]:
    """The words at the dark and the bright end of a style's colours."""
    if style.kind == "heatmaps":
        return "0", "peak"
    if scale is None:
        return "low", "high"
    low, high = scale.limits(style.kind)
    return _number(low), _number(high)


def legend_middle(style: MapStyle, scale: MapScale | None = None) -> str:
    """The word at the middle of a style's colours; '' where it adds nothing."""
    if style.kind == "heatmaps" or scale is None:
        return ""
    low, high = scale.limits(style.kind)
    middle = scale.value_at(style.kind, 0.5)
    even = abs(middle - (low + high) / 2) < 0.02 * max(high - low, 1e-12)
    return "" if even else _number(middle)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def draw_legend(
    image: UInt8,
    style: MapStyle,
    scale: MapScale | None = None,
    size: int | None = None,
    order: Order = "rgb",
) -> Place | None:
    """Draw a colour bar with its ends named into the lower left corner, in place.

    Args:
        image: (H, W, 3 or 4).
        style: whose colours.
        scale: what the ends stand for.
        size: height of the letters, px; by default what suits the image.
        order: names the channels of ``image``.

    Returns:
        Where it is; None where there is no room.
    """
    low, high = legend_ends(style, scale)
    words = low, legend_middle(style, scale), high
    return draw_color_bar(
        image, legend_title(style), words, color_table(style.color_map), size, order
    )
