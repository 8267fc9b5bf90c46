"""Finished recordings: the index comes first, and the source's sound is where it was."""

from __future__ import annotations

import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from hands3c_core.export import VideoWriter, is_own_video
from hands3c_core.export import finished_mp4 as finished_module
from hands3c_core.export.finished_mp4 import SoundPart

RATE = 44100
#: A tone sounds in the source from here on, for this long, s.
TONE_AT, TONE_FOR = 2.0, 0.5


def make_source(path: Path, codec: str, seconds: float = 4.0, begins: float = 0.0) -> Path:
    """A small video whose picture and sound are silent and dark but for a tone."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream(codec, rate=RATE)
        audio.layout = "mono"
        for n in range(int(25 * seconds)):
            frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = n + int(25 * begins), Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        times = np.arange(int(RATE * seconds)) / RATE
        tone = np.sin(2 * np.pi * 880 * times) * (times >= TONE_AT) * (times < TONE_AT + TONE_FOR)
        samples = (12000 * tone).astype(np.int16)
        size = audio.codec_context.frame_size or 1024
        resampler = av.AudioResampler(format=audio.format.name, layout="mono", rate=RATE)
        for start in range(0, len(samples), size):
            block = av.AudioFrame.from_ndarray(samples[None, start : start + size], "s16", "mono")
            block.sample_rate, block.pts = RATE, start + int(RATE * begins)
            block.time_base = Fraction(1, RATE)
            for ready in resampler.resample(block):
                container.mux(audio.encode(ready))
        container.mux(audio.encode(None))
    return path


def record(path: Path, seconds: float, sound: list[SoundPart]) -> Path:
    writer = VideoWriter(path, (64, 48), 25)
    for n in range(int(25 * seconds)):
        writer.write(np.full((48, 64, 3), n % 200, np.uint8), n / 25)
    writer.close(sound)
    return path


def tone_begins(path: Path) -> list[float]:
    """When tones begin, s."""
    loud, times = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            samples = frame.to_ndarray().astype(float).reshape(-1)
            scale = 1.0 if frame.format.name.startswith("flt") else 32768.0
            for k in range(0, len(samples) - 63, 64):
                loud.append(np.abs(samples[k : k + 64]).max() / scale > 0.05)
                times.append(frame.time + k / frame.sample_rate)
    loud = np.array([False, *loud])
    found: list[float] = []
    for k in np.flatnonzero(loud[1:] & ~loud[:-1]):
        if not found or times[k] - found[-1] > 0.3:
            found.append(times[k])
    return found


def boxes(path: Path) -> list[bytes]:
    """The kinds of an MP4's outermost boxes."""
    content, at, kinds = path.read_bytes(), 0, []
    while at < len(content):
        kinds.append(content[at + 4 : at + 8])
        at += int.from_bytes(content[at : at + 4], "big")
    return kinds


def test_the_index_comes_first_and_nothing_else_is_left(tmp_path):
    path = record(tmp_path / "take.mp4", 1.0, [])
    kinds = boxes(path)
    assert kinds.index(b"moov") < kinds.index(b"mdat")
    assert b"moof" not in kinds
    assert is_own_video(path)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("codec", "ending"), [("aac", ".mp4"), ("pcm_s16le", ".mov"), ("libmp3lame", ".mkv")]
)
def test_sound_is_kept_where_it_was(tmp_path, codec, ending):
    """A recording that began at 1.2 s of the source hears its tone 1.2 s earlier."""
    source = make_source(tmp_path / f"source{ending}", codec)
    sound = [SoundPart(source, 1.2, 0.0, 2.4)]
    path = record(tmp_path / "take.mp4", 2.4, sound)
    (begins,) = tone_begins(path)
    (in_source,) = tone_begins(source)
    assert begins == pytest.approx(in_source - 1.2, abs=0.03)
    with av.open(str(path)) as container:
        length = float(container.streams.audio[0].duration * container.streams.audio[0].time_base)
        assert length == pytest.approx(2.4, abs=0.06)
        assert sum(1 for _ in container.decode(video=0)) == 60
    kinds = boxes(path)
    assert kinds.index(b"moov") < kinds.index(b"mdat")


def test_sound_follows_jumps(tmp_path):
    """Recorded: 1.8 to 2.8 s of the source, and after a jump back the same once more."""
    source = make_source(tmp_path / "source.mp4", "aac")
    sound = [SoundPart(source, 1.8, 0.0, 1.0), SoundPart(source, 1.8, 1.0, 1.0)]
    path = record(tmp_path / "take.mp4", 2.0, sound)
    assert tone_begins(path) == pytest.approx([0.2, 1.2], abs=0.04)


def test_a_source_that_does_not_begin_at_zero(tmp_path):
    source = make_source(tmp_path / "source.mkv", "aac", begins=3.0)
    path = record(tmp_path / "take.mp4", 2.0, [SoundPart(source, 1.0, 0.0, 2.0)])
    assert tone_begins(path) == pytest.approx([1.0], abs=0.04)


@pytest.mark.parametrize("what", ["gone", "no video", "silent"])
def test_sound_that_is_not_there_costs_nothing(tmp_path, what):
    source = tmp_path / "source.mp4"
    if what == "no video":
        source.write_bytes(b"x" * 5000)
    elif what == "silent":
        record(source, 1.0, [])
    path = record(tmp_path / "take.mp4", 1.0, [SoundPart(source, 0.0, 0.0, 1.0)])
    assert not path.with_name("take.mp4.part").exists()
    with av.open(str(path)) as container:
        assert not container.streams.audio
        assert sum(1 for _ in container.decode(video=0)) == 25
    assert boxes(path).index(b"moov") < boxes(path).index(b"mdat")


def test_without_room_the_recording_stays_as_it_was_written(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(finished_module.shutil, "disk_usage", lambda folder: usage)
    path = record(tmp_path / "take.mp4", 1.0, [])
    assert list(tmp_path.iterdir()) == [path]
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 25


def test_ffprobe_reads_picture_and_sound(tmp_path):
    ffprobe = shutil.which("ffprobe")
    if ffprobe is None:
        pytest.skip("no ffprobe on this machine")
    source = make_source(tmp_path / "source.mp4", "aac")
    path = record(tmp_path / "take.mp4", 2.0, [SoundPart(source, 0.5, 0.0, 2.0)])
    command = [ffprobe, "-v", "warning", "-show_streams", "-count_frames", "-of", "json", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not done.stderr
    streams = {entry["codec_type"]: entry for entry in json.loads(done.stdout)["streams"]}
    assert streams["video"]["codec_name"] == "h264"
    assert streams["video"]["nb_read_frames"] == "50"
    assert streams["audio"]["codec_name"] == "aac"
    assert float(streams["audio"]["duration"]) == pytest.approx(2.0, abs=0.06)
