"""The training loss of HandS3C."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Protocol

import torch.nn.functional as F
from torch import Tensor

from hands3c_core.hand_model import HandLayer, axis_angle_to_matrix


@dataclass(frozen=True, slots=True)
class LossWeights:
    """Weights of the five terms of HandS3C's loss (the published configuration), and of what
    labels beyond the published ones add (see ``partial``)."""

    vertices: float = 1e4
    joints_3d: float = 1e4
    pose: float = 10.0
    shape: float = 0.1
    joints_2d: float = 100.0
    projection: float = 0.0
    """Of the 3D joints seen from the camera against the 2D labels; not in the paper."""
    heatmap: float = 0.0
    """Of the heatmaps against spots around the 2D labels; not in the paper."""
    local: float = 0.0
    """Of the 3D joints in the hand's own frame, that is without the global rotation; not in the
    paper."""
    robust: float | None = None
    """Metres beyond which errors of 3D points count linearly instead of by their squares; None for
    squares throughout, as in the paper."""
    points: float = 0.0
    """Of a lite network's points in the crop and their depths; not in the paper."""
    witness: float = 0.0
    """Of the landmarks of a lite network's trunk, the same."""
    uncertainty: float = 0.0
    """Of what a lite network says of its points' errors; not in the paper."""
    non_metric: float = 0.1
    """Factor of pose and 3D terms of samples whose labels have no trusted scale."""


@dataclass(frozen=True, slots=True)
class HandTargets:
    """Ground truth of a batch of B crops of right (or mirrored) hands."""

    pose: Tensor
    """(B, 16, 3) axis-angle in rad, rows 1..15 relative to the hand model's mean pose."""
    shape: Tensor
    """(B, 10) shape coefficients."""
    joints_2d: Tensor
    """(B, 21, 2) joints (u, v) in [0, 1] of the crop."""
    joints_3d: Tensor
    """(B, 21, 3) metres, in the hand layer's frame (no camera translation)."""
    vertices: Tensor
    """(B, V, 3) metres, in the same frame."""


@dataclass(frozen=True, slots=True)
class HandLosses:
    """The weighted terms of the loss, scalars."""

    vertices: Tensor
    joints_3d: Tensor
    pose: Tensor
    shape: Tensor
    joints_2d: Tensor
    projection: Tensor
    heatmap: Tensor
    local: Tensor

    def total(self) -> Tensor:
        """Their sum, the quantity that is minimised."""
        five = self.vertices + self.joints_3d + self.pose + self.shape + self.joints_2d
        return five + self.projection + self.heatmap + self.local

    def as_dict(self) -> dict[str, Tensor]:
        """Terms by name, for logs."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class Predicted(Protocol):
    """The outputs that the loss looks at; ``HandPrediction`` has them."""

    @property
    def rotations(self) -> Tensor: ...
    @property
    def shape(self) -> Tensor: ...
    @property
    def heatmaps(self) -> Tensor: ...
    @property
    def joints_2d(self) -> Tensor: ...
    @property
    def joints_3d(self) -> Tensor: ...
    @property
    def vertices(self) -> Tensor: ...


def posed_targets(layer: HandLayer, pose: Tensor, shape: Tensor, joints_2d: Tensor) -> HandTargets:
    """Targets whose 3D joints and vertices are those of the hand model, as in the published
    training (its annotated joints are not used in 3D).

    Args:
        layer: the network's hand layer.
        pose: (B, 16, 3) or (B, 48) axis-angle in rad.
        shape: (B, 10).
        joints_2d: (B, 21, 2) in [0, 1] of the crop.
    """
    pose = pose.reshape(len(pose), -1, 3)
    posed = layer(pose, shape)
    return HandTargets(pose, shape, joints_2d, posed.joints, posed.vertices)


def hand_losses(
    prediction: Predicted, targets: HandTargets, weights: LossWeights | None = None
) -> HandLosses:
    """HandS3C's loss (Jiao et al., ICASSP 2025, eq. 4): five weighted mean squared errors.

    Every term is the mean over all numbers of the batch: vertices and joints in metres, pose as
    the nine entries of each rotation matrix (without the mean pose), shape coefficients, and 2D
    joints in units of the crop's side. Differentiable in the prediction.
    """
    weights = weights or LossWeights()
    rotations = axis_angle_to_matrix(targets.pose)
    return HandLosses(
        vertices=weights.vertices * F.mse_loss(prediction.vertices, targets.vertices),
        joints_3d=weights.joints_3d * F.mse_loss(prediction.joints_3d, targets.joints_3d),
        pose=weights.pose * F.mse_loss(prediction.rotations, rotations),
        shape=weights.shape * F.mse_loss(prediction.shape, targets.shape),
        joints_2d=weights.joints_2d * F.mse_loss(prediction.joints_2d, targets.joints_2d),
        projection=prediction.joints_2d.new_zeros(()),
        heatmap=prediction.joints_2d.new_zeros(()),
        local=prediction.joints_2d.new_zeros(()),
    )
