# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the overlay over a frame, for the screen (scaled, mirrored) and for recordings (as is)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.types import Hand

from .config import NetworkMap, ViewState, toggles
from .maps import map_legend, map_style
from .session_types import Picture, Shown
from .zoom import MAX_UPSCALE, WHOLE, Part, Zoom, visible_part

if TYPE_CHECKING:
    from hands3c_core.explain.maps import ColorScale
    from hands3c_core.render import MeshRasterizer, OverlayStyle

    from .model import LoadedModel


#: Fields of ``OverlayStyle`` that are switched on and off.
_OVERLAY = tuple(toggle.field for toggle in toggles("overlay"))


def overlay_style(view: ViewState, *, labels: bool) -> OverlayStyle:
    """``view`` as the rasteriser takes it. On screen the words are drawn last, at the screen's own
    size and the right way round also in a mirrored picture."""
    from hands3c_core.render import HandLook, OverlayStyle

    marks: dict[str, Any] = {name: getattr(view, name) for name in _OVERLAY}
    marks["labels"] &= labels
    return OverlayStyle(
        mesh=view.mesh_style.value if view.mesh else None,
        mesh_opacity=view.opacity,
        look=HandLook(view.tone.value, view.material.value),
        **marks,
        map=map_style(view),
        compare=view.network_map is NetworkMap.COMPARE,
        legend=labels,
    )


class Painter:
    """Owns one rasteriser and the colours of one stream of maps: use each painter on one thread.

    Both come with the first hands: what they import takes a second, for which a raw picture need
    not wait.
    """

    def __init__(self) -> None:
        self._model: LoadedModel | None = None

    @cached_property
    def _rasterizer(self) -> MeshRasterizer:
        from hands3c_core.render import MeshRasterizer

        return MeshRasterizer()

    @cached_property
    def _scale(self) -> ColorScale:
        from hands3c_core.explain.maps import ColorScale

        return ColorScale()

    def annotate(self, shown: Shown, view: ViewState, *, labels: bool) -> NDArray[np.uint8]:
        """(H, W, 3) RGB: the frame with its overlay, as large as the frame, never mirrored."""
        image = shown.result.frame.image
        if shown.model is None or not shown.result.hands:
            return image
        from hands3c_core.render import draw_overlay

        if shown.model is not self._model:
            self._scale.reset()
            self._model = shown.model
        result = shown.result
        self._scale.update((hand.attention for hand in result.hands), result.frame.timestamp)
        style = overlay_style(view, labels=labels)
        model = shown.model
        return draw_overlay(
            image, result, style, model.meshes, self._rasterizer, self._scale, model.tones
        )

    def picture(
        self,
        shown: Shown,
        view: ViewState,
        size: tuple[int, int] | None,
        zoom: Zoom = WHOLE,
        density: float = 1.0,
    ) -> Picture:
        """What the camera view paints.

        Args:
            shown: the result to draw.
            view: what is drawn.
            size: the view's (width, height) in device pixels; None leaves the frame's.
            zoom: which part of the frame is seen.
            density: device pixels per logical pixel.
        """
        image = self.annotate(shown, view, labels=False)
        display, part = for_display(image, size, zoom, mirror=view.mirror)
        legend = place = None
        if shown.result.hands:
            letters = _letters(display, density)
            legend = map_legend(map_style(view), shown.result, self._scale)
            if view.labels:
                _draw_labels(display, part, shown.result.hands, letters, mirror=view.mirror)
            if view.network_map is NetworkMap.COMPARE:
                from hands3c_core.render import draw_comparison

                result, mirror = shown.result, view.mirror
                draw_comparison(
                    display, result.frame.image, result.hands, self._scale, letters,
                    mirror=mirror, order="bgra",
                )  # fmt: skip
            if legend is not None:
                place = self._draw_legend(display, view, letters)
            elif overlay_style(view, labels=False).shows_heat:
                from hands3c_core.render import draw_heat_legend

                place = draw_heat_legend(display, letters, "bgra")
        return Picture(
            image=image,
            display=display,
            mirrored=view.mirror,
            result=shown.result,
            arrived_at=shown.arrived_at,
            hand_model=shown.model.hand if shown.model is not None else None,
            legend=legend,
            legend_place=place,
            zoom=zoom,
            part=part,
        )

    def _draw_legend(
        self, display: NDArray[np.uint8], view: ViewState, letters: int
    ) -> tuple[int, int, int, int] | None:
        from hands3c_core.render import draw_legend

        style = map_style(view)
        assert style is not None
        return draw_legend(display, style, self._scale, letters, "bgra")


def _letters(display: NDArray[np.uint8], density: float) -> int:
    from hands3c_core.render import text_size

    return text_size(display.shape[1], display.shape[0], density)


def _draw_labels(
    display: NDArray[np.uint8], part: Part, hands: Sequence[Hand], letters: int, *, mirror: bool
) -> None:
    """Each hand's label on a display of ``part`` of the frame."""
    from hands3c_core.render import draw_labels

    scale = np.array(
        [display.shape[1] / part.width, display.shape[0] / part.height], dtype=np.float64
    )
    points = []
    for hand in hands:
        seen = (hand.joints_2d + 0.5 - (part.x, part.y)) * scale - 0.5
        if mirror:
            seen[:, 0] = display.shape[1] - 1 - seen[:, 0]
        points.append(seen)
    draw_labels(display, hands, points, letters, "bgra")


def for_display(
    image: NDArray[np.uint8], size: tuple[int, int] | None, zoom: Zoom = WHOLE, *, mirror: bool
) -> tuple[NDArray[np.uint8], Part]:
    """(H, W, 3) RGB to (h, w, 4) BGRA fitted into ``size`` with its aspect kept, flipped if asked;
    and the part of the frame that it shows.

    Done here, on the painter's thread, so that the GUI thread only copies pixels.
    """
    height, width = image.shape[:2]
    part = visible_part((width, height), size or (width, height), zoom)
    scale = min(part.scale, MAX_UPSCALE * max(zoom.factor, 1.0))
    fitted = max(1, round(part.width * scale)), max(1, round(part.height * scale))
    if (part.width, part.height) != (width, height):
        across, down = fitted[0] / part.width, fitted[1] / part.height
        # Pixel u of the frame goes to (u + 0.5 - x) * across - 0.5.
        place = np.array(
            [
                [across, 0.0, (0.5 - part.x) * across - 0.5],
                [0.0, down, (0.5 - part.y) * down - 0.5],
            ]
        )
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        made = cv2.warpAffine(image, place, fitted, flags=method, borderMode=cv2.BORDER_REPLICATE)
        image = np.asarray(made, np.uint8)
    elif fitted != (width, height):
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        image = np.asarray(cv2.resize(image, fitted, interpolation=method), np.uint8)
    pixels = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGRA), np.uint8)
    return (np.asarray(cv2.flip(pixels, 1), np.uint8) if mirror else pixels), part
