"""Heatmaps and 2D joints from the attended feature map."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hands3c_core.conventions import NUM_JOINTS
from hands3c_core.models.fpn import FEATURE_CHANNELS
from hands3c_core.models.residual import PreActivationResidual


class HourglassLevel(nn.Module):
    """One level of the hourglass: a skip unit beside pool -> unit -> inner level -> unit -> double.

    Args:
        channels: of all maps.
        depth: levels from here on, at least 1; the innermost level has a unit as its inner part.
    """

    def __init__(self, channels: int, depth: int) -> None:
        super().__init__()
        self.skip = PreActivationResidual(channels)
        self.down = PreActivationResidual(channels)
        self.inner: nn.Module = (
            HourglassLevel(channels, depth - 1) if depth > 1 else PreActivationResidual(channels)
        )
        self.up = PreActivationResidual(channels)

    def forward(self, features: Tensor) -> Tensor:
        """(B, channels, h, w) -> the same shape; h and w must be multiples of 2 ** depth."""
        low = self.down(F.max_pool2d(features, kernel_size=2))
        low = self.up(self.inner(low))
        return self.skip(features) + F.interpolate(low, scale_factor=2.0, mode="nearest")


class HeatmapOutput(NamedTuple):
    """What ``HeatmapHead`` returns."""

    heatmaps: Tensor
    """(B, 21, h, w) probabilities; each map sums to 1."""
    joints_2d: Tensor
    """(B, 21, 2) expected position (u, v) in [0, 1]."""
    encoding: Tensor
    """(B, 256, h, w) the map that the heatmaps were read from."""


class HeatmapHead(nn.Module):
    """Hourglass, residual unit, 1x1 block, and one heatmap per joint.

    H_j = softmax(t_j s_j) over the h x w cells, with scores s_j and a learned temperature t_j, and
    (u_j, v_j) = sum over cells of H_j times the cell's centre ((column + 0.5) / w,
    (row + 0.5) / h). Source: HandS3C, section 2.3; soft-argmax: Sun et al. (ECCV 2018).

    Args:
        channels: of the map.
        joints: number of heatmaps.
        depth: levels of the hourglass; with 0 there is a residual unit in its place, and what
            joins distant places is the attention before it.
    """

    HOURGLASS_DEPTH = 2

    def __init__(
        self,
        channels: int = FEATURE_CHANNELS,
        joints: int = NUM_JOINTS,
        depth: int = HOURGLASS_DEPTH,
    ) -> None:
        super().__init__()
        self.hourglass: nn.Module = (
            HourglassLevel(channels, depth) if depth else PreActivationResidual(channels)
        )
        self.residual = PreActivationResidual(channels)
        self.conv = nn.Conv2d(channels, channels, kernel_size=1)
        self.norm = nn.BatchNorm2d(channels)
        self.score = nn.Conv2d(channels, joints, kernel_size=1)
        self.temperature = nn.Parameter(torch.ones(joints, 1))

    def forward(self, features: Tensor) -> HeatmapOutput:
        """(B, 256, h, w), h and w multiples of 4 -> heatmaps, joints and encoding."""
        encoding = self.residual(self.hourglass(features))
        encoding = F.leaky_relu(self.norm(self.conv(encoding)))
        scores = self.score(encoding)
        heatmaps = (scores.flatten(2) * self.temperature).softmax(dim=-1).view_as(scores)
        return HeatmapOutput(heatmaps, soft_argmax(heatmaps), encoding)


def soft_argmax(heatmaps: Tensor) -> Tensor:
    """Expected position (B, J, 2) in [0, 1] as (u, v) of heatmaps (B, J, h, w) that sum to 1."""
    rows, columns = (cell_centers(size, heatmaps) for size in heatmaps.shape[-2:])
    u = (heatmaps.sum(dim=2) * columns).sum(dim=-1)
    v = (heatmaps.sum(dim=3) * rows).sum(dim=-1)
    return torch.stack((u, v), dim=-1)


def cell_centers(count: int, like: Tensor) -> Tensor:
    """(count,) centres of ``count`` equal cells of [0, 1], with the type and device of ``like``."""
    return (torch.arange(count, dtype=like.dtype, device=like.device) + 0.5) / count
