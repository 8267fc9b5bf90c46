"""The landmark estimator on hands made by the model itself, whose true joints are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hands3c_core.conventions import BONES
from hands3c_core.estimators import Estimator, LandmarkEstimator, LandmarkFitSettings
from hands3c_core.estimators.landmarks_skeleton import HandSkeleton
from hands3c_core.estimators.landmarks_solver import kinematics, turn_about
from hands3c_core.geometry import default_camera, project
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.types import Detection, TrackedHand

CAMERA = default_camera(640, 480)
IMAGE = np.zeros((480, 640, 3), np.uint8)


@pytest.fixture(scope="module")
def layer() -> FastHandLayer:
    return FastHandLayer(load_hand_model("hand_mid"))


@pytest.fixture(scope="module")
def estimator() -> LandmarkEstimator:
    return LandmarkEstimator("hand_mid")


@pytest.fixture
def fresh(estimator) -> LandmarkEstimator:
    estimator.reset()
    return estimator


class Truth:
    """A random hand in its range of motion before the camera, and what a perfect detector sees."""

    def __init__(self, skeleton: HandSkeleton, seed: int, shape_scale: float = 0.5) -> None:
        rng = np.random.default_rng(seed)
        self.skeleton = skeleton
        low, high = skeleton.limits[..., 0], skeleton.limits[..., 1]
        self.angles = low + rng.uniform(0.1, 0.9, low.shape) * (high - low)
        self.turn = Rotation.random(random_state=seed).as_matrix()
        self.root = np.array([rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1), 0.5])
        self.shape = rng.normal(scale=shape_scale, size=10)

    @property
    def joints(self) -> np.ndarray:
        return self.skeleton.joints(self.turn, self.root, self.angles, self.shape)

    def detection(self, noise_px: float = 0.0, noise_m: float = 0.0, seed: int = 0) -> Detection:
        rng = np.random.default_rng(seed)
        landmarks = self.skeleton.landmarks(self.turn, self.root, self.angles, self.shape)
        pixels = project(landmarks, CAMERA) + rng.normal(scale=noise_px, size=(21, 2))
        # The detector reports the hand as if the camera looked straight at it.
        rays = (project(landmarks, CAMERA) - (CAMERA.cx, CAMERA.cy)) / CAMERA.fx
        towards = np.array([*rays.mean(axis=0), 1.0])
        forward = towards / np.linalg.norm(towards)
        axis = np.cross(forward, [0.0, 0.0, 1.0])
        turn = Rotation.from_rotvec(
            axis / max(np.linalg.norm(axis), 1e-9) * np.arccos(forward[2])
        ).as_matrix()
        world = (landmarks - landmarks.mean(axis=0)) @ turn.T
        world += rng.normal(scale=noise_m, size=(21, 3))
        return Detection(True, 1.0, pixels.astype(np.float32), world.astype(np.float32))


def tracked(detection: Detection, track_id: int = 1, age: int = 0) -> TrackedHand:
    return TrackedHand(track_id, detection.is_right, detection, age)


def fitted_joints(layer, estimate) -> np.ndarray:
    return layer.joints(estimate.pose, estimate.shape, estimate.translation)


def root_relative_error(found: np.ndarray, truth: np.ndarray) -> float:
    """Mean joint distance in metres, wrists laid on each other."""
    return float(np.linalg.norm((found - found[0]) - (truth - truth[0]), axis=1).mean())


def test_skeleton_agrees_with_the_hand_layer(fresh, layer):
    for seed in range(5):
        truth = Truth(fresh.skeleton, seed)
        pose = fresh.skeleton.to_pose(truth.turn, truth.angles)
        translation = truth.root - fresh.skeleton.root_of_shape(truth.shape)
        assert layer.joints(pose, truth.shape, translation) == pytest.approx(truth.joints, abs=2e-6)


def test_derivatives_are_exact(fresh):
    skeleton = fresh.skeleton
    truth = Truth(skeleton, 4)
    arrays = skeleton.offsets, skeleton.shape_offsets, skeleton.axes, skeleton.markers

    def landmarks(change: np.ndarray) -> np.ndarray:
        turn = truth.turn
        if change[:3].any():
            turn = turn_about(change[:3] / np.linalg.norm(change[:3]), np.linalg.norm(change[:3]))
            turn = turn @ truth.turn
        return kinematics(
            turn,
            truth.root + change[3:6],
            truth.angles + change[6:51].reshape(5, 3, 3),
            truth.shape + change[51:],
            *arrays,
        )[1]

    jacobian = kinematics(truth.turn, truth.root, truth.angles, truth.shape, *arrays)[2]
    dense = np.zeros((21, 3, 61))
    for joint in range(21):
        finger = max(joint - 1, 0) // 4
        columns = [*range(6), *range(6 + 9 * finger, 15 + 9 * finger), *range(51, 61)]
        dense[joint][:, columns] = jacobian[joint]
    for column in range(61):
        change = np.zeros(61)
        change[column] = 1e-6
        numeric = (landmarks(change) - landmarks(-change)) / 2e-6
        assert dense[..., column] == pytest.approx(numeric, abs=1e-7)


def test_cold_start_recovers_random_poses(fresh, layer):
    """Any orientation, anywhere in the range of motion, from one frame alone."""
    errors, confidences = [], []
    for seed in range(60):
        truth = Truth(fresh.skeleton, seed, shape_scale=0.0)
        fresh.reset()
        (estimate,) = fresh.estimate(IMAGE, [tracked(truth.detection())], CAMERA, 0.0)
        errors.append(root_relative_error(fitted_joints(layer, estimate), truth.joints))
        confidences.append(estimate.confidence)
    assert np.mean(errors) < 2e-3
    assert np.percentile(errors, 95) < 4e-3
    assert min(confidences) > 0.9


def test_unknown_shape_is_recovered_up_to_scale(fresh, layer):
    """One camera cannot tell a small near hand from a large far one; bone ratios it can."""
    errors = []
    for seed in range(30):
        truth = Truth(fresh.skeleton, seed, shape_scale=0.7)
        fresh.reset()
        (estimate,) = fresh.estimate(IMAGE, [tracked(truth.detection())], CAMERA, 0.0)
        found = fitted_joints(layer, estimate)
        found, true = found - found[0], truth.joints - truth.joints[0]
        scale = (found * true).sum() / (found**2).sum()
        assert 0.8 < scale < 1.25
        errors.append(np.linalg.norm(scale * found - true, axis=1).mean())
    assert np.mean(errors) < 3e-3


def test_noise_is_not_amplified(fresh, layer):
    """1.5 px and 4 mm of noise on a hand about 200 px wide."""
    errors = []
    for seed in range(40):
        truth = Truth(fresh.skeleton, seed, shape_scale=0.0)
        fresh.reset()
        detection = truth.detection(noise_px=1.5, noise_m=0.004, seed=seed)
        (estimate,) = fresh.estimate(IMAGE, [tracked(detection)], CAMERA, 0.0)
        errors.append(root_relative_error(fitted_joints(layer, estimate), truth.joints))
        assert estimate.confidence > 0.5
    assert np.mean(errors) < 7e-3


def test_tracking_follows_a_moving_hand(fresh, layer):
    """From pose to pose with a warm start; the shape settles on the way."""
    start, end = Truth(fresh.skeleton, 7), Truth(fresh.skeleton, 8)
    half_turn = Rotation.from_rotvec([0.0, 0.4, 0.3]).as_matrix()
    errors, shapes = [], []
    for frame in range(60):
        share = frame / 59
        now = Truth(fresh.skeleton, 7)
        now.angles = (1 - share) * start.angles + share * end.angles
        turn = Rotation.from_matrix(half_turn) ** share
        now.turn = turn.as_matrix() @ start.turn
        now.root = start.root + share * np.array([0.1, -0.05, 0.1])
        detection = now.detection(noise_px=0.5, seed=frame)
        (estimate,) = fresh.estimate(IMAGE, [tracked(detection, age=frame)], CAMERA, frame / 30)
        found = fitted_joints(layer, estimate)
        scale = np.linalg.norm(now.joints[9] - now.joints[0]) / np.linalg.norm(found[9] - found[0])
        errors.append(root_relative_error(scale * found, now.joints))
        shapes.append(estimate.shape)
    assert np.mean(errors[10:]) < 5e-3
    change = np.abs(np.diff(shapes, axis=0)).mean(axis=1)
    assert change[40:].mean() < 0.3 * change[:5].mean()


def test_projection_lies_on_the_landmarks(fresh):
    """Markers of the fit, projected, against the image landmarks: a small share of the hand."""
    for seed in range(20):
        truth = Truth(fresh.skeleton, seed)
        detection = truth.detection()
        fresh.reset()
        (estimate,) = fresh.estimate(IMAGE, [tracked(detection)], CAMERA, 0.0)
        root = estimate.translation + fresh.skeleton.root_of_shape(estimate.shape)
        track = fresh.fitter._tracks[1].fit
        seen = project(
            fresh.skeleton.landmarks(track.turn, root.astype(float), track.angles, track.shape),
            CAMERA,
        )
        size = np.ptp(detection.landmarks_2d, axis=0).max()
        assert np.linalg.norm(seen - detection.landmarks_2d, axis=1).mean() < 0.02 * size


def test_joints_keep_to_their_range(fresh):
    """Even for landmarks of no hand at all."""
    rng = np.random.default_rng(0)
    for seed in range(10):
        fresh.reset()
        nonsense = Detection(
            True,
            0.6,
            rng.uniform(100, 400, (21, 2)).astype(np.float32),
            rng.normal(scale=0.05, size=(21, 3)).astype(np.float32),
        )
        (estimate,) = fresh.estimate(IMAGE, [tracked(nonsense, seed)], CAMERA, 0.0)
        angles, limits = fresh.fitter._tracks[seed].fit.angles, fresh.skeleton.limits
        assert (angles > limits[..., 0] - np.radians(20)).all()
        assert (angles < limits[..., 1] + np.radians(20)).all()
        assert np.isfinite(estimate.translation).all()
        assert np.abs(estimate.shape).max() < 6
        assert estimate.confidence < 0.3


def test_confidence_falls_with_the_error(fresh):
    truth = Truth(fresh.skeleton, 3)
    confidences = []
    for noise in (0.0, 4.0, 12.0, 30.0):
        fresh.reset()
        detection = truth.detection(noise_px=noise, seed=5)
        (estimate,) = fresh.estimate(IMAGE, [tracked(detection)], CAMERA, 0.0)
        confidences.append(estimate.confidence)
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[0] > 0.9
    assert confidences[-1] < 0.4


def test_a_left_hand_is_the_mirror_image_of_a_right_one(fresh):
    """The mirrored detection gives the very same model-space parameters."""
    truth = Truth(fresh.skeleton, 11)
    right = truth.detection(noise_px=1.0)
    left = replace(
        right,
        is_right=False,
        landmarks_2d=right.landmarks_2d * np.float32([-1, 1]) + np.float32([639, 0]),
        landmarks_world=right.landmarks_world * np.float32([-1, 1, 1]),
    )
    hands = [tracked(right, 1), tracked(left, 2)]
    first, second = fresh.estimate(IMAGE, hands, CAMERA, 0.0)
    assert second.pose == pytest.approx(first.pose, abs=1e-3)
    assert second.shape == pytest.approx(first.shape, abs=1e-3)
    assert second.translation == pytest.approx(first.translation, abs=1e-4)


def test_a_jump_between_frames_is_caught_by_a_new_start(fresh, layer):
    """A warm start from an unrelated pose must not leave the fit in a local minimum."""
    errors = []
    for seed in range(20):
        fresh.reset()
        before, after = Truth(fresh.skeleton, seed, 0.0), Truth(fresh.skeleton, 100 + seed, 0.0)
        for frame in range(3):
            fresh.estimate(IMAGE, [tracked(before.detection())], CAMERA, frame / 30)
        (estimate,) = fresh.estimate(IMAGE, [tracked(after.detection())], CAMERA, 0.1)
        errors.append(root_relative_error(fitted_joints(layer, estimate), after.joints))
    assert np.median(errors) < 3e-3


def test_tracks_do_not_disturb_each_other_and_reset_forgets(fresh):
    one, two = Truth(fresh.skeleton, 1), Truth(fresh.skeleton, 2)
    hands = [tracked(one.detection(), 1), tracked(two.detection(), 2)]
    together = fresh.estimate(IMAGE, hands, CAMERA, 0.0)
    fresh.reset()
    alone = fresh.estimate(IMAGE, hands[1:], CAMERA, 0.0)
    assert np.array_equal(together[1].pose, alone[0].pose)
    fresh.reset()
    again = fresh.estimate(IMAGE, hands, CAMERA, 0.0)
    assert np.array_equal(together[0].pose, again[0].pose)
    assert fresh.estimate(IMAGE, [], CAMERA, 0.1) == []


def test_it_is_an_estimator_and_its_output_has_the_documented_form(fresh):
    assert isinstance(fresh, Estimator)
    truth = Truth(fresh.skeleton, 0)
    (estimate,) = fresh.estimate(IMAGE, [tracked(truth.detection())], CAMERA, 0.0)
    assert estimate.pose.shape == (16, 3)
    assert estimate.shape.shape == (10,)
    assert estimate.translation.shape == (3,)
    for array in (estimate.pose, estimate.shape, estimate.translation):
        assert array.dtype == np.float32
        assert array.flags.c_contiguous


def test_degenerate_landmarks_give_finite_results(fresh):
    point = Detection(True, 0.5, np.full((21, 2), 100, np.float32), np.zeros((21, 3), np.float32))
    (estimate,) = fresh.estimate(IMAGE, [tracked(point)], CAMERA, 0.0)
    for array in (estimate.pose, estimate.shape, estimate.translation):
        assert np.isfinite(array).all()
    assert 0.0 <= estimate.confidence <= 1.0


def test_settings_are_used(layer):
    """A prior that forbids shape keeps the mean shape."""
    rigid = LandmarkEstimator("hand_mid", LandmarkFitSettings(shape_sigma=1e-3))
    truth = Truth(rigid.skeleton, 5, shape_scale=1.0)
    (estimate,) = rigid.estimate(IMAGE, [tracked(truth.detection())], CAMERA, 0.0)
    assert np.abs(estimate.shape).max() < 0.01


def test_real_hands(fresh, shared):
    """Labels of real webcam hands: the model explains them to a small share of their box."""
    with np.load(shared / "real_hands" / "labels.npz") as labels:
        pixels, world = labels["joints_2d"][::40], labels["world_landmarks"][::40]
    camera = default_camera(256, 256, 25.0)
    errors = []
    for index, (points, metres) in enumerate(zip(pixels, world, strict=True)):
        detection = Detection(True, 1.0, points.astype(np.float32), metres.astype(np.float32))
        fresh.estimate(IMAGE, [tracked(detection, index)], camera, 0.0)
        track = fresh.fitter._tracks[index].fit
        model = fresh.skeleton.landmarks(track.turn, track.root, track.angles, track.shape)
        error = np.linalg.norm(project(model, camera) - points, axis=1).mean()
        errors.append(error / np.ptp(points, axis=0).max())
    assert len(errors) > 50
    assert np.mean(errors) < 0.02
    assert np.percentile(errors, 95) < 0.04


def test_bone_order_matches_the_conventions(fresh):
    """Direction k of the solver is the bone that ends in joint k + 1."""
    assert [child for _, child in BONES] == list(range(1, 21))
