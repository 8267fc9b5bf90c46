"""From heatmaps and their encoding to one vector per hand."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from hands3c_core.conventions import NUM_JOINTS
from hands3c_core.models.fpn import FEATURE_CHANNELS
from hands3c_core.models.residual import PreActivationResidual

#: Numbers in the vector that pose and shape are regressed from: 256 channels on 2 x 2 cells.
ENCODING_SIZE = 1024


class HandEncoder(nn.Module):
    """Heatmaps and encoding projected and added, then four blocks of two residual units and a
    2x2 max-pooling, down to 2 x 2 cells.

    A map of 32 cells a side (256-px input) ends at 2 x 2 by itself. One of 28 (the published
    FreiHAND network, 224 px) shrinks 28 -> 14 -> 7 -> 3 -> 1 and is doubled. Larger inputs, which
    the published code does not have, end at more cells and are averaged to 2 x 2.

    Source: HandS3C, section 2.3.

    Args:
        channels: of the maps.
        joints: number of heatmaps.
        blocks: how many blocks there are, each of which halves the map.
        side: cells a side of the last map; the vector has channels * side^2 numbers.
        input_side: cells a side of the maps that come in.
    """

    #: Blocks of the published network.
    BLOCKS = 4
    UNITS_PER_BLOCK = 2
    #: Fewest cells a side that survive the four poolings.
    SMALLEST_SIDE = 16

    def __init__(
        self,
        channels: int = FEATURE_CHANNELS,
        joints: int = NUM_JOINTS,
        blocks: int = BLOCKS,
        side: int = 2,
        input_side: int = 32,
    ) -> None:
        super().__init__()
        self._to_side = _to_side(input_side >> blocks, side)
        self.heatmap_conv = nn.Conv2d(joints, channels, kernel_size=1)
        self.encoding_conv = nn.Conv2d(channels, channels, kernel_size=1)
        self.units = nn.ModuleList(
            PreActivationResidual(channels) for _ in range(blocks * self.UNITS_PER_BLOCK)
        )

    def forward(self, heatmaps: Tensor, encoding: Tensor) -> Tensor:
        """Heatmaps (B, 21, h, w) and encoding (B, channels, h, w) -> (B, channels * side^2)."""
        features = self.heatmap_conv(heatmaps) + self.encoding_conv(encoding)
        for number, unit in enumerate(self.units, start=1):
            features = unit(features)
            if number % self.UNITS_PER_BLOCK == 0:
                features = F.max_pool2d(features, kernel_size=2)
        return self._to_side(features).flatten(1)


def _to_side(last: int, side: int) -> nn.Module:
    """What brings a map of ``last`` cells a side to ``side``: repeating or averaging."""
    if last == side:
        return nn.Identity()
    if last == side // 2:
        return nn.Upsample(scale_factor=2.0, mode="nearest")
    return nn.AdaptiveAvgPool2d(side)
