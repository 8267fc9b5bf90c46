# SPDX-License-Identifier: GPL-3.0-or-later
"""What the scene's thread is asked for, and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .config import ViewState
from .session_types import Shown


@dataclass(frozen=True, slots=True)
class SceneLook:
    """Colours around the hands, (r, g, b) in [0, 1], as ``render.SceneColors`` names them."""

    background: tuple[float, float, float] = (0.115, 0.12, 0.135)
    grid: tuple[float, float, float] = (0.36, 0.37, 0.395)
    outline: tuple[float, float, float] = (0.55, 0.57, 0.62)
    wires: tuple[tuple[float, float, float], tuple[float, float, float]] = (
        (1.0, 0.62, 0.36),
        (0.36, 0.72, 1.0),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """A drawn scene."""

    pixels: NDArray[np.uint8]
    """(h, w, 4) BGRA, as large as the view in device pixels."""
    shown: Shown | None
    """What was drawn."""
    joints: tuple[NDArray[np.float64], ...]
    """For each hand of ``shown``: (21, 3) u and v in px of ``pixels`` and depth in metres; u and v
    are nan behind the viewer."""


@dataclass(frozen=True, slots=True)
class Still:
    """A picture of the scene to save."""

    file: Path
    size: tuple[int, int] | None = None
    """Width and height, px; None is as large as it is seen."""
    cut_out: bool = False
    """The hands alone, on a transparent background."""


@dataclass
class Wishes:
    """What happened since the last rendering."""

    shown: Shown | None = None
    orbit: tuple[float, float] = (0.0, 0.0)
    pan: tuple[float, float] = (0.0, 0.0)
    zoom: float = 0.0
    preset: str | None = None
    reset: bool = False
    redraw: bool = False
    settle: bool = False
    """Nothing but that the camera has not arrived at the hands."""
    still: Still | None = None

    @property
    def any(self) -> bool:
        return self != Wishes()


@dataclass
class SceneSettings:
    """How the scene is drawn."""

    view: ViewState = field(default_factory=ViewState)
    size: tuple[int, int] = (640, 480)
    """Of the view, device pixels."""
    look: SceneLook = field(default_factory=SceneLook)
    visible: bool = True
    """Whether anybody looks."""
