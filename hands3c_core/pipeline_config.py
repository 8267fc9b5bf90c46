"""What turns frames into hands, as plain values: for the app, commands and programs alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hands3c_core.conventions import DEFAULT_FOV_DEG
from hands3c_core.device import Device
from hands3c_core.weights import AUTO, Precision


@dataclass(frozen=True, slots=True)
class PipelineConfig:
    """Everything a ``HandMeshPipeline`` is made of; ``HandMeshPipeline.of(config)`` makes it."""

    estimator: str = AUTO
    """'auto', 'landmarks', the name of shipped weights, or the path of a network's weights."""
    device: Device = "auto"
    """Where a network runs."""
    precision: Precision = "full"
    """Arithmetic of a network."""
    hand_model: str = "hand_mid"
    """A shipped hand model or the path of a MANO file or folder."""
    smoothing: float = 0.5
    """Strength of the One-Euro filter, 0 (off) to 1."""
    fov_deg: float = DEFAULT_FOV_DEG
    """Horizontal field of view, degrees; not used when there is a calibration."""
    calibration: Path | None = None
    """Camera calibration file."""
    max_hands: int = 2
    """Most hands that are looked for."""
    detection_confidence: float = 0.5
    """Least score of a palm that starts a hand, 0 to 1."""
    presence_confidence: float = 0.5
    """Least score of a followed hand's landmarks; below it the hand is searched anew."""
    tracking_confidence: float = 0.5
    """Least overlap of a followed hand's boxes from frame to frame."""

    def detector_settings(self) -> dict[str, Any]:
        """The detector's part, as ``HandDetector`` and its ``configure`` take it."""
        return {
            "max_hands": self.max_hands,
            "min_detection_confidence": self.detection_confidence,
            "min_presence_confidence": self.presence_confidence,
            "min_tracking_confidence": self.tracking_confidence,
        }

    def needs_rebuild(self, new: PipelineConfig) -> bool:
        """Whether going on to ``new`` takes another pipeline, not only other settings."""
        names = ("estimator", "hand_model", "device", "precision")
        return any(getattr(self, name) != getattr(new, name) for name in names)
