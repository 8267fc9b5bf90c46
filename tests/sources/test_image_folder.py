"""Folders of images, and single images."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.sources import ImageFolder, open_source
from hands3c_core.sources.images import natural_key


def write(path: Path, image: np.ndarray) -> None:
    assert cv2.imwrite(str(path), image)


def flat(value: int, shape: tuple[int, ...] = (12, 16, 3), kind: type = np.uint8) -> np.ndarray:
    return np.full(shape, value, kind)


def with_orientation(jpeg: bytes, orientation: int, order: str) -> bytes:
    """``jpeg`` with an EXIF block that holds just the orientation."""
    entry = [(0x0112, 2), (3, 2), (1, 4), (orientation, 2), (0, 2)]
    tiff = {"little": b"II", "big": b"MM"}[order]
    for value, length in [(42, 2), (8, 4), (1, 2), *entry, (0, 4)]:
        tiff += value.to_bytes(length, order)  # type: ignore[arg-type]
    block = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + (len(block) + 2).to_bytes(2, "big") + block + jpeg[2:]


def test_natural_order_and_junk(tmp_path: Path) -> None:
    for number in (10, 2, 1, 33):
        write(tmp_path / f"Frame{number}.png", flat(number))
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "empty.png").touch()
    (tmp_path / ".hidden.png").write_bytes((tmp_path / "Frame1.png").read_bytes())
    (tmp_path / "more").mkdir()
    png = (tmp_path / "Frame33.png").read_bytes()
    (tmp_path / "Frame3.png").write_bytes(png[:40])
    with open_source(tmp_path, fps=5) as source:
        assert isinstance(source, ImageFolder)
        assert source.skipped == 2
        frames = list(source)
    assert [int(f.image[0, 0, 0]) for f in frames] == [1, 2, 10, 33]
    # The damaged image keeps its place, as a gap.
    assert [f.index for f in frames] == [0, 1, 3, 4]
    np.testing.assert_allclose([f.timestamp for f in frames], [0, 0.2, 0.6, 0.8])
    assert source.skipped == 3
    assert (source.frame_count, source.duration, source.fps) == (5, 1.0, 5)


def test_natural_key() -> None:
    names = ["b2", "a10", "A9", "10", "9", "a", "ä1", "a1b2", "a1b10"]
    expected = ["9", "10", "a", "a1b2", "a1b10", "A9", "a10", "b2", "ä1"]
    assert sorted(names, key=natural_key) == expected


@pytest.mark.parametrize(
    ("name", "image", "expected"),
    [
        ("grey.png", flat(77, (12, 16)), (77, 77, 77)),
        ("deep.png", flat(0x1234, kind=np.uint16), (0x12, 0x12, 0x12)),
        ("deep_grey.tif", flat(0xABCD, (12, 16), np.uint16), (0xAB, 0xAB, 0xAB)),
        ("float.tif", flat(0, kind=np.float32) + np.float32(0.5), (128, 128, 128)),
        ("bgr.bmp", flat(0) + np.array([10, 20, 30], np.uint8), (30, 20, 10)),
        ("opaque.png", flat(0, (12, 16, 4)) + np.array([10, 20, 30, 255], np.uint8), (30, 20, 10)),
        ("half.png", flat(0, (12, 16, 4)) + np.array([10, 20, 30, 127], np.uint8), (15, 10, 5)),
        ("clear.webp", flat(0, (12, 16, 4)) + np.array([10, 20, 30, 0], np.uint8), (0, 0, 0)),
        ("photo.jpg", flat(90), (90, 90, 90)),
    ],
)
def test_kinds_of_images(tmp_path: Path, name: str, image: np.ndarray, expected: tuple) -> None:
    write(tmp_path / name, image)
    with open_source(str(tmp_path / name)) as source:
        frame = source.read()
        assert source.read() is None
    assert frame is not None
    assert frame.image.shape == (12, 16, 3)
    assert frame.image.dtype == np.uint8
    np.testing.assert_allclose(frame.image[5, 5], expected, atol=1)
    assert source.size == (16, 12)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("order", ["little", "big"])
def test_exif_orientation(tmp_path: Path, orientation: int, order: str) -> None:
    """OpenCV's own reader of EXIF is the reference."""
    image = cv2.resize(
        np.random.default_rng(0).integers(0, 255, (3, 4, 3), dtype=np.uint8), (64, 48)
    )
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
    path = tmp_path / "photo.jpg"
    path.write_bytes(with_orientation(jpeg, orientation, order))
    with open_source(path) as source:
        frame = source.read()
    assert frame is not None
    assert frame.image.shape[:2] == ((64, 48) if orientation > 4 else (48, 64))
    reference = cv2.cvtColor(cv2.imread(str(path), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    np.testing.assert_array_equal(frame.image, reference)


def test_sizes_may_differ_and_seek_goes_anywhere(tmp_path: Path) -> None:
    for number in range(6):
        write(tmp_path / f"{number}.png", flat(number, (10 + number, 20, 3)))
    with open_source(tmp_path, fps=10) as source:
        for at, k in ((0.3, 3), (0.29, 2), (-1.0, 0), (50.0, 5), (0.1, 1)):
            source.seek(at)
            frame = source.read()
            assert frame is not None
            assert (frame.index, frame.image.shape[0]) == (k, 10 + k)
            assert source.size == (20, 10 + k)


def test_nothing_to_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no image"):
        open_source(tmp_path)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    with pytest.raises(UserError, match="no image"):
        open_source(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        ImageFolder(tmp_path / "missing")
    with pytest.raises(UserError, match="fps"):
        open_source(tmp_path, fps=0)


def test_real_photos(shared: Path) -> None:
    with open_source(shared / "media" / "photos") as source:
        frames = list(source)
    assert len(frames) == 10
    assert all(f.image.shape[2] == 3 and f.image.std() > 5 for f in frames)
