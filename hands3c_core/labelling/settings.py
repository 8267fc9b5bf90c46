"""What of clips is labelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hands3c_core.conventions import DEFAULT_FOV_DEG
from hands3c_core.errors import UserError
from hands3c_core.geometry import check_calibration, default_camera, load_camera
from hands3c_core.labelling.clips import Clip
from hands3c_core.labelling.progress import Counts
from hands3c_core.types import Camera


@dataclass(frozen=True)
class LabelSettings:
    """Which frames and hands are labelled, and what is assumed of the camera."""

    every: int | None = None
    """Look at every n-th frame; by default about ten a second of a video, and every image."""
    min_confidence: float = 0.6
    """Least confidence of the fitted hand, 0 to 1; hands below are left out."""
    min_sharpness: float = 0.2
    """Least sharpness of a hand's crop (0 keeps all); hands below are left out. Clear webcam images
    have 0.3 to 0.8, moved or unfocused hands less than 0.2."""
    max_hands: int = 2
    """Most hands in a frame."""
    fov_deg: float = DEFAULT_FOV_DEG
    """Horizontal field of view of the camera, degrees, where no calibration is given."""
    camera: Path | None = None
    """Calibration file of the camera."""

    def check(self) -> LabelSettings:
        """The settings themselves.

        Raises:
            UserError: one is out of range.
        """
        if self.every is not None and self.every < 1:
            raise UserError(f"--every {self.every}: use a whole number from 1.")
        if self.max_hands < 1:
            raise UserError(f"--max-hands {self.max_hands}: use a whole number from 1.")
        if not 0.0 <= self.min_confidence <= 1.0:
            raise UserError(f"--min-confidence {self.min_confidence:g}: use a number from 0 to 1.")
        if not self.min_sharpness >= 0.0:
            raise UserError(f"--min-sharpness {self.min_sharpness:g}: use 0 or more.")
        default_camera(640, 480, self.fov_deg)
        if self.camera is not None:
            check_calibration(self.camera)
        return self

    def camera_of(self, width: int, height: int) -> Camera:
        """The camera of images of a size."""
        if self.camera is not None:
            return load_camera(self.camera, width, height)
        return default_camera(width, height, self.fov_deg)


#: Called after each frame with the clip, the frames passed and in all (None: not known), and the
#: clip's counts.
Report = Callable[[Clip, int, int | None, Counts], None]
