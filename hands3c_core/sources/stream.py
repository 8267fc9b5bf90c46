"""Streams over the network: HTTP (MJPEG cameras and anything else that streams) and RTSP.

Only the address given is contacted: no proxy, no playlist's further addresses, no redirect to
another host. Passwords in an address are used, never shown or logged.
"""

from __future__ import annotations

import logging
import urllib.parse
from collections import deque
from typing import Any

import av
from av.error import FFmpegError

from hands3c_core.errors import UserError
from hands3c_core.sources.base import LiveStamps, Source, SourceLostError, no_raw_errors
from hands3c_core.sources.decode import RgbConverter, pixel_aspect_of
from hands3c_core.sources.http_body import HttpBody
from hands3c_core.sources.mjpeg import MjpegPictures, PrefixedBody, is_mjpeg
from hands3c_core.types import Frame, UInt8

log = logging.getLogger(__name__)

#: Seconds to connect, and without any data before a stream counts as lost.
CONNECT_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 5.0
#: A stream whose packets fail to decode this many times in a row is no video.
_MAX_ERRORS_IN_A_ROW = 100

#: What an answer is, is told by so many first bytes at most.
_START_BYTES = 4096
#: Little probing: a live picture must not start seconds late (microseconds).
_LOW_DELAY = {"analyzeduration": "1000000"}


def redact(url: str) -> str:
    """``url`` without user, password, query and fragment, any of which may hold a secret."""
    parts = urllib.parse.urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urllib.parse.urlunsplit((parts.scheme, host, parts.path, "", ""))


class StreamSource(Source):
    """An ``http://``, ``https://``, ``rtsp://`` or ``rtsps://`` stream.

    Timestamps are arrival times since opening: what cameras send drifts or restarts. Damaged
    packets are skipped and counted. The picture's size may change at any time.
    """

    is_live = True

    def __init__(
        self,
        url: str,
        connect_timeout: float = CONNECT_TIMEOUT_S,
        read_timeout: float = READ_TIMEOUT_S,
    ) -> None:
        """Connect to ``url`` and wait for the first frame.

        Raises:
            UserError: the address is wrong, nobody answers, or the answer is no video.
        """
        self._url = url
        self.name = redact(url)
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https", "rtsp", "rtsps") or not parts.hostname:
            raise UserError(
                f"{self.name} is not a stream address: give http://host/path or rtsp://host/path"
            )
        self._scheme = parts.scheme
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._body: HttpBody | None = None
        self._container: av.container.InputContainer | None = None
        self._cancelled = False
        self._stamps = LiveStamps()
        self._pending: deque[av.VideoFrame] = deque()
        self._first: UInt8 | None = None
        self._pictures: MjpegPictures | None = None
        self._skipped = 0
        self.reopen()

    @property
    def skipped(self) -> int:  # type: ignore[override]
        return self._skipped + (self._pictures.skipped if self._pictures is not None else 0)

    @no_raw_errors
    def read(self) -> Frame | None:
        image, self._first = self._first, None
        if image is None:
            image = self._picture()
        self.size = (image.shape[1], image.shape[0])
        return self._stamps.frame(image)

    @no_raw_errors
    def reopen(self) -> None:
        self.close()
        try:
            self._connect()
            self._first = self._picture()
        except BaseException:
            self.close()
            raise
        self.size = (self._first.shape[1], self._first.shape[0])

    def _picture(self) -> UInt8:
        """The next picture that can be decoded, upright."""
        if self._pictures is not None:
            if self._cancelled:
                raise SourceLostError(f"{self.name} is closed")
            return self._pictures.next()
        return self._to_rgb(self._next(), self._aspect)

    def cancel(self) -> None:
        self._cancelled = True
        if (body := self._body) is not None:
            body.cancel()

    def close(self) -> None:
        container, self._container = self._container, None
        body, self._body = self._body, None
        pictures, self._pictures = self._pictures, None
        if pictures is not None:
            self._skipped += pictures.skipped
        self._first = None
        self._pending.clear()
        if container is not None:
            container.close()
        if body is not None:
            body.close()

    def _connect(self) -> None:
        if self._cancelled:
            raise SourceLostError(f"{self.name} is closed")
        opened = self._open_http() if self._scheme.startswith("http") else self._open_rtsp()
        if opened is None:
            return
        self._container = opened
        if not opened.streams.video:
            raise UserError(f"{self.name} sends no picture: check the address")
        stream = opened.streams.video[0]
        # Frame threading would hold frames back.
        stream.thread_type = "SLICE"
        self.fps = float(stream.average_rate or 0)
        self._aspect = pixel_aspect_of(stream)
        self._to_rgb = RgbConverter()
        self._packets = opened.demux(stream)

    def _open_http(self) -> av.container.InputContainer | None:
        """None where the answer is a stream of JPEGs, which needs no container."""
        body = HttpBody(self._url, self.name, self._connect_timeout, self._read_timeout)
        self._body = body
        if self._cancelled:
            body.cancel()
        start = body.read(_START_BYTES)
        whole = PrefixedBody(start, body)
        if is_mjpeg(body.content_type, start):
            self.fps = 0.0
            self._pictures = MjpegPictures(whole, self.name)
            return None
        return self._open(whole, options={**_LOW_DELAY, "protocol_whitelist": "none"})

    def _open_rtsp(self) -> av.container.InputContainer:
        options = {
            **_LOW_DELAY,
            "rtsp_transport": "tcp",
            "protocol_whitelist": "rtsp,rtsps,rtp,srtp,tcp,tls",
        }
        return self._open(
            self._url, options=options, timeout=(self._connect_timeout, self._read_timeout)
        )

    def _open(self, file: Any, **arguments: Any) -> av.container.InputContainer:
        try:
            return av.open(file, metadata_errors="replace", **arguments)
        except FFmpegError as error:
            # FFmpeg's own message holds the whole address, password and all.
            reason = error.strerror
        raise UserError(
            f"{self.name} cannot be opened as a video stream ({reason}): "
            "check the address, the password and that the camera is on"
        )

    def _next(self) -> av.VideoFrame:
        """The next sound frame."""
        errors = 0
        while errors < _MAX_ERRORS_IN_A_ROW and not self._cancelled:
            if self._pending:
                return self._pending.popleft()
            packet = self._next_packet()
            if packet is None:
                raise SourceLostError(f"{self.name} ended the stream")
            try:
                frames = packet.decode()
            except FFmpegError as error:
                errors += 1
                self._skipped += 1
                log.debug("%s: skipped a packet: %s", self.name, error.strerror)
                continue
            damaged = sum(frame.is_corrupt for frame in frames)
            errors += damaged
            self._skipped += damaged
            self._pending.extend(f for f in frames if not f.is_corrupt)  # type: ignore[misc]
        raise SourceLostError(f"{self.name} sends nothing that can be decoded")

    def _next_packet(self) -> av.Packet | None:
        try:
            packet = next(self._packets, None)
        except FFmpegError as error:
            reason = error.strerror
        else:
            return packet
        raise SourceLostError(f"{self.name} stopped sending ({reason}): check its connection")
