# SPDX-License-Identifier: GPL-3.0-or-later
"""How the camera picture and the 3D view share the stage; no Qt."""

from __future__ import annotations

from dataclasses import dataclass

#: The picture's share where neither it nor the 3D view is limited by the stage. It maximises the
#: picture's area times the 3D view's short side, s^2 (1 - s).
_SHARE = 2 / 3
#: Of less the 3D view is of little use, px; it never gets more than half for it.
_LEAST = 160


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Two panes with a gap between them."""

    stacked: bool
    """One above the other; else side by side."""
    share: float
    """The camera pane's share, 0 to 1, of what the two divide."""
    across: int
    """Both panes' extent along their common border, px."""

    def camera_pane(self, width: int, height: int, gap: int) -> tuple[float, float]:
        """(width, height) of the camera pane in a stage of ``width`` x ``height``, px."""
        along = self.share * max((height if self.stacked else width) - gap, 0)
        return (self.across, along) if self.stacked else (along, self.across)


def arrange(
    width: int, height: int, aspect: float, gap: int = 0, share: float | None = None
) -> Arrangement:
    """The arrangement that lets the picture fill its pane.

    Both panes are no longer along their border than the larger of them needs, so that no bands
    are left beside the picture; the 3D view takes the rest.

    Args:
        width: of the stage, px.
        height: of the stage, px.
        aspect: the picture's width over its height.
        gap: between the panes, px.
        share: the camera pane's share if it was chosen; None lets it follow the picture.
    """
    beside = _Cut(width - gap, height, aspect)
    above = _Cut(height - gap, width, 1 / aspect)
    stacked = above.worth() > beside.worth()
    cut = above if stacked else beside
    if share is None:
        share = cut.share()
    along = share * max(cut.room, 0)
    needed = max(along / cut.ratio, cut.room - along)
    return Arrangement(stacked, share, min(max(round(needed), 1), max(cut.limit, 1)))


@dataclass(frozen=True, slots=True)
class _Cut:
    """One way to divide the stage."""

    room: int
    """What the two panes divide, px."""
    limit: int
    """The stage's extent across, px."""
    ratio: float
    """The picture's extent along the room over its extent across it."""

    def share(self) -> float:
        """The picture's share."""
        if self.room <= 0:
            return _SHARE
        filled = self.ratio * self.limit / self.room  # a larger pane would leave bands
        spare = 1 - self.limit / self.room  # of a larger 3D view the length would be of no use
        kept = max(0.5, 1 - _LEAST / self.room)
        return min(filled, max(_SHARE, spare), kept)

    def worth(self) -> float:
        """The picture's area times the 3D view's short side."""
        share = self.share()
        along = share * self.room
        across = min(along / self.ratio, self.limit)
        return along * across * min((1 - share) * self.room, across)
