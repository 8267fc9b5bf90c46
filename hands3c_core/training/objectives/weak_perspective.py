"""Losses for SMR: full supervision, 2D labels only, and 2D labels from the landmark estimator.

SMR's own weights are not known to us; these are ours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from hands3c_core.data.batch import SampleBatch
from hands3c_core.hand_model import HandModelData, axis_angle_to_matrix
from hands3c_core.models import HandNetwork, HandPrediction, Smr
from hands3c_core.models.smr import LENGTH_UNIT, ROOT, SmrPose, SmrStageOutput
from hands3c_core.models.spatial_graph import BeliefMaps
from hands3c_core.training.objectives.base import masked_mean
from hands3c_core.training.objectives.points import vertex_places
from hands3c_core.training.partial import PartialTargets, make_targets


@dataclass(frozen=True, slots=True)
class SmrWeights:
    """Weights of SMR's terms; 0 leaves a term and its labels out."""

    vertices: float = 1.0
    joints_3d: float = 1.0
    pose: float = 1.0
    shape: float = 0.01
    joints_2d: float = 1.0
    """Of the projected 3D joints."""
    vertices_2d: float = 1.0
    """Of the projected mesh, where pose, shape and camera are labelled."""
    belief_2d: float = 1.0
    """Of the belief maps' u and v."""
    belief_depth: float = 1.0
    """Of the belief maps' depth against the 3D labels."""
    self_depth: float = 0.0
    """Of the belief maps' depth against the mesh's own joints, where there are no 3D labels."""
    pose_prior: float = 0.0
    """Of finger rotations outside the plausible range, and a little of all away from the mean."""
    shape_prior: float = 0.0
    """Of the squared shape coefficients."""


#: Nothing but 2D labels: the hand model and the priors are what makes it a hand.
WEAK = SmrWeights(
    vertices=0.0,
    joints_3d=0.0,
    pose=0.0,
    shape=0.0,
    vertices_2d=0.0,
    belief_depth=0.0,
    self_depth=1.0,
    pose_prior=1.0,
    shape_prior=0.05,
)
#: Share of ``pose_prior`` that pulls every finger rotation to the mean pose.
_TO_MEAN = 0.02
TERMS = (
    *("vertices", "joints_3d", "pose", "shape", "joints_2d", "belief_2d", "belief_depth"),
    *("vertices_2d", "self_depth", "pose_prior", "shape_prior"),
)


@dataclass(frozen=True, slots=True)
class _Labels:
    """Targets in SMR's coordinates: relative to ``ROOT``, in ``LENGTH_UNIT``; u and v -1 to 1."""

    partial: PartialTargets
    vertices: Tensor
    joints: Tensor
    has_joints: Tensor
    uv: Tensor
    rotations: Tensor
    vertices_uv: Tensor
    has_vertices_uv: Tensor


class WeakPerspectiveObjective:
    """Mean absolute errors of what every stage says; stages are added.

    Vertices and 3D joints are compared relative to the middle finger's first joint, in 0.2 m; 2D
    joints in half sides of the crop; rotations as matrices. The belief maps (both of a stage) are
    compared like SAR's, or in depth with the joints of the stage's own mesh, whose gradient they do
    not get. Labels may be partial.

    Args:
        weights: of the terms.
    """

    def __init__(self, weights: SmrWeights) -> None:
        self.weights = weights

    def __call__(
        self,
        network: HandNetwork,
        regressed: Any,
        prediction: HandPrediction,
        batch: SampleBatch,
    ) -> dict[str, Tensor]:
        """See ``base.Objective``."""
        assert isinstance(network, Smr)
        partial = make_targets(batch, network.hand_layer)
        labels = _labels(partial, *vertex_places(batch, partial))
        totals: dict[str, Tensor] = {}
        for stage in regressed.stages:
            posed = network.pose_hand(stage)
            # Labels that do not count are as good as absent.
            has_depth = labels.has_joints & (self.weights.belief_depth > 0)
            terms = _mesh_terms(posed, labels) | _belief_terms(stage, posed, labels, has_depth)
            terms |= _priors(posed, network.hand)
            for name in TERMS:
                term = getattr(self.weights, name) * terms[name]
                totals[name] = totals[name] + term if name in totals else term
        return totals


def _labels(partial: PartialTargets, places: Tensor, has_places: Tensor) -> _Labels:
    root = partial.joints_3d[:, ROOT : ROOT + 1]
    metric = partial.is_metric.bool()[:, None]
    # Without the root nothing is known relative to it.
    has_joints = partial.has_joints_3d.bool() & metric & partial.has_joints_3d[:, [ROOT]].bool()
    return _Labels(
        partial,
        vertices=(partial.vertices - root) / LENGTH_UNIT,
        joints=(partial.joints_3d - root) / LENGTH_UNIT,
        has_joints=has_joints,
        uv=2 * partial.joints_2d.to(root.dtype) - 1,
        rotations=axis_angle_to_matrix(partial.pose),
        vertices_uv=2 * places.to(root.dtype) - 1,
        has_vertices_uv=has_places,
    )


def _mesh_terms(posed: SmrPose, labels: _Labels) -> dict[str, Tensor]:
    partial = labels.partial
    root = posed.joints[:, ROOT : ROOT + 1]
    vertices = (posed.vertices - root) / LENGTH_UNIT - labels.vertices
    joints = (posed.joints - root) / LENGTH_UNIT - labels.joints
    flat = 2 * posed.joints_2d - 1 - labels.uv
    flat_mesh = 2 * posed.vertices_2d - 1 - labels.vertices_uv
    rotations = posed.rotations - labels.rotations
    metric = partial.is_metric[:, None]

    def mean(errors: Tensor, mask: Tensor) -> Tensor:
        while mask.dim() < errors.dim():
            mask = mask[..., None]
        return masked_mean(errors.abs(), mask.expand_as(errors))

    return {
        "vertices": mean(vertices, partial.has_vertices),
        "joints_3d": mean(joints, labels.has_joints),
        "joints_2d": mean(flat, partial.has_joints_2d),
        "vertices_2d": mean(flat_mesh, labels.has_vertices_uv),
        "pose": mean(rotations, partial.has_pose),
        "shape": masked_mean(
            (posed.shape - partial.shape).square(),
            (partial.has_shape[:, None] * metric).expand_as(posed.shape),
        ),
    }


def _belief_terms(
    stage: SmrStageOutput, posed: SmrPose, labels: _Labels, has_depth: Tensor
) -> dict[str, Tensor]:
    own = posed.joints.detach()
    own_depth = (own - own[:, ROOT : ROOT + 1])[..., 2] / LENGTH_UNIT
    both: tuple[BeliefMaps, ...] = (stage.guide, stage.belief)
    kind = labels.uv.dtype
    flat = [(said.uvd[..., :2].to(kind) - labels.uv).abs().sum(dim=-1) / 2 for said in both]
    deep = [(said.uvd[..., 2].to(kind) - labels.joints[..., 2]).abs() for said in both]
    self_deep = [(said.uvd[..., 2].to(kind) - own_depth).abs() for said in both]
    seen = labels.partial.has_joints_2d

    def total(errors: list[Tensor], mask: Tensor) -> Tensor:
        return torch.stack([masked_mean(each, mask) for each in errors]).sum()

    return {
        "belief_2d": total(flat, seen),
        "belief_depth": total(deep, has_depth),
        "self_depth": total(self_deep, ~has_depth),
    }


def _priors(posed: SmrPose, hand: HandModelData) -> dict[str, Tensor]:
    fingers = posed.pose[:, 1:].flatten(1)
    prior = _TO_MEAN * fingers.square().mean()
    if hand.pose_min is not None and hand.pose_max is not None:
        mean, low, high = (
            torch.as_tensor(values, dtype=fingers.dtype, device=fingers.device)
            for values in (hand.hands_mean, hand.pose_min, hand.pose_max)
        )
        angles = fingers + mean
        outside = (low - angles).clamp(min=0) + (angles - high).clamp(min=0)
        prior = prior + outside.square().mean()
    return {"pose_prior": prior, "shape_prior": posed.shape.square().mean()}
