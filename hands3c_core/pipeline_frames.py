"""What the pipeline asks of a frame, and where its time goes."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from hands3c_core.errors import UserError
from hands3c_core.types import Detection

_SMALLEST_IMAGE = 16


class StageClock:
    """Milliseconds of the stages of one frame."""

    def __init__(self) -> None:
        self._start = self._last = time.perf_counter()
        self._stages: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        now = time.perf_counter()
        self._stages[stage] = 1e3 * (now - self._last)
        self._last = now

    def took(self, stage: str, milliseconds: float) -> None:
        """A stage that was done before."""
        self._stages[stage] = milliseconds
        self._start -= milliseconds / 1e3

    def finish(self) -> dict[str, float]:
        return {**self._stages, "total": 1e3 * (time.perf_counter() - self._start)}


@dataclass(frozen=True)
class Looked:
    """What the detector saw in a frame; see ``HandMeshPipeline.look``."""

    detections: list[Detection]
    milliseconds: float
    """That it took."""


def check_image(image: object) -> None:
    """Raise UserError for what is not an RGB uint8 array."""
    if not isinstance(image, np.ndarray):
        raise UserError(f"an image is a numpy array, not {type(image).__name__}.")
    if image.dtype != np.uint8:
        raise UserError(
            f"the image has dtype {image.dtype}; pass uint8 RGB (for floats in 0..1: "
            "(255 * image).astype('uint8'))."
        )
    if image.ndim != 3 or image.shape[2] != 3:
        raise UserError(
            f"the image has shape {image.shape}; pass (height, width, 3) RGB (a grey image: "
            "numpy.repeat(grey[..., None], 3, axis=2))."
        )
    if min(image.shape[:2]) < _SMALLEST_IMAGE:
        raise UserError(
            f"the image is {image.shape[1]}x{image.shape[0]} px; the least is "
            f"{_SMALLEST_IMAGE}x{_SMALLEST_IMAGE}."
        )
