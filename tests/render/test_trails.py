"""Fingertip trails and the places of centred hands."""

from __future__ import annotations

import numpy as np
import pytest

from hands3c_core.conventions import TIP_JOINTS
from hands3c_core.render import FingertipTrails, centered_places, hand_center
from hands3c_core.render.trails import TRAIL_SECONDS, TrailSolid
from hands3c_core.types import CropBox, Hand


def hand_at(x: float, track_id: int = 1, is_right: bool = True) -> Hand:
    """A hand whose joints all lie at (x, 0, 0.5), the tips one centimetre apart in y."""
    joints = np.tile(np.array([x, 0.0, 0.5], np.float32), (21, 1))
    joints[list(TIP_JOINTS), 1] = 0.01 * np.arange(5)
    nothing = np.zeros(3, np.float32)
    return Hand(
        track_id=track_id,
        is_right=is_right,
        confidence=1.0,
        vertices=joints,
        joints_3d=joints,
        joints_2d=joints[:, :2],
        landmarks_2d=joints[:, :2],
        pose=np.zeros((16, 3), np.float32),
        shape=np.zeros(10, np.float32),
        translation=nothing,
        crop=CropBox(0, 0, 1),
        reprojection_error_px=0.0,
        estimator="landmarks",
    )


def walk(trails: FingertipTrails, seconds: float, rate: float = 30.0, start: float = 0.0) -> None:
    """A hand that moves 1 m/s along x."""
    for number in range(round(seconds * rate) + 1):
        time = start + number / rate
        trails.add([hand_at(time)], time)


def test_a_trail_is_the_way_of_the_last_moments():
    trails = FingertipTrails()
    walk(trails, 3.0)
    (trail,) = trails.trails()
    assert trail.points.shape[0] == 5
    np.testing.assert_allclose(trail.points[:, -1, 0], 3.0, atol=1e-6)
    np.testing.assert_allclose(trail.points[:, 0, 0], 3.0 - TRAIL_SECONDS, atol=1e-6)
    np.testing.assert_allclose(np.diff(trail.points[2, :, 0], n=2), 0.0, atol=1e-6)
    np.testing.assert_allclose(trail.points[3, :, 1], 0.03, atol=1e-6)
    np.testing.assert_allclose(trail.centers[-1], hand_center(hand_at(3.0).joints_3d))
    assert trail.strength[0] == 0
    assert trail.strength[-1] == 1


def test_the_way_does_not_depend_on_the_frame_rate():
    slow, fast = FingertipTrails(), FingertipTrails()
    walk(slow, 2.0, 10.0)
    walk(fast, 2.0, 60.0)
    np.testing.assert_allclose(slow.trails()[0].points, fast.trails()[0].points, atol=1e-6)


def test_a_hand_that_left_fades_out():
    trails = FingertipTrails()
    walk(trails, 1.0)
    trails.add([], 1.0 + TRAIL_SECONDS / 2)
    assert len(trails.trails()) == 1
    trails.add([], 1.0 + TRAIL_SECONDS + 0.1)
    assert not trails.trails()


def test_seeking_back_and_gaps_start_anew():
    trails = FingertipTrails()
    walk(trails, 1.0)
    trails.add([hand_at(0.0)], 0.0)
    assert not trails.trails()
    walk(trails, 0.5, start=0.1)
    trails.add([hand_at(9.0)], 2.0)
    trails.add([hand_at(9.1)], 2.05)
    (trail,) = trails.trails()
    assert trail.points[..., 0].min() >= 9.0


def test_the_same_frame_again_and_wild_numbers_change_nothing():
    trails = FingertipTrails()
    walk(trails, 1.0)
    before = trails.trails()[0].points
    trails.add([hand_at(1.0)], 1.0)
    trails.add([hand_at(float("nan"))], 1.0)
    np.testing.assert_array_equal(trails.trails()[0].points, before)


def test_hands_have_trails_of_their_own():
    trails = FingertipTrails()
    for number in range(10):
        time = number / 30
        trails.add([hand_at(time, 1), hand_at(-time, 2, False)], time)
    right, left = trails.trails()
    assert (right.track_id, right.is_right) == (1, True)
    assert (left.track_id, left.is_right) == (2, False)
    assert left.points[..., 0].max() <= 0 <= right.points[..., 0].min()


def test_tubes_taper_and_fade_to_the_background():
    trails = FingertipTrails()
    walk(trails, 2.0)
    (trail,) = trails.trails()
    solid, ground = TrailSolid(), np.array([0.1, 0.2, 0.3])
    points, colors = solid.place(trail.points, trail.strength, ground)
    assert len(points) == len(colors) == solid.faces.max() + 1
    rings = points.reshape(5, trail.points.shape[1], -1, 3)
    radii = np.linalg.norm(rings - trail.points[:, :, None], axis=3).mean(axis=2)
    assert (np.diff(radii, axis=1) > 0).all()
    first = colors.reshape(*rings.shape)[:, 0]
    np.testing.assert_allclose(first, np.broadcast_to(ground, first.shape))


@pytest.mark.parametrize("swapped", [False, True])
def test_centred_hands_stand_side_by_side_whatever_their_order(swapped):
    right, left = hand_at(0.4, 7, True), hand_at(-0.4, 2, False)
    places = centered_places([left, right] if swapped else [right, left])
    assert places[7][0] < 0 < places[2][0]
    assert places[2][0] - places[7][0] > 0.2
    np.testing.assert_allclose(places[7][1:], places[2][1:])
    (alone,) = centered_places([left]).values()
    assert alone[0] == 0
    assert centered_places([]) == {}
