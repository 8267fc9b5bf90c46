"""Files of several pictures are galleries: none is taken for its first picture alone."""

from __future__ import annotations

import itertools
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hands3c_core.batch.inputs import find_clips as find_batch_clips
from hands3c_core.errors import UserError
from hands3c_core.labelling.clips import find_clips
from hands3c_core.sources import ImageFolder, heif, open_source
from hands3c_core.sources.images import decode_image
from hands3c_core.sources.pages import pages_of

images = pytest.importorskip("PIL.Image")

VALUES = (10, 70, 130, 200)


def flat(value: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    return np.full((size[1], size[0], 3), value, np.uint8)


def pages(mode: str = "RGB") -> list:
    return [images.fromarray(flat(value)).convert(mode) for value in VALUES]


def save(file: Path, **options) -> Path:
    first, *others = pages(options.pop("mode", "RGB"))
    first.save(file, save_all=True, append_images=others, **options)
    return file


def values_of(file: Path) -> list[int]:
    with open_source(file) as source:
        assert isinstance(source, ImageFolder)
        assert source.frame_count == len(source.pages)
        assert not source.is_sequence
        return [round(float(frame.image.mean())) for frame in source]


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("RGB", {}),
        ("L", {"compression": "tiff_lzw"}),
        ("RGB", {"compression": "tiff_adobe_deflate", "big_tiff": True}),
        ("RGBA", {"compression": "tiff_lzw"}),
    ],
)
def test_pages_of_a_tiff(tmp_path: Path, mode: str, options: dict) -> None:
    assert values_of(save(tmp_path / "scan.tif", mode=mode, **options)) == list(VALUES)


def test_a_single_page_and_a_reduced_version_of_it_are_one(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "one.tif"), flat(90))
    assert values_of(tmp_path / "one.tif") == [90]
    large, *smaller = (images.fromarray(flat(90, (w, w))) for w in (64, 32, 16))
    for small in smaller:
        small.encoderinfo = {"tiffinfo": {254: 1}}
    large.save(tmp_path / "pyramid.tif", save_all=True, append_images=smaller)
    assert values_of(tmp_path / "pyramid.tif") == [90]


def test_a_tiff_whose_directories_go_in_circles_or_nowhere(tmp_path: Path) -> None:
    content = bytearray(save(tmp_path / "a.tif").read_bytes())
    start = int.from_bytes(content[4:8], "little")
    entries = int.from_bytes(content[start : start + 2], "little")
    following = start + 2 + 12 * entries
    for to in (start, len(content) + 1000, 2**32 - 1):
        content[following : following + 4] = to.to_bytes(4, "little")
        (tmp_path / "b.tif").write_bytes(content)
        assert values_of(tmp_path / "b.tif")[:1] == [10]


def test_stereo_pairs_and_multi_view_photos(tmp_path: Path) -> None:
    file = save(tmp_path / "pair.mpo", format="MPO", quality=95)
    assert values_of(file) == pytest.approx(VALUES, abs=2)
    (tmp_path / "pair.jpg").write_bytes(file.read_bytes())
    assert values_of(tmp_path / "pair.jpg") == pytest.approx(VALUES, abs=2)


def test_a_gain_map_and_a_small_preview_are_no_pictures(tmp_path: Path) -> None:
    first, second = images.fromarray(flat(90)), images.fromarray(flat(20, (32, 24)))
    first.save(tmp_path / "preview.jpg", format="MPO", save_all=True, append_images=[second])
    assert values_of(tmp_path / "preview.jpg") == pytest.approx([90], abs=2)
    second = images.fromarray(flat(20))
    first.save(tmp_path / "hdr.jpg", format="MPO", save_all=True, append_images=[second])
    content = (tmp_path / "hdr.jpg").read_bytes()
    at = content.rindex(b"\xff\xd8\xff")
    marked = content[:at] + content[at:].replace(b"JFIF\0", b"hdrgm", 1)
    (tmp_path / "hdr.jpg").write_bytes(marked)
    assert len(pages_of(tmp_path / "hdr.jpg")) == 1


def test_rows_of_netpbm_pictures(tmp_path: Path) -> None:
    for suffix, image in ((".ppm", flat(0)), (".pgm", flat(0)[..., 0])):
        row = b"".join(
            cv2.imencode(suffix, np.full_like(image, value))[1].tobytes() for value in VALUES
        )
        (tmp_path / f"row{suffix}").write_bytes(row)
        assert values_of(tmp_path / f"row{suffix}") == list(VALUES)


def collection(shared: Path) -> bytes:
    """The tiled photo with its tiles as six pictures of their own."""
    content = (shared / "failing" / "heic_grid.heic").read_bytes()
    tables = heif._tables_of(memoryview(content))
    grid = heif._primary_of(tables)
    tiles = next(to for kind, _, to in heif._references(tables[b"iref"]) if kind == b"dimg")
    at = content.index(b"pitm") + 8
    changed = bytearray(content)
    changed[at : at + 2] = tiles[0].to_bytes(2, "big")
    changed = changed.replace(b"dimg", b"cdsc", 1).replace(b"grid", b"Exif", 1)
    assert grid not in tiles
    at = 0
    while (at := changed.find(b"infe", at + 1)) > 0:
        changed[at + 7] = 0  # shown by themselves
    return bytes(changed)


def test_a_heif_collection_is_a_gallery_and_tiles_are_none(shared: Path, tmp_path: Path) -> None:
    photo = shared / "failing" / "heic_grid.heic"
    assert len(pages_of(photo)) == 1
    file = tmp_path / "burst.heic"
    file.write_bytes(collection(shared))
    with open_source(file) as source:
        frames = list(source)
        assert source.name == "burst.heic"
        assert [page.name for page in source.pages][1] == "burst.heic, page 2"  # type: ignore[attr-defined]
    assert [frame.image.shape for frame in frames] == [(512, 512, 3)] * 6
    whole = decode_image(photo.read_bytes())
    assert whole is not None
    np.testing.assert_array_equal(frames[4].image[:388], whole[512:, 512:1024][:388])


def test_they_are_pictures_wherever_pictures_are_taken(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    cv2.imwrite(str(folder / "1.png"), flat(5))
    cv2.imwrite(str(folder / "3.png"), flat(250))
    scan = save(folder / "2.tif")
    expected = [5, *VALUES, 250]
    with open_source(folder) as source:
        assert [round(float(frame.image.mean())) for frame in source] == expected
        source.seek(2 / source.fps)
        frame = source.read()
        assert frame is not None
        assert round(float(frame.image.mean())) == VALUES[1]
    with ImageFolder([folder / "1.png", scan]) as source:
        assert len(list(source)) == 5
    (clip,) = find_clips([folder / "1.png", scan, folder / "3.png"])
    with clip.open() as frames:
        found = list(frames)
        assert frames.unreadable == 0
    assert [number for number, _ in found] == list(range(6))
    assert [round(float(frame.image.mean())) for _, frame in found] == expected
    with next(iter(find_batch_clips([str(scan)]))).open() as source:
        assert len(list(source)) == 4


def test_jpegs_one_after_another_are_a_video_to_a_batch_too(tmp_path: Path) -> None:
    row = b"".join(cv2.imencode(".jpg", flat(value))[1].tobytes() for value in VALUES)
    (tmp_path / "clip.mjpeg").write_bytes(row)
    with next(iter(find_batch_clips([str(tmp_path / "clip.mjpeg")]))).open() as source:
        assert len(list(source)) == 4


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_damaged_tables_are_read_or_refused(
    tmp_path: Path, shared: Path, data: st.DataObject
) -> None:
    kind = data.draw(st.sampled_from(["tif", "big.tif", "mpo", "ppm", "heic"]))
    whole = tmp_path / f"whole.{kind}"
    if not whole.exists():
        if kind == "heic":
            whole.write_bytes(collection(shared))
        elif kind == "ppm":
            whole.write_bytes(cv2.imencode(".ppm", flat(9, (8, 6)))[1].tobytes() * 4)
        else:
            save(whole, format="MPO" if kind == "mpo" else "TIFF", big_tiff="big" in kind)
    content = bytearray(whole.read_bytes())
    start = content.find(b"MPF") if kind == "mpo" else 0
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(start, min(len(content) - 1, start + 500)))
        content[at] = data.draw(st.integers(0, 255))
    file = tmp_path / f"damaged.{kind}"
    file.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with suppress(UserError), open_source(file) as source:
        assert all(frame.image.ndim == 3 for frame in itertools.islice(source, 20))
