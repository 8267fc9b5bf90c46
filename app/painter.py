# SPDX-License-Identifier: GPL-3.0-or-later
"""Draws the overlay over a frame, for the screen (scaled, mirrored) and for recordings (as is)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from app.config import ViewState
from app.maps import map_legend, map_style
from app.session_types import Picture, Shown

if TYPE_CHECKING:
    from app.model import LoadedModel
    from hands3c_core.render import OverlayStyle

#: The view's size is not followed beyond this many times the frame's: it would only cost time.
_MAX_UPSCALE = 3.0


def overlay_style(view: ViewState, *, labels: bool) -> OverlayStyle:
    """``view`` as the rasteriser takes it. On screen the view draws labels and legend itself."""
    from hands3c_core.render import OverlayStyle

    return OverlayStyle(
        mesh=view.mesh_style.value if view.mesh else None,
        mesh_opacity=view.opacity,
        skeleton=view.skeleton,
        boxes=view.boxes,
        labels=labels and view.labels,
        map=map_style(view),
        legend=labels,
    )


class Painter:
    """Owns one rasteriser and the colours of one stream of maps: use each painter on one thread."""

    def __init__(self) -> None:
        from hands3c_core.explain.maps import ColorScale
        from hands3c_core.render import MeshRasterizer

        self._rasterizer = MeshRasterizer()
        self._scale = ColorScale()
        self._model: LoadedModel | None = None

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
        return draw_overlay(
            image, result, style, shown.model.meshes, self._rasterizer, scale=self._scale
        )

    def picture(self, shown: Shown, view: ViewState, size: tuple[int, int] | None) -> Picture:
        """What the camera view paints: ``size`` is its (width, height) in device pixels."""
        image = self.annotate(shown, view, labels=False)
        return Picture(
            image=image,
            display=for_display(image, size, mirror=view.mirror),
            mirrored=view.mirror,
            result=shown.result,
            arrived_at=shown.arrived_at,
            hand_model=shown.model.hand if shown.model is not None else None,
            legend=map_legend(map_style(view), shown.result, self._scale),
        )


def for_display(
    image: NDArray[np.uint8], size: tuple[int, int] | None, *, mirror: bool
) -> NDArray[np.uint8]:
    """(H, W, 3) RGB to (h, w, 4) BGRA fitted into ``size`` with its aspect kept, flipped if asked.

    Done here, on the painter's thread, so that the GUI thread only copies pixels.
    """
    height, width = image.shape[:2]
    if size is not None:
        scale = min(size[0] / width, size[1] / height, _MAX_UPSCALE)
        fitted = max(1, round(width * scale)), max(1, round(height * scale))
        if fitted != (width, height):
            method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
            image = np.asarray(cv2.resize(image, fitted, interpolation=method), np.uint8)
    pixels = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2BGRA), np.uint8)
    return np.asarray(cv2.flip(pixels, 1), np.uint8) if mirror else pixels
