"""Photographed hands that cross in one picture: a number never goes over to the other hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hands3c_core.detect import MediaPipeDetector
from hands3c_core.pipeline import HandMeshPipeline

FRAMES = 40
SIZE = (960, 480)


@pytest.fixture(scope="module")
def cutouts(request) -> dict[str, np.ndarray]:
    """Hands of the photographs, 330 px high, and their mirror images; by the photograph's name, a
    minus before it for the mirror image."""
    shared = request.getfixturevalue("shared")
    hands = {}
    with MediaPipeDetector(mode="image") as detector:
        for name in ("rock_8", "rock_9", "call_2", "four_4"):
            image = cv2.imread(str(shared / "media" / "photos" / f"{name}.jpg"))[..., ::-1]
            points = detector.detect(np.ascontiguousarray(image))[0].landmarks_2d
            left, top = np.maximum(points.min(axis=0) - 45, 0).astype(int)
            right, bottom = (points.max(axis=0) + 45).astype(int)
            cut = image[top:bottom, left:right]
            width = round(cut.shape[1] * 330 / cut.shape[0])
            hands[name] = cv2.resize(np.ascontiguousarray(cut), (width, 330))
            hands[f"-{name}"] = np.ascontiguousarray(hands[name][:, ::-1])
    return hands


def paste(canvas: np.ndarray, cut: np.ndarray, x: int, y: int) -> None:
    height, width = cut.shape[:2]
    bottom, right = min(canvas.shape[0], y + height), min(canvas.shape[1], x + width)
    canvas[y:bottom, x:right] = cut[: bottom - y, : right - x]


def crossing(one: np.ndarray, other: np.ndarray, height: int, frames: int):
    """Pictures in which ``one``, in front, goes right and ``other`` left, and where they are (the
    middles of their cut-outs)."""
    reach = SIZE[0] - 260
    for number in range(frames):
        canvas = np.full((SIZE[1], SIZE[0], 3), 150, np.uint8)
        share = number / (frames - 1)
        places = (int(reach * share) + 20, int(reach * (1 - share)) + 20)
        paste(canvas, other, places[1], 40 + height)
        paste(canvas, one, places[0], 40)
        yield canvas, [x + cut.shape[1] / 2 for x, cut in zip(places, (one, other), strict=True)]


@pytest.mark.stress
@pytest.mark.parametrize("height", [0, 90])
@pytest.mark.parametrize("frames", [FRAMES, 2 * FRAMES])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("rock_8", "rock_9"),
        ("rock_8", "-rock_8"),
        ("-rock_9", "rock_8"),
        ("call_2", "-four_4"),
        ("four_4", "rock_9"),
        ("-call_2", "-rock_8"),
    ],
)
def test_a_number_stays_with_its_hand(cutouts, one, other, height, frames):
    pipeline = HandMeshPipeline("landmarks")
    owners: dict[int, set[int]] = {}
    for number, (image, middles) in enumerate(
        crossing(cutouts[one], cutouts[other], height, frames)
    ):
        apart = abs(middles[0] - middles[1])
        for hand in pipeline(image, number / 30).hands:
            if apart < 130:  # on top of each other: whose it is nobody can say
                continue
            off = [abs(hand.landmarks_2d[:, 0].mean() - middle) for middle in middles]
            owners.setdefault(hand.track_id, set()).add(int(np.argmin(off)))
    pipeline.close()
    assert owners
    assert all(len(hands) == 1 for hands in owners.values()), owners
