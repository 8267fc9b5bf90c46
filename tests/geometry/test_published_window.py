"""The published window against the published map, built here from its three corner points."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hands3c_core.data.sample import Annotation, make_sample
from hands3c_core.geometry import (
    apply_affine,
    crop_affine,
    crop_box,
    hand_window,
    published_window,
)

WIDTH, HEIGHT, SIZE = 640, 480, 256


def published_map(joints, mirror=False, bounds=None):
    """The map that the released code makes with OpenCV: from three points of a moved, cut and
    squared box (facts of HandOccNet's pre-processing, written anew)."""
    joints = np.asarray(joints, np.float64)
    if bounds is None:
        middle, extent = (joints.max(0) + joints.min(0)) / 2, 1.5 * np.ptp(joints, axis=0)
        left, top = middle - extent / 2
        after = 1.0
    else:
        left, top, *extent = bounds
        after = 1.5
    low = np.maximum((left, top), 0)
    high = np.minimum((WIDTH - 1, HEIGHT - 1), low + np.maximum(np.array(extent) - 1, 0))
    side, (x, y) = after * (high - low).max(), (low + high) / 2
    if mirror:
        x = WIDTH - x - 1
    source = np.float32([(x, y), (x, y + side / 2), (x + side / 2, y)])
    target = np.float32([(SIZE / 2,) * 2, (SIZE / 2, SIZE), (SIZE, SIZE / 2)])
    matrix = cv2.getAffineTransform(source, target)
    if mirror:  # of the mirrored image: put the mirror first
        matrix = matrix @ np.array([[-1, 0, WIDTH - 1], [0, 1, 0], [0, 0, 1]], float)
    return matrix


def hand_at(x, y, extent=140.0, seed=0):
    rng = np.random.default_rng(seed)
    spread = np.array([extent, 0.8 * extent])
    return rng.uniform(-0.5, 0.5, (21, 2)) * spread + np.array([x, y])


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize(
    "place", [(320, 240), (60, 240), (600, 100), (20, 20), (630, 470), (320, 5), (-30, 240)]
)
def test_every_pixel_goes_where_the_published_code_puts_it(place, mirror):
    joints = hand_at(*place)
    window = published_window(joints, (WIDTH, HEIGHT), SIZE, mirror)
    assert window is not None
    ours = crop_affine(window, SIZE, mirror)
    corners = np.array([(0, 0), (639, 0), (639, 479), (320, 240)], float)
    expected = apply_affine(published_map(joints, mirror), corners)
    np.testing.assert_allclose(apply_affine(ours, corners), expected, atol=2e-3)


def test_boxes_of_a_data_set_are_enlarged_after_they_were_moved():
    bounds = (-20.0, 300.0, 150.0, 220.0)
    window = published_window(None, (WIDTH, HEIGHT), SIZE, bounds=bounds)
    assert window is not None
    ours = crop_affine(window, SIZE)
    expected = published_map(np.zeros((1, 2)), bounds=bounds)
    np.testing.assert_allclose(ours, expected, atol=1e-4)


def test_a_hand_at_the_border_is_seen_elsewhere():
    """In the middle of the image the two rules differ by a pixel, at its border by a lot."""

    def moved(joints):
        windows = hand_window(joints, "published", (WIDTH, HEIGHT)), crop_box(joints)
        first, second = (apply_affine(crop_affine(window), joints) for window in windows)
        return np.linalg.norm(first - second, axis=1).max()

    assert moved(hand_at(320, 240)) < 2.5
    assert moved(hand_at(40, 240)) > 30


def test_outside_and_unknown_images_fall_back():
    joints = hand_at(-300, 240)
    inside = published_window(joints, (WIDTH, HEIGHT), SIZE)
    assert inside is not None  # moved into the image at its left side, as the published code does
    assert published_window(hand_at(900, 240), (WIDTH, HEIGHT), SIZE) is None
    assert hand_window(hand_at(900, 240), "published", (WIDTH, HEIGHT)) == crop_box(
        hand_at(900, 240)
    )
    assert hand_window(joints, "published") == crop_box(joints)


def test_samples_follow_the_rule():
    image = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    joints = hand_at(50, 240, extent=300)
    label = Annotation(image, "a", is_right=False, joints_2d=joints)
    sample = make_sample(label, image, SIZE, crop_rule="published")
    expected = cv2.warpAffine(image, published_map(joints, mirror=True), (SIZE, SIZE))
    # OpenCV maps in fixed point: a 32nd of a pixel.
    assert np.abs(sample.crop.astype(int) - expected).mean() < 2
    wide = make_sample(label, image, SIZE, context=1.6, crop_rule="published")
    shift = (wide.crop.shape[0] - SIZE) / 2
    np.testing.assert_allclose(wide.joints_2d - shift, sample.joints_2d, atol=1e-3)
    usual = make_sample(label, image, SIZE)
    assert np.abs(usual.joints_2d - sample.joints_2d).max() > 20
    with pytest.raises(ValueError, match="nothing of the hand"):
        make_sample(
            Annotation(image, "b", joints_2d=hand_at(900, 240)), image, crop_rule="published"
        )
