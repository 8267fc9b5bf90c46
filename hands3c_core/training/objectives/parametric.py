"""HandS3C's loss as an objective."""

from __future__ import annotations

from typing import Any, cast

from torch import Tensor

from hands3c_core.data.batch import SampleBatch
from hands3c_core.models import HandNetwork, HandPrediction
from hands3c_core.training.losses import LossWeights, Predicted
from hands3c_core.training.objectives.guided import point_losses
from hands3c_core.training.partial import make_targets, partial_losses


class ParametricObjective:
    """HandS3C's five terms over what is labelled; see ``partial.partial_losses``.

    Args:
        weights: of the terms.
    """

    def __init__(self, weights: LossWeights) -> None:
        self.weights = weights

    def __call__(
        self,
        network: HandNetwork,
        regressed: Any,
        prediction: HandPrediction,
        batch: SampleBatch,
    ) -> dict[str, Tensor]:
        """See ``base.Objective``."""
        targets = make_targets(batch, network.hand_layer)
        predicted = cast(Predicted, prediction)  # these networks have pose and shape
        terms = partial_losses(predicted, targets, self.weights).as_dict()
        return terms | point_losses(prediction, targets, self.weights)
