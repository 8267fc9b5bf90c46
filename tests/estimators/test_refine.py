"""Poses moved to meet the heatmaps."""

from __future__ import annotations

import numpy as np
import pytest

from hands3c_core.estimators.refine import PoseRefiner, RefineOptions, _linearise, _matrices
from hands3c_core.geometry.camera import default_camera, project
from hands3c_core.hand_model import FastHandLayer, load_hand_model

CAMERA = default_camera(640, 480)
SHAPE = np.zeros(10)
PLACE = np.array([0.02, -0.03, 0.5])


@pytest.fixture(scope="module")
def refiner() -> PoseRefiner:
    return PoseRefiner(FastHandLayer(load_hand_model("hand_mano778")))


def some_pose(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    pose = rng.normal(0, 0.25, (16, 3))
    pose[0] = rng.normal(0, 0.6, 3)
    return pose


def seen(refiner: PoseRefiner, pose, place=PLACE) -> np.ndarray:
    return project(refiner.layer.joints(pose, SHAPE, place), CAMERA).astype(float)


def test_derivatives_are_those_of_the_hand(refiner):
    """Against differences: the tips' correctives and blended skin are left out, so theirs are
    nearly right only."""
    local = _matrices(some_pose(0) + refiner._mean)
    place = PLACE.copy()

    def joints(matrices):
        return np.asarray(refiner.layer.joints(refiner._pose(matrices), SHAPE, place), float)

    start = joints(local)
    jacobian, _ = _linearise(start, local, np.zeros((21, 2)), CAMERA)
    step = 1e-3
    inner = [joint for joint in range(21) if joint == 0 or joint % 4]
    for unknown in range(48):
        turn = np.zeros((16, 3))
        turn[unknown // 3, unknown % 3] = step
        moved = project(joints(_matrices(turn) @ local), CAMERA).astype(float)
        difference = (moved - project(start, CAMERA)) / step
        assert np.abs(difference - jacobian[:, :, unknown])[inner].max() < 1.5  # px per rad
        assert np.abs(difference - jacobian[:, :, unknown]).max() < 8


@pytest.mark.parametrize("seed", range(4))
def test_joints_meet_the_heatmaps_and_the_pose_comes_nearer_to_the_truth(refiner, seed):
    truth = some_pose(seed)
    rng = np.random.default_rng(100 + seed)
    guess = truth + rng.normal(0, 0.06, (16, 3))
    target = seen(refiner, truth)
    before = np.linalg.norm(seen(refiner, guess) - target, axis=1).mean()
    pose, place = refiner.refine(
        guess, SHAPE, PLACE, target, np.full(21, 2.0), side=150.0, camera=CAMERA
    )
    after = np.linalg.norm(seen(refiner, pose, place) - target, axis=1).mean()
    assert after < 0.4 * before

    def error(these, where):
        joints = refiner.layer.joints(these, SHAPE, where)
        return np.linalg.norm(joints - refiner.layer.joints(truth, SHAPE, PLACE), axis=1).mean()

    assert error(pose, place) < error(guess, PLACE)


def test_a_pose_that_fits_stays(refiner):
    pose = some_pose(1)
    refined, place = refiner.refine(
        pose, SHAPE, PLACE, seen(refiner, pose), np.full(21, 2.0), 150.0, CAMERA
    )
    assert np.abs(refined - pose).max() < 1e-3
    assert np.abs(place - PLACE).max() < 1e-4


def test_wild_and_blurred_joints_hardly_move_it(refiner):
    """A heatmap that sees a tip elsewhere, or has no idea, does not tear the finger off."""
    pose = some_pose(2)
    target, sigma = seen(refiner, pose), np.full(21, 2.0)
    target[8] += 80.0
    target[12] += 40.0
    sigma[12] = 60.0
    refined, place = refiner.refine(pose, SHAPE, PLACE, target, sigma, 150.0, CAMERA)
    moved = np.linalg.norm(seen(refiner, refined, place) - seen(refiner, pose), axis=1)
    assert moved[8] < 25.0
    assert np.delete(moved, [6, 7, 8]).max() < 8.0


def test_no_steps_change_nothing(refiner):
    still = PoseRefiner(refiner.layer, RefineOptions(steps=0))
    pose = some_pose(3)
    refined, place = still.refine(pose, SHAPE, PLACE, np.zeros((21, 2)), np.ones(21), 150, CAMERA)
    assert np.allclose(refined, pose, atol=1e-6)
    assert np.allclose(place, PLACE)
