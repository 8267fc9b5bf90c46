"""Video files, decoded with FFmpeg (PyAV)."""

from __future__ import annotations

import gc
import heapq
import logging
import time
from collections import deque
from collections.abc import Generator, Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.error import EOFError as EndOfFile
from av.error import FFmpegError
from av.stream import Disposition

from hands3c_core.errors import UserError
from hands3c_core.names import printable
from hands3c_core.sources.base import MIN_STEP_S, Source, no_raw_errors
from hands3c_core.sources.decode import RgbConverter, pixel_aspect_of
from hands3c_core.sources.media import MediaFile
from hands3c_core.types import Frame, UInt8

log = logging.getLogger(__name__)

_DECODING_ORDER_FORMATS = ("avi", "h264", "hevc")
#: Streams without a container: they have no times, so frames are counted from the start.
_RAW_FORMATS = ("h264", "hevc", "m4v", "mpegvideo", "mjpeg", "h263", "vc1", "obu")
_FALLBACK_FPS = 30.0
#: A demuxer that fails this many times in a row has nothing more to give.
_MAX_ERRORS_IN_A_ROW = 50


class VideoSource(Source):
    """A video file.

    Every decodable frame in presentation order, turned upright and with square pixels, at its true
    timestamp, also for variable frame rates. Packets that do not decode, and frames the decoder
    marks as damaged, are skipped and counted in ``skipped``. A frame without a usable timestamp
    gets the one of its predecessor plus a frame period. ``Frame.index`` counts frames; after
    ``seek`` it is worked out from the time and the mean frame rate, so it is exact for constant
    frame rates only.
    """

    @no_raw_errors
    def __init__(self, path: str | Path) -> None:
        """Open ``path``.

        Raises:
            UserError: there is no such file, it cannot be read, or no frame in it can be decoded.
        """
        self._path = Path(path)
        self.name = printable(self._path.name)
        self._media = MediaFile(self._path)
        try:
            self._stream = _picture_stream(self._media.container, self.name)
            self._stream.thread_type = "AUTO"
            self.fps = float(self._stream.average_rate or self._stream.guessed_rate or 0)
            if not 0.01 < self.fps < 1000:
                self.fps = _FALLBACK_FPS
            self._aspect = pixel_aspect_of(self._stream)
            self._to_rgb = RgbConverter()
            self._pending: deque[av.VideoFrame] = deque()
            self._last: float | None = None
            self._jumps_back = False
            self._next_index = 0
            self._origin = self._first_time = 0.0
            self._frames = self._decode()
            self._read_first()
            self.duration = self._find_duration()
        except BaseException:
            self.close()
            raise
        self.frame_count = self._stream.frames or max(1, round(self.duration * self.fps))

    @no_raw_errors
    def read(self) -> Frame | None:
        shown = self._next_picture()
        if shown is None:
            return None
        frame, image = shown
        timestamp = self._time_of(frame)
        if self._last is not None:
            timestamp = max(timestamp, self._last + MIN_STEP_S)
        index = self._next_index
        self._last, self._next_index = timestamp, index + 1
        self.size = (image.shape[1], image.shape[0])
        if self._jumps_back:  # the header knew of the first part only
            self.duration = max(self.duration or 0.0, timestamp + 1.0 / self.fps)
            self.frame_count = max(self.frame_count or 0, index + 1)
        return Frame(image, timestamp, index, time.monotonic())

    def _next_picture(self) -> tuple[av.VideoFrame, UInt8] | None:
        """The next frame that can be made an image; others are counted in ``skipped``."""
        for _ in range(_MAX_ERRORS_IN_A_ROW):
            frame = self._next()
            if frame is None:
                return None
            try:
                return frame, self._to_rgb(frame, self._aspect)
            except (FFmpegError, ValueError) as error:
                self._skip(error)
        raise UserError(f"{self.name} holds nothing more that can be decoded")

    @no_raw_errors
    def seek(self, seconds: float) -> None:
        seconds = max(0.0, seconds)
        shown = self._decode_up_to(seconds)
        self._last = None
        self._next_index = max(0, round((self._time_of(shown) - self._first_time) * self.fps))

    def close(self) -> None:
        self._media.close()

    def _read_first(self) -> None:
        """Decode one frame: the proof that there is a picture, its size, and the time's origin."""
        shown = self._next_picture()
        if shown is None:
            raise UserError(
                f"{self.name} holds no frame that can be decoded: "
                "it may be damaged or still being written; try another file"
            )
        first, image = shown
        starts = [float(first.time)]
        if self._media.container.start_time is not None:
            starts.append(self._media.container.start_time / av.time_base)
        self._origin = min(starts)
        self._first_time = self._time_of(first)
        self.size = (image.shape[1], image.shape[0])
        self._pending.appendleft(first)

    def _next(self) -> av.VideoFrame | None:
        return self._pending.popleft() if self._pending else next(self._frames, None)

    def _time_of(self, frame: av.VideoFrame) -> float:
        return float(frame.time) - self._origin

    def _decode(self) -> Generator[av.VideoFrame, None, None]:
        """Every sound frame from where the container stands.

        Some containers (AVI) date packets in decoding order only, from which FFmpeg guesses the
        rest. Their frames come out in presentation order, one a packet: each one takes the
        earliest date left.
        """
        undated: list[int] = []
        time_base = self._stream.time_base or Fraction(1, av.time_base)
        period = max(1, round(1 / (self.fps * time_base)))
        following = shift = 0
        latest: int | None = None
        guesses = self._media.container.format.name in _DECODING_ORDER_FORMATS
        for packet in self._packets():
            if guesses and packet.size and packet.dts is not None:
                heapq.heappush(undated, packet.dts)
            try:
                frames = packet.decode()
            except EndOfFile:
                return
            except FFmpegError as error:
                if undated:
                    heapq.heappop(undated)
                self._skip(error)
                continue
            for frame in frames:
                if undated:
                    frame.pts = heapq.heappop(undated)
                if frame.pts is None:
                    frame.pts, frame.time_base = following, time_base
                frame.pts += shift
                if latest is not None and frame.pts < latest - 2 * period:
                    # Files laid end to end, a recorder that started again: time goes on.
                    shift += following - frame.pts
                    frame.pts = following
                    self._jumps_back = True
                latest = frame.pts
                following = frame.pts + period
                if frame.is_corrupt:
                    self._skip("damaged frame")
                else:
                    yield frame  # type: ignore[misc]

    def _packets(self) -> Iterator[av.Packet]:
        """The picture's packets; goes on after errors in the container as long as it can."""
        errors = 0
        while errors < _MAX_ERRORS_IN_A_ROW:
            try:
                for packet in self._media.container.demux(self._stream):
                    yield packet
                    errors = 0
                return
            except EndOfFile:
                return
            except FFmpegError as error:
                errors += 1
                self._skip(error)

    def _skip(self, reason: object) -> None:
        self.skipped += 1
        log.debug("%s: skipped a packet: %s", self.name, reason)

    def _decode_up_to(self, seconds: float) -> av.VideoFrame:
        """Leave the frame shown at ``seconds`` (and perhaps its successor) pending; return it."""
        seconds = max(seconds, self._first_time)
        # Some containers land after the time asked for: then ask for earlier ones, and in the end
        # open the file anew, which works for every format.
        for back in (0.0, 1.0, 4.0, 16.0, None):
            if self._jumps_back and back is not None:
                continue  # what the container calls a time is there twice
            if not self._jump(None if back is None else max(self._first_time, seconds - back)):
                continue
            before: av.VideoFrame | None = None
            while (frame := self._next()) is not None:
                if self._time_of(frame) > seconds + 1e-6:
                    break
                before = frame
            if before is not None and (frame is not None or back is None or not self._jumps_back):
                self._pending.extend(f for f in (before, frame) if f is not None)
                return before
        raise UserError(f"{self.name} cannot be read again from the start: is it still there?")

    def _jump(self, seconds: float | None) -> bool:
        """Move the container to a key frame at or before ``seconds``, or (None) open it anew.
        Returns whether that worked."""
        self._pending.clear()
        if seconds is None:
            self._restart()
        elif self._media.container.format.name in _RAW_FORMATS:
            return False
        else:
            offset = int((seconds + self._origin) / (self._stream.time_base or 1))
            try:
                self._media.container.seek(offset, stream=self._stream, backward=True)
            except FFmpegError:
                return False
        self._frames = self._decode()
        return True

    def _restart(self) -> None:
        self._frames.close()
        self._media.close()
        self._media = MediaFile(self._path)
        self._stream = _picture_stream(self._media.container, self.name)
        self._stream.thread_type = "AUTO"
        # PyAV's containers and streams refer to each other: decoders would pile up until the
        # garbage collector happens to run.
        gc.collect()

    def _find_duration(self) -> float:
        """From the header; raw streams and interrupted recordings are measured packet by packet."""
        stream, container = self._stream, self._media.container
        if stream.duration and stream.time_base:
            start = float((stream.start_time or 0) * stream.time_base) - self._origin
            return float(stream.duration * stream.time_base) + max(0.0, start)
        if container.duration:
            return container.duration / av.time_base
        return self._measure_duration()

    def _measure_duration(self) -> float:
        end, count = 0.0, 0
        with MediaFile(self._path) as media:
            stream = _picture_stream(media.container, self.name)
            try:
                for packet in media.container.demux(stream):
                    count += packet.size > 0
                    if packet.pts is not None:
                        end = max(end, float(packet.pts * (packet.time_base or 0)) - self._origin)
            except FFmpegError as error:
                log.debug("%s: its end cannot be read: %s", self.name, error)
        return (end if end > 0 else (count - 1) / self.fps) + 1.0 / self.fps


def _picture_stream(container: av.container.InputContainer, name: str) -> av.VideoStream:
    """The container's video, leaving out cover pictures of music, and the still picture beside an
    animated one."""
    streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if streams and streams[0].frames == 1:
        return max(streams, key=lambda stream: stream.frames)
    if streams:
        return streams[0]
    raise UserError(f"{name} has sound but no picture: choose a video")
