"""What a network made of one hand, as a sheet of panels (figures 4 and 5 of the HandS3C paper)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from hands3c_core.conventions import NUM_JOINTS
from hands3c_core.errors import UserError
from hands3c_core.explain.drawing import (
    captioned,
    color_bar,
    enlarged,
    grid,
    log_levels,
    mark,
    over_picture,
    text_line,
)
from hands3c_core.explain.grad_cam import grad_cam
from hands3c_core.explain.hidden_attention import DIRECTION_NAMES, hidden_attention_maps
from hands3c_core.explain.maps import ColorScale, available_kinds
from hands3c_core.geometry import extract_crop
from hands3c_core.hand_model.joint_angles import short_name
from hands3c_core.models import HandS3C
from hands3c_core.render import (
    ATTENTION_KINDS,
    KIND_TITLES,
    HandMeshes,
    OverlayStyle,
    attention_map,
    draw_overlay,
    joint_heatmap,
    normalise_map,
)
from hands3c_core.types import FrameResult, Hand, UInt8

#: Side of a panel, px.
PANEL: Final = 208
#: Powers of ten that the colours of the hidden attention span.
_DECADES: Final = 3


@dataclass(frozen=True)
class SheetOptions:
    """What a sheet asks about a hand."""

    joint: int = 8
    """0..20, whose Grad-CAM is shown, and where the query is if none is given."""
    query: tuple[float, float] | None = None
    """(x, y) px of the network's crop: the cell whose hidden attention is shown."""
    direction: int | None = None
    """0..3, the scan order whose hidden attention is shown alone; None takes 'rows'."""
    details: bool = True
    """Also the second row: branches, hidden attention and Grad-CAM, which take two more passes."""


def hand_sheet(
    network: HandS3C,
    result: FrameResult,
    hand: Hand,
    meshes: HandMeshes,
    scale: ColorScale,
    options: SheetOptions,
) -> UInt8:
    """Panels about one hand, in the network's view (left hands mirrored).

    First row: input, attention before and after the module, heatmaps, mesh. Second row: the two
    branches, hidden attention of the query cell in one direction and in all, Grad-CAM.

    Args:
        network: the one that made ``hand``.
        result: the frame, with its image.
        hand: with heatmaps and attention maps; its ``crop`` is the window the network saw.
        meshes: for ``draw_overlay``.
        scale: colours of the attention maps, updated with this frame.
        options: what to ask.

    Returns:
        (H, W, 3) RGB; the size depends on the network and ``options.details`` only.

    Raises:
        UserError: the hand carries no maps, or the query lies outside the crop.
    """
    if hand.heatmaps is None or hand.attention is None:
        raise UserError(f"The network {network.name!r} has no attention module to show.")
    size = network.input_size
    mirror = not hand.is_right
    crop, _ = extract_crop(result.frame.image, hand.crop, size, mirror)
    picture = enlarged(crop, PANEL)
    drawn = draw_overlay(result.frame.image, result, OverlayStyle(mesh="textured"), meshes)
    mesh = enlarged(extract_crop(drawn, hand.crop, size, mirror)[0], PANEL)
    heat = over_picture(picture, joint_heatmap(hand.heatmaps), 0.85, fade_low=True)
    peak = float(np.median(hand.heatmaps.max(axis=(1, 2))))
    rows = [
        [
            captioned(picture, "Input", f"{size} px, {'mirrored left' if mirror else 'right'}"),
            *(_map_panel(picture, hand, kind, scale) for kind in ATTENTION_KINDS[:2]),
            # A flat heatmap is all bright: the number tells it from a sure one.
            captioned(heat, "Heatmaps", f"each to its peak, median {100 * peak:.2g} %"),
            captioned(mesh, "Mesh", hand.estimator),
        ]
    ]
    if options.details:
        rows.append(_details(network, crop, picture, hand, scale, options))
    return grid(rows)


def empty_sheet(like: UInt8) -> UInt8:
    """A sheet of the same size for a frame without the hand."""
    sheet = np.full_like(like, 255)
    sheet[14:34] = text_line(like.shape[1], "    no hand")[:20]
    return sheet


def sheet_legend(width: int, scale: ColorScale, note: str) -> UInt8:
    """What the colours of the sheets mean, and a note, ``width`` px wide."""
    bars = [
        _bar(scale, "after", "before, after: RMS over channels"),
        _bar(scale, "spatial", "branches: RMS over channels"),
        color_bar(PANEL, f"1e-{_DECADES}", "1", "hidden attention over its largest, log"),
        color_bar(PANEL, "0", "peak", "heatmaps, Grad-CAM"),
    ]
    return grid([bars, [text_line(width - 28, note)]])


def _bar(scale: ColorScale, kind: str, title: str) -> UInt8:
    low, high = scale.limits(kind)
    return color_bar(PANEL, f"{low:.3g}", f"{high:.3g}", title)


def _map_panel(picture: UInt8, hand: Hand, kind: str, scale: ColorScale) -> UInt8:
    assert hand.attention is not None
    values = attention_map(hand.attention, kind)
    assert values is not None
    note = f"{values.min():.3g} to {values.max():.3g}"
    return captioned(over_picture(picture, scale(kind, values)), KIND_TITLES[kind], note)


def _details(
    network: HandS3C,
    crop: UInt8,
    picture: UInt8,
    hand: Hand,
    scale: ColorScale,
    options: SheetOptions,
) -> list[UInt8]:
    kinds = available_kinds(network)
    panels = [_map_panel(picture, hand, kind, scale) for kind in kinds[2:]]
    if "spatial" in kinds:
        panels += _hidden_panels(network, crop, picture, hand, options)
    cam = normalise_map(grad_cam(network, crop, [options.joint])[0])
    note = f"of {short_name(options.joint)}'s heatmap"
    return [*panels, captioned(over_picture(picture, cam, 0.75), "Grad-CAM", note)]


def _hidden_panels(
    network: HandS3C, crop: UInt8, picture: UInt8, hand: Hand, options: SheetOptions
) -> list[UInt8]:
    """The hidden attention in one direction and in all."""
    cells = network.config.feature_side
    point = options.query or _joint_place(hand, options.joint, network.input_size)
    shares = [(value + 0.5) / network.input_size for value in point]
    if not all(0 <= share < 1 for share in shares):
        raise UserError(
            f"The query {point} lies outside of the {network.input_size}-px crop: choose another."
        )
    column, row = (int(share * cells) for share in shares)
    maps = hidden_attention_maps(network, crop, (row, column))
    alone = options.direction or 0
    panels = []
    for values, title in ((maps[alone], DIRECTION_NAMES[alone]), (maps.sum(axis=0), "all four")):
        panel = over_picture(picture, log_levels(values, _DECADES), 0.75)
        scaled = PANEL / cells
        mark(panel, ((column + 0.5) * scaled - 0.5, (row + 0.5) * scaled - 0.5))
        panels.append(captioned(panel, f"Hidden attention: {title}", "of the ringed cell"))
    return panels


def _joint_place(hand: Hand, joint: int, size: int) -> tuple[float, float]:
    """Where the heatmap of a joint peaks, px of the crop."""
    assert hand.heatmaps is not None
    assert len(hand.heatmaps) == NUM_JOINTS
    row, column = np.unravel_index(int(hand.heatmaps[joint].argmax()), hand.heatmaps[joint].shape)
    rows, columns = hand.heatmaps[joint].shape
    return (float(column) + 0.5) * size / columns - 0.5, (float(row) + 0.5) * size / rows - 0.5
