# SPDX-License-Identifier: GPL-3.0-or-later
"""The network's maps: which an estimator can give, asking it for them, and how they are drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from app.config import ALL_JOINTS, NetworkMap, ViewState
from app.session_types import MapLegend
from hands3c_core.conventions import NUM_JOINTS
from hands3c_core.types import FrameResult

if TYPE_CHECKING:
    from hands3c_core.explain.maps import ColorScale
    from hands3c_core.render import MapStyle


def available_maps(estimator: Any) -> tuple[str, ...]:
    """Values of ``NetworkMap`` that ``estimator`` can give; none if it is no network."""
    if not hasattr(estimator, "heatmaps"):
        return ()
    from hands3c_core.explain.maps import available_kinds

    kinds = available_kinds(estimator)
    compare = (NetworkMap.COMPARE.value,) if "after" in kinds else ()
    return (NetworkMap.HEATMAPS.value, *kinds, *compare)


def ask_for_maps(estimator: Any, view: ViewState) -> bool:
    """Make ``estimator`` return what ``view`` shows and no other map; whether that is a change."""
    if not hasattr(estimator, "heatmaps"):
        return False
    heatmaps = view.network_map is NetworkMap.HEATMAPS
    attention = view.network_map not in (NetworkMap.NONE, NetworkMap.HEATMAPS)
    if (estimator.heatmaps, estimator.attention) == (heatmaps, attention):
        return False
    estimator.heatmaps, estimator.attention = heatmaps, attention
    return True


def with_maps(result: FrameResult, estimator: Any) -> FrameResult:
    """``result`` with the maps that ``estimator`` is asked for and without others: the hands stay
    as they are, the network looks at their crops once more."""
    from hands3c_core.geometry import extract_crop

    hands = [replace(hand, heatmaps=None, attention=None) for hand in result.hands]
    if hands and (estimator.heatmaps or estimator.attention):
        network = estimator.model
        crops = [
            extract_crop(result.frame.image, hand.crop, network.input_size, not hand.is_right)[0]
            for hand in hands
        ]
        prediction = network.predict(np.stack(crops), attention=estimator.attention)
        for row, hand in enumerate(hands):
            heatmaps = None
            if estimator.heatmaps:
                heatmaps = prediction.heatmaps[row].detach().float().cpu().numpy()
            hands[row] = replace(hand, heatmaps=heatmaps, attention=prediction.attention_maps(row))
    return replace(result, hands=tuple(hands))


def map_style(view: ViewState) -> MapStyle | None:
    """The chosen map as the overlay draws it, or None."""
    if view.network_map in (NetworkMap.NONE, NetworkMap.COMPARE):
        return None
    from hands3c_core.render import MapStyle

    one = view.map_joint if ALL_JOINTS < view.map_joint < NUM_JOINTS else None
    return MapStyle(
        view.network_map.value, joint=one, opacity=view.map_opacity, on_hand=view.map_on_hand
    )


def map_legend(style: MapStyle | None, result: FrameResult, scale: ColorScale) -> MapLegend | None:
    """What to say of the colours of ``style``; None if no hand of ``result`` has the map."""
    if style is None:
        return None
    from hands3c_core.render import attention_map, color_table, legend_ends, legend_title

    def has_map(hand: Any) -> bool:
        if style.kind == NetworkMap.HEATMAPS.value:
            return hand.heatmaps is not None
        return hand.attention is not None and attention_map(hand.attention, style.kind) is not None

    if not any(has_map(hand) for hand in result.hands):
        return None
    low, high = legend_ends(style, scale)
    return MapLegend(legend_title(style), low, high, color_table(style.color_map))
