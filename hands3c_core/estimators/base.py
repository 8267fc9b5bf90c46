"""What every estimator offers: the parameters of each tracked hand of an image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from hands3c_core.types import Camera, HandEstimate, TrackedHand, UInt8


@runtime_checkable
class Estimator(Protocol):
    """Turns tracked hands into parameters of a hand model.

    Estimators may keep state per ``track_id`` (a warm start, a settled shape), so one object serves
    one stream of images and one thread.
    """

    @property
    def name(self) -> str:
        """Short name for results, logs and menus ('landmarks', 'hands3c_lite', ...)."""
        ...

    def estimate(
        self, image: UInt8, hands: Sequence[TrackedHand], camera: Camera, timestamp: float
    ) -> list[HandEstimate]:
        """Estimate all hands of one image.

        Args:
            image: (H, W, 3) RGB.
            hands: the tracked hands of this image.
            camera: the camera of this image, unmirrored.
            timestamp: seconds, not decreasing between calls except after ``reset``.

        Returns:
            One estimate per hand, in the same order, in model space: of a left hand, everything
            describes the mirrored image (see ``types.HandEstimate``).
        """
        ...

    def reset(self) -> None:
        """Forget all tracks, before a new source or a seek."""
        ...
