"""The network estimator around a model that knows the truth."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hands3c_core.estimators import LandmarkEstimator
from hands3c_core.estimators.base import Estimator, map_source
from hands3c_core.estimators.fused import FusedEstimator
from hands3c_core.estimators.hand_in_camera import heatmap_spread
from hands3c_core.estimators.network import NetworkEstimator
from hands3c_core.geometry.camera import default_camera, project
from hands3c_core.geometry.crop import CropRule, apply_affine, crop_affine, hand_window
from hands3c_core.geometry.turning import turn_global
from hands3c_core.hand_model import FastHandLayer, HandLayer, load_hand_model
from hands3c_core.model_space import mirror_axis_angle, mirror_camera
from hands3c_core.models import HandPrediction
from hands3c_core.pipeline_hands import make_hand
from hands3c_core.types import Camera, Detection, TrackedHand

SIZE = 256
WIDTH, HEIGHT = 640, 480


class Oracle:
    """A network that returns prepared hands whatever it sees, and remembers what it saw."""

    name = "oracle"
    input_size = SIZE
    refines = False

    def __init__(self, crop_rule: CropRule = "box") -> None:
        self.crop_rule = crop_rule
        self.hand = load_hand_model("hand_mano778")
        self.layer = HandLayer(self.hand)
        self.hands: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.spread = 0.02
        self.seen: list[np.ndarray] = []

    def predict(self, crops: np.ndarray, *, attention: bool = False) -> HandPrediction:
        self.seen.append(crops)
        pose, shape, joints_2d = (
            torch.tensor(np.stack(part), dtype=torch.float32)
            for part in zip(*self.hands, strict=True)
        )
        posed = self.layer(pose, shape)
        batch = len(pose)
        empty = torch.zeros(batch, 0)
        return HandPrediction(
            backbone_features=empty,
            features=empty,
            heatmaps=gaussians(joints_2d, self.spread),
            joints_2d=joints_2d,
            encoding=empty,
            rot6d=empty,
            rotations=empty,
            pose=pose,
            shape=shape,
            joints_3d=posed.joints,
            vertices=posed.vertices,
        )


def gaussians(centers: torch.Tensor, spread: float, side: int = 32) -> torch.Tensor:
    """(B, J, side, side) heatmaps about centres in [0, 1]."""
    cells = (torch.arange(side) + 0.5) / side
    along = [torch.exp(-((cells - centers[..., k, None]) ** 2) / (2 * spread**2)) for k in (0, 1)]
    maps = along[1][..., :, None] * along[0][..., None, :]
    return maps / maps.sum((2, 3), keepdim=True)


def scene(
    oracle: Oracle, is_right: bool, translation: tuple[float, float, float], camera: Camera
) -> TrackedHand:
    """Put a hand before the camera and prepare the oracle's answer for it."""
    rng = np.random.default_rng(int(is_right))
    pose = (0.2 * rng.normal(size=(16, 3))).astype(np.float32)
    pose[0] = (0.3, -0.4, 0.2)
    shape = (0.5 * rng.normal(size=10)).astype(np.float32)
    joints = oracle.layer(torch.tensor(pose)[None], torch.tensor(shape)[None]).joints[0].numpy()
    seen_by = camera if is_right else mirror_camera(camera)
    model_points = project(joints + np.float32(translation), seen_by)
    image_points = model_points.copy()
    if not is_right:
        image_points[:, 0] = camera.width - 1 - image_points[:, 0]
    window = hand_window(image_points, oracle.crop_rule)
    affine = crop_affine(window, SIZE, mirror=not is_right)
    # In a turned window the hand is turned back by as much (mirrored crops: the other way round).
    cos, sin = np.cos(window.angle), np.sin(window.angle) * (1 if is_right else -1)
    seen_pose = turn_global(pose, [[cos, sin, 0], [-sin, cos, 0], [0, 0, 1]])
    oracle.hands.append((seen_pose, shape, apply_affine(affine, image_points) / SIZE))
    detection = Detection(is_right, 0.95, image_points, np.zeros((21, 3), np.float32))
    return TrackedHand(1 + len(oracle.hands), is_right, detection, 0)


@pytest.fixture
def camera() -> Camera:
    return Camera(500.0, 510.0, 310.0, 250.0, WIDTH, HEIGHT)


def test_both_hands_in_one_batch(camera: Camera) -> None:
    oracle = Oracle()
    right = scene(oracle, True, (0.10, 0.02, 0.55), camera)
    left = scene(oracle, False, (0.08, -0.04, 0.70), camera)
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    estimator = NetworkEstimator(oracle, smoothing=0.0)
    estimates = estimator.estimate(image, [right, left], camera, 0.0)
    assert len(oracle.seen) == 1
    assert oracle.seen[0].shape == (2, SIZE, SIZE, 3)
    truth = [(0.10, 0.02, 0.55), (0.08, -0.04, 0.70)]
    for estimate, translation, (pose, shape, _) in zip(estimates, truth, oracle.hands, strict=True):
        assert np.allclose(estimate.translation, translation, atol=2e-4)
        assert np.allclose(estimate.pose, pose)
        assert np.allclose(estimate.shape, shape)
        assert estimate.confidence > 0.9
        assert estimate.heatmaps is not None
        assert estimate.heatmaps.shape == (21, 32, 32)
        assert estimate.pose.dtype == estimate.translation.dtype == np.float32


def test_crops_of_left_hands_are_mirrored(camera: Camera) -> None:
    oracle = Oracle()
    left = scene(oracle, False, (0.0, 0.0, 0.6), camera)
    u = np.arange(WIDTH, dtype=np.float32)
    ramp = np.broadcast_to((u / WIDTH * 255).astype(np.uint8)[None, :, None], (HEIGHT, WIDTH, 3))
    NetworkEstimator(oracle).estimate(np.ascontiguousarray(ramp), [left], camera, 0.0)
    row = oracle.seen[0][0, SIZE // 2, :, 0].astype(int)
    inside = row[row > 0]
    assert inside[0] > inside[-1]


def test_joints_return_to_where_the_landmarks_are(camera: Camera) -> None:
    """A left hand's estimate, mirrored back, projects onto its landmarks."""
    oracle = Oracle()
    left = scene(oracle, False, (0.05, 0.03, 0.5), camera)
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    estimate = NetworkEstimator(oracle).estimate(image, [left], camera, 0.0)[0]
    posed = oracle.layer(
        torch.tensor(estimate.pose)[None],
        torch.tensor(estimate.shape)[None],
        torch.tensor(estimate.translation)[None],
    )
    joints = posed.joints[0].numpy() * (-1, 1, 1)
    assert np.allclose(project(joints, camera), left.detection.landmarks_2d, atol=0.2)
    assert mirror_axis_angle(estimate.pose).shape == (16, 3)


def test_confidence_falls_with_spread_and_with_error(camera: Camera) -> None:
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)

    def confidence(spread: float, shift: float) -> float:
        oracle = Oracle()
        hand = scene(oracle, True, (0.0, 0.0, 0.5), camera)
        oracle.spread = spread
        pose, shape, joints_2d = oracle.hands[0]
        noise = shift * np.random.default_rng(0).normal(size=joints_2d.shape)
        oracle.hands[0] = pose, shape, joints_2d + noise
        return NetworkEstimator(oracle).estimate(image, [hand], camera, 0.0)[0].confidence

    sure = confidence(0.02, 0.0)
    assert sure > 0.9
    assert confidence(10.0, 0.0) < 0.1
    assert confidence(0.02, 0.1) < 0.3
    assert sure > confidence(0.06, 0.0) > confidence(0.15, 0.0)


def test_no_hands_and_reset(camera: Camera) -> None:
    oracle = Oracle()
    estimator = NetworkEstimator(oracle)
    assert isinstance(estimator, Estimator)
    assert estimator.name == "oracle"
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    assert estimator.estimate(image, [], camera, 0.0) == []
    assert not oracle.seen
    estimator.reset()


def test_spread_of_known_heatmaps() -> None:
    centers = torch.tensor([[[0.5, 0.5], [0.3, 0.6]]])
    spread = heatmap_spread(gaussians(centers, 0.08, 64)[0].numpy(), centers[0].numpy())
    assert np.allclose(spread, 0.08, atol=2e-3)
    flat = np.full((1, 32, 32), 1 / 1024, np.float32)
    assert heatmap_spread(flat, np.full((1, 2), 0.5, np.float32)) == pytest.approx(
        12**-0.5, rel=1e-2
    )


def test_default_camera_works_too() -> None:
    camera = default_camera(WIDTH, HEIGHT)
    oracle = Oracle()
    hand = scene(oracle, True, (-0.05, 0.0, 0.45), camera)
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    estimate = NetworkEstimator(oracle).estimate(image, [hand], camera, 0.0)[0]
    assert np.allclose(estimate.translation, (-0.05, 0.0, 0.45), atol=2e-4)


@pytest.mark.parametrize("rule", ["box", "upright", "published"])
def test_maps_asked_for_later_are_of_the_crops_that_were_seen(camera: Camera, rule) -> None:
    """Also where the window is sampled without averaging, as published networks see it."""
    oracle = Oracle(rule)
    hands = [
        scene(oracle, True, (0.0, 0.0, 0.22), camera),  # near: the window is averaged down
        scene(oracle, False, (0.08, -0.04, 0.70), camera),
    ]
    image = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    estimator = NetworkEstimator(oracle, heatmaps=False)
    estimates = estimator.estimate(image, hands, camera, 0.0)
    assert all(estimate.heatmaps is None for estimate in estimates)
    model = load_hand_model("hand_mano778")
    layer = FastHandLayer(model)
    made = []
    for hand, seen in zip(hands, estimates, strict=True):
        kept = (seen.pose, seen.shape, seen.translation)
        made.append(make_hand(layer, model, "oracle", hand, seen, kept, camera))
    source = map_source(estimator)
    assert source is estimator
    source.heatmaps = True
    mapped = source.with_maps(image, made)
    np.testing.assert_array_equal(oracle.seen[1], oracle.seen[0])
    assert [hand.heatmaps.shape for hand in mapped] == [(21, 32, 32)] * 2
    source.heatmaps = False
    assert all(hand.heatmaps is None for hand in source.with_maps(image, mapped))
    assert len(oracle.seen) == 2, "nothing is looked at for nothing"


def test_who_runs_no_network_gives_no_maps() -> None:
    hand = load_hand_model("hand_mano778")
    assert map_source(LandmarkEstimator(hand)) is None
    assert map_source(FusedEstimator(hand)) is None
