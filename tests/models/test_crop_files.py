"""Reading ready crops and writing outputs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.models import HandS3C
from hands3c_core.models.crop_files import predict_crops, read_crops, write_outputs


@pytest.fixture
def picture() -> np.ndarray:
    """(64, 64, 3) RGB: red grows to the right, blue downwards."""
    ramp = np.arange(64, dtype=np.uint8) * 4
    image = np.zeros((64, 64, 3), np.uint8)
    image[..., 0] = ramp[None, :]
    image[..., 2] = ramp[:, None]
    return image


def test_all_kinds_of_files(picture: np.ndarray, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), picture[..., ::-1])
    cv2.imwrite(str(tmp_path / "b.JPG"), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    np.save(tmp_path / "c.npy", picture)
    np.savez(tmp_path / "d.npz", images=np.stack([picture, picture]))
    files = [tmp_path / name for name in ("a.png", "b.JPG", "c.npy", "d.npz")]
    crops = read_crops(files, 64)
    assert crops.names == ("a.png", "b.JPG", "c.npy", "d.npz[0]", "d.npz[1]")
    assert crops.images.shape == (5, 64, 64, 3)
    assert crops.resized == 0
    for row in (0, 2, 3, 4):
        assert np.array_equal(crops.images[row], picture)
    assert np.abs(crops.images[1].astype(int) - picture).mean() < 6


def test_resizing(picture: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "c.npy", picture)
    for size in (32, 128):
        crops = read_crops([tmp_path / "c.npy"], size)
        assert crops.resized == 1
        assert crops.images.shape == (1, size, size, 3)
        assert abs(crops.images.mean() - picture.mean()) < 1.5


def write(path: Path, content: object) -> Path:
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        with path.open("wb") as file:
            np.save(file, content, allow_pickle=True)
    return path


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.png", b"", "no readable image"),
        ("a.jpg", b"\xff\xd8\xff garbage", "no readable image"),
        ("a.npy", np.zeros((4, 5, 3), np.uint8), "square"),
        ("a.npy", np.zeros((4, 4, 3), np.float32), "uint8"),
        ("a.npy", np.zeros((4, 4), np.uint8), "uint8"),
        ("a.npy", np.zeros((0, 4, 4, 3), np.uint8), "uint8"),
        ("a.npy", np.array([{"a": 1}], dtype=object), "damaged"),
        ("a.npy", b"\x93NUMPY", "damaged"),
        ("a.npz", b"PK", "damaged"),
        ("a.txt", b"text", "no crop"),
    ],
)
def test_unfit_files(name: str, content: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read_crops([write(tmp_path / name, content)], 64)
    assert "\n" not in str(caught.value)


def test_missing_files_and_arrays(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", pictures=np.zeros((1, 4, 4, 3), np.uint8))
    with pytest.raises(UserError, match="no array 'images'"):
        read_crops([tmp_path / "other.npz"], 64)
    with pytest.raises(UserError, match="no file"):
        read_crops([tmp_path / "none.png"], 64)
    with pytest.raises(UserError, match="No crops"):
        read_crops([], 64)


def test_outputs_have_the_published_names(
    small_model: HandS3C, small_crops: np.ndarray, tmp_path: Path
) -> None:
    steps: list[int] = []
    arrays = predict_crops(small_model, small_crops, batch_size=2, progress=steps.append)
    assert steps == [2, 3]
    write_outputs(arrays, tmp_path / "out.npz")
    with np.load(tmp_path / "out.npz") as file:
        shapes = {name: file[name].shape for name in file.files}
    assert shapes == {
        "images": (3, 128, 128, 3),
        "backbone_feat": (3, 256, 16, 16),
        "s3c_feat": (3, 256, 16, 16),
        "heatmaps": (3, 21, 16, 16),
        "joints_coord_img": (3, 21, 2),
        "mano_encoding": (3, 1024),
        "pose6d": (3, 96),
        "pose_rotmat": (3, 16, 3, 3),
        "mano_pose": (3, 48),
        "mano_shape": (3, 10),
        "joints_coord_cam": (3, 21, 3),
        "mesh_coord_cam": (3, 778, 3),
    }
    slim = predict_crops(small_model, small_crops[:1], features=False)
    assert set(shapes) - set(slim) == {"backbone_feat", "s3c_feat"}
    with pytest.raises(UserError, match="batch of 0"):
        predict_crops(small_model, small_crops, batch_size=0)
