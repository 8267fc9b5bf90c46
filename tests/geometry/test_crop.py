"""The published crop and its affine."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hands3c_core.geometry import (
    BoxSmoother,
    apply_affine,
    crop_affine,
    crop_box,
    crop_corners,
    extract_crop,
    invert_affine,
    upright_box,
)
from hands3c_core.types import CropBox

boxes = st.builds(CropBox, st.floats(-500, 2000), st.floats(-500, 2000), st.floats(8, 2000))


def test_the_box_is_square_and_half_again_as_long_as_the_joints():
    points = np.array([[100.0, 50.0], [180.0, 90.0], [140.0, 70.0]])
    box = crop_box(points)
    assert (box.center_x, box.center_y, box.side) == (140.0, 70.0, 120.0)
    assert crop_box(points[:1]).side == 8.0


@given(box=boxes, mirror=st.booleans(), size=st.sampled_from([64, 224, 256]))
def test_affine_round_trip(box, mirror, size):
    affine = crop_affine(box, size, mirror)
    points = np.random.default_rng(0).uniform(-100, 3000, (20, 2))
    back = apply_affine(invert_affine(affine), apply_affine(affine, points))
    assert np.allclose(back, points, atol=1e-6)


@given(box=boxes, mirror=st.booleans())
def test_the_window_fills_the_crop(box, mirror):
    """The window's outer corners are the crop's, mirrored or not."""
    half = box.side / 2
    corners = np.array(
        [[box.center_x - half, box.center_y - half], [box.center_x + half, box.center_y + half]]
    )
    mapped = apply_affine(crop_affine(box, 256, mirror), corners)
    expected = [[255.5, -0.5], [-0.5, 255.5]] if mirror else [[-0.5, -0.5], [255.5, 255.5]]
    assert np.allclose(mapped, expected, atol=1e-6)


def _gradient(height=480, width=640):
    """An image whose red is u / 4 and green v / 4, so that pixels tell where they came from."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = (np.arange(width) // 4)[None, :]
    image[..., 1] = (np.arange(height) // 4)[:, None]
    return image


@pytest.mark.parametrize("side", [120.0, 300.0, 460.0])
@pytest.mark.parametrize("mirror", [False, True])
def test_crop_shows_what_the_affine_says(side, mirror):
    image = _gradient()
    size = 100
    crop, affine = extract_crop(image, CropBox(320.0, 240.0, side), size, mirror)
    v, u = np.mgrid[5 : size - 5, 5 : size - 5]
    source = apply_affine(invert_affine(affine), np.stack([u, v], axis=-1))
    seen = crop[5 : size - 5, 5 : size - 5].astype(float)
    assert np.abs(seen[..., 0] - (source[..., 0] - 1.5) / 4).max() < 1.2
    assert np.abs(seen[..., 1] - (source[..., 1] - 1.5) / 4).max() < 1.2


def test_mirrored_crop_of_mirrored_image_is_the_crop():
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (200, 300, 3), dtype=np.uint8), (0, 0), 3.0)
    plain, _ = extract_crop(image, CropBox(120.0, 90.0, 128.0), 64)
    mirrored_box = CropBox(299 - 120.0, 90.0, 128.0)
    mirrored, _ = extract_crop(np.ascontiguousarray(image[:, ::-1]), mirrored_box, 64, mirror=True)
    assert np.abs(plain.astype(int) - mirrored).max() <= 4


@pytest.mark.parametrize(
    "box", [CropBox(-400, -400, 100), CropBox(2, 478, 60), CropBox(320, 240, 5000)]
)
def test_windows_outside_are_black_there(box):
    crop, _ = extract_crop(np.full((480, 640, 3), 255, np.uint8), box, 64)
    assert crop.shape == (64, 64, 3)
    assert crop[:, :1].max() == 0


def test_large_windows_are_averaged_not_aliased():
    checker = ((np.indices((960, 960)).sum(axis=0) % 2) * 255).astype(np.uint8)
    crop, _ = extract_crop(np.repeat(checker[..., None], 3, axis=2), CropBox(480, 480, 900), 100)
    assert abs(float(crop[10:90, 10:90].mean()) - 127.5) < 3
    assert crop[10:90, 10:90].std() < 5


def test_smoothed_box_trembles_less_and_never_loses_the_hand():
    rng = np.random.default_rng(0)
    smooth = BoxSmoother(0.7)
    raw, seen = [], []
    for _ in range(100):
        box = CropBox(*(np.array([100.0, 100.0, 80.0]) + rng.normal(scale=2.0, size=3)).tolist())
        raw.append(box.center_x)
        seen.append(smooth(box).center_x)
    assert np.abs(np.diff(seen)).mean() < 0.5 * np.abs(np.diff(raw)).mean()
    jumped = smooth(CropBox(300.0, 100.0, 80.0))
    assert abs(jumped.center_x - 300.0) <= 0.1 * 80.0 + 1e-9
    smooth.reset()
    assert smooth(CropBox(5.0, 5.0, 80.0)) == CropBox(5.0, 5.0, 80.0)


@pytest.mark.parametrize("turn", [0.0, 0.7, -2.4, 3.1])
def test_the_upright_window_turns_with_the_hand(turn: float) -> None:
    hand = np.random.default_rng(3).normal(0, 30, (21, 2))
    hand[0], hand[[5, 9, 13]] = (0, 60), [(-20, -20), (0, -25), (20, -20)]
    cos, sin = np.cos(turn), np.sin(turn)
    turned = hand @ np.array([[cos, sin], [-sin, cos]]) + (300, 200)
    straight, window = upright_box(hand), upright_box(turned)
    assert window.side == pytest.approx(straight.side)
    assert np.cos(window.angle - straight.angle - turn) == pytest.approx(1.0)
    in_crop = apply_affine(crop_affine(window, 224), turned)
    np.testing.assert_allclose(in_crop, apply_affine(crop_affine(straight, 224), hand), atol=1e-6)
    knuckles = ((in_crop[5] + in_crop[13]) / 2 + in_crop[9]) / 2
    assert knuckles[0] == pytest.approx(in_crop[0, 0], abs=1e-6)
    assert knuckles[1] < in_crop[0, 1]


@pytest.mark.parametrize("angle", [0.0, 0.5, -2.0])
def test_corners_are_the_crops_corners(angle: float) -> None:
    box = CropBox(320.0, 240.0, 150.0, angle)
    wanted = [(-0.5, -0.5), (99.5, -0.5), (99.5, 99.5), (-0.5, 99.5)]
    corners = apply_affine(crop_affine(box, 100), crop_corners(box))
    np.testing.assert_allclose(corners, wanted, atol=1e-9)


def test_a_steadied_window_turns_the_shorter_way() -> None:
    smoother = BoxSmoother(0.5)
    smoother(CropBox(0.0, 0.0, 100.0, 3.1))
    steadied = smoother(CropBox(0.0, 0.0, 100.0, -3.1))
    assert abs(np.sin(steadied.angle)) < 0.1
    assert np.cos(steadied.angle) < 0
