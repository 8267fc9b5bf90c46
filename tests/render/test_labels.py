"""Labels: what they say, that they leave the hands alone, and that one drawing serves all."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from hands3c_core.render.labels import (
    draw_labels,
    label_text,
    legend_plate,
    paste_plate,
    place_labels,
    text_plate,
    text_size,
)

#: An open hand of unit height, fingers up, wrist at the bottom.
HAND = np.array(
    [[0, 1], [-0.2, 0.85], [-0.35, 0.7], [-0.45, 0.6], [-0.5, 0.5]]
    + [
        [x * spread, y]
        for x in (-0.2, -0.05, 0.08, 0.2)
        for y, spread in ((0.5, 1.0), (0.3, 1.2), (0.15, 1.4), (0.0, 1.5))
    ]
)


def a_hand(confidence=0.94, is_right=True, is_unsure=False):
    return SimpleNamespace(is_right=is_right, confidence=confidence, is_unsure=is_unsure)


def turned(degrees: float, size: float, at: tuple[float, float]) -> np.ndarray:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (HAND - HAND.mean(axis=0)) @ turn.T * size + at


def test_text_says_side_confidence_and_doubt():
    assert label_text(a_hand()) == "Right  94 %"
    assert label_text(a_hand(0.31, False, True)) == "Left, unsure  31 %"
    assert label_text(a_hand(0.9, is_unsure=True)) == "Right, unsure  90 %"


@pytest.mark.parametrize("degrees", range(0, 360, 30))
@pytest.mark.parametrize("room", [(1280, 720), (360, 203), (400, 300)])
def test_a_label_covers_no_joint_wherever_the_hand_is(degrees, room):
    size = text_size(*room)
    plate = text_plate("Right 94 %", size)
    label = plate.shape[1], plate.shape[0]
    for across in (0.15, 0.5, 0.85):
        points = turned(degrees, 0.45 * room[1], (across * room[0], 0.5 * room[1]))
        (x, y, width, height), *_ = place_labels([points], [label], room)
        inside = (
            (points[:, 0] >= x)
            & (points[:, 0] < x + width)
            & (points[:, 1] >= y)
            & (points[:, 1] < y + height)
        )
        assert not inside.any()
        assert x >= 0
        assert y >= 0
        assert x + width <= room[0]
        assert y + height <= room[1]


def test_two_labels_lie_apart():
    room = (480, 270)
    hands = [turned(0, 110, (200, 130)), turned(10, 110, (235, 135))]
    plate = text_plate("Right 94 %", text_size(*room))
    one, other = place_labels(hands, [(plate.shape[1], plate.shape[0])] * 2, room)
    assert (
        one[0] + one[2] <= other[0]
        or other[0] + other[2] <= one[0]
        or (one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1])
    )


def test_letters_grow_with_the_picture_and_stay_legible():
    assert text_size(320, 180) == 10
    assert text_size(320, 180, 2.0) == 20
    assert text_size(640, 480) < text_size(1280, 720) < text_size(3840, 2160)


def test_screen_and_recording_show_the_same_plates():
    hand, points = a_hand(), turned(0, 200, (320, 240))
    rgb = np.full((480, 640, 3), 90, np.uint8)
    bgra = np.full((480, 640, 4), 90, np.uint8)
    draw_labels(rgb, [hand], [points], 13, "rgb")
    draw_labels(bgra, [hand], [points], 13, "bgra")
    np.testing.assert_array_equal(bgra[..., 2::-1], rgb)
    assert (rgb != 90).any()
    assert (bgra[..., 3] == 90).all()


def test_hands_out_of_sight_have_no_label_and_plates_are_cut_at_the_edge():
    image = np.full((100, 100, 3), 7, np.uint8)
    for far in (np.full((21, 2), 1e6), np.full((21, 2), np.nan), np.full((21, 2), -500.0)):
        assert draw_labels(image, [a_hand()], [far], 10) == []
    assert (image == 7).all()
    paste_plate(image, text_plate("Right 94 %", 12), -20, 95)
    assert (image[95:, :40] != 7).any()
    paste_plate(image, text_plate("Right 94 %", 12), 500, 500)


def test_a_legend_shows_its_colours_and_fits():
    colors = np.stack([np.arange(256)] * 3, axis=1).astype(np.uint8)
    plate = legend_plate("After attention", ("0.1", "40", "6,242"), colors, 12, 150)
    assert plate.shape[1] <= 150
    bar = plate[plate.shape[0] // 2]
    assert bar[10, 0] < 40
    assert bar[-12, 0] > 200
