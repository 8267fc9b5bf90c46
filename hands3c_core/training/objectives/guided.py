"""Terms for what a lite network says of points in the crop."""

from __future__ import annotations

import torch
from torch import Tensor

from hands3c_core.models import HandPrediction
from hands3c_core.training.losses import LossWeights
from hands3c_core.training.partial import PartialTargets, crop_points


def point_losses(
    prediction: HandPrediction, targets: PartialTargets, weights: LossWeights
) -> dict[str, Tensor]:
    """Weighted terms of the points, the trunk's landmarks and the expected errors; empty for
    networks without points.

    Points and landmarks: mean absolute error in the crop's sides. Expected errors b: Laplace's
    negative log-likelihood log b + e / b, of errors e that do not learn from it: an uncertain
    network should not learn less.
    """
    if prediction.points is None or not weights.points:
        return {}
    assert prediction.point_sigma is not None
    assert prediction.witness is not None
    wanted, known = crop_points(targets)
    kind = wanted.dtype
    mask = (targets.has_joints_2d * targets.has_joints_3d * known[:, None])[..., None]
    count = mask.sum().clamp(min=1.0)

    def mean_error(points: Tensor) -> Tensor:
        return ((points.to(kind) - wanted).abs() * mask).sum() / (3 * count)

    terms = {"points": weights.points * mean_error(prediction.points)}
    if weights.witness:
        terms["witness"] = weights.witness * mean_error(prediction.witness)
    if weights.uncertainty:
        apart = (prediction.points.detach().to(kind) - wanted).abs()
        errors = torch.stack((apart[..., :2].mean(dim=-1), apart[..., 2]), dim=-1)
        sigma = prediction.point_sigma.to(kind)
        likelihood = (sigma.log() + errors / sigma) * mask
        terms["uncertainty"] = weights.uncertainty * likelihood.sum() / (2 * count)
    return terms
