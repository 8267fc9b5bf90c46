# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of the model that runs, and of the maps that it gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hands3c_core.weights import WeightsCard


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """Which model runs."""

    loading: bool = False
    coming: str = ""
    """What is being loaded, while it is."""
    ready: bool = False
    note: str = ""
    """One line saying where the meshes come from."""
    maps: tuple[str, ...] = ()
    """Names of the maps (``NetworkMap``) that the estimator can give."""
    card: WeightsCard | None = None
    """What is known of the running network's weights."""


@dataclass(frozen=True, slots=True, eq=False)
class MapLegend:
    """What the colours of a map over the picture mean."""

    title: str
    low: str
    """What the darkest colour stands for."""
    high: str
    """What the brightest colour stands for."""
    colors: NDArray[np.uint8]
    """(256, 3) RGB, dark to bright."""
