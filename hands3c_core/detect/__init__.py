"""Finding hands, following them and steadying what was found."""

from hands3c_core.detect.mediapipe_hands import HandDetector
from hands3c_core.detect.smoothing import HandSmoother, OneEuro, OneEuroRotation
from hands3c_core.detect.tracker import HandTracker, TrackerSettings

__all__ = [
    "HandDetector",
    "HandSmoother",
    "HandTracker",
    "OneEuro",
    "OneEuroRotation",
    "TrackerSettings",
]
