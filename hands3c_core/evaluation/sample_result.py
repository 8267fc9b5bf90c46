"""What was predicted for one sample, and how far off it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.evaluation.predictors import PredictedHand

Floats = NDArray[np.float64]


@dataclass(slots=True)
class SampleResult:
    """One sample's prediction and errors; NaN where a label is absent."""

    index: int
    """In the dataset."""
    name: str
    prediction: PredictedHand
    """Without vertices, unless asked for."""
    root: NDArray[np.float32] | None
    """(3,) the wrist's true place in the (mirrored) camera frame, if known."""
    is_right: bool
    pa: Floats
    """(21,) metres, after the protocol's similarity alignment."""
    wrist: Floats
    """(21,) metres, relative to the wrist."""
    middle: Floats
    """(21,) metres, relative to the middle finger's first joint."""
    curve: Floats
    """(21,) metres, aligned as the protocol's curve wants it."""
    pixels: Floats
    """(21,) px of a crop of 256 px, whatever size the estimator takes."""
    box: Floats
    """(21,) the same as shares of the hand's box (its longer side)."""
    vertex_pa: Floats | None
    """(V,) metres, aligned by themselves; None where label and prediction differ in V."""
    vertex: Floats | None
    """(V,) metres, relative to the wrist."""
    f: tuple[float, float] | None
    """F-scores at 5 and 15 mm of the aligned vertices."""
    f_unaligned: tuple[float, float] | None = None
    """The same with the wrist at its true place instead."""
    scale_trans: Floats = field(default_factory=lambda: np.full(len(JOINT_NAMES), np.nan))
    """(21,) metres, after scale and translation, where the protocol has such errors."""

    @property
    def score(self) -> float:
        """Mean aligned joint error in metres, else mean px: what best and worst are told by."""
        errors = self.pa if np.isfinite(self.pa).any() else self.pixels
        return float(np.nanmean(errors)) if np.isfinite(errors).any() else math.nan
