# SPDX-License-Identifier: GPL-3.0-or-later
"""The network's maps: which an estimator can give, asking it for them, and how they are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hands3c_core.conventions import NUM_JOINTS
from hands3c_core.types import FrameResult

from .config import ALL_JOINTS, NetworkMap, ViewState
from .model_status import MapLegend

if TYPE_CHECKING:
    from hands3c_core.estimators.base import MapSource
    from hands3c_core.explain.maps import ColorScale
    from hands3c_core.render import MapStyle


def available_maps(source: MapSource | None) -> tuple[str, ...]:
    """Values of ``NetworkMap`` that an estimator's ``source`` can give; none without one."""
    if source is None:
        return ()
    from hands3c_core.explain.maps import available_kinds

    kinds = available_kinds(source.model)
    compare = (NetworkMap.COMPARE.value,) if "after" in kinds else ()
    return (NetworkMap.HEATMAPS.value, *kinds, *compare)


def ask_for_maps(source: MapSource | None, view: ViewState) -> bool:
    """Have ``source`` give what ``view`` shows and no other map; whether that is a change."""
    if source is None:
        return False
    heatmaps = view.network_map is NetworkMap.HEATMAPS
    attention = view.network_map not in (NetworkMap.NONE, NetworkMap.HEATMAPS)
    if (source.heatmaps, source.attention) == (heatmaps, attention):
        return False
    source.heatmaps, source.attention = heatmaps, attention
    return True


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
