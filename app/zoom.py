# SPDX-License-Identifier: GPL-3.0-or-later
"""Which part of the camera picture is seen, and how large. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from hands3c_core.types import FrameResult

#: How far the picture can be enlarged.
MOST_ZOOM = 16.0
#: The view's size is not followed beyond this many times the frame's: it would only cost time.
MAX_UPSCALE = 3.0


@dataclass(frozen=True, slots=True)
class Zoom:
    """The middle of what is seen, as shares of the unmirrored frame, and how much it is enlarged
    beyond filling the view."""

    x: float = 0.5
    y: float = 0.5
    factor: float = 1.0

    @property
    def is_whole(self) -> bool:
        return self.factor <= 1.0

    def to(self, factor: float, at: tuple[float, float] | None = None) -> Zoom:
        """Enlarged ``factor`` times; ``at`` (shares of the frame) stays where it is seen."""
        factor = min(max(factor, 1.0), MOST_ZOOM)
        if at is None:
            return replace(self, factor=factor)
        keep = self.factor / factor
        return Zoom(at[0] + (self.x - at[0]) * keep, at[1] + (self.y - at[1]) * keep, factor)

    def moved(self, dx: float, dy: float) -> Zoom:
        """Looking ``dx``, ``dy`` (shares of the frame) farther right and down."""
        return replace(self, x=self.x + dx, y=self.y + dy)


WHOLE = Zoom()


@dataclass(frozen=True, slots=True)
class Part:
    """What is seen of a frame, px of the frame."""

    x: float
    y: float
    width: float
    height: float
    scale: float
    """View px per frame px."""


def visible_part(frame: tuple[int, int], view: tuple[float, float], zoom: Zoom) -> Part:
    """The part of a frame of (width, height) px that a view of (width, height) shows."""
    width, height = frame
    scale = min(view[0] / width, view[1] / height) * max(zoom.factor, 1.0)
    wide, high = min(float(width), view[0] / scale), min(float(height), view[1] / scale)
    x = min(max(zoom.x * width - wide / 2, 0.0), width - wide)
    y = min(max(zoom.y * height - high / 2, 0.0), height - high)
    return Part(x, y, wide, high, scale)


def kept_inside(zoom: Zoom, frame: tuple[int, int], view: tuple[float, float]) -> Zoom:
    """``zoom`` with its middle where the view shows nothing but frame."""
    part = visible_part(frame, view, zoom)
    return Zoom(
        (part.x + part.width / 2) / frame[0], (part.y + part.height / 2) / frame[1], zoom.factor
    )


#: Share of the view's smaller side that a followed hand fills.
_FILLS = 0.55
#: Share of the way to the hands that is made per second, as a half-life, s.
_HALF_LIFE_S = 0.12


class PictureFollower:
    """Keeps the hands in the middle of an enlarged picture, gently. Used on one thread."""

    def __init__(self) -> None:
        self._now: Zoom | None = None
        self._time = 0.0

    def aim(self, user: Zoom, result: FrameResult) -> Zoom:
        """Where to look for this frame.

        Args:
            user: what the user chose; its factor counts on top.
            result: the frame's hands; without any the last place stays.
        """
        hands, time = result.hands, result.frame.timestamp
        if not hands:
            return self._now or user
        height, width = result.frame.image.shape[:2]
        points = np.concatenate([hand.joints_2d for hand in hands])
        (left, top), (right, low) = points.min(axis=0), points.max(axis=0)
        if not np.isfinite([left, right, top, low]).all():
            return self._now or user
        fit = min(width / max(right - left, 1.0), height / max(low - top, 1.0))
        factor = min(max(float(fit) * _FILLS * user.factor, 1.0), MOST_ZOOM)
        middle = float(left + right) / 2 / width, float(top + low) / 2 / height
        wanted = Zoom(*middle, factor)
        elapsed, self._time = time - self._time, time
        if self._now is None or not 0.0 <= elapsed < 1.0:
            self._now = wanted
        left_over = 0.5 ** (elapsed / _HALF_LIFE_S) if 0.0 <= elapsed < 1.0 else 0.0
        now = self._now
        self._now = Zoom(
            wanted.x + (now.x - wanted.x) * left_over,
            wanted.y + (now.y - wanted.y) * left_over,
            wanted.factor + (now.factor - wanted.factor) * left_over,
        )
        return self._now
