"""When the landmark estimator steps in for a network, and that it does not flicker."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hands3c_core.estimators import LandmarkEstimator
from hands3c_core.estimators.base import map_source
from hands3c_core.estimators.choose import warm_up
from hands3c_core.estimators.fallback import (
    FallbackEstimator,
    FallbackLimits,
    Standing,
    disagreement,
    judge,
)
from hands3c_core.geometry import default_camera, project
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.model_space import mirror_camera
from hands3c_core.types import Detection, HandEstimate, TrackedHand

HAND = load_hand_model("hand_mano778")
CAMERA = default_camera(640, 480)
PLACE = np.array([0.0, 0.0, 0.5], np.float32)
LIMITS = FallbackLimits()


class Scripted:
    """An estimator that puts every hand where it is told to."""

    model = None
    hand = HAND

    @property
    def map_source(self):
        return self

    def __init__(self, name: str) -> None:
        self.name = name
        self.offset = 0.0
        self.calls: list[int] = []

    def reset(self) -> None:
        self.calls.clear()

    def estimate(self, image, hands, camera, timestamp) -> list[HandEstimate]:
        self.calls.append(len(hands))
        place = PLACE + np.array([self.offset, 0, 0], np.float32)
        pose, shape = np.zeros((16, 3), np.float32), np.zeros(10, np.float32)
        return [HandEstimate(pose, shape, place, 0.9) for _ in hands]


def tracked(track_id: int, is_right: bool = True) -> TrackedHand:
    """A hand whose landmarks are exactly where a ``Scripted`` with no offset puts it."""
    joints = FastHandLayer(HAND).joints(np.zeros((16, 3)), np.zeros(10), PLACE)
    points = project(joints, CAMERA if is_right else mirror_camera(CAMERA))
    if not is_right:
        points[:, 0] = CAMERA.width - 1 - points[:, 0]
    world = np.zeros((21, 3), np.float32)
    return TrackedHand(track_id, is_right, Detection(is_right, 1.0, points, world), 0)


@pytest.fixture
def pair() -> tuple[Scripted, Scripted, FallbackEstimator]:
    network, landmarks = Scripted("net"), Scripted("landmarks")
    return network, landmarks, FallbackEstimator(network, landmarks)


def run(watched: FallbackEstimator, hands: list[TrackedHand], frames: int = 1) -> list[str | None]:
    for _ in range(frames):
        estimates = watched.estimate(np.zeros((480, 640, 3), np.uint8), hands, CAMERA, 0.0)
    return [estimate.estimator for estimate in estimates]


@pytest.mark.parametrize("is_right", [True, False])
def test_a_network_that_agrees_keeps_the_hand(pair, is_right):
    _, landmarks, watched = pair
    assert run(watched, [tracked(1, is_right)], 30) == [None]
    assert landmarks.calls == []
    assert watched.name == "net"


def test_a_new_hand_is_judged_at_once_and_an_old_one_after_some_frames(pair):
    network, _, watched = pair
    network.offset = 0.3
    assert run(watched, [tracked(1)]) == ["landmarks"]
    network.offset = 0.0
    assert run(watched, [tracked(2)]) == [None]
    network.offset = 0.3
    assert run(watched, [tracked(2)], LIMITS.wild_frames - 1) == [None]
    assert run(watched, [tracked(2)]) == ["landmarks"]


def test_the_network_returns_after_it_was_calm_for_a_while(pair):
    network, landmarks, watched = pair
    network.offset = 0.3
    run(watched, [tracked(1)])
    network.offset = 0.0
    assert run(watched, [tracked(1)], LIMITS.calm_frames - 1) == ["landmarks"]
    assert run(watched, [tracked(1)]) == [None]
    assert landmarks.calls == [1] * LIMITS.calm_frames


def test_each_hand_has_its_own_standing(pair):
    network, _, watched = pair
    network.offset = 0.3
    run(watched, [tracked(1)])
    network.offset = 0.0
    assert run(watched, [tracked(1), tracked(2, is_right=False)]) == ["landmarks", None]
    watched.reset()
    assert run(watched, [tracked(1)]) == [None]


def test_switches_of_the_network_pass_through(pair):
    network, _, watched = pair
    assert map_source(watched) is network
    assert watched.model is network.model


def test_disagreement_is_a_share_of_the_box():
    landmarks = np.zeros((21, 2))
    landmarks[1] = (100.0, 40.0)
    assert disagreement(landmarks + np.array([3.0, 4.0]), landmarks) == pytest.approx(0.05)
    assert disagreement(np.full((21, 2), np.nan), landmarks) == np.inf
    assert disagreement(landmarks, np.zeros((21, 2))) == np.inf


@given(errors=st.lists(st.floats(0, 1), max_size=80))
@settings(max_examples=100)
def test_changes_are_far_apart_and_never_without_reason(errors):
    standing, last_change, before = Standing(), None, []
    for number, error in enumerate(errors):
        new = judge(standing, error, LIMITS)
        before.append(error)
        if not standing.is_new and new.fallen != standing.fallen:
            needed = LIMITS.wild_frames if new.fallen else LIMITS.calm_frames
            reasons = before[-needed:]
            assert len(reasons) == needed
            assert all(
                reason >= LIMITS.wild if new.fallen else reason <= LIMITS.calm for reason in reasons
            )
            assert last_change is None or number - last_change >= needed
            last_change = number
        standing = new


def test_an_error_between_the_limits_changes_nothing():
    between = (LIMITS.wild + LIMITS.calm) / 2
    for fallen in (True, False):
        standing = Standing(fallen=fallen, is_new=False)
        for _ in range(100):
            standing = judge(standing, between, LIMITS)
        assert standing.fallen is fallen


def test_warming_up_leaves_no_track(pair):
    network, _, watched = pair
    seen: list[int] = []
    network.reset = lambda: seen.append(len(network.calls))  # type: ignore[method-assign]
    warm_up(watched, HAND)
    assert network.calls == [1, 2]
    assert seen == [2]
    assert run(watched, [tracked(1)]) == [None]
    estimator = LandmarkEstimator(HAND)
    warm_up(estimator, HAND)
    image = np.zeros((480, 640, 3), np.uint8)
    first = estimator.estimate(image, [tracked(1)], CAMERA, 0.0)[0]
    again = LandmarkEstimator(HAND).estimate(image, [tracked(1)], CAMERA, 0.0)[0]
    np.testing.assert_allclose(first.pose, again.pose, atol=1e-6)
