"""Hands that fill a photograph."""

from __future__ import annotations

import numpy as np
import pytest

from hands3c_core import HandMeshPipeline
from hands3c_core.detect import open_detector
from hands3c_core.detect.mediapipe_hands import MediaPipeDetector
from hands3c_core.detect.photographs import PhotographDetector, find_large
from hands3c_core.errors import UserError
from hands3c_core.sources.bundled import bundled_frames
from hands3c_core.types import Detection


@pytest.fixture(scope="module")
def picture():
    return next(iter(bundled_frames(1))).image


@pytest.fixture(scope="module")
def close_up(picture):
    """A hand cut out of the picture so closely that its edges lie outside, and its landmarks."""
    with MediaPipeDetector(2, "image") as detector:
        hand = detector.detect(picture)[1].landmarks_2d
    low, high = hand.min(axis=0), hand.max(axis=0)
    inwards = 0.1 * (high - low)
    left, top = np.floor(low + inwards).astype(int)
    right, bottom = np.ceil(high - inwards).astype(int)
    return np.ascontiguousarray(picture[top:bottom, left:right]), hand - (left, top)


def _off(found, points):
    """Mean distance of the one hand found from its landmarks, as a share of its box."""
    (hand,) = found
    off = np.linalg.norm(hand.landmarks_2d - points, axis=1).mean()
    return off / np.ptp(points, axis=0).max()


def test_a_hand_that_fills_the_picture_is_found_where_it_is(close_up):
    image, points = close_up
    with MediaPipeDetector(2, "image") as plain, PhotographDetector(2) as detector:
        assert not plain.detect(image)
        assert _off(detector.detect(image), points) < 0.06


def test_a_film_s_first_picture_may_be_a_photograph(close_up):
    image, points = close_up
    with open_detector(2) as follower:
        assert _off(follower.detect(image), points) < 0.06
        follower.reset()
        assert not follower.detect(np.zeros_like(image))
        assert not follower.detect(image)  # in the middle of a film it is not looked for
        follower.reset()
        assert _off(follower.detect(image), points) < 0.06


class FakeFinder:
    """Sees hands only in a picture with a border, and always at the same place of the original."""

    def __init__(self, shape) -> None:
        self.shape, self.seen = shape, []

    def detect(self, image):
        self.seen.append(image.shape[:2])
        width = image.shape[1]
        if len(self.seen) < 2:
            return []
        scale = max(*self.shape, 1024) / 1024
        border = (width - self.shape[1] / scale) / 2
        points = (np.full((21, 2), (100.0, 40.0)) + 0.5) / scale - 0.5 + border
        return [Detection(True, 1.0, points.astype(np.float32), np.zeros((21, 3), np.float32))]


@pytest.mark.parametrize("shape", [(480, 640), (1536, 2048), (4096, 1024)])
def test_places_are_those_of_the_picture_whatever_its_size(shape):
    finder = FakeFinder(shape)
    (found,) = find_large(finder, np.zeros((*shape, 3), np.uint8))
    np.testing.assert_allclose(found.landmarks_2d, [(100.0, 40.0)] * 21, atol=1e-3)
    assert max(max(size) for size in finder.seen) <= 3 * 1024


def test_what_is_found_at_once_stays_as_it_is(picture):
    with MediaPipeDetector(2, "image") as plain, PhotographDetector(2) as detector:
        for one, other in zip(plain.detect(picture), detector.detect(picture), strict=True):
            np.testing.assert_array_equal(one.landmarks_2d, other.landmarks_2d)


@pytest.mark.parametrize("shape", [(1, 1), (2, 5), (480, 640), (30, 3000)])
def test_nothing_is_found_in_nothing(shape):
    with PhotographDetector() as detector:
        assert detector.detect(np.zeros((*shape, 3), np.uint8)) == []


def test_photographs_get_it_and_its_settings_are_checked():
    with open_detector(1, "image") as detector:
        assert isinstance(detector, PhotographDetector)
        detector.configure(max_hands=3)
        assert detector.max_hands == 3
        with pytest.raises(UserError, match="setting"):
            detector.configure(nothing=1)


def test_the_pipeline_finds_it(close_up):
    with HandMeshPipeline("landmarks", mode="image") as pipeline:
        assert len(pipeline(close_up[0]).hands) == 1
