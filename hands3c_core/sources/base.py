"""What every source of frames offers, and the clock of the live ones."""

from __future__ import annotations

import functools
import logging
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from hands3c_core.closing import Closing
from hands3c_core.errors import UserError
from hands3c_core.types import Frame, UInt8

log = logging.getLogger(__name__)

#: The smallest step between two timestamps of one source: video detectors count in milliseconds.
MIN_STEP_S = 1e-3


class SourceLostError(UserError):
    """A live source stopped giving frames: unplugged, stalled or disconnected."""


Method = TypeVar("Method", bound=Callable[..., Any])


def no_raw_errors(method: Method) -> Method:
    """A source's method whose foreign exceptions leave it as ``UserError``: decoders, drivers and
    network libraries fail in more ways than they document."""

    @functools.wraps(method)
    def guarded(self: Source, *arguments: Any, **options: Any) -> Any:
        try:
            return method(self, *arguments, **options)
        except (UserError, MemoryError):
            raise
        except Exception as error:
            name = self.name or type(self).__name__
            log.debug("%s failed", name, exc_info=True)
            reason = " ".join(str(error).split())[:120] or type(error).__name__
            kind = SourceLostError if self.is_live else UserError
            raise kind(f"{name} cannot be read ({reason}): try another file or device") from error

    return cast(Method, guarded)


class Source(Closing):
    """Frames in order, from a camera, a stream, a video or a folder of images.

    Timestamps: files give presentation time from the file's start, live sources the time since
    they were first opened. They increase strictly from frame to frame (by at least 1 ms); only
    ``seek`` takes them back. One thread at a time may use a source; ``cancel`` alone may be called
    from another one.
    """

    is_live: bool = False
    """True if frames arrive at their own pace and cannot be read again."""
    fps: float = 0.0
    """Nominal frames per second; 0 if unknown."""
    size: tuple[int, int] = (0, 0)
    """(width, height) of the newest frame, px, upright. A stream may change it."""
    frame_count: int | None = None
    """How many frames a file holds, None if unknown or live."""
    duration: float | None = None
    """Seconds from the file's start to the end of its last frame, None if live."""
    skipped: int = 0
    """Packets or images that could not be decoded so far."""
    note: str = ""
    """What a user should know of what was opened, in one line; empty if all is as named."""
    name: str = ""
    """What to call it in a window; never holds a password."""

    @abstractmethod
    def read(self) -> Frame | None:
        """The next frame; None at the end of a file.

        Raises:
            SourceLostError: a live source gives no more frames; ``reopen`` may bring it back.
        """

    @abstractmethod
    def close(self) -> None:
        """Release the device or file. Closing twice is fine."""

    def seek(self, seconds: float) -> None:
        """Make the next ``read`` give the frame shown at ``seconds``: the last one whose timestamp
        is not later (the first frame for earlier times, the last one beyond the end).

        Raises:
            UserError: the source is live.
        """
        raise UserError(f"{self.name} is live: it has no earlier or later frames to go to")

    def reopen(self) -> None:
        """Open a lost live source again; its timestamps and indices go on.

        Raises:
            UserError: it cannot be opened now; trying later is fine.
        """
        raise UserError(f"{self.name} is a file: open it again instead")

    def cancel(self) -> None:
        """Make a ``read`` that blocks on another thread return soon, if the source can. The
        source is of no further use but to be closed."""
        return None

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self.read()) is not None:
            yield frame


class LiveStamps:
    """Numbers and stamps the frames of a live source, across reconnections."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._opened_at = now()
        self._last = -MIN_STEP_S
        self._index = 0

    def frame(self, image: UInt8) -> Frame:
        """``image`` (H, W, 3) RGB as the next frame, arriving now."""
        now = self._now()
        timestamp = max(now - self._opened_at, self._last + MIN_STEP_S)
        frame = Frame(image=image, timestamp=timestamp, index=self._index, captured_at=now)
        self._last = timestamp
        self._index += 1
        return frame


def check_size(size: tuple[int, int] | None) -> None:
    """Raise UserError unless ``size`` is None or two positive whole numbers."""
    if size is not None and (len(size) != 2 or min(size) < 1):
        raise UserError(f"size {size} is not valid: give width and height in pixels, e.g. 640x480")


def check_fps(fps: float | None) -> None:
    """Raise UserError unless ``fps`` is None or a positive number."""
    if fps is not None and not 0 < fps < 1e6:
        raise UserError(f"fps {fps} is not valid: give a positive number of frames per second")
