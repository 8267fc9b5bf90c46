"""Finding hands, following them and steadying what was found."""

from hands3c_core.detect.base import HandDetector
from hands3c_core.detect.choose import open_detector
from hands3c_core.detect.follower import HandFollower
from hands3c_core.detect.mediapipe_hands import MediaPipeDetector
from hands3c_core.detect.smoothing import HandSmoother, OneEuro, OneEuroRotation
from hands3c_core.detect.tracker import HandTracker, TrackerSettings

__all__ = [
    "HandDetector",
    "HandFollower",
    "HandSmoother",
    "HandTracker",
    "MediaPipeDetector",
    "OneEuro",
    "OneEuroRotation",
    "TrackerSettings",
    "open_detector",
]
