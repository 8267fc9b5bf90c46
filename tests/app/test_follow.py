"""The 3D view keeps the hands in view, whatever its shape, and keeps the user's pan and zoom."""

from __future__ import annotations

import numpy as np
import pytest

from app.follow import Follower
from hands3c_core.render.orbit_camera import OrbitCamera


def hand_at(x: float, y: float, z: float) -> np.ndarray:
    """Points within 10 cm of a place."""
    offsets = np.random.default_rng(3).uniform(-0.06, 0.06, (200, 3))
    return (np.array([x, y, z]) + offsets - offsets.mean(axis=0)).astype(np.float32)


def aim(follower: Follower, view: OrbitCamera, aspect: float) -> None:
    for _ in range(200):
        follower.aim(view, aspect)


def extent(view: OrbitCamera, points: np.ndarray, aspect: float) -> float:
    """How far from the middle points come: 1 is the view's edge."""
    seen = (points - view.eye()) @ view.rotation().T
    half = np.tan(np.radians(view.fov_deg) / 2)
    across = np.abs(seen[:, 0] / seen[:, 2]) / (half * aspect)
    down = np.abs(seen[:, 1] / seen[:, 2]) / half
    return float(max(across.max(), down.max()))


@pytest.mark.parametrize("aspect", [0.5, 1.0, 2.0])
@pytest.mark.parametrize(
    "hands",
    [
        [hand_at(0.0, 0.0, 0.5)],
        [hand_at(-0.2, 0.1, 0.6), hand_at(0.25, 0.0, 0.5)],
        [hand_at(0.0, -0.2, 0.9), hand_at(0.05, 0.2, 0.4)],
    ],
)
def test_all_hands_are_in_view_and_not_tiny(aspect, hands):
    follower, view = Follower(), OrbitCamera()
    follower.see(hands)
    aim(follower, view, aspect)
    reach = extent(view, np.concatenate(hands), aspect)
    assert 0.3 < reach < 1.0


def test_pan_and_zoom_stay_while_the_hand_moves():
    follower, view = Follower(), OrbitCamera()
    follower.see([hand_at(0, 0, 0.5)])
    aim(follower, view, 1.0)
    distance, target = view.distance, view.target
    follower.zoomed(0.5)
    follower.panned(np.array([0.1, 0.0, 0.0]))
    follower.see([hand_at(0.05, 0, 0.5)])
    aim(follower, view, 1.0)
    assert view.distance == pytest.approx(distance / 2, rel=1e-3)
    np.testing.assert_allclose(view.target - target, [0.15, 0, 0], atol=1e-3)
    follower.restart()
    aim(follower, view, 1.0)
    assert view.distance == pytest.approx(distance, rel=1e-3)


def test_pinned_leaves_the_camera_alone():
    follower, view = Follower(), OrbitCamera()
    follower.restart(pinned=True)
    follower.see([hand_at(0.3, 0, 0.9)])
    before = view.target.copy(), view.distance
    aim(follower, view, 1.0)
    np.testing.assert_array_equal(view.target, before[0])
    assert view.distance == before[1]


def test_it_moves_gently_but_jumps_to_a_new_scene():
    follower, view = Follower(), OrbitCamera()
    follower.see([hand_at(0, 0, 0.5)])
    aim(follower, view, 1.0)
    follower.see([hand_at(0.1, 0, 0.5)])
    follower.aim(view, 1.0)
    assert 0.0 < view.target[0] < 0.05
    follower.see([hand_at(1.0, 0, 0.5)])
    follower.aim(view, 1.0)
    assert view.target[0] == pytest.approx(1.0, abs=0.01)


def test_it_says_when_it_has_arrived_and_can_make_many_steps_at_once():
    one, many, views = Follower(), Follower(), [OrbitCamera(), OrbitCamera()]
    for follower, view in zip((one, many), views, strict=True):
        follower.see([hand_at(0, 0, 0.5)])
        follower.aim(view, 1.0)
        follower.see([hand_at(0.2, 0, 0.6)])
    for _ in range(6):
        assert one.aim(views[0], 1.0)
    assert many.aim(views[1], 1.0, steps=6)
    np.testing.assert_allclose(views[0].target, views[1].target)
    assert views[0].distance == pytest.approx(views[1].distance)
    for _ in range(40):
        moving = many.aim(views[1], 1.0, steps=6)
    assert not moving
    assert not Follower().aim(OrbitCamera(), 1.0)
