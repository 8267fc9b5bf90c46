"""The fit to all witnesses: made-up witnesses of a hand whose joints are known, and real ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hands3c_core.detect.landmark_network import HandLooks
from hands3c_core.errors import UserError
from hands3c_core.estimators import Estimator
from hands3c_core.estimators.fused import FusedEstimator
from hands3c_core.estimators.landmarks_skeleton import HandSkeleton
from hands3c_core.estimators.network_witness import NetworkSight
from hands3c_core.estimators.witnesses import (
    DETECTOR,
    NETWORK,
    SECOND,
    WitnessStatistics,
    evidence,
    from_detection,
    from_looks,
    from_network,
)
from hands3c_core.geometry import crop_box, default_camera, project
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.model_space import mirror_camera
from hands3c_core.types import Detection, TrackedHand

CAMERA = default_camera(640, 480)
IMAGE = np.zeros((480, 640, 3), np.uint8)
HAND = load_hand_model("hand_mid")


class Made:
    """A random hand before the camera, as witnesses without errors see it (a right one)."""

    def __init__(self, seed: int, shape: np.ndarray | None = None) -> None:
        rng = np.random.default_rng(seed)
        self.skeleton = skeleton = HandSkeleton(HAND)
        low, high = skeleton.limits[..., 0], skeleton.limits[..., 1]
        self.angles = low + rng.uniform(0.25, 0.6, low.shape) * (high - low)
        self.turn = Rotation.from_euler("xyz", rng.normal(0.0, 0.5, 3)).as_matrix()
        self.root = np.array([rng.uniform(-0.05, 0.05), rng.uniform(-0.05, 0.05), 0.5])
        self.shape = rng.normal(scale=0.7, size=10) if shape is None else shape
        self.markers = WitnessStatistics.load().markers

    @property
    def joints(self) -> np.ndarray:
        return self.skeleton.joints(self.turn, self.root, self.angles, self.shape)

    def points(self, row: int) -> np.ndarray:
        """(21, 3) px: where witness ``row`` sees its points, and how deep."""
        skeleton = HandSkeleton(HAND, self.markers[row])
        places = skeleton.landmarks(self.turn, self.root, self.angles, self.shape)
        seen = project(places, CAMERA).astype(float)
        ray = np.array([*((seen.mean(0) - (CAMERA.cx, CAMERA.cy)) / CAMERA.fx), 1.0])
        straight = np.linalg.norm(ray)
        depth = places @ (ray / straight)
        return np.column_stack(
            [seen, (depth / (self.root @ ray / straight) - 1) * CAMERA.fx * straight]
        )

    def detection(self) -> Detection:
        points = self.points(0)
        # World landmarks are metres along the axes of a camera that looks at the hand.
        world = (points - points.mean(0)) * 0.5 / CAMERA.fx
        return Detection(True, 1.0, points[:, :2].astype(np.float32), world.astype(np.float32))

    def looks(self) -> HandLooks:
        return HandLooks(np.stack([self.points(1)] * 2), np.ones(2), np.ones(2))


class FakeSecond:
    """A second witness that knows the answer."""

    def __init__(self, looks: list[HandLooks]) -> None:
        self.looks = looks

    def look(self, image, landmarks_2d):
        return self.looks[: len(landmarks_2d)]


class FakeNetwork:
    """A network that knows the answer."""

    shows_maps = False
    model = None

    def __init__(self, made: Made) -> None:
        self.made = made
        self.off = np.zeros((21, 2))
        """px that its points are off."""

    def reset(self) -> None:
        pass

    def follow(self, image, hands):
        return [crop_box(project(self.made.joints, CAMERA))] * len(hands)

    def look(self, image, hands, boxes, camera):
        made = self.made
        pose = made.skeleton.to_pose(made.turn, made.angles)
        own = made.skeleton.from_pose(pose)
        seen = project(made.joints, CAMERA) + self.off
        witness = from_network(seen, np.full(21, 4.0), made.joints, own, CAMERA)
        box = crop_box(seen)
        return [NetworkSight(witness, None, None, box) for _ in hands]


def _estimator(made: Made, leave_out=()) -> FusedEstimator:
    return FusedEstimator(HAND, FakeNetwork(made), FakeSecond([made.looks()]), leave_out=leave_out)


def _hand(detection: Detection, track_id: int = 1) -> TrackedHand:
    return TrackedHand(track_id, detection.is_right, detection, 0)


def _error(estimate, made: Made) -> float:
    """Mean joint error about the hands' middles with the size made alike, m."""
    found = FastHandLayer(HAND).joints(estimate.pose, estimate.shape, estimate.translation)
    off, true = found - found.mean(0), made.joints - made.joints.mean(0)
    return np.linalg.norm(off * np.linalg.norm(true) / np.linalg.norm(off) - true, axis=1).mean()


@pytest.mark.parametrize(
    "left_out", [(), (DETECTOR,), (SECOND,), (NETWORK,), (DETECTOR, NETWORK), (DETECTOR, SECOND)]
)
def test_any_set_of_witnesses_finds_the_hand(left_out):
    errors = []
    for seed in range(6):
        made = Made(seed)
        estimator = _estimator(made, left_out)
        assert isinstance(estimator, Estimator)
        (estimate,) = estimator.estimate(IMAGE, [_hand(made.detection())], CAMERA, 0.0)
        errors.append(_error(estimate, made))
        assert estimate.joint_sigma.shape == estimate.joint_sigma_px.shape == (21,)
        assert (estimate.joint_sigma > 0).all()
    assert np.mean(errors) < 0.006


def test_a_left_hand_is_the_mirror_of_a_right_one():
    made = Made(3)
    right = made.detection()
    landmarks = right.landmarks_2d.copy()
    landmarks[:, 0] = CAMERA.width - 1 - landmarks[:, 0]
    left = replace(
        right,
        is_right=False,
        landmarks_2d=landmarks,
        landmarks_world=right.landmarks_world * (-1, 1, 1),
    )
    looks = made.looks()
    points = looks.points.copy()
    points[..., 0] = CAMERA.width - 1 - points[..., 0]
    one = FusedEstimator(HAND, None, FakeSecond([looks]))
    other = FusedEstimator(HAND, None, FakeSecond([replace(looks, points=points)]))
    (a,) = one.estimate(IMAGE, [_hand(right)], CAMERA, 0.0)
    (b,) = other.estimate(IMAGE, [_hand(left)], mirror_camera(CAMERA), 0.0)
    np.testing.assert_allclose(a.pose, b.pose, atol=1e-3)
    np.testing.assert_allclose(a.translation, b.translation, atol=1e-4)


def test_more_witnesses_leave_less_doubt():
    made = Made(1)
    sigmas = []
    for left_out in ((SECOND, NETWORK), (NETWORK,), ()):
        (estimate,) = _estimator(made, left_out).estimate(
            IMAGE, [_hand(made.detection())], CAMERA, 0.0
        )
        sigmas.append(np.median(estimate.joint_sigma))
    assert sigmas[0] > sigmas[1] > sigmas[2]


def test_contradiction_makes_a_hand_unsure_and_agreement_sure_again():
    made, other = Made(0), Made(8)
    liar = other.looks()
    shifted = liar.points + np.array([60.0, 40.0, 0.0])
    second = FakeSecond([made.looks()])
    estimator = FusedEstimator(HAND, None, second)
    hand = _hand(made.detection())
    moment = 0.0

    def unsure(frames: int) -> bool:
        nonlocal moment
        for _ in range(frames):
            moment += 1 / 30
            (estimate,) = estimator.estimate(IMAGE, [hand], CAMERA, moment)
        return estimate.is_unsure

    assert not unsure(5)
    second.looks = [replace(liar, points=shifted)]
    assert not unsure(1)  # a single frame says nothing
    assert unsure(6)
    second.looks = [made.looks()]
    assert not unsure(15)


@pytest.mark.parametrize("liar", [DETECTOR, SECOND, NETWORK])
def test_of_three_the_one_that_contradicts_in_a_point_is_not_believed(liar):
    shares = []
    for seed in range(5):
        made = Made(seed)
        truth = project(made.joints, CAMERA)
        side = np.ptp(truth, axis=0).max()
        off = np.zeros((21, 2))
        off[8] = 0.1 * side * np.array([0.6, 0.8])  # the index finger's tip
        tips = []
        for lie in (0.0, 1.0):
            detection, looks, network = made.detection(), made.looks(), FakeNetwork(made)
            if liar == DETECTOR:
                moved = (detection.landmarks_2d + lie * off).astype(np.float32)
                detection = replace(detection, landmarks_2d=moved)
            if liar == SECOND:
                looks = replace(looks, points=looks.points + np.pad(lie * off, ((0, 0), (0, 1))))
            network.off = lie * off if liar == NETWORK else network.off
            estimator = FusedEstimator(HAND, network, FakeSecond([looks]))
            (it,) = estimator.estimate(IMAGE, [_hand(detection)], CAMERA, 0.0)
            joints = FastHandLayer(HAND).joints(it.pose, it.shape, it.translation)
            tips.append(project(joints, CAMERA)[8])
        shares.append(np.linalg.norm(tips[1] - tips[0]) / np.linalg.norm(off[8]))
    assert np.mean(shares) < 0.15


def test_in_the_image_nobody_is_taken_for_better_than_the_detector():
    # The network learned real hands from labels that the two others made.
    detector, second, network = WitnessStatistics.load().image
    assert (detector <= second).all()
    assert (second <= network).all()


def test_a_witness_that_sees_no_hand_is_not_heard():
    made = Made(2)
    absent = replace(made.looks(), points=made.looks().points + 300.0, presence=np.zeros(2))
    (alone,) = FusedEstimator(HAND).estimate(IMAGE, [_hand(made.detection())], CAMERA, 0.0)
    (both,) = FusedEstimator(HAND, None, FakeSecond([absent])).estimate(
        IMAGE, [_hand(made.detection())], CAMERA, 0.0
    )
    np.testing.assert_allclose(alone.pose, both.pose, atol=1e-6)


def test_a_hand_keeps_its_size():
    """Poses change from frame to frame; after a second bones stay within one per cent."""
    shape = np.random.default_rng(5).normal(scale=0.7, size=10)
    rng = np.random.default_rng(6)
    lengths = []
    estimator = None
    layer = FastHandLayer(HAND)
    for frame in range(60):
        made = Made(100 + frame % 12, shape)
        looks = made.looks()
        side = np.ptp(looks.points[0, :, 0])
        noise = rng.normal(scale=(0.02 * side, 0.02 * side, 0.05 * side), size=(21, 3))
        second = FakeSecond([replace(looks, points=looks.points + noise)])
        if estimator is None:
            estimator = FusedEstimator(HAND, None, second)
        estimator.second = second
        (estimate,) = estimator.estimate(IMAGE, [_hand(made.detection())], CAMERA, frame / 30)
        joints = layer.joints(estimate.pose, estimate.shape, estimate.translation)
        lengths.append(np.linalg.norm(joints[9] - joints[0]))
    settled = np.array(lengths[30:])
    assert np.ptp(settled) / settled.mean() < 0.02


def test_what_cannot_be_left_out_is_refused():
    with pytest.raises(UserError, match="no witness"):
        FusedEstimator(HAND, leave_out=("nobody",))
    with pytest.raises(UserError, match="keep one"):
        FusedEstimator(HAND, leave_out=(DETECTOR,))


def test_relatives_do_not_count_twice():
    """Two witnesses whose errors go together know little more than one."""
    made, statistics = Made(4), WitnessStatistics.load()
    detection = made.detection()
    first = from_detection(detection.landmarks_2d, detection.landmarks_world)
    second = from_looks(made.looks())
    one = evidence([second], statistics, CAMERA, 3.0).ray_weights.sum()
    two = evidence([first, second], statistics, CAMERA, 3.0).ray_weights.sum()
    assert two < 1.6 * one


def test_damaged_statistics_are_refused(tmp_path):
    file = tmp_path / "witnesses.npz"
    with pytest.raises(UserError, match=r"witnesses\.npz"):
        WitnessStatistics.load(file)
    np.savez(file, markers=np.zeros((3, 21, 3)))
    with pytest.raises(UserError, match=r"witnesses\.npz: image is missing"):
        WitnessStatistics.load(file)
