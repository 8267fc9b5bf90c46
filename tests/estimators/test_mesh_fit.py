"""Networks that regress points: the mesh in the camera's frame, parameters fitted to it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hands3c_core.estimators.network import NetworkEstimator
from hands3c_core.geometry.camera import project
from hands3c_core.geometry.crop import apply_affine, crop_affine, crop_box
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.model_space import mirror_camera
from hands3c_core.models import HandPrediction, UvdTensors
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.types import Camera, Detection, Frame, TrackedHand

SIZE = 256
WIDTH, HEIGHT = 640, 480
CAMERA = Camera(480.0, 560.0, 310.0, 250.0, WIDTH, HEIGHT)
IMAGE = np.zeros((HEIGHT, WIDTH, 3), np.uint8)


class PointOracle:
    """A network that sees the points of prepared hands exactly."""

    name = "oracle"
    input_size = SIZE
    crop_rule = "box"
    refines = False

    def __init__(self) -> None:
        self.hand = load_hand_model("hand_mano778")
        self.layer = FastHandLayer(self.hand)
        self.points: list[np.ndarray] = []
        self.truth: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []

    def predict(self, crops: np.ndarray, *, attention: bool = False) -> HandPrediction:
        points = torch.tensor(np.stack(self.points), dtype=torch.float32)
        joints, vertices = points[:, :21], points[:, 21:]
        cells = (torch.arange(32) + 0.5) / 32
        along = [torch.exp(-((cells - joints[..., k, None]) ** 2) / (2 * 0.03**2)) for k in (0, 1)]
        maps = along[1][..., :, None] * along[0][..., None, :]
        empty = torch.zeros(len(points), 0)
        return HandPrediction(
            backbone_features=empty,
            features=empty,
            heatmaps=maps / maps.sum((2, 3), keepdim=True),
            joints_2d=joints[..., :2],
            joints_3d=joints,
            vertices=vertices,
            uvd=UvdTensors(joints, vertices),
        )

    def show(self, is_right: bool, move: tuple[float, float, float]) -> TrackedHand:
        """Put a hand before the camera; ``truth`` gets its joints, vertices (model space), pose."""
        rng = np.random.default_rng(5 + is_right)
        pose = (0.15 * rng.normal(size=(16, 3))).astype(np.float32)
        pose[0] = (1.2, -0.6, 0.4)
        vertices, joints = self.layer(pose, np.zeros(10, np.float32), np.float32(move))
        seen_by = CAMERA if is_right else mirror_camera(CAMERA)
        in_mirror = project(np.concatenate((joints, vertices)), seen_by)
        in_image = in_mirror.copy()
        if not is_right:
            in_image[:, 0] = WIDTH - 1 - in_image[:, 0]
        box = crop_box(in_image[:21])
        uv = apply_affine(crop_affine(box, SIZE, mirror=not is_right), in_image) / SIZE
        depth = np.concatenate((joints, vertices))[:, 2:] - joints[0, 2]
        self.points.append(np.hstack([uv, depth]))
        self.truth.append((joints, vertices, pose))
        detection = Detection(is_right, 0.95, in_image[:21], np.zeros((21, 3), np.float32))
        return TrackedHand(len(self.points), is_right, detection, 0)


def test_both_hands_stand_where_they_are() -> None:
    """fx and fy differ, so that a mixed-up focal length would show."""
    oracle = PointOracle()
    hands = [oracle.show(True, (0.12, 0.03, 0.5)), oracle.show(False, (0.1, -0.05, 0.65))]
    estimator = NetworkEstimator(oracle, smoothing=0.0)
    for time in (0.0, 0.03, 0.06):
        estimates = estimator.estimate(IMAGE, hands, CAMERA, time)
    for estimate, (joints, vertices, pose) in zip(estimates, oracle.truth, strict=True):
        # The distance follows from the hand's size, which a single view tells to some per cent.
        ratio = estimate.vertices[:, 2].mean() / vertices[:, 2].mean()
        assert ratio == pytest.approx(1.0, abs=0.02)
        assert np.allclose(estimate.vertices / ratio, vertices, atol=0.004)
        posed, fitted = oracle.layer(estimate.pose, estimate.shape, estimate.translation)
        assert np.linalg.norm(fitted / ratio - joints, axis=1).mean() < 0.004
        assert np.linalg.norm(posed - estimate.vertices, axis=1).mean() < 0.005
        assert np.abs(estimate.pose[0] - pose[0]).max() < 0.15
        assert estimate.confidence > 0.8
        assert estimate.vertices.dtype == np.float32


def test_impossible_points_still_give_a_hand_in_front_of_the_camera() -> None:
    """Untrained weights say anything; depths longer than a hand among them."""
    rng = np.random.default_rng(0)
    oracle = PointOracle()
    hand = oracle.show(True, (0.0, 0.0, 0.5))
    oracle.points[0] = np.hstack([rng.uniform(0, 1, (799, 2)), rng.normal(0, 2.0, (799, 1))])
    (estimate,) = NetworkEstimator(oracle).estimate(IMAGE, [hand], CAMERA, 0.0)
    assert np.isfinite(estimate.vertices).all()
    assert estimate.vertices[:, 2].min() >= 0.049
    assert np.isfinite(estimate.pose).all()
    assert estimate.confidence < 0.2


class _Detector:
    """Reports one prepared hand."""

    def __init__(self, detection: Detection) -> None:
        self.detection = detection

    def detect(self, image: np.ndarray, timestamp_ms: float) -> list[Detection]:
        return [self.detection]

    def reset(self) -> None:
        pass


@pytest.mark.parametrize("is_right", [True, False])
@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_the_pipeline_shows_the_networks_own_mesh(is_right: bool, smoothing: float) -> None:
    oracle = PointOracle()
    hand = oracle.show(is_right, (0.1, 0.0, 0.55))
    # A bump that the hand model cannot make.
    oracle.points[0][21 + 100, 2] -= 0.03
    pipeline = HandMeshPipeline(
        NetworkEstimator(oracle, smoothing=0.0),
        detector=_Detector(hand.detection),
        camera=CAMERA,
        smoothing=smoothing,
    )
    for index in range(4):
        (shown,) = pipeline.process(Frame(IMAGE, index / 30, index, 0.0)).hands
    joints, vertices, _ = oracle.truth[0]
    flip = np.float32([1 if is_right else -1, 1, 1])
    off = np.linalg.norm(shown.vertices * flip - vertices, axis=1)
    assert np.median(off) < 0.008
    bump = (shown.vertices * flip - vertices)[100, 2] - np.median(
        (shown.vertices * flip - vertices)[:, 2]
    )
    assert bump == pytest.approx(-0.03, abs=0.006)
    assert np.allclose(shown.joints_3d * flip, joints, atol=0.012)


def test_another_mesh_shows_the_fitted_hand() -> None:
    oracle = PointOracle()
    hand = oracle.show(True, (0.1, 0.0, 0.55))
    pipeline = HandMeshPipeline(
        NetworkEstimator(oracle, smoothing=0.0),
        detector=_Detector(hand.detection),
        hand_model="hand_mid",
        camera=CAMERA,
        smoothing=0.0,
    )
    (shown,) = pipeline.process(Frame(IMAGE, 0.0, 0, 0.0)).hands
    assert shown.vertices.shape == (1500, 3)
    assert np.linalg.norm(shown.joints_3d - oracle.truth[0][0], axis=1).mean() < 0.012
