"""Self-supervision: labels that the landmark estimator finds in the crops themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from hands3c_core.conventions import NUM_JOINTS
from hands3c_core.data import HandDataset, HandSample
from hands3c_core.data.sample import ValidLabels
from hands3c_core.types import Float32

if TYPE_CHECKING:
    from hands3c_core.evaluation.predictors import LandmarkPredictor


class SelfLabelled(HandDataset):
    """Another dataset's crops with no labels but the 2D joints that the landmark estimator finds.

    What the data says of pose, shape and 3D is not looked at. Each crop is looked at once in a
    process, and crops in which no hand is found have no label. The camera is kept: it is no label.

    Args:
        dataset: the crops, with whatever context the augmentation needs.
    """

    kind: ClassVar[str] = "self_labelled"

    def __init__(self, dataset: HandDataset) -> None:
        super().__init__(dataset.crop_size)
        self.dataset = dataset
        self.context = dataset.context
        self._found: dict[int, Float32 | None] = {}
        self._predictor: LandmarkPredictor | None = None

    def __len__(self) -> int:
        return len(self.dataset)

    def __getstate__(self) -> dict[str, Any]:
        # The detector belongs to its process.
        return self.__dict__ | {"_predictor": None}

    def read(self, index: int) -> HandSample:
        """See ``HandDataset.read``."""
        sample = self.dataset.read(index)
        if index not in self._found:
            self._found[index] = self._look(sample)
        joints = self._found[index]
        return replace(
            sample,
            joints_2d=np.zeros((NUM_JOINTS, 2), np.float32) if joints is None else joints,
            joints_3d=np.zeros((NUM_JOINTS, 3), np.float32),
            valid=ValidLabels(joints_2d=np.full(NUM_JOINTS, joints is not None)),
            vertices=None,
            pose=None,
            shape=None,
            parameter_model=None,
        )

    def summary(self) -> str:
        """The dataset's summary, and that its labels are not used."""
        return f"{self.dataset.summary()}; 2D joints from the landmark estimator, no other labels"

    def _look(self, sample: HandSample) -> Float32 | None:
        """(21, 2) px in the crop."""
        if self._predictor is None:
            # MediaPipe starts only where it is needed, in the process that loads.
            from hands3c_core.evaluation.predictors import LandmarkPredictor

            self._predictor = LandmarkPredictor("hand_mano778")
        (hand,) = self._predictor.predict([sample])
        if hand is None or hand.joints_2d is None:
            return None
        return np.ascontiguousarray(hand.joints_2d, np.float32)
