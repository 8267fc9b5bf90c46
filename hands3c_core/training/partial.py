"""The loss for samples of which not everything is labelled."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from hands3c_core.data.batch import SampleBatch
from hands3c_core.hand_model import HandLayer, axis_angle_to_matrix
from hands3c_core.models.heatmap_head import cell_centers
from hands3c_core.training.losses import HandLosses, LossWeights, Predicted

#: Least scale of a hand in its crop (sides of the crop per metre) that a projection may have.
_SMALLEST_SCALE = 0.5
#: Standard deviation of the spot that a heatmap should be, cells.
_SPOT = 1.0


@dataclass(frozen=True, slots=True)
class PartialTargets:
    """What is known of a batch of B crops; unknown entries hold zeros and their mask is 0."""

    joints_2d: Tensor
    """(B, 21, 2) joints (u, v) in [0, 1] of the crop."""
    joints_3d: Tensor
    """(B, 21, 3) metres, relative to the wrist."""
    vertices: Tensor
    """(B, V, 3) metres, relative to the wrist."""
    pose: Tensor
    """(B, 16, 3) axis-angle in rad, rows 1..15 relative to the mean pose."""
    shape: Tensor
    """(B, 10)"""
    has_joints_2d: Tensor
    """(B, 21) 1 where labelled exactly, less where the label is uncertain, 0 without one."""
    has_joints_3d: Tensor
    """(B, 21) the same."""
    has_vertices: Tensor
    """(B,)"""
    has_pose: Tensor
    """(B,)"""
    has_shape: Tensor
    """(B,)"""
    is_metric: Tensor
    """(B,) 0 where 3D labels are right in direction and proportion but not in scale."""


def make_targets(batch: SampleBatch, layer: HandLayer) -> PartialTargets:
    """Targets from a batch of samples.

    Samples with pose and shape of the layer's own parameters get the joints and vertices of the
    posed layer, as in the published training (annotated joints are not used in 3D there); others
    keep their annotated joints.
    """
    kind = layer.v_template.dtype
    with torch.no_grad(), torch.autocast(batch.pose.device.type, enabled=False):
        posed = layer(batch.pose.to(kind), batch.shape.to(kind))
    wrist = posed.joints[:, :1]
    is_posed = batch.has_pose & batch.has_shape
    joints = torch.where(is_posed[:, None, None], posed.joints - wrist, batch.joints_3d)
    known = batch.has_directions | is_posed[:, None]
    return PartialTargets(
        joints_2d=batch.joints_2d,
        joints_3d=joints,
        vertices=posed.vertices - wrist,
        pose=batch.pose.to(kind),
        shape=batch.shape.to(kind),
        has_joints_2d=batch.has_joints_2d.to(kind) * batch.weight_2d,
        has_joints_3d=known.to(kind) * batch.weight_3d,
        has_vertices=is_posed.to(kind),
        has_pose=batch.has_pose.to(kind),
        has_shape=batch.has_shape.to(kind),
        is_metric=batch.is_metric.to(kind),
    )


def partial_losses(
    prediction: Predicted, targets: PartialTargets, weights: LossWeights | None = None
) -> HandLosses:
    """HandS3C's loss (eq. 4) over what is labelled, in float32 at least.

    A sample's term is the mean square over its labelled numbers, 0 without any, and a batch's the
    mean over all its samples. So every sample counts alike whatever it is mixed with, the gradient
    is the mean over any split of the batch, and with everything labelled the terms are those of
    ``hand_losses`` (3D relative to the wrist here, which the shape alone moves in the hand layer's
    frame). Beyond the paper:

    * Where scale is not trusted (``is_metric`` 0), 3D targets are first brought to the size of the
      prediction, the shape is not compared, and the 3D and pose terms count
      ``weights.non_metric``.
    * ``projection`` (off by default) compares the predicted 3D joints, seen under the scaled
      orthographic projection that fits best, with the 2D labels, in units of the crop's side.
      It ties the mesh to images that have nothing but 2D labels.
    """
    weights = weights or LossWeights()
    kind = targets.joints_3d.dtype
    rotations = prediction.rotations.to(kind)
    joints = prediction.joints_3d.to(kind)
    vertices = prediction.vertices.to(kind) - joints[:, :1]
    joints = joints - joints[:, :1]
    scale = _scale_to(joints, targets)
    trust = torch.where(targets.is_metric > 0, 1.0, weights.non_metric).to(kind)
    true_joints = targets.joints_3d * scale
    true_vertices = targets.vertices * scale
    true_rotations = axis_angle_to_matrix(targets.pose)
    everywhere = targets.has_vertices[:, None].expand(-1, vertices.shape[1])
    per_rotation = targets.has_pose[:, None, None].expand(-1, *rotations.shape[1:3])
    shape_error = prediction.shape.to(kind) - targets.shape
    joints_2d = prediction.joints_2d.to(kind)
    return HandLosses(
        vertices=weights.vertices
        * (trust * _mean_square(vertices - true_vertices, everywhere, weights.robust)).mean(),
        joints_3d=weights.joints_3d
        * (
            trust * _mean_square(joints - true_joints, targets.has_joints_3d, weights.robust)
        ).mean(),
        pose=weights.pose * (trust * _mean_square(rotations - true_rotations, per_rotation)).mean(),
        shape=weights.shape
        * (targets.has_shape * targets.is_metric * shape_error.square().mean(dim=1)).mean(),
        joints_2d=weights.joints_2d
        * _mean_square(joints_2d - targets.joints_2d, targets.has_joints_2d).mean(),
        projection=weights.projection * _projection(joints, targets).mean()
        if weights.projection
        else joints.new_zeros(()),
        heatmap=weights.heatmap * _heatmap_divergence(prediction.heatmaps.to(kind), targets).mean()
        if weights.heatmap
        else joints.new_zeros(()),
        local=weights.local
        * (
            trust
            * targets.has_pose
            * _local_error(joints, true_joints, rotations, true_rotations, targets, weights)
        ).mean()
        if weights.local
        else joints.new_zeros(()),
    )


def _mean_square(error: Tensor, mask: Tensor, robust: float | None = None) -> Tensor:
    """(B,) mean over the points (B, ..., C) where ``mask`` (B, ...) is 1; 0 where it is nowhere.

    With ``robust`` the squares s are 2 r (sqrt(s + r^2) - r), which is s for small errors and grows
    linearly from r on (pseudo-Huber): hands seen the wrong way round then do not drown the others.
    """
    squares = error.square()
    if robust is not None:
        squares = 2 * robust * ((squares + robust**2).sqrt() - robust)
    points = (squares.mean(dim=-1) * mask).flatten(1).sum(dim=1)
    return points / mask.flatten(1).sum(dim=1).clamp(min=1.0)


def _local_error(
    joints: Tensor,
    true_joints: Tensor,
    rotations: Tensor,
    true_rotations: Tensor,
    targets: PartialTargets,
    weights: LossWeights,
) -> Tensor:
    """(B,) error of the wrist-relative joints, each turned back by its own global rotation."""
    ours = joints @ rotations[:, 0]
    theirs = true_joints @ true_rotations[:, 0]
    return _mean_square(ours - theirs, targets.has_joints_3d, weights.robust)


def _heatmap_divergence(heatmaps: Tensor, targets: PartialTargets) -> Tensor:
    """(B,) mean over the labelled joints inside the crop of the Kullback-Leibler divergence of the
    heatmap (B, 21, h, w) from a Gaussian spot of ``_SPOT`` cells around the label.

    The expected position alone says little to a flat map: every cell moves it by a thousandth.
    """
    height, width = heatmaps.shape[-2:]
    u, v = targets.joints_2d.unbind(-1)

    def spot(position: Tensor, cells: int) -> Tensor:
        offset = cell_centers(cells, heatmaps) - position[..., None]
        return (-0.5 * (offset * cells / _SPOT).square()).softmax(dim=-1)

    wanted = spot(v, height)[..., :, None] * spot(u, width)[..., None, :]
    ratio = wanted.clamp(min=1e-12).log() - heatmaps.clamp(min=1e-12).log()
    divergence = (wanted * ratio).sum(dim=(2, 3))
    inside = ((targets.joints_2d > 0) & (targets.joints_2d < 1)).all(dim=-1)
    mask = targets.has_joints_2d * inside
    return (divergence * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1.0)


def crop_points(targets: PartialTargets) -> tuple[Tensor, Tensor]:
    """Labels as a lite network's points: (B, 21, 3) u, v and depth behind the wrist in the crop's
    sides, and (B,) whether there are any.

    Depth takes the scale of the orthographic projection that fits joints to their places best, so
    labels without a trusted scale have it too.
    """
    mask = (targets.has_joints_2d * targets.has_joints_3d).gt(0).to(targets.joints_3d)[..., None]
    scale = _projected_scale(targets.joints_3d, targets, mask)[0]
    depth = targets.joints_3d[..., 2:] - targets.joints_3d[:, :1, 2:]
    return torch.cat((targets.joints_2d, scale * depth), dim=-1), mask[..., 0].amin(dim=1)


def _scale_to(joints: Tensor, targets: PartialTargets) -> Tensor:
    """(B, 1, 1) factor that gives targets without trusted scale the size of the prediction."""
    mask = targets.has_joints_3d[..., None]
    ours = (joints.detach() * mask).square().sum(dim=(1, 2)).sqrt()
    theirs = (targets.joints_3d * mask).square().sum(dim=(1, 2)).sqrt()
    factor = ours / theirs.clamp(min=1e-6)
    return torch.where(targets.is_metric > 0, 1.0, factor)[:, None, None]


def _projection(joints: Tensor, targets: PartialTargets) -> Tensor:
    """(B,) mean square of s (x, y) + t - (u, v), s and t in closed form for each sample."""
    scale, plane, spots = _projected_scale(joints, targets, targets.has_joints_2d[..., None])
    return _mean_square(scale.clamp(min=_SMALLEST_SCALE) * plane - spots, targets.has_joints_2d)


def _projected_scale(
    joints: Tensor, targets: PartialTargets, mask: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Scale (B, 1, 1) of the orthographic projection of joints that fits the 2D labels best, and
    both about their means (B, 21, 2), where ``mask`` (B, 21, 1) is above 0."""
    count = mask.sum(dim=1, keepdim=True).clamp(min=1e-6)

    def centered(points: Tensor) -> Tensor:
        return points - (points * mask).sum(dim=1, keepdim=True) / count

    plane, spots = centered(joints[..., :2]), centered(targets.joints_2d)
    extent = (mask * plane.square()).sum(dim=(1, 2), keepdim=True)
    scale = (mask * plane * spots).sum(dim=(1, 2), keepdim=True) / extent.clamp(min=1e-6)
    return scale, plane, spots
