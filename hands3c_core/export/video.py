"""Record images as H.264 video that survives a crash.

While recording, ``NAME.mp4.part`` holds a fragmented MP4: every fragment of half a second is
complete in itself and reaches the operating system at once, so after a crash of the program the
file plays up to its last fragment; ``recover_video`` gives it its name. ``close`` turns it into an
ordinary MP4 with its index first (which every player can wind, and a browser starts at once), adds
the source's sound, and gives it its name.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.error import FFmpegError
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from hands3c_core.closing import Closing
from hands3c_core.errors import UserError
from hands3c_core.export.finished_mp4 import SoundPart, finish_mp4
from hands3c_core.export.locks import lock_file
from hands3c_core.export.mp4_boxes import trim_to_fragments
from hands3c_core.gaps import MOST_GAP_S
from hands3c_core.types import UInt8

log = logging.getLogger(__name__)

_TICKS = 90_000
#: Seconds between key frames: a fragment's length, and so what a crash can cost.
FRAGMENT_S = 0.5
#: Said in the file, so that our recordings can be told from other videos.
MADE_BY = "HandS3C Live"
_DEFAULT_FPS = 30.0
_MAX_SIDE = 16_384


class VideoWriter(Closing):
    """Writes an H.264 MP4 (yuv420p, BT.709, no B-frames) with true timestamps.

    H.264 needs even sides: an odd width or height is padded by repeating the last column or row,
    so no pixel is lost and the rest stays in place. An image of another size than the video's (a
    source may change it) is scaled to fit and centred on black.

    If the disk fills up, ``write`` raises ``UserError`` once, and what was recorded until then is
    kept, playable, under the final name (``close`` does nothing more).
    """

    def __init__(
        self,
        path: str | Path,
        size: tuple[int, int],
        fps: float | None = None,
        *,
        quality: int = 20,
        preset: str = "veryfast",
    ) -> None:
        """Create the file.

        Args:
            path: the video to make, ending in .mp4; an existing one is replaced when the new one
                is finished. Missing folders are made.
            size: (width, height) of the video, px.
            fps: nominal frame rate; frames without a timestamp are this far apart (30 if None).
            quality: x264's constant rate factor, 0 (lossless) to 51; smaller is better.
            preset: x264's speed preset.

        Raises:
            UserError: the size or rate is not valid or the file cannot be created.
        """
        self.path = Path(path)
        width, height = int(size[0]), int(size[1])
        if not (1 <= width <= _MAX_SIDE and 1 <= height <= _MAX_SIDE):
            raise UserError(f"a video of {width}x{height} pixels is not possible: choose its size")
        if self.path.suffix.lower() != ".mp4":
            raise UserError(f"{self.path.name} must end in .mp4: recordings are MP4 files")
        if fps is not None and not 0 < fps <= 1000:
            raise UserError(
                f"a video of {fps} frames per second is not possible: choose up to 1000"
            )
        self.size = (width, height)
        self.frames = 0
        """Frames written so far."""
        self.duration = 0.0
        """Seconds from the first frame's time to the end of the last one's."""
        self._period = 1.0 / (fps if fps else _DEFAULT_FPS)
        self._last_ticks = -1
        self._key_ticks = -1
        self._shift: float | None = None
        self._last_time = 0.0
        self._closed = False
        self._reformatter = VideoReformatter()  # one for all frames: each starts threads
        self.part_path = _free_part_path(self.path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = _PartFile(self.part_path)
        except OSError as error:
            raise UserError(
                f"{self.part_path} cannot be written ({error.strerror}): choose another folder"
            ) from None
        self._open_encoder(Fraction(fps or _DEFAULT_FPS).limit_denominator(1001), quality, preset)

    @property
    def size_bytes(self) -> int:
        """Bytes written so far."""
        return self._file.end

    def write(self, image: UInt8, timestamp: float | None = None) -> None:
        """Append ``image`` (H, W, 3) RGB uint8.

        Args:
            image: the picture.
            timestamp: when it is shown, s, on any clock: the first one becomes the video's 0. One
                that does not come after its predecessor (the clip started again or was wound back)
                follows it at a frame's distance, and later ones follow on. A gap of more than
                ``MOST_GAP_S`` becomes one so long. None is a frame's
                distance after the last.

        Raises:
            UserError: the disk is full or the file was taken away.
            ValueError: not an RGB image, or the writer is closed.
        """
        if self._closed:
            raise ValueError("the writer is closed")
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8:
            raise ValueError(f"an (H, W, 3) uint8 image is needed, not {image.shape} {image.dtype}")
        ticks = self._ticks_of(timestamp)
        frame = self._reformatter.reformat(
            av.VideoFrame.from_ndarray(self._fitted(image), format="rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        frame.pts, frame.time_base = ticks, Fraction(1, _TICKS)
        if self._key_ticks < 0 or ticks - self._key_ticks >= FRAGMENT_S * _TICKS:
            frame.pict_type = PictureType.I
            self._key_ticks = ticks
        try:
            for packet in self._stream.encode(frame):
                self._container.mux(packet)
        except (OSError, FFmpegError) as error:
            raise self._fail(error) from None
        self._last_ticks = ticks
        self.frames += 1
        self.duration = ticks / _TICKS + self._period

    def close(self, sound: Sequence[SoundPart] = ()) -> None:
        """Finish the video and give it its name. Closing twice is fine. A recording without a
        frame leaves no file.

        Args:
            sound: what is to be heard with it.

        Raises:
            UserError: the end could not be written; what was is kept under the final name.
        """
        if self._closed:
            return
        if self.frames == 0:
            self._abandon()
            self.part_path.unlink(missing_ok=True)
            return
        try:
            for packet in self._stream.encode():
                self._container.mux(packet)
            self._container.close()
        except (OSError, FFmpegError) as error:
            raise self._fail(error) from None
        self._closed = True
        # The open file is still locked: nobody takes it for what a crash left.
        finished = finish_mp4(self.part_path, self.path, sound)
        self._file.close()
        if not finished:
            self._rename()
            return
        with contextlib.suppress(OSError):
            self.part_path.unlink()

    def _open_encoder(self, rate: Fraction, quality: int, preset: str) -> None:
        # Fragments while recording; on closing, an index over the whole file.
        options = {
            "movflags": "hybrid_fragmented+frag_keyframe+default_base_moof",
            "flush_packets": "1",
        }
        self._container = av.open(self._file, "w", format="mp4", options=options)  # type: ignore[call-overload]
        self._container.metadata["comment"] = MADE_BY
        stream: av.VideoStream = self._container.add_stream("libx264", rate=rate)
        stream.width = self.size[0] + self.size[0] % 2
        stream.height = self.size[1] + self.size[1] % 2
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, _TICKS)
        context = stream.codec_context
        context.time_base = Fraction(1, _TICKS)
        # BT.709 (1) for matrix, primaries and transfer; limited range (1).
        context.colorspace = context.color_primaries = context.color_trc = context.color_range = 1
        context.max_b_frames = 0
        context.options = {
            "crf": str(quality),
            "preset": preset,
            # No frame waits in the encoder: a crash would lose it.
            "tune": "zerolatency",
            "forced-idr": "1",
            "g": "600",
        }
        self._stream = stream

    def _ticks_of(self, timestamp: float | None) -> int:
        """The video's time of a frame, 1/90000 s, after every earlier one."""
        if timestamp is None:
            timestamp = self._last_time + self._period if self.frames else 0.0
        elif not np.isfinite(timestamp):
            raise ValueError("a timestamp must be finite")
        if self._shift is None:
            self._shift = -timestamp
        elif timestamp <= self._last_time:
            self._shift += self._last_time + self._period - timestamp
        elif timestamp - self._last_time > MOST_GAP_S:
            self._shift -= timestamp - self._last_time - MOST_GAP_S
        self._last_time = timestamp
        return max(round((timestamp + self._shift) * _TICKS), self._last_ticks + 1)

    def _fitted(self, image: UInt8) -> UInt8:
        """``image`` at the video's size, padded to even sides."""
        width, height = self.size
        if image.shape[:2] != (height, width):
            image = fitted(image, width, height)
        if width % 2 or height % 2:
            image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        return np.ascontiguousarray(image)

    def _fail(self, error: Exception) -> UserError:
        """Give up writing, keeping what is on the disk."""
        cause = self._file.error or error
        reason = getattr(cause, "strerror", None) or str(cause)
        self._abandon()
        if self._file.end > 0:
            with contextlib.suppress(OSError):
                trim_to_fragments(self.part_path)
            self._rename()
        return UserError(
            f"the recording stopped ({reason}): make room or choose another folder; "
            f"what was recorded so far is in {self.path}"
        )

    def _abandon(self) -> None:
        """Close everything without writing another byte."""
        self._closed = True
        self._file.sealed = True
        try:
            self._container.close()
        except (OSError, FFmpegError, ValueError) as error:
            log.debug("closing an abandoned video: %s", error)
        self._file.close()

    def _rename(self) -> None:
        try:
            self.part_path.replace(self.path)
        except OSError as error:
            raise UserError(
                f"{self.path} cannot be replaced ({error.strerror}): "
                f"the recording is in {self.part_path}; rename it to end in .mp4"
            ) from None


class _PartFile:
    """The file as FFmpeg writes it: unbuffered, so that a crash of the program loses nothing, and
    deaf once sealed, so that a full disk cannot spoil what is there."""

    def __init__(self, path: Path) -> None:
        self._file = io.FileIO(path, "w")
        lock_file(self._file.fileno())
        self.end = 0
        self.sealed = False
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        if self.sealed:
            return len(data)
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) :]
        except OSError as error:
            self.error, self.sealed = error, True
            raise
        self.end = max(self.end, self._file.tell())
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return 0 if self._file.closed else self._file.seek(offset, whence)

    def tell(self) -> int:
        return 0 if self._file.closed else self._file.tell()

    def seekable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()


def _free_part_path(path: Path) -> Path:
    """``path`` with .part appended; numbered if a crash left such a file (which is kept)."""
    part = path.with_name(path.name + ".part")
    number = 2
    while part.exists():
        part = path.with_name(f"{path.name}.{number}.part")
        number += 1
    return part


def fitted(image: UInt8, width: int, height: int) -> UInt8:
    """``image`` (H, W, 3) scaled to fit into width x height, centred on black."""
    if image.shape[:2] == (height, width):
        return np.ascontiguousarray(image)
    scale = min(width / image.shape[1], height / image.shape[0])
    w = min(width, max(1, round(image.shape[1] * scale)))
    h = min(height, max(1, round(image.shape[0] * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.zeros((height, width, 3), np.uint8)
    x, y = (width - w) // 2, (height - h) // 2
    canvas[y : y + h, x : x + w] = cv2.resize(image, (w, h), interpolation=method)
    return canvas
