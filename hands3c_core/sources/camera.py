"""Webcams, through OpenCV."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

import cv2

from hands3c_core.errors import UserError
from hands3c_core.sources.base import (
    LiveStamps,
    Source,
    SourceLostError,
    check_fps,
    check_size,
    no_raw_errors,
)
from hands3c_core.sources.camera_list import DEVICES, CameraInfo, list_cameras
from hands3c_core.types import Frame, UInt8

log = logging.getLogger(__name__)

#: A camera that gives no picture for so long is lost; a new one may need longer to start.
LOST_AFTER_S = 1.5
START_TIMEOUT_S = 6.0
_RETRY_S = 0.02


class Capture(Protocol):
    """The part of ``cv2.VideoCapture`` that is used."""

    def isOpened(self) -> bool: ...
    def read(self) -> tuple[bool, Any]: ...
    def set(self, prop: int, value: float, /) -> bool: ...
    def get(self, prop: int, /) -> float: ...
    def release(self) -> None: ...


class CameraSource(Source):
    """A webcam. Timestamps are the times frames arrived, in seconds since it was opened."""

    is_live = True

    def __init__(
        self,
        camera: int | str,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        *,
        open_capture: Callable[[int], Capture] | None = None,
        cameras: Callable[[], list[CameraInfo]] = list_cameras,
        lost_after: float = LOST_AFTER_S,
        start_timeout: float = START_TIMEOUT_S,
    ) -> None:
        """Open a camera and wait for its first picture.

        Args:
            camera: its index, or its name or a part of it (case does not matter).
            size: (width, height) asked for, px; the camera picks the nearest it has.
            fps: frame rate asked for.
            open_capture: makes the device; ``cv2.VideoCapture`` unless given.
            cameras: lists the cameras, to find names.
            lost_after, start_timeout: seconds without a picture before it counts as lost, and
                before opening fails.

        Raises:
            UserError: no such camera, no permission, or another program uses it.
        """
        check_size(size)
        check_fps(fps)
        self._camera = camera
        self._cameras = cameras
        self._wanted_size, self._wanted_fps = size, fps
        self._injected = open_capture is not None
        self._open_capture = open_capture or _open_cv2
        self._lost_after, self._start_timeout = lost_after, start_timeout
        self._capture: Capture | None = None
        self._first: UInt8 | None = None
        self._cancelled = False
        self.name = f"camera {camera}" if isinstance(camera, int) else camera
        self._stamps = LiveStamps()
        self.reopen()

    @no_raw_errors
    def read(self) -> Frame | None:
        image, self._first = self._first, None
        if image is None:
            image = self._grab(self._lost_after)
        if image is None:
            raise SourceLostError(
                f"{self.name} gives no pictures any more: is it still plugged in?"
            )
        self.size = (image.shape[1], image.shape[0])
        return self._stamps.frame(image)

    @no_raw_errors
    def reopen(self) -> None:
        self.close()
        index, self.name = _find(self._camera, self._cameras())
        if not self._injected:
            check_device(index, self.name)
        self._capture = self._open_capture(index)
        if self._capture.isOpened():
            self._configure(self._capture)
            self._first = self._grab(self._start_timeout)
        if self._first is None:
            self.close()
            raise UserError(
                f"{self.name} gives no picture: another program may be using it; "
                "close that program or choose another camera"
            )
        self.size = (self._first.shape[1], self._first.shape[0])
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        self.fps = rate if 0 < rate < 1000 else 0.0

    def cancel(self) -> None:
        self._cancelled = True

    def close(self) -> None:
        capture, self._capture = self._capture, None
        self._first = None
        if capture is not None:
            capture.release()

    def _configure(self, capture: Capture) -> None:
        """Ask for size and rate: MJPEG first, as raw pictures leave USB few frames a second."""
        if self._wanted_size is not None or self._wanted_fps is not None:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        if self._wanted_size is not None:
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._wanted_size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._wanted_size[1])
        if self._wanted_fps is not None:
            capture.set(cv2.CAP_PROP_FPS, self._wanted_fps)
        # Old pictures are of no use.
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def _grab(self, patience: float) -> UInt8 | None:
        """The next picture as RGB, trying for ``patience`` seconds."""
        deadline = time.monotonic() + patience
        while self._capture is not None and not self._cancelled:
            good, image = self._capture.read()
            if good and image is not None and image.size:
                kind = cv2.COLOR_GRAY2RGB if image.ndim == 2 else cv2.COLOR_BGR2RGB
                return cv2.cvtColor(image, kind)  # type: ignore[return-value]
            if time.monotonic() >= deadline:
                break
            time.sleep(_RETRY_S)
        return None


def check_device(index: int, name: str) -> None:
    """On Linux, say what keeps camera ``index`` from being opened.

    Raises:
        UserError: it is not there, or the user has no right to it.
    """
    if not sys.platform.startswith("linux"):
        return
    device = DEVICES / f"video{index}"
    if not device.exists():
        raise UserError(
            f"there is no {name} ({device}): plug in a camera, or open a video file instead"
        )
    if not os.access(device, os.R_OK | os.W_OK):
        raise UserError(
            f"no permission to use {name} ({device}): "
            "add yourself to the group 'video' (sudo usermod -aG video $USER) and log in again"
        )


def _find(camera: int | str, cameras: list[CameraInfo]) -> tuple[int, str]:
    """Index and name of the camera meant."""
    if isinstance(camera, int):
        names = [found.name for found in cameras if found.index == camera]
        return camera, names[0] if names else f"camera {camera}"
    wanted = camera.casefold()
    exact = [found for found in cameras if found.name.casefold() == wanted]
    partial = [found for found in cameras if wanted in found.name.casefold()]
    for found in (*exact, *partial):
        return found.index, found.name
    known = ", ".join(f"{found.index} ({found.name})" for found in cameras)
    hint = f"there are {known}" if known else "no camera was found; plug one in"
    raise UserError(f"there is no camera named {camera!r}: {hint}")


def _open_cv2(index: int) -> Capture:
    system = {"linux": cv2.CAP_V4L2, "win32": cv2.CAP_DSHOW, "darwin": cv2.CAP_AVFOUNDATION}
    return cv2.VideoCapture(index, system.get(sys.platform, cv2.CAP_ANY))
