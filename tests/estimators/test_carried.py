"""What a network said of a hand a moment ago, carried along."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hands3c_core.conventions import DEFAULT_FOV_DEG
from hands3c_core.estimators.carried import NetworkTurns, carry
from hands3c_core.estimators.network_witness import NetworkSight
from hands3c_core.estimators.witnesses import DETECTOR, NETWORK, SECOND, Witness
from hands3c_core.geometry import default_camera, rotation_between
from hands3c_core.geometry.crop import crop_box
from hands3c_core.types import Detection, TrackedHand

CAMERA = default_camera(640, 480, DEFAULT_FOV_DEG)
IMAGE = np.zeros((480, 640, 3), np.uint8)
ANGLES = np.arange(45.0).reshape(5, 3, 3)


def _points(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal((320, 240, 0), 60, (21, 3))


def _witness(name: str, points: np.ndarray) -> Witness:
    pose = (np.eye(3), ANGLES) if name == NETWORK else None
    return Witness(name, points, np.zeros((2, 21)), pose)


def _seen(points: np.ndarray, off: float = 0.0) -> list[Witness]:
    return [_witness(DETECTOR, points + off), _witness(SECOND, points - off)]


class FakeNetwork:
    """Knows the points that it is told, and counts who was looked at."""

    shows_maps = False

    def __init__(self) -> None:
        self.points = _points()
        self.looked_at: list[tuple[int, ...]] = []

    def follow(self, image, hands):
        return [crop_box(self.points[:, :2])] * len(hands)

    def look(self, image, hands, boxes, camera):
        self.looked_at.append(tuple(hand.track_id for hand in hands))
        witness = _witness(NETWORK, self.points)
        return [NetworkSight(witness, None, None, box) for box in boxes]


def _hand(track_id: int, is_right: bool = True) -> TrackedHand:
    zero = np.zeros((21, 3), np.float32)
    return TrackedHand(track_id, is_right, Detection(is_right, 1.0, zero[:, :2], zero), 0)


def test_points_move_with_what_the_others_see_and_the_palm_turns_with_it():
    before = _points()
    turn = Rotation.from_rotvec((0.1, -0.2, 0.3)).as_matrix()
    after = (before - before.mean(0)) @ turn.T + before.mean(0) + (7, -3, 40)
    own = _witness(NETWORK, before + 2.0)
    moved = carry(own, _seen(before), _seen(after, off=5.0))
    assert moved is not None
    assert moved.pose is not None
    np.testing.assert_allclose(moved.points - own.points, after - before)
    np.testing.assert_allclose(moved.pose[0], turn, atol=1e-9)
    np.testing.assert_array_equal(moved.pose[1], ANGLES)


def test_others_that_are_not_the_same_ones_carry_nothing():
    points = _points()
    own = _witness(NETWORK, points)
    assert carry(own, _seen(points), _seen(points)[:1]) is None
    assert carry(own, [], []) is None


@pytest.mark.parametrize("flat", [False, True])
def test_rotations_are_proper(flat):
    before = _points(1)[:5]
    if flat:
        before[:, 2] = 0.0
    turn = Rotation.from_rotvec((0.4, 0.2, -0.1)).as_matrix()
    found = rotation_between(before, before @ turn.T)
    assert np.linalg.det(found) == pytest.approx(1.0)
    np.testing.assert_allclose(found, turn, atol=1e-9)


def _play(turns, network, hands, pictures):
    """Looks of so many pictures of hands that move a pixel each; what is said of the last."""
    points = _points()
    for count in range(pictures):
        network.points = points + count
        others = [_seen(network.points) for _ in hands]
        sights = turns.sights(network, IMAGE, hands, others, CAMERA)
        for sight in sights:
            np.testing.assert_allclose(sight.witness.points, network.points)
    return sights


def test_every_picture_is_looked_at_unless_an_interval_is_set():
    network, turns = FakeNetwork(), NetworkTurns()
    _play(turns, network, [_hand(4), _hand(9)], 3)
    assert network.looked_at == [(4, 9)] * 3


def test_hands_take_turns():
    network, turns = FakeNetwork(), NetworkTurns()
    turns.interval = 2
    _play(turns, network, [_hand(4), _hand(9)], 5)
    assert network.looked_at[0] == (4, 9)  # new ones are looked at at once
    assert sorted(network.looked_at[1:]) == [(4,), (4,), (9,), (9,)]
    network.looked_at.clear()
    _play(turns, network, [_hand(4)], 4)
    assert sorted(network.looked_at) == [(), (), (4,), (4,)]


def test_what_cannot_be_carried_is_looked_at():
    network, turns = FakeNetwork(), NetworkTurns()
    turns.interval = 5
    _play(turns, network, [_hand(4)], 1)
    _play(turns, network, [_hand(4, is_right=False)], 1)  # it changed sides
    assert network.looked_at == [(4,), (4,)]
    turns.reset()
    _play(turns, network, [_hand(4, is_right=False)], 1)
    assert network.looked_at == [(4,)] * 3
    network.shows_maps = True
    _play(turns, network, [_hand(4, is_right=False)], 4)
    assert network.looked_at == [(4,)] * 7
