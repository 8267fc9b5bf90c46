"""Do the renders look like hands to a detector trained on real ones?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hands3c_core.data.synthetic.renderer import RenderedHand
from hands3c_core.data.synthetic.skins import TONE_NAMES, tone_name
from hands3c_core.detect import MediaPipeDetector


@dataclass(frozen=True)
class RealismRow:
    """What the detector made of a group of renders."""

    group: str
    """'all', a skin tone, a pose family or a gesture."""
    count: int
    """Renders in the group."""
    found: int
    """Renders in which a hand was found where the hand is."""
    error: float
    """Median over the found of the mean distance of the 21 landmarks from the truth, as a share of
    the longer side of the joints' box; NaN where none was found."""
    error_px: float
    """The same in px of the render."""


#: A detection whose landmarks are further off than this on average, as a share of the joints' box,
#: is not of this hand.
_SAME_HAND = 0.35


def landmark_error(hand: RenderedHand, landmarks: NDArray[np.floating]) -> tuple[float, float]:
    """Mean distance of landmarks (21, 2) from the truth: as a share of the joints' box, and px."""
    truth = hand.joints_2d.astype(np.float64)
    distance = float(np.linalg.norm(truth - landmarks, axis=1).mean())
    side = float((truth.max(axis=0) - truth.min(axis=0)).max())
    return distance / max(side, 1e-6), distance


def measure_realism(
    hands: Iterable[RenderedHand], least_visible: int = 0, border: float = 0.0
) -> list[RealismRow]:
    """Run the hand detector on single renders (image mode, no tracking).

    Args:
        hands: the renders, 192 px or larger for the palm detector's sake.
        least_visible: leave out renders that show fewer joints.
        border: grey border round each render, as a share of its side: the detector was made for
            hands in whole pictures, and finds fewer that fill theirs.

    Returns:
        Rows for all, each tone, each family and each gesture that occurs.
    """
    detector = MediaPipeDetector(max_hands=2, mode="image")
    groups: dict[str, list[tuple[float, float] | None]] = {"all": []}
    for hand in hands:
        if int(hand.visible.sum()) < least_visible:
            continue
        margin = round(border * len(hand.crop))
        image = np.pad(hand.crop, ((margin, margin), (margin, margin), (0, 0)), "edge")
        found = [
            landmark_error(hand, detection.landmarks_2d - margin)
            for detection in detector.detect(image)
        ]
        best = min(found, default=None)
        if best is not None and best[0] > _SAME_HAND:
            best = None
        for group in {"all", tone_name(hand.tone), hand.family, hand.gesture}:
            groups.setdefault(group, []).append(best)
    order = {name: number for number, name in enumerate(("all", *TONE_NAMES))}
    return [
        _row(name, results)
        for name, results in sorted(groups.items(), key=lambda g: (order.get(g[0], 99), g[0]))
    ]


def _row(group: str, results: list[tuple[float, float] | None]) -> RealismRow:
    hits = [result for result in results if result is not None]
    share, pixels = np.median(hits, axis=0) if hits else (np.nan, np.nan)
    return RealismRow(group, len(results), len(hits), float(share), float(pixels))


def realism_table(rows: list[RealismRow]) -> str:
    """The rows as a Markdown table."""
    lines = [
        "| group | renders | found | share | median 2D error, % of the hand | px |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        share = row.found / row.count if row.count else 0.0
        lines.append(
            f"| {row.group} | {row.count} | {row.found} | {share:.0%} | "
            f"{100 * row.error:.1f} | {row.error_px:.1f} |"
        )
    return "\n".join(lines)
