"""Long gaps between frames: a laptop that slept, a clock that was set, a damaged file."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

#: What is written at an even rate, and a recording's own time, show a longer gap as one so long, s:
#: a file must not grow with a time in which there was nothing.
MOST_GAP_S: Final = 10.0


def without_gaps(times: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Increasing times (N,), s, with gaps cut to ``MOST_GAP_S``, and how much was cut, s."""
    if len(times) < 2:
        return times, 0.0
    steps = np.diff(times)
    kept = np.clip(steps, 0.0, MOST_GAP_S)
    cut = float(np.sum(steps - kept))
    if not np.any(steps != kept):
        return times, 0.0
    return np.concatenate((times[:1], times[0] + np.cumsum(kept))), max(0.0, cut)
