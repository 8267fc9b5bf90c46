"""What objectives have in common."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from hands3c_core.data.batch import SampleBatch
from hands3c_core.models import HandNetwork, HandPrediction


class Objective(Protocol):
    """Loss terms of a batch."""

    def __call__(
        self,
        network: HandNetwork,
        regressed: Any,
        prediction: HandPrediction,
        batch: SampleBatch,
    ) -> dict[str, Tensor]:
        """Weighted scalar terms by name, in float32 at least; their sum is minimised.

        Args:
            network: in training.
            regressed: what ``network.regress`` said of the batch.
            prediction: what ``network.complete`` made of that.
            batch: crops and labels.
        """
        ...


def masked_mean(errors: Tensor, mask: Tensor) -> Tensor:
    """The mean over the batch of each sample's mean error where ``mask`` is set.

    A sample without anything labelled counts as 0, so that all samples of a mixture count alike and
    the gradient is the mean over any split of the batch.

    Args:
        errors: (B, ...).
        mask: (B, ...) bool or 0 and 1, same shape.
    """
    mask = mask.to(errors.dtype)
    # What is not labelled may be anything, infinite too.
    kept = torch.where(mask > 0, errors, 0.0).flatten(1).sum(dim=1)
    return (kept / mask.flatten(1).sum(dim=1).clamp(min=1.0)).mean()
