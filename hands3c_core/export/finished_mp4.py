"""Turns a recording's fragmented MP4 into the one that is kept: its index at the front (faststart),
so that browsers and players start before they have read all of it, and the source's sound."""

from __future__ import annotations

import heapq
import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

import av
from av.error import FFmpegError

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.sources.media import MediaFile

log = logging.getLogger(__name__)

#: What MP4 holds as it is; other sound becomes AAC.
_KEPT_CODECS: Final = frozenset(("aac", "mp3", "ac3", "eac3", "opus", "alac"))
#: Room that must be left on the disk, bytes.
_RESERVE: Final = 50_000_000
#: Packets of sound may begin this long before the one asked for, s.
_LEAD: Final = 1.0


@dataclass(frozen=True, slots=True)
class SoundPart:
    """A stretch of a source that was recorded without a jump."""

    source: Path
    """The file."""
    source_start: float
    """Time of its first frame, s from the source's start."""
    take_start: float
    """When that is in the recording, s."""
    length: float
    """s."""


def finish_mp4(part: Path, target: Path, sound: Sequence[SoundPart] = ()) -> bool:
    """Write ``part`` to ``target`` with its index first and the sound of ``sound`` beside the
    picture, without encoding the picture again.

    Sound that cannot be read is left out (the log says so).

    Returns:
        Whether it was done; if not (no room on the disk, a file that FFmpeg does not copy),
        nothing is left behind and ``part`` is as it was.
    """
    try:
        room = shutil.disk_usage(target.parent).free - part.stat().st_size
        if room < _RESERVE:
            log.warning("no room to write %s with its index first", target.name)
            return False
    except OSError:
        return False
    for parts in (sound, ()) if sound else ((),):
        try:
            write_atomically(target, partial(_remux, part, parts))
            return True
        except (UserError, FFmpegError, ValueError, IndexError) as error:
            log.warning("%s %s: %s", target.name, "with sound" if parts else "index first", error)
    return False


def _remux(part: Path, sound: Sequence[SoundPart], temporary: Path) -> None:
    with ExitStack() as stack:
        picture = stack.enter_context(MediaFile(part)).container
        out = stack.enter_context(_new_mp4(temporary, stack))
        out.metadata.update(picture.metadata)
        video = out.add_stream_from_template(picture.streams.video[0])
        tracks = [_timed(picture.demux(video=0), video)]
        if sound and (heard := _sound_of(sound, out, stack)) is not None:
            tracks.append(heard)
        # Merged by time, or FFmpeg would hold one track in memory until the other is through.
        for _, packet in heapq.merge(*tracks, key=lambda entry: entry[0]):
            out.mux(packet)


def _new_mp4(path: Path, stack: ExitStack) -> Any:
    """An MP4 to be written, by its bytes: FFmpeg reads them again to put the index first."""
    file = stack.enter_context(path.open("wb"))

    def read_again(*_: object) -> BinaryIO:
        file.flush()
        return path.open("rb")

    return av.open(  # type: ignore[call-overload]
        _Bytes(file), "w", format="mp4", options={"movflags": "faststart"}, io_open=read_again
    )


class _Bytes:
    """What FFmpeg needs of a file that it writes, under a name that is text."""

    name = "video.mp4"

    def __init__(self, file: BinaryIO) -> None:
        self.write, self.seek, self.tell = file.write, file.seek, file.tell


def _timed(packets: Iterator[Any], stream: Any) -> Iterator[tuple[float, Any]]:
    for packet in packets:
        if packet.dts is not None:
            time = float(packet.dts * packet.time_base)
            packet.stream = stream
            yield time, packet


def _sound_of(
    parts: Sequence[SoundPart], out: Any, stack: ExitStack
) -> Iterator[tuple[float, Any]] | None:
    """The sound of ``parts`` as packets of a new stream of ``out``; None if there is none."""
    source = stack.enter_context(MediaFile(parts[0].source)).container
    if not source.streams.audio:
        return None
    stream = source.streams.audio[0]
    if stream.codec_context.name in _KEPT_CODECS:
        return _copied(source, stream, parts, out.add_stream_from_template(stream))
    encoder = out.add_stream("aac", rate=stream.codec_context.sample_rate)
    encoder.layout = "stereo" if stream.codec_context.layout.nb_channels > 1 else "mono"
    return _encoded(source, stream, parts, encoder)


def _heard(source: Any, stream: Any, part: SoundPart, decode: bool) -> Iterator[tuple[float, Any]]:
    """(time in the recording, packet or frame) of the sound that lies mostly within ``part``."""
    origin = 0.0 if source.start_time is None else source.start_time / av.time_base
    source.seek(int(max(0.0, part.source_start + origin - _LEAD) * av.time_base))
    for item in source.decode(stream) if decode else source.demux(stream):
        if item.pts is None:
            continue
        if decode:
            length = item.samples / item.sample_rate
        else:
            length = float((item.duration or 0) * item.time_base)
        time = float(item.pts * item.time_base) - origin - part.source_start
        if time + 0.5 * length >= part.length:
            return
        if time + 0.5 * length >= 0.0 and time + part.take_start >= 0.0:
            yield time + part.take_start, item


def _copied(
    source: Any, stream: Any, parts: Sequence[SoundPart], target: Any
) -> Iterator[tuple[float, Any]]:
    last = -1
    for part in parts:
        for time, packet in _heard(source, stream, part, decode=False):
            packet.pts = packet.dts = max(round(time / packet.time_base), last + 1)
            last = packet.pts
            packet.stream = target
            yield time, packet


def _encoded(
    source: Any, stream: Any, parts: Sequence[SoundPart], encoder: Any
) -> Iterator[tuple[float, Any]]:
    rate, last = encoder.rate, -1
    resampler = av.AudioResampler(format="fltp", layout=encoder.layout.name, rate=rate)

    def encode(frame: Any) -> Iterator[tuple[float, Any]]:
        for packet in encoder.encode(frame):
            yield float((packet.dts or 0) * packet.time_base), packet

    for part in parts:
        for time, frame in _heard(source, stream, part, decode=True):
            frame.pts = None
            for ready in resampler.resample(frame):
                ready.time_base = Fraction(1, rate)
                ready.pts = max(round(time * rate), last + 1)
                last = ready.pts + ready.samples - 1
                time += ready.samples / rate
                yield from encode(ready)
    yield from encode(None)
