"""Finding hands and following them."""

from __future__ import annotations

from typing import Any

from hands3c_core.detect.base import HandDetector
from hands3c_core.detect.choose import open_detector
from hands3c_core.detect.follower import HandFollower
from hands3c_core.detect.mediapipe_hands import MediaPipeDetector
from hands3c_core.detect.tracker import HandTracker, TrackerSettings
from hands3c_core.moved import find_moved

__all__ = [
    "HandDetector",
    "HandFollower",
    "HandTracker",
    "MediaPipeDetector",
    "TrackerSettings",
    "open_detector",
]

#: Name -> the module where it is now.
_MOVED = dict.fromkeys(("HandSmoother", "OneEuro", "OneEuroRotation"), "hands3c_core.motion")


def __getattr__(name: str) -> Any:
    return find_moved(__name__, name, _MOVED)
