"""What knowing nothing of an image costs: the same hand for every crop."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hands3c_core.data.dataset import CorruptSample, HandDataset
from hands3c_core.data.sample import HandSample
from hands3c_core.evaluation.alignment import fit_similarity
from hands3c_core.evaluation.predictors import PredictedHand
from hands3c_core.hand_model import FastHandLayer, HandModelData

#: Samples whose mean is taken.
_LOOKED_AT = 500


class MeanHandPredictor:
    """A predictor that does not look: always the hand of mean pose and shape, turned as the hands
    of a dataset are turned on average, with their mean 2D joints. What a network says is worth no
    more than it is better than this.

    Args:
        hand: the hand model.
        dataset: whose labels are averaged; that which is measured makes it as good as it can be.
            Without labels in 3D the hand is not turned, without any in 2D it has none.
    """

    name = "mean hand"

    def __init__(self, hand: HandModelData, dataset: HandDataset) -> None:
        self.input_size = dataset.crop_size
        joints_3d, joints_2d = _means(dataset)
        vertices, joints = FastHandLayer(hand)(np.zeros((16, 3)), np.zeros(10), np.zeros(3))
        turn = np.eye(3)
        if joints_3d is not None:
            turn = fit_similarity(joints_3d, joints, reflection=False).rotation
        self._answer = PredictedHand(joints @ turn.T, joints_2d, vertices @ turn.T)

    def predict(self, samples: Sequence[HandSample]) -> list[PredictedHand | None]:
        """See ``Predictor.predict``."""
        return [self._answer] * len(samples)

    def cost(self) -> dict[str, float | None]:
        """Nothing."""
        return {"params": None, "flops": None}


def _means(dataset: HandDataset) -> tuple[np.ndarray | None, np.ndarray | None]:
    """(21, 3) wrist-relative metres and (21, 2) px of the crop, of samples with all joints."""
    count = min(len(dataset), _LOOKED_AT)
    joints_3d, joints_2d = [], []
    for index in np.linspace(0, len(dataset) - 1, count).round().astype(int):
        try:
            sample = dataset.read(int(index))
        except CorruptSample:
            continue
        if sample.valid.joints_3d.all():
            joints_3d.append(sample.joints_3d - sample.joints_3d[0])
        if sample.valid.joints_2d.all():
            joints_2d.append(sample.joints_2d)
    return _mean(joints_3d), _mean(joints_2d)


def _mean(points: list[np.ndarray]) -> np.ndarray | None:
    return np.stack(points).mean(axis=0) if points else None
