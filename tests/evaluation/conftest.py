"""A small dataset of hands with labels, and predictors that are wrong by known amounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest

from hands3c_core.data import CorruptSample, HandDataset, HandSample, ValidLabels
from hands3c_core.evaluation import PredictedHand
from hands3c_core.hand_model import FastHandLayer, load_hand_model


class Hands(HandDataset):
    """Posed hands at 60 cm, every third one a left hand; ``broken`` ones cannot be read."""

    kind: ClassVar[str] = "hands"

    def __init__(self, count: int = 6, broken: Sequence[int] = (), metric: bool = True) -> None:
        super().__init__(256)
        self.broken = broken
        self.metric = metric
        self.samples = [make_sample(seed, metric) for seed in range(count)]

    def __len__(self) -> int:
        return len(self.samples)

    def read(self, index: int) -> HandSample:
        if index in self.broken:
            raise CorruptSample(f"number {index} is broken")
        return self.samples[index]


def make_sample(seed: int, metric: bool = True) -> HandSample:
    rng = np.random.default_rng(seed)
    layer = FastHandLayer(load_hand_model("hand_mano778"))
    pose, shape = rng.normal(size=(16, 3)) * 0.2, rng.normal(size=10)
    vertices, joints = layer(pose, shape)
    root = np.array([0.01, 0.02, 0.6], np.float32)
    relative = (joints - joints[0]).astype(np.float32)
    camera = np.array([[500, 0, 128], [0, 500, 128], [0, 0, 1]], np.float32)
    projected = (relative + root) @ camera.T
    every = np.ones(21, bool)
    return HandSample(
        crop=rng.integers(0, 255, (256, 256, 3), dtype=np.uint8),
        joints_2d=(projected[:, :2] / projected[:, 2:]).astype(np.float32),
        joints_3d=relative,
        is_right=seed % 3 != 2,
        valid=ValidLabels(every, every, True, True, True, metric),
        name=f"hand/{seed}",
        vertices=(vertices - joints[0]).astype(np.float32),
        pose=pose.astype(np.float32),
        shape=shape.astype(np.float32),
        root=root,
        intrinsics=camera,
    )


class Guess:
    """Predicts the labels, changed by a function; ``misses`` finds no hand in these names."""

    name = "guess"
    input_size = 256

    def __init__(
        self,
        change: Callable[[PredictedHand], PredictedHand] = lambda hand: hand,
        misses: Sequence[str] = (),
    ) -> None:
        self.change = change
        self.misses = misses
        self.batches: list[int] = []

    def predict(self, samples: Sequence[HandSample]) -> list[PredictedHand | None]:
        self.batches.append(len(samples))
        return [
            None
            if sample.name in self.misses
            else self.change(
                PredictedHand(sample.joints_3d + 0.5, sample.joints_2d, sample.vertices + 0.5)
            )
            for sample in samples
        ]

    def cost(self) -> dict[str, float | None]:
        return {"params": 7.0, "flops": None}


@pytest.fixture
def make_hands() -> Callable[..., Hands]:
    return Hands


@pytest.fixture
def make_guess() -> Callable[..., Guess]:
    return Guess


@pytest.fixture
def moved() -> Callable[..., PredictedHand]:
    """Prediction with 3D points passed through a function."""

    def move(hand: PredictedHand, points: Callable[[np.ndarray], np.ndarray]) -> PredictedHand:
        vertices = None if hand.vertices is None else points(hand.vertices)
        return replace(hand, joints_3d=points(hand.joints_3d), vertices=vertices)

    return move
