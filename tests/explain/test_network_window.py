"""Maps are drawn where the network looked: on its own window, which follows the hand slowly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hands3c_core.estimators.network import NetworkEstimator
from hands3c_core.geometry import crop_box
from hands3c_core.models import build_model
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.types import Detection, UInt8


class MovingHand:
    """A detector's stand-in whose hand moves by some pixels with every image."""

    def __init__(self, step: float) -> None:
        self.step = step
        self.frames = 0
        rng = np.random.default_rng(0)
        self.points = rng.uniform(100, 200, (21, 2)).astype(np.float32)
        self.world = rng.normal(0, 0.05, (21, 3)).astype(np.float32)

    def detect(self, image: UInt8, timestamp_ms: float | None = None) -> list[Detection]:
        points = self.points + np.float32(self.step * self.frames)
        self.frames += 1
        return [Detection(True, 0.9, points, self.world)]

    def reset(self) -> None:
        """Nothing is remembered."""

    def close(self) -> None:
        """Nothing is held."""


def centers(estimator: NetworkEstimator | str, hand: object) -> tuple[list[float], list[float]]:
    """Of two frames: where the windows of the results are, and where the detections' would be."""
    detector = MovingHand(step=6.0)
    pipeline = HandMeshPipeline(
        estimator,
        detector=detector,  # type: ignore[arg-type]
        hand_model=hand,  # type: ignore[arg-type]
    )
    image = np.zeros((320, 320, 3), np.uint8)
    shown = [pipeline(image).hands[0].crop.center_x for _ in range(2)]
    own = [crop_box(detector.points + np.float32(6.0 * k)).center_x for k in range(2)]
    return shown, own


def test_the_window_of_a_result_is_the_one_the_network_saw():
    torch.manual_seed(0)
    network = build_model("hands3c_tiny").eval()
    steady = NetworkEstimator(network, attention=True, smoothing=0.5)
    shown, own = centers(steady, network.hand)
    assert shown[0] == pytest.approx(own[0])
    assert shown[1] == pytest.approx(own[0] + 3.0, abs=1e-3)  # half of the way
    quick, own = centers(NetworkEstimator(network, smoothing=0.0), network.hand)
    assert quick == pytest.approx(own)


def test_landmarks_keep_the_window_of_their_detection():
    shown, own = centers("landmarks", "hand_mano778")
    assert shown == pytest.approx(own)
