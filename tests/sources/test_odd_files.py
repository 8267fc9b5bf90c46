"""Files of kinds that once ended in a crash or a silent wrong picture."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hands3c_core.batch.inputs import find_clips as batch_clips
from hands3c_core.errors import UserError
from hands3c_core.labelling.clips import find_clips as labelling_clips
from hands3c_core.sources import ImageFolder, SourceReader, VideoSource, heif, jpeg, open_source
from hands3c_core.sources.picture_kinds import Kind, kind_of
from hands3c_core.sources.webp import WebpAnimation


def picture(value: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    image = np.full((size[1], size[0], 3), value, np.uint8)
    image[: size[1] // 2, : size[0] // 2] = 255
    return image


def encoded(value: int, suffix: str = ".jpg", size: tuple[int, int] = (64, 48)) -> bytes:
    return cv2.imencode(suffix, picture(value, size))[1].tobytes()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names are bytes on Linux")
def test_names_that_are_no_text(tmp_path: Path, make_video) -> None:
    folder = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9 %d [x]")
    Path(folder).mkdir()
    (Path(folder) / os.fsdecode(b"caf\xe9.jpg")).write_bytes(encoded(90))
    (Path(folder) / "b.jpg").write_bytes(encoded(90))
    with open_source(folder) as source:
        assert len(list(source)) == 2
        assert source.name == "caf\\xe9 %d [x]"
    video = Path(folder) / os.fsdecode(b"caf\xe9.mp4")
    make_video(frames=4).rename(video)
    with open_source(str(video)) as source:
        assert len(list(source)) == 4
        source.name.encode()
    with pytest.raises(UserError) as error:
        open_source(str(video) + "x")
    str(error.value).encode()


@pytest.mark.parametrize("name", ["", "~nouser/x.mp4", "a\0b.mp4", "x" * 300 + ".mp4"])
def test_names_of_nothing_are_refused_in_one_line(name: str) -> None:
    with pytest.raises(UserError) as error:
        open_source(name)
    assert "\n" not in str(error.value)


def test_what_moves_is_played(tmp_path: Path) -> None:
    images = pytest.importorskip("PIL.Image")
    pages = [images.fromarray(picture(value)) for value in (10, 60, 110, 160, 210)]
    for suffix in ("webp", "png", "gif", "avif"):
        file = tmp_path / f"moves.{suffix}"
        pages[0].save(file, save_all=True, append_images=pages[1:], duration=100)
        with open_source(file) as source:
            frames = list(source)
            assert len(frames) == 5, suffix
            np.testing.assert_allclose([f.timestamp for f in frames], np.arange(5) / 10, atol=1e-3)
            assert [round(float(f.image[40, 50].mean()), -1) for f in frames] == [
                10,
                60,
                110,
                160,
                210,
            ], suffix
            source.seek(0.25)
            again = source.read()
            assert again is not None
            assert again.timestamp == pytest.approx(0.2, abs=1e-3)
        still = tmp_path / f"still.{suffix}"
        pages[0].save(still)
        with open_source(still) as source:
            assert len(list(source)) == 1, suffix


def test_what_moves_is_no_picture_of_a_folder_and_is_named(tmp_path: Path) -> None:
    images = pytest.importorskip("PIL.Image")
    pages = [images.fromarray(picture(value)) for value in (10, 60, 110)]
    for suffix in ("webp", "png", "gif", "avif"):
        options = {"save_all": True, "append_images": pages[1:], "duration": 100}
        pages[0].save(tmp_path / f"moves_{suffix}.{suffix}", **options)
        pages[0].save(tmp_path / f"still.{suffix}")
    (tmp_path / "moves_mjpeg.mjpeg").write_bytes(
        b"".join(encoded(value) for value in (10, 80, 150))
    )
    stills = sorted(tmp_path.glob("still.*"))
    for named in (tmp_path, sorted(tmp_path.iterdir())):  # a folder, and files that were dropped
        with ImageFolder(named) as source:
            assert [page.file for page in source.pages] == stills
            assert len(list(source)) == len(stills)
            assert source.note == (
                "Left out, as they move: moves_avif.avif, moves_gif.gif, moves_mjpeg.mjpeg and 2 "
                "more; open each by itself."
            )
    # What works on many files takes each by itself.
    for find in (batch_clips, labelling_clips):
        found = find([tmp_path])
        assert sum(clip.kind == "images" for clip in found) == 1
        assert sum(clip.kind == "video" for clip in found) == 5
    for still in stills:
        still.unlink()
    with pytest.raises(UserError, match=r"no still image.*moves_avif\.avif"):
        open_source(tmp_path)


def test_jpegs_one_after_another_are_a_video_and_a_photo_with_a_second_picture_is_not(
    tmp_path: Path,
) -> None:
    clip = tmp_path / "clip.jpg"
    clip.write_bytes(b"".join(encoded(value) for value in (10, 80, 150)))
    with open_source(clip) as source:
        assert isinstance(source, VideoSource)
        assert len(list(source)) == 3
    photo = encoded(10)
    marker = b"\xff\xe2\x00\x0aMPF\x00abcd"
    (tmp_path / "gain.jpg").write_bytes(photo[:2] + marker + photo[2:] + encoded(80))
    (tmp_path / "small.jpg").write_bytes(photo + encoded(80, size=(16, 12)))
    (tmp_path / "motion.jpg").write_bytes(photo + b"\0\0\0\x18ftypmp42" + bytes(100))
    for name in ("gain.jpg", "small.jpg", "motion.jpg"):
        with open_source(tmp_path / name) as source:
            assert isinstance(source, ImageFolder), name


def test_time_that_jumps_back_goes_on(tmp_path: Path, make_video) -> None:
    part = make_video("part.ts", frames=12, fps=10, codec="mpeg4", gop=4).read_bytes()
    file = tmp_path / "twice.ts"
    file.write_bytes(part + part)
    with open_source(file) as source:
        times = [frame.timestamp for frame in source]
        assert len(times) == 24
        assert np.diff(times).min() > 0.05
        assert np.diff(times).max() < 0.21
        source.seek(1.75)
        frame = source.read()
        assert frame is not None
        assert frame.timestamp == pytest.approx(1.75, abs=0.11)
        assert source.duration is not None
        assert source.duration > 2.2


def test_a_tiled_photo_is_read_whole(shared: Path) -> None:
    content = (shared / "failing" / "heic_grid.heic").read_bytes()
    image = heif.decode(content)
    assert image.shape == (900, 1200, 3)
    # Neighbouring tiles fit together: no seam is much stronger than what is beside it.
    steps = np.abs(np.diff(image.astype(int), axis=1)).mean(axis=(0, 2))
    assert steps[511] < 3 * np.median(steps[490:530]) + 2
    with open_source(shared / "failing" / "heic_grid.heic") as source:
        assert source.size == (1200, 900)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damaged_photos_are_refused_without_a_crash(shared: Path, data: st.DataObject) -> None:
    content = bytearray((shared / "failing" / "heic_grid.heic").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):  # the tables are in the first bytes
        content[data.draw(st.integers(0, 900))] = data.draw(st.integers(0, 255))
    assert isinstance(kind_of(bytes(content[:4096])), Kind)
    try:
        image = heif.decode(bytes(content))
    except ValueError:
        return
    assert image.ndim == 3


@settings(max_examples=300, deadline=None)
@given(head=st.binary(max_size=64), tail=st.binary(max_size=64))
def test_any_first_bytes_are_of_some_kind(head: bytes, tail: bytes) -> None:
    starts = (b"", b"RIFF\0\0\0\0WEBPVP8X", b"\0\0\0\x20ftyp", b"\x89PNG\r\n\x1a\n", b"P6")
    for start in starts:
        assert isinstance(kind_of(start + head + tail), Kind)


def test_an_animation_that_is_cut_off_gives_what_there_is(tmp_path: Path) -> None:
    images = pytest.importorskip("PIL.Image")
    pages = [images.fromarray(picture(value)) for value in (10, 60, 110)]
    file = tmp_path / "a.webp"
    pages[0].save(file, save_all=True, append_images=pages[1:], duration=100)
    content = file.read_bytes()
    for length in range(30, len(content), 17):
        file.write_bytes(content[:length])
        try:
            with WebpAnimation(file) as source:
                assert len(list(source)) <= 3
        except UserError:
            pass


def test_a_still_is_one_frame_however_late_it_is_told_not_to_loop(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(encoded(50))
    for wait in range(8):
        with SourceReader(open_source(file), loop=True, realtime=False) as reader:
            reader.pause()
            for _ in range(wait * 2000):
                pass  # the reading thread comes a little further each time
            reader.set_loop(False)
            reader.resume()
            assert len(list(reader)) == 1


# ------------------------------------------------------------------------------ JPEGs in a stream


@settings(max_examples=200, deadline=None)
@given(
    pieces=st.lists(st.binary(max_size=40).filter(lambda b: b"\xff\xd8\xff" not in b), max_size=6),
    cuts=st.lists(st.integers(1, 500), min_size=1, max_size=20),
)
def test_pictures_are_found_whatever_is_between_them(pieces, cuts) -> None:
    pictures = [encoded(20 * k) for k in range(len(pieces))]
    noise = [piece.rstrip(b"\xff") for piece in pieces]
    stream = b"".join(n + p for n, p in zip(noise, pictures, strict=True))
    splitter, found, at, turn = jpeg.JpegSplitter(), [], 0, 0
    while at < len(stream):
        size = cuts[turn % len(cuts)]
        found += splitter.feed(stream[at : at + size])
        at, turn = at + size, turn + 1
    assert found == pictures


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_damaged_stream_neither_fails_nor_grows(data: st.DataObject) -> None:
    stream = bytearray(b"".join(b"--b\r\n\r\n" + encoded(20 * k) for k in range(6)))
    for _ in range(data.draw(st.integers(0, 12))):
        at = data.draw(st.integers(0, len(stream) - 1))
        if data.draw(st.booleans()):
            stream[at] = data.draw(st.integers(0, 255))
        else:
            del stream[at : at + data.draw(st.integers(1, 300))]
    splitter = jpeg.JpegSplitter(most=5000)
    for at in range(0, len(stream), 97):
        for found in splitter.feed(bytes(stream[at : at + 97])):
            assert found[:3] == b"\xff\xd8\xff"
            assert found[-2:] == b"\xff\xd9"
        assert splitter.held <= 5000 + 97
    # A sound picture after all that is found again, at the latest once the limit is reached.
    last = encoded(200)
    assert last in splitter.feed(bytes(6000) + last) + splitter.feed(bytes(6000) + last)


def test_a_thumbnail_is_no_picture_of_its_own() -> None:
    photo, thumbnail = encoded(10), encoded(50, size=(16, 12))
    block = b"Exif\0\0" + thumbnail
    whole = photo[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + photo[2:]
    assert jpeg.JpegSplitter().feed(whole + photo) == [whole, photo]
    assert jpeg.size_of(whole) == (64, 48)
