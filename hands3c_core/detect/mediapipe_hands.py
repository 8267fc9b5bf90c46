"""Finding hands with MediaPipe's HandLandmarker (Tasks API, Apache-2.0).

The bundle is ``assets/hand_landmarker.task`` (see its card). In this API handedness is that of the
hand in an unmirrored image. World landmarks come in metres with x right, y down and z away from the
camera, which are our camera axes, with the origin at the hand's middle.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from hands3c_core.assets import asset_path
from hands3c_core.closing import Closing
from hands3c_core.errors import UserError, is_out_of_memory
from hands3c_core.types import Detection, UInt8

Mode = Literal["video", "image"]

_SETTINGS = (
    "max_hands",
    "min_detection_confidence",
    "min_presence_confidence",
    "min_tracking_confidence",
)


class MediaPipeDetector(Closing):
    """MediaPipe's palm detector and landmark network.

    In 'video' mode hands are followed from frame to frame; in 'image' mode every image is searched
    anew. MediaPipe runs its palm detector, which costs more than following a hand, on every frame
    that shows fewer hands than it may report. While one hand is seen, a second landmarker that may
    report only that one therefore takes over, and the whole image is searched for others on every
    ``search_interval``-th frame.

    Args:
        max_hands: most hands to report, 1 or more.
        mode: 'video' for successive frames, 'image' for unrelated ones.
        min_detection_confidence: least palm score, 0 to 1.
        min_presence_confidence: least score of the landmark network, 0 to 1; a followed hand that
            falls below is searched anew.
        min_tracking_confidence: least overlap of a hand's boxes in successive frames, 0 to 1.
        search_interval: frames between searches for another hand while one is followed; 1 searches
            on every frame.
        bundle: a ``.task`` file; the shipped one by default.

    Raises:
        UserError: a setting is out of range, or the bundle cannot be loaded.
    """

    def __init__(
        self,
        max_hands: int = 2,
        mode: Mode = "video",
        min_detection_confidence: float = 0.5,
        min_presence_confidence: float = 0.5,
        min_tracking_confidence: float = 0.5,
        search_interval: int = 8,
        bundle: str | Path | None = None,
    ) -> None:
        self.mode = mode
        self.search_interval = search_interval
        self.max_hands = max_hands
        self.min_detection_confidence = min_detection_confidence
        self.min_presence_confidence = min_presence_confidence
        self.min_tracking_confidence = min_tracking_confidence
        self._bundle = Path(bundle) if bundle else asset_path("hand_landmarker.task")
        self._landmarkers = _Landmarkers()
        # Closes them before the interpreter tears down the modules that closing needs.
        weakref.finalize(self, self._landmarkers.close)
        self._last_ms = -1
        self._seen = 0
        self._since_search = 0
        self._offset_ms = 0
        self._open()

    def configure(self, **settings: float) -> None:
        """Change ``max_hands`` or any ``min_*_confidence``; takes effect from the next image.

        Raises:
            UserError: the setting is unknown or out of range; nothing is changed then.
        """
        before = {name: getattr(self, name) for name in _SETTINGS}
        for name in settings:
            if name not in before:
                raise UserError(
                    f"the detector has no setting {name!r}; choose one of {', '.join(before)}."
                )
        if all(before[name] == value for name, value in settings.items()):
            return
        self.__dict__.update(settings)
        try:
            self._open()
        except UserError:
            self.__dict__.update(before)
            raise

    def detect(self, image: UInt8, timestamp_ms: float | None = None) -> list[Detection]:
        """Find the hands of one image.

        Args:
            image: (H, W, 3) uint8 RGB, unmirrored.
            timestamp_ms: the frame's time, ms. Any value is accepted: time that stands still or
                jumps back (a seek, a loop) goes on where it was. By default 33 ms after the last.

        Returns:
            At most ``max_hands`` detections, in MediaPipe's order.

        Raises:
            UserError: the detector is closed.
        """
        if self._landmarkers.all_hands is None:
            raise UserError("the hand detector is closed; make a new one.")
        pixels = np.ascontiguousarray(image)
        result = self._run(pixels, timestamp_ms)
        height, width = pixels.shape[:2]
        return [
            _detection(*hand, width, height)
            for hand in zip(
                result.handedness, result.hand_landmarks, result.hand_world_landmarks, strict=True
            )
        ]

    def reset(self) -> None:
        """Stop following the hands of the last frame, before a new source or after a seek."""
        self._seen = 0
        if self.mode == "image" or self._landmarkers.all_hands is None:
            return
        blank = _mediapipe_image(np.zeros((64, 64, 3), np.uint8))
        moment = self._next_ms(None)
        self._landmarkers.all_hands.detect_for_video(blank, moment)
        if self._landmarkers.one_hand is not None:
            self._landmarkers.one_hand.detect_for_video(blank, moment)

    def close(self) -> None:
        """Free the networks; further calls of ``detect`` raise ``UserError``."""
        self._landmarkers.close()

    def _run(self, pixels: UInt8, timestamp_ms: float | None) -> Any:
        image = _mediapipe_image(pixels)
        if self.mode == "image":
            return self._landmarkers.all_hands.detect(image)
        moment = self._next_ms(timestamp_ms)
        one = None
        if self._landmarkers.one_hand is not None and self._seen == 1:
            one = self._landmarkers.one_hand.detect_for_video(image, moment)
            self._since_search += 1
            if one.hand_landmarks and self._since_search < self.search_interval:
                return one
        self._since_search = 0
        found = self._landmarkers.all_hands.detect_for_video(image, moment)
        self._seen = len(found.hand_landmarks)
        # Of a single hand, the landmarker that has followed it all along knows more.
        return one if one is not None and one.hand_landmarks and self._seen == 1 else found

    def _next_ms(self, timestamp_ms: float | None) -> int:
        """A strictly increasing integer time, which MediaPipe insists on."""
        if timestamp_ms is None or not np.isfinite(timestamp_ms):
            moment = self._last_ms + 33
        else:
            moment = round(timestamp_ms) + self._offset_ms
        if moment <= self._last_ms:
            self._offset_ms += self._last_ms + 1 - moment
            moment = self._last_ms + 1
        self._last_ms = moment
        return moment

    def _open(self) -> None:
        self._check_settings()
        fast = self.mode == "video" and self.max_hands > 1 and self.search_interval > 1
        with _no_stderr():  # TensorFlow Lite announces itself from C++, whatever it is told
            all_hands = self._create(self.max_hands)
            one_hand = self._create(1) if fast else None
            self._landmarkers.close()
            self._landmarkers.all_hands, self._landmarkers.one_hand = all_hands, one_hand
            self._last_ms, self._offset_ms = -1, 0
            self._seen, self._since_search = 0, 0
            # The first image loads the kernels; better now than on the first frame of a stream.
            self.detect(np.zeros((192, 192, 3), np.uint8), 0.0)
            self.reset()

    def _check_settings(self) -> None:
        if self.mode not in ("video", "image"):
            raise UserError(f"the detector's mode is 'video' or 'image', not {self.mode!r}.")
        if self.max_hands < 1:
            raise UserError(f"max_hands is {self.max_hands}; it must be 1 or more.")
        if self.search_interval < 1:
            raise UserError(f"search_interval is {self.search_interval}; it must be 1 or more.")
        for name in _SETTINGS[1:]:
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise UserError(f"{name} is {getattr(self, name):g}; it must lie from 0 to 1.")

    def _create(self, num_hands: int) -> Any:
        _import_mediapipe()
        from mediapipe.tasks.python import BaseOptions, vision

        modes = {"video": vision.RunningMode.VIDEO, "image": vision.RunningMode.IMAGE}
        try:
            options = vision.HandLandmarkerOptions(
                base_options=BaseOptions(model_asset_buffer=self._bundle.read_bytes()),
                running_mode=modes[self.mode],
                num_hands=int(num_hands),
                min_hand_detection_confidence=self.min_detection_confidence,
                min_hand_presence_confidence=self.min_presence_confidence,
                min_tracking_confidence=self.min_tracking_confidence,
            )
            return vision.HandLandmarker.create_from_options(options)
        except (OSError, RuntimeError, ValueError) as error:
            if is_out_of_memory(error):
                raise
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UserError(f"the hand detector {self._bundle} cannot be loaded: {reason}") from (
                None
            )


class _Landmarkers:
    """MediaPipe's objects, which must be closed: one for all hands, one for a single hand."""

    def __init__(self) -> None:
        self.all_hands: Any = None
        self.one_hand: Any = None

    def close(self) -> None:
        for landmarker in (self.all_hands, self.one_hand):
            if landmarker is not None:
                landmarker.close()
        self.all_hands = self.one_hand = None


def _mediapipe_image(pixels: UInt8) -> Any:
    mediapipe = _import_mediapipe()
    return mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels)


def _detection(handedness: Any, landmarks: Any, world: Any, width: int, height: int) -> Detection:
    side = handedness[0]
    # MediaPipe's 0..1 spans the image from outer edge to outer edge; ours is -0.5..W-0.5.
    points = np.array([(p.x * width - 0.5, p.y * height - 0.5) for p in landmarks], np.float32)
    return Detection(
        is_right=side.category_name == "Right",
        handedness_score=float(side.score),
        landmarks_2d=points,
        landmarks_world=np.array([(p.x, p.y, p.z) for p in world], np.float32),
    )


def _import_mediapipe() -> Any:
    """MediaPipe, imported on first use (it takes a second) and told to log errors only."""
    os.environ.setdefault("GLOG_minloglevel", "2")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    import mediapipe

    return mediapipe


_stderr_lock = threading.Lock()


@contextlib.contextmanager
def _no_stderr() -> Iterator[None]:
    """Close off the process's error stream, file descriptor 2."""
    with _stderr_lock, contextlib.ExitStack() as stack:
        try:
            sys.stderr.flush()
            kept = os.dup(2)
            nowhere = os.open(os.devnull, os.O_WRONLY)
        except (OSError, AttributeError, ValueError):  # a windowed program may have no stderr
            yield
            return
        stack.callback(os.close, kept)
        stack.callback(os.dup2, kept, 2)
        os.dup2(nowhere, 2)
        os.close(nowhere)
        yield
