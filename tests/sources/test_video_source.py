"""Video files, sound and broken ones."""

from __future__ import annotations

import gc
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest

from hands3c_core.errors import UserError
from hands3c_core.sources import VideoSource, open_source
from hands3c_core.sources import video as video_module
from hands3c_core.sources.decode import apply_flips, flips_of_matrix


def corners(image: np.ndarray) -> dict[str, str]:
    """Which corner is red, green or blue."""
    height, width = image.shape[:2]
    y, x = height // 8, width // 8
    found = {}
    for place, pixel in {
        "top left": image[y, x],
        "top right": image[y, -1 - x],
        "bottom left": image[-1 - y, x],
        "bottom right": image[-1 - y, -1 - x],
    }.items():
        others = np.delete(pixel.astype(int), pixel.argmax())
        if pixel.max() - others.max() > 80:
            found[["red", "green", "blue"][int(pixel.argmax())]] = place
    return found


UPRIGHT = {"red": "top left", "green": "top right", "blue": "bottom left"}


def test_every_frame_in_order_with_its_time(make_video, helpers) -> None:
    with VideoSource(make_video(frames=30, fps=10)) as source:
        assert (source.fps, source.size, source.frame_count) == (10, (64, 48), 30)
        assert source.duration == pytest.approx(3.0, abs=0.05)
        assert not source.is_live
        assert source.name == "clip.mp4"
        frames = list(source)
        assert source.read() is None
    assert [f.index for f in frames] == list(range(30))
    np.testing.assert_allclose([f.timestamp for f in frames], np.arange(30) / 10, atol=1e-6)
    assert [helpers.number(f.image) for f in frames] == list(range(30))
    assert source.skipped == 0
    image = frames[0].image
    assert image.dtype == np.uint8
    assert image.flags.c_contiguous
    assert corners(image) == UPRIGHT


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.avi", "a.ts"])
def test_containers(make_video, helpers, name: str) -> None:
    """MPEG-TS begins at 1.4 s and has no index: times and winding must not depend on either."""
    with VideoSource(make_video(name, frames=30)) as source:
        frames = list(source)
        times = [f.timestamp for f in frames]
        assert [helpers.number(f.image) for f in frames] == list(range(30))
        np.testing.assert_allclose(np.diff(times), 0.1, atol=2e-3)
        assert times[0] < 0.25
        assert source.duration == pytest.approx(3.0, abs=0.3)
        for k in (0, 1, 4, 5, 17, 29, 3):
            source.seek(times[k] + 0.01)
            frame = source.read()
            assert frame is not None
            assert helpers.number(frame.image) == k
            assert frame.timestamp == pytest.approx(times[k])


def test_a_raw_stream_without_times_is_evenly_spaced(make_video, helpers) -> None:
    with VideoSource(make_video("a.h264", frames=30)) as source:
        frames = list(source)
        assert [helpers.number(f.image) for f in frames] == list(range(30))
        np.testing.assert_allclose(np.diff([f.timestamp for f in frames]), 1 / source.fps)
        source.seek(frames[11].timestamp)
        frame = source.read()
        assert frame is not None
        assert helpers.number(frame.image) == 11


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_looping_keeps_the_file_open(make_video, helpers, monkeypatch, name: str) -> None:
    """Opening it anew each round would pile up decoders until garbage collection (300 MB seen)."""
    with VideoSource(make_video(name, frames=12)) as source:
        first = [(f.timestamp, f.index) for f in source]

        def refuse(path: Path) -> None:
            raise AssertionError(f"{path} was opened again")

        monkeypatch.setattr(video_module, "MediaFile", refuse)
        for _ in range(3):
            source.seek(0.0)
            assert [(f.timestamp, f.index) for f in source] == first


def test_variable_frame_rate(make_video, helpers) -> None:
    times = [0.0, 0.017, 0.05, 0.3, 0.31, 1.0, 1.9, 1.933, 4.0]
    with VideoSource(make_video(times=times)) as source:
        frames = list(source)
    np.testing.assert_allclose([f.timestamp for f in frames], times, atol=1.5e-3)
    with VideoSource(make_video(times=times)) as source:
        for at, k in ((0.9, 4), (1.95, 7), (3.99, 7), (4.0, 8), (0.02, 1)):
            source.seek(at)
            frame = source.read()
            assert frame is not None
            assert helpers.number(frame.image) == k


def test_seek_shows_the_frame_of_that_time(make_video, helpers) -> None:
    with VideoSource(make_video(frames=40, gop=12)) as source:
        for at, k in ((2.0, 20), (1.999, 19), (0.0, 0), (-3.0, 0), (3.95, 39), (99.0, 39)):
            source.seek(at)
            frame = source.read()
            assert frame is not None
            assert (helpers.number(frame.image), frame.index) == (k, k)
            after = source.read()
            assert (after is None) == (k == 39)
            assert after is None or helpers.number(after.image) == k + 1


def test_no_frame_waits_for_the_garbage_collector(make_video) -> None:
    """A picture that only the collector frees stays for seconds, and memory grows by hundreds of
    megabytes."""

    def decoded() -> int:
        return sum(isinstance(thing, av.VideoFrame) for thing in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        with VideoSource(make_video(frames=120)) as source:
            while (frame := source.read()) is not None:
                if frame.index % 30 == 29:
                    assert decoded() < 60  # the decoder has some in its pipeline
    finally:
        gc.enable()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270, -90])
@pytest.mark.parametrize("hflip", [False, True])
def test_rotation_metadata_is_applied(make_video, rotation: int, hflip: bool) -> None:
    """FFmpeg's display rotation turns the stored picture counter-clockwise, after the mirroring."""
    path = make_video(size=(64, 48), rotation=rotation, hflip=hflip, frames=3)
    with VideoSource(path) as source:
        assert source.size == ((48, 64) if rotation % 180 else (64, 48))
        frame = source.read()
    assert frame is not None
    assert (frame.image.shape[1], frame.image.shape[0]) == source.size
    # By hand: each corner's place after mirroring and a quarter turn counter-clockwise per 90.
    clockwise = ["top left", "top right", "bottom right", "bottom left"]
    mirrored = dict(zip(clockwise, [clockwise[k] for k in (1, 0, 3, 2)], strict=True))
    expected = {}
    for colour, place in UPRIGHT.items():
        place = mirrored[place] if hflip and rotation % 180 == 0 else place
        turned = clockwise[(clockwise.index(place) - rotation // 90) % 4]
        if hflip and rotation % 180:
            turned = mirrored[turned]
        expected[colour] = turned
    assert corners(frame.image) == expected


def test_display_matrices_against_their_definition() -> None:
    """Each of the eight matrices moves pixel centres as (x', y') = (a x + c y, b x + d y)."""
    image = np.arange(6 * 4).reshape(4, 6)
    for a, b, c, d in (
        *((s, 0, 0, t) for s in (1, -1) for t in (1, -1)),
        *((0, s, t, 0) for s in (1, -1) for t in (1, -1)),
    ):
        matrix = np.array([[a, b, 0], [c, d, 0], [0, 0, 1 << 14]], np.int32) << 16
        turned = apply_flips(image, flips_of_matrix(matrix))
        ys, xs = np.mgrid[:4, :6]
        nx, ny = a * xs + c * ys, b * xs + d * ys
        np.testing.assert_array_equal(turned[ny - ny.min(), nx - nx.min()], image)


@pytest.mark.parametrize("size", [(321, 241), (1, 1), (33, 2), (15, 240)])
def test_odd_sizes(make_video, size: tuple[int, int]) -> None:
    path = make_video("odd.mkv", size=size, frames=4, codec="ffv1", pix_fmt="bgr0")
    with VideoSource(path) as source:
        frames = list(source)
        assert source.size == size
    assert [f.image.shape for f in frames] == [(size[1], size[0], 3)] * 4


def test_odd_size_h264(make_video, helpers) -> None:
    path = make_video(size=(321, 241), frames=4, codec="libx264", pix_fmt="yuv444p")
    with VideoSource(path) as source:
        assert [f.image.shape for f in source] == [(241, 321, 3)] * 4


def test_stretched_pixels_become_square(make_video) -> None:
    with VideoSource(make_video(size=(48, 48), aspect=Fraction(4, 3), frames=2)) as source:
        frame = source.read()
    assert source.size == (64, 48)
    assert frame is not None
    assert frame.image.shape == (48, 64, 3)


def test_corrupt_middle_is_skipped_and_counted(make_video, helpers) -> None:
    path = make_video(frames=60, gop=10)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    length = int.from_bytes(data[start - 8 : start - 4], "big") - 8
    middle = start + length // 2
    rng = np.random.default_rng(0)
    data[middle : middle + length // 8] = rng.bytes(length // 8)
    path.write_bytes(data)
    with VideoSource(path) as source:
        frames = list(source)
    assert source.skipped > 0
    assert 35 <= len(frames) < 60
    assert len(frames) + source.skipped >= 60
    numbers = [helpers.number(f.image) for f in frames]
    assert numbers[:20] == list(range(20))
    assert numbers[-10:] == list(range(50, 60))
    assert np.all(np.diff([f.timestamp for f in frames]) > 0)


def test_truncated_file_gives_what_is_there(make_video, helpers) -> None:
    path = make_video(frames=60, gop=10, options={"movflags": "faststart"})
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2])
    with VideoSource(path) as source:
        frames = list(source)
        assert 15 <= len(frames) < 60
        assert [helpers.number(f.image) for f in frames[:15]] == list(range(15))
        source.seek(0.5)
        frame = source.read()
        assert frame is not None
        assert helpers.number(frame.image) == 5


def test_truncated_file_without_its_index_is_an_error(make_video) -> None:
    path = make_video(frames=60)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UserError, match="not a video that can be read"):
        VideoSource(path)


def test_files_without_a_picture_are_errors(tmp_path: Path, make_video) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(UserError, match="0 bytes"):
        VideoSource(empty)
    with pytest.raises(UserError, match="does not exist"):
        VideoSource(tmp_path / "missing.mp4")
    with pytest.raises(UserError, match="not a file"):
        VideoSource(tmp_path)
    sound = tmp_path / "sound.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(bytes(16000))
    with pytest.raises(UserError, match="sound but no picture"):
        VideoSource(sound)
    text = tmp_path / "notes.txt"
    text.write_text("not a video\n" * 100)
    with pytest.raises(UserError, match="not a video"):
        VideoSource(text)
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(np.random.default_rng(0).bytes(20_000))
    with pytest.raises(UserError, match="not a video"):
        VideoSource(noise)


def test_no_decodable_frame_is_an_error(make_video) -> None:
    path = make_video(frames=20)
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    length = int.from_bytes(data[start - 8 : start - 4], "big") - 8
    data[start : start + length] = bytes(length)
    path.write_bytes(data)
    with pytest.raises(UserError, match="no frame that can be decoded"):
        VideoSource(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.m3u8", "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{url}\n#EXT-X-ENDLIST\n"),
        ("list.ffconcat", "ffconcat version 1.0\nfile '{url}'\n"),
        ("call.sdp", "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
         "m=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"),
    ],
)  # fmt: skip
def test_playlists_open_nothing_else(tmp_path: Path, make_video, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text.format(url=make_video()))
    with pytest.raises(UserError, match="not a video"):
        open_source(path)


def test_real_clips(shared: Path) -> None:
    for name, count, fps, size in (
        ("hands_360p.mp4", 202, 25, (640, 360)),
        ("one_hand_720p.mp4", 621, 30, (1280, 720)),
    ):
        with VideoSource(shared / "media" / name) as source:
            assert (source.frame_count, source.fps, source.size) == (count, fps, size)
            source.seek(5.0)
            frame = source.read()
            assert frame is not None
            assert frame.timestamp == pytest.approx(5.0, abs=1e-3)
            assert frame.index == 5 * fps
            source.seek(source.duration or 0)
            rest = list(source)
            assert [f.index for f in rest] == [count - 1]
            assert source.skipped == 0


def test_reading_starts_no_threads_frame_by_frame(make_video) -> None:
    """FFmpeg's scaler has threads of its own; one for each frame would pile up until collected."""
    process = psutil.Process()
    with VideoSource(make_video(frames=40, size=(640, 480))) as source:
        for _ in range(5):  # the decoder starts its own, once
            source.read()
        before = process.num_threads()
        kept = [source.read() for _ in range(30)]
        assert len(kept) == 30
        assert process.num_threads() <= before + 4
