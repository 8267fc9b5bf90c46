"""The spatial-aware parts that SAR and SMR are made of.

Source: the specification of SAR (spatial-aware regression of 3D hand meshes) and of SMR's use of
it, as docs/models.md repeats them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hands3c_core.conventions import NUM_JOINTS

#: Feature maps of the encoder that each keypoint owns.
MAPS_PER_POINT = 8
#: Negative slope of the activations.
SLOPE = 0.1
#: Keeps a row of the adjacency whose sum is zero from dividing by it.
_ROW_EPSILON = 1e-5


class SpatialInitialGraph(nn.Module):
    """Eight maps of the encoder for each node of a graph, flattened: SAR's SAIGB.

    Args:
        nodes: N.
        channels: of the encoder's maps.
    """

    def __init__(self, nodes: int, channels: int) -> None:
        super().__init__()
        self.nodes = nodes
        self.conv = nn.Conv2d(channels, MAPS_PER_POINT * nodes, kernel_size=1)

    def forward(self, features: Tensor, positions: Tensor | None = None) -> Tensor:
        """Maps (B, C, h, w), and (N, 3) positions of the nodes in metres or None -> nodes
        (B, N, 8 h w + 3), without the 3 where there are no positions."""
        maps = F.leaky_relu(self.conv(features), SLOPE)
        nodes = maps.reshape(len(maps), self.nodes, -1)
        if positions is None:
            return nodes
        places = positions.to(nodes.dtype).expand(len(nodes), -1, -1)
        return torch.cat((nodes, places), dim=-1)


class AdaptiveGraphConv(nn.Module):
    """Linear layer over nodes mixed by a dense adjacency matrix that is learned, at first the
    identity: y = W (L x) + b with L = A over (its row sums + 1e-5).

    Args:
        nodes: N.
        features: of a node.
        out_features: of a node afterwards.
    """

    def __init__(self, nodes: int, features: int, out_features: int) -> None:
        super().__init__()
        self.adjacency = nn.Parameter(torch.eye(nodes))
        self.linear = nn.Linear(features, out_features)

    def forward(self, nodes: Tensor) -> Tensor:
        """(B, N, features) -> (B, N, out_features)."""
        mixing = self.adjacency / (self.adjacency.sum(dim=1, keepdim=True) + _ROW_EPSILON)
        return self.linear(mixing @ nodes)


class LowRankGraphConv(nn.Module):
    """``AdaptiveGraphConv`` for many nodes at a small size: y = W (x + U (V^T x) / sqrt(N)) + b.

    A hand of 778 vertices has 605,284 entries in a dense adjacency, and 99,584 here with rank 64.
    Rows are not divided by their sums, which would come near zero on the way. U is small at first.

    Args:
        nodes: N.
        features: of a node.
        out_features: of a node afterwards.
        rank: columns of U and V.
    """

    def __init__(self, nodes: int, features: int, out_features: int, rank: int) -> None:
        super().__init__()
        self.spread = nn.Parameter(torch.randn(nodes, rank) * 0.001)
        self.gather = nn.Parameter(torch.randn(rank, nodes) * nodes**-0.5)
        self.linear = nn.Linear(features, out_features)

    def forward(self, nodes: Tensor) -> Tensor:
        """(B, N, features) -> (B, N, out_features)."""
        return self.linear(nodes + self.spread @ (self.gather @ nodes))


@dataclass(frozen=True, slots=True)
class GraphShape:
    """Size of a branch's graph convolutions; these are SAR's."""

    width: int | None = None
    """Features of a node between the two; None for as many as its map has cells."""
    rank: int | None = None
    """Of the adjacency; None for a dense one."""

    def convolution(self, nodes: int, features: int, out_features: int) -> nn.Module:
        """One graph convolution."""
        if self.rank is None:
            return AdaptiveGraphConv(nodes, features, out_features)
        return LowRankGraphConv(nodes, features, out_features, self.rank)


DENSE = GraphShape()


class GraphBranch(nn.Module):
    """Two graph convolutions from nodes to one square map each.

    Args:
        nodes: N.
        features: of a node.
        side: cells a side of the maps.
        shape: of the convolutions.
    """

    def __init__(self, nodes: int, features: int, side: int, shape: GraphShape = DENSE) -> None:
        super().__init__()
        self.side = side
        width = shape.width or side * side
        self.first = shape.convolution(nodes, features, width)
        self.dropout = nn.Dropout(0.5)
        self.second = shape.convolution(nodes, width, side * side)
        # Almost flat maps at the start: every point near the crop's middle, at the wrist's depth.
        last = self.second.linear
        assert isinstance(last, nn.Linear)
        nn.init.normal_(last.weight, std=0.001)
        nn.init.zeros_(last.bias)

    def forward(self, nodes: Tensor) -> Tensor:
        """(B, N, features) -> (B, N, side^2)."""
        return self.second(self.dropout(F.leaky_relu(self.first(nodes), SLOPE)))


class BeliefMaps(NamedTuple):
    """What ``BeliefRegressor`` says of K keypoints: the nodes, then the joints."""

    uvd: Tensor
    """(B, K, 3) u and v from -1 to just under 1 over the crop, and depth in the head's unit."""
    heat: Tensor
    """(B, 21, side, side) probabilities of the joints; each map sums to 1."""
    depth: Tensor
    """(B, 21, side, side) their depth maps: probability times depth, summing to d."""


class BeliefRegressor(nn.Module):
    """Graph-based belief maps, SAR's GBBMR: nodes -> u, v and depth of nodes and joints.

        P = softmax(t H) over the cells, with a learned temperature t for each keypoint
        (u, v) = sum of P times the cell's place, (0 .. side-1) / (side/2) - 1
        M = P D,  d = sum of M

    with maps H and D from two branches of equal build. The joints' maps are linear in the nodes',
    unless the nodes are the joints.

    Args:
        nodes: N.
        features: of a node.
        side: cells a side of the maps.
        regresses_joints: make 21 further maps for the joints; otherwise the nodes are the joints.
        shape: of the graph convolutions.
    """

    def __init__(
        self,
        nodes: int,
        features: int,
        side: int,
        *,
        regresses_joints: bool = True,
        shape: GraphShape = DENSE,
    ) -> None:
        super().__init__()
        self.side = side
        self.heat = GraphBranch(nodes, features, side, shape)
        self.depth = GraphBranch(nodes, features, side, shape)
        self.joint_heat = self.joint_depth = None
        if regresses_joints:
            self.joint_heat = nn.Linear(nodes, NUM_JOINTS)
            self.joint_depth = nn.Linear(nodes, NUM_JOINTS)
        keypoints = nodes + NUM_JOINTS * regresses_joints
        self.temperature = nn.Parameter(torch.ones(keypoints, 1))

    def start_as_published(self) -> None:
        """SAR's start: temperatures uniform from -1 to 1, and torch's usual layers, where ours
        begin with flat maps."""
        nn.init.uniform_(self.temperature, -1.0, 1.0)
        for branch in (self.heat, self.depth):
            branch.second.linear.reset_parameters()  # type: ignore[operator, union-attr]

    def forward(self, nodes: Tensor) -> BeliefMaps:
        """(B, N, features) -> maps and points, in float32 at least."""
        heat = _with_joints(self.heat(nodes), self.joint_heat)
        depth = _with_joints(self.depth(nodes), self.joint_depth)
        # Half precision would place a point to a few pixels only.
        kind = torch.promote_types(heat.dtype, torch.float32)
        belief = (heat.to(kind) * self.temperature).softmax(dim=-1)
        depth_maps = belief * depth.to(kind)
        cells = torch.arange(self.side, dtype=kind, device=heat.device) / (self.side / 2) - 1
        plane = belief.unflatten(-1, (self.side, self.side))
        u = (plane.sum(dim=2) * cells).sum(dim=-1)
        v = (plane.sum(dim=3) * cells).sum(dim=-1)
        uvd = torch.stack((u, v, depth_maps.sum(dim=-1)), dim=-1)
        joint_depth = depth_maps[:, -NUM_JOINTS:].unflatten(-1, (self.side, self.side))
        return BeliefMaps(uvd, plane[:, -NUM_JOINTS:], joint_depth)


def _with_joints(maps: Tensor, joints: nn.Linear | None) -> Tensor:
    """(B, N, cells) -> the same, followed by the joints' maps (B, 21, cells)."""
    if joints is None:
        return maps
    return torch.cat((maps, joints(maps.transpose(1, 2)).transpose(1, 2)), dim=1)
