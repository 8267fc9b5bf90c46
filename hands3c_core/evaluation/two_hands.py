"""What benchmarks of two hands measure besides each hand: how far one is from the other.

Sources: Moon et al., InterHand2.6M, ECCV 2020 (MPJPE of single and of interacting hands, MRRPE,
handedness); Fan et al., ARCTIC, CVPR 2023 (root-relative MPJPE and MRRPE from right to left).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hands3c_core.evaluation.metrics import mean_error
from hands3c_core.evaluation.sample_result import SampleResult
from hands3c_core.model_space import mirror_points


def two_hand_figures(
    results: Sequence[SampleResult], images: Sequence[str] | None, groups: Sequence[str] | None
) -> dict[str, Any]:
    """Figures over the results, lengths in mm, None where nothing could be measured.

    ``mrrpe_mm``: mean distance between the true and the predicted vector from the right wrist to
    the left one (mean relative-root position error), over images whose two hands were both found
    by an estimator that places hands in the known camera; ``n_pairs`` of them.
    ``mpjpe_mm_by``: wrist-relative MPJPE of each of the data set's parts. ``handedness``: share of
    hands taken for the side that they are, by estimators that say so.

    Args:
        results: of the samples.
        images: for each sample of the data set the image that it is cut from.
        groups: for each the part that it belongs to.
    """
    errors = [] if images is None else _pair_errors(results, images)
    said = [r.prediction.says_right for r in results if r.prediction.says_right is not None]
    return {
        "mrrpe_mm": 1000 * float(np.mean(errors)) if errors else None,
        "n_pairs": len(errors),
        "mpjpe_mm_by": None if groups is None else _by_group(results, groups),
        "handedness": float(np.mean(said)) if said else None,
    }


def _pair_errors(results: Sequence[SampleResult], images: Sequence[str]) -> list[float]:
    """MRRPE of each image with both hands, metres."""
    found: dict[str, dict[bool, SampleResult]] = {}
    for result in results:
        if result.prediction.is_placed and result.root is not None:
            found.setdefault(images[result.index], {})[result.is_right] = result
    return [
        float(np.linalg.norm(_apart(hands, predicted=True) - _apart(hands, predicted=False)))
        for hands in found.values()
        if len(hands) == 2
    ]


def _apart(hands: dict[bool, SampleResult], *, predicted: bool) -> NDArray[np.float64]:
    """From the right wrist to the left one, in the true camera's frame."""

    def wrist(result: SampleResult) -> NDArray[np.float64]:
        place = result.prediction.joints_3d[0] if predicted else result.root
        return np.asarray(place, np.float64)

    # Left hands are measured in a mirrored camera.
    return mirror_points(wrist(hands[False])) - wrist(hands[True])


def _by_group(results: Sequence[SampleResult], groups: Sequence[str]) -> dict[str, float | None]:
    figures: dict[str, float | None] = {}
    for name in sorted(set(groups)):
        rows = [result.wrist for result in results if groups[result.index] == name]
        mean = mean_error(np.stack(rows)) if rows else np.nan
        figures[name] = 1000 * float(mean) if np.isfinite(mean) else None
    return figures
