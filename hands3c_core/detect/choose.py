"""Which detector serves: for one image after the other, or for each by itself."""

from __future__ import annotations

import logging

from hands3c_core.detect.base import HandDetector
from hands3c_core.detect.follower import HandFollower
from hands3c_core.detect.mediapipe_hands import MediaPipeDetector, Mode
from hands3c_core.detect.photographs import PhotographDetector
from hands3c_core.errors import UserError
from hands3c_core.openvino_core import import_openvino

_log = logging.getLogger(__name__)


def open_detector(max_hands: int = 2, mode: Mode = "video") -> HandDetector:
    """The detector for a mode: of frames, one that follows hands itself where OpenVINO is
    installed, else MediaPipe's own; of single images, one that also finds hands that fill them.

    Raises:
        UserError: a setting is out of range, or a shipped file is damaged.
    """
    if mode == "image":
        return PhotographDetector(max_hands)
    try:
        import_openvino()
    except UserError as error:
        _log.info("Hands are followed by MediaPipe's task graph: %s", error)
        return MediaPipeDetector(max_hands, mode)
    try:
        return HandFollower(max_hands)
    except OSError as error:  # a full disk is no reason to see no hands
        _log.info("Hands are followed by MediaPipe's task graph: %s", error)
        return MediaPipeDetector(max_hands, mode)
