"""Errors of predicted hands, as the official evaluations of the datasets compute them.

Distances keep the unit of their points; thresholds are given in the same unit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.evaluation.alignment import OUR_SCALE_BONE, AlignmentName

Floats = NDArray[np.float64]

#: Distances of the two F-scores, metres.
F_THRESHOLDS: Final = (0.005, 0.015)


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a benchmark's papers measure."""

    alignment: AlignmentName
    """Alignment behind every 'PA' figure."""
    auc_range_mm: tuple[float, float]
    """Least and greatest threshold of the area under the curve."""
    auc_alignment: AlignmentName
    """Alignment before the area under the curve."""
    auc_steps: int = 100
    """Thresholds, the two ends included."""
    root: int = JOINT_NAMES.index("wrist")
    """Joint that root-relative errors are relative to."""
    scale_bone: tuple[int, int] | None = None
    """Joints (in our order) of the bone that errors after scale and translation are scaled by; None
    where the benchmark knows no such errors."""


_MIDDLE = JOINT_NAMES.index("middle1")
#: Protocols by name. 'dexycb' is that of its papers (determinant-corrected), 'dexycb_toolkit' that
#: of the dataset's own tools (FreiHAND's alignment). RHD and STB curves are root-relative, from 20
#: to 50 mm.
PROTOCOLS: Final[dict[str, Protocol]] = {
    "freihand": Protocol("official", (0.0, 50.0), "official"),
    "ho3d": Protocol("official", (0.0, 50.0), "official", scale_bone=OUR_SCALE_BONE),
    "dexycb": Protocol("rigid", (0.0, 50.0), "rigid"),
    "dexycb_toolkit": Protocol("official", (0.0, 50.0), "official"),
    "rhd": Protocol("official", (20.0, 50.0), "root", root=_MIDDLE),
    "stb": Protocol("official", (20.0, 50.0), "root"),
}


def point_errors(target: ArrayLike, points: ArrayLike, valid: ArrayLike | None = None) -> Floats:
    """Distances (..., N) of points (..., N, 3), NaN where ``valid`` (..., N) is false."""
    errors = np.linalg.norm(
        np.asarray(target, np.float64) - np.asarray(points, np.float64), axis=-1
    )
    return errors if valid is None else np.where(valid, errors, np.nan)


def mean_error(errors: ArrayLike) -> float:
    """Mean over points of each point's mean over samples, as the official evaluation takes it.

    Args:
        errors: (B, N), NaN where there was nothing to measure; points never measured do not count.

    Returns:
        NaN if nothing was measured.
    """
    return _over_points(errors, lambda column: float(column.mean()))


def median_error(errors: ArrayLike) -> float:
    """Mean over points of each point's median over samples; as ``mean_error`` otherwise."""
    return _over_points(errors, lambda column: float(np.median(column)))


def pck_curve(errors: ArrayLike, thresholds: ArrayLike) -> Floats:
    """Share of errors not above each of the thresholds (T,), averaged over points.

    Args:
        errors: (B, N), NaN where there was nothing to measure.
        thresholds: (T,) in the unit of the errors.

    Returns:
        (T,) in 0..1; NaN if nothing was measured.
    """
    limits = np.asarray(thresholds, np.float64)
    curves = []
    for column in _columns(errors):
        counts = np.searchsorted(np.sort(column), limits, side="right")
        curves.append(counts / len(column))
    return np.mean(curves, axis=0) if curves else np.full(len(limits), np.nan)


def area_under_curve(
    errors: ArrayLike, low: float = 0.0, high: float = 0.05, steps: int = 100
) -> float:
    """Area under the PCK curve over its range, 0..1 (trapezoids between ``steps`` thresholds)."""
    thresholds = np.linspace(low, high, steps)
    curve = pck_curve(errors, thresholds)
    widths = np.diff(thresholds)
    return float(((curve[1:] + curve[:-1]) / 2 * widths).sum() / widths.sum())


def f_score(target: ArrayLike, points: ArrayLike, threshold: float) -> float:
    """F-score of two point sets (N, 3) and (M, 3): the harmonic mean of the share of true points
    nearer than ``threshold`` to a predicted one and of the share the other way round.

    0 where a set is empty or nothing is near (Knapitsch et al., SIGGRAPH 2017).
    """
    return f_scores(target, points, (threshold,))[0]


def f_scores(target: ArrayLike, points: ArrayLike, thresholds: tuple[float, ...]) -> list[float]:
    """``f_score`` for several thresholds at the cost of one."""
    truth, guess = np.asarray(target, np.float64), np.asarray(points, np.float64)
    if not len(truth) or not len(guess):
        return [0.0] * len(thresholds)
    to_guess = cKDTree(guess).query(truth)[0]
    to_truth = cKDTree(truth).query(guess)[0]
    scores = []
    for threshold in thresholds:
        first = float((to_guess < threshold).mean())
        second = float((to_truth < threshold).mean())
        total = first + second
        scores.append(2 * first * second / total if total > 0 else 0.0)
    return scores


def _columns(errors: ArrayLike) -> list[Floats]:
    """The measured errors of each point that was measured at all."""
    table = np.asarray(errors, np.float64)
    columns = [column[np.isfinite(column)] for column in table.T]
    return [column for column in columns if len(column)]


def _over_points(errors: ArrayLike, summary: Callable[[Floats], float]) -> float:
    values = [summary(column) for column in _columns(errors)]
    return float(np.mean(values)) if values else float("nan")
