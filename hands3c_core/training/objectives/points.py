"""SAR's loss: points where the image shows them, and a smooth mesh between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from hands3c_core.conventions import NUM_JOINTS
from hands3c_core.data.batch import SampleBatch
from hands3c_core.hand_model import HandLayer
from hands3c_core.models import HandNetwork, HandPrediction
from hands3c_core.models.sar import DEPTH_UNIT
from hands3c_core.training.objectives.base import masked_mean
from hands3c_core.training.partial import PartialTargets, make_targets


@dataclass(frozen=True, slots=True)
class SarWeights:
    """Weights of SAR's terms (its specification)."""

    uvd: float = 1.0
    normal: float = 0.1
    edge: float = 1.0


@dataclass(frozen=True, slots=True)
class PointTargets:
    """Vertices, then joints, of B hands where the image shows them: V + 21 keypoints."""

    uvd: Tensor
    """(B, V + 21, 3) u and v from -1 to 1 over the crop (px / (S/2) - 1), and depth behind the
    wrist in ``DEPTH_UNIT``."""
    known: Tensor
    """(B, V + 21, 3) bool: which of these numbers are labelled."""
    has_mesh: Tensor
    """(B,) bool: all of the mesh is."""


def make_point_targets(batch: SampleBatch, layer: HandLayer) -> PointTargets:
    """Targets from a batch.

    The mesh of a sample with pose and shape is the posed hand's; it is projected where the camera
    is known. Joints are labelled in the image by themselves. Depth counts in true scale only.
    """
    partial = make_targets(batch, layer)
    kind = partial.vertices.dtype
    has_vertices = partial.has_vertices.bool()
    places, has_mesh = vertex_places(batch, partial)
    uv = torch.cat((places, partial.joints_2d.to(kind)), dim=1) * 2 - 1
    depths = torch.cat((partial.vertices[..., 2:], partial.joints_3d[..., 2:]), dim=1) / DEPTH_UNIT
    metric_joints = partial.has_joints_3d.bool() & partial.is_metric.bool()[:, None]
    every_vertex = (len(batch), partial.vertices.shape[1])
    uv_known = torch.cat(
        (has_mesh[:, None].expand(every_vertex), partial.has_joints_2d.bool()), dim=1
    )
    depth_known = torch.cat((has_vertices[:, None].expand(every_vertex), metric_joints), dim=1)
    return PointTargets(
        torch.cat((uv, depths), dim=-1),
        torch.stack((uv_known, uv_known, depth_known), dim=-1),
        has_mesh,
    )


def vertex_places(batch: SampleBatch, partial: PartialTargets) -> tuple[Tensor, Tensor]:
    """Where the labelled mesh is seen: (B, V, 2) u, v over the crop's side, and (B,) bool whether
    it is known, mesh and camera both."""
    kind = partial.vertices.dtype
    is_seen = partial.has_vertices.bool() & batch.has_camera
    in_camera = partial.vertices + batch.root.to(kind)[:, None]
    seen = in_camera @ batch.intrinsics.to(kind).transpose(1, 2)
    depth = torch.where(is_seen[:, None, None], seen[..., 2:], 1.0)
    return seen[..., :2] / depth / batch.crops.shape[1], is_seen


class PointObjective:
    """For each stage: the mean absolute error of u, v and depth over all keypoints, plus

        normal  0.1 mean |cos(predicted edge, true normal of its face)|
        edge    1.0 mean |predicted - true length| of the faces' edges

    all in the normalised coordinates of ``PointTargets``; stages are added. Labels may be partial:
    the first term is over what is known, the others over samples whose whole mesh is.

    Args:
        weights: of the terms.
    """

    def __init__(self, weights: SarWeights) -> None:
        self.weights = weights

    def __call__(
        self,
        network: HandNetwork,
        regressed: Any,
        prediction: HandPrediction,
        batch: SampleBatch,
    ) -> dict[str, Tensor]:
        """See ``base.Objective``."""
        targets = make_point_targets(batch, network.hand_layer)
        faces = torch.as_tensor(network.hand.faces, dtype=torch.int64, device=targets.uvd.device)
        totals = {name: targets.uvd.new_zeros(()) for name in ("uvd", "normal", "edge")}
        for stage in regressed.stages:
            uvd = stage.uvd.to(targets.uvd.dtype)
            totals["uvd"] = totals["uvd"] + masked_mean((uvd - targets.uvd).abs(), targets.known)
            normal, edge = mesh_errors(
                uvd[:, :-NUM_JOINTS], targets.uvd[:, :-NUM_JOINTS], faces, targets.has_mesh
            )
            totals["normal"] = totals["normal"] + normal
            totals["edge"] = totals["edge"] + edge
        return {name: getattr(self.weights, name) * total for name, total in totals.items()}


def mesh_errors(
    vertices: Tensor, truth: Tensor, faces: Tensor, has_mesh: Tensor
) -> tuple[Tensor, Tensor]:
    """Mean cosine of edges with the true normals of their faces, and mean error of their lengths.

    Args:
        vertices: (B, V, 3) predicted.
        truth: (B, V, 3).
        faces: (F, 3).
        has_mesh: (B,) bool: which samples count.
    """
    corners, true_corners = vertices[:, faces], truth[:, faces]  # (B, F, 3, 3)
    edges, true_edges = (c.roll(-1, dims=2) - c for c in (corners, true_corners))
    normals = torch.linalg.cross(true_edges[:, :, 0], true_edges[:, :, 1], dim=-1)
    normals = F.normalize(normals, dim=-1)[:, :, None]
    cosines = (F.normalize(edges, dim=-1) * normals).sum(dim=-1).abs()
    lengths, true_lengths = _length(edges), _length(true_edges)
    mask = has_mesh[:, None, None].expand_as(cosines)
    return masked_mean(cosines, mask), masked_mean((lengths - true_lengths).abs(), mask)


def _length(edges: Tensor) -> Tensor:
    """Norm with a finite gradient at zero."""
    return edges.square().sum(dim=-1).clamp(min=1e-12).sqrt()
