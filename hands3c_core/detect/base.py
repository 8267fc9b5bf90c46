"""What finds the hands of an image."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol

from hands3c_core.types import Detection, UInt8


class HandDetector(Protocol):
    """Finds hands; ``open_detector`` makes one."""

    @property
    def max_hands(self) -> int:
        """Most hands that are reported."""
        ...

    def configure(self, **settings: float) -> None:
        """Change ``max_hands`` or any ``min_*_confidence``; takes effect from the next image.

        Raises:
            UserError: the setting is unknown or out of range; nothing is changed then.
        """

    def detect(self, image: UInt8, timestamp_ms: float | None = None) -> list[Detection]:
        """Find the hands of one image.

        Args:
            image: (H, W, 3) uint8 RGB, unmirrored.
            timestamp_ms: the frame's time, ms. Any value is accepted; by default 33 ms after the
                last.

        Returns:
            At most ``max_hands`` detections.

        Raises:
            UserError: the detector is closed.
        """
        ...

    def reset(self) -> None:
        """Stop following the hands of the last frame, before a new source or after a seek."""

    def close(self) -> None:
        """Free the networks; further calls of ``detect`` raise ``UserError``."""

    def __enter__(self) -> HandDetector: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
