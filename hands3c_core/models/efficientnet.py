"""The small network's backbone: EfficientNet-Lite without normalisation layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class BlockShape:
    """One inverted residual block."""

    expanded: int
    """Channels of the depthwise convolution."""
    channels: int
    """Channels of the output."""
    kernel: int
    """Side of the depthwise kernel."""
    stride: int = 1


@dataclass(frozen=True, slots=True)
class EfficientNetShape:
    """Widths of an EfficientNet-Lite."""

    stem: int
    """Channels of the first convolution."""
    stages: tuple[tuple[BlockShape, ...], ...]
    """Blocks up to strides 2, 4, 8, 16 and 32, in that order."""
    last_expanded: int = 1152
    """Channels of the last block, which has no projection."""

    @property
    def stage_channels(self) -> tuple[int, int, int, int]:
        """Channels of the maps at strides 4, 8, 16 and 32."""
        c2, c3, c4 = (stage[-1].channels for stage in self.stages[1:4])
        return c2, c3, c4, self.last_expanded

    def blocks(self) -> Iterator[BlockShape]:
        """All blocks but the last, in order."""
        for stage in self.stages:
            yield from stage


def _shape(stem: int, first: int) -> EfficientNetShape:
    """Lite0's stages behind a stem; ``first`` channels in the first block that has an expansion."""
    return EfficientNetShape(
        stem,
        (
            (BlockShape(stem, 16, 3),),
            (BlockShape(first, 24, 3, 2), BlockShape(144, 24, 3)),
            (BlockShape(144, 40, 5, 2), BlockShape(240, 40, 5)),
            (
                BlockShape(240, 80, 3, 2),
                BlockShape(480, 80, 3),
                BlockShape(480, 80, 3),
                BlockShape(480, 112, 5),
                BlockShape(672, 112, 5),
                BlockShape(672, 112, 5),
            ),
            (
                BlockShape(672, 192, 5, 2),
                BlockShape(1152, 192, 5),
                BlockShape(1152, 192, 5),
                BlockShape(1152, 192, 5),
            ),
        ),
    )


#: Published by Google with ImageNet weights (Tan and Liu, 2020).
IMAGENET_SHAPE = _shape(stem=32, first=96)
#: The trunk of MediaPipe's hand landmark network, as its model file has it.
HAND_SHAPE = _shape(stem=24, first=64)
#: The trunk of MediaPipe's hand landmark network of December 2020, as its model file has it: a
#: quarter of the parameters, 2.5 times cheaper.
HAND_2020_SHAPE = EfficientNetShape(
    24,
    (
        (BlockShape(24, 8, 3),),
        (BlockShape(32, 16, 3, 2), BlockShape(96, 16, 3)),
        (BlockShape(96, 24, 5, 2), BlockShape(144, 24, 5)),
        (
            BlockShape(144, 40, 3, 2),
            BlockShape(240, 40, 3),
            BlockShape(240, 40, 3),
            BlockShape(240, 56, 5),
            BlockShape(336, 56, 5),
            BlockShape(336, 56, 5),
        ),
        (
            BlockShape(336, 96, 5, 2),
            BlockShape(576, 96, 5),
            BlockShape(576, 96, 5),
            BlockShape(576, 96, 5),
        ),
    ),
    last_expanded=576,
)


class SameConv(nn.Module):
    """Convolution with bias whose output has side ceil(side / stride), zeros added as TensorFlow
    does: what an even side lacks goes to the right and the bottom.

    Args:
        channels: of the input.
        out_channels: of the output.
        kernel: side of the kernel, odd.
        stride: 1 or 2.
        groups: as in ``nn.Conv2d``.
    """

    def __init__(
        self, channels: int, out_channels: int, kernel: int, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__()
        self.before = (kernel - stride) // 2
        padding = self.before if stride == 1 else 0
        self.conv = nn.Conv2d(channels, out_channels, kernel, stride, padding, groups=groups)
        self.after = kernel - stride - self.before

    def forward(self, features: Tensor) -> Tensor:
        """(B, channels, h, w) -> (B, out_channels, h / stride, w / stride), h and w even."""
        if self.before != self.after:
            features = F.pad(features, (self.before, self.after, self.before, self.after))
        return self.conv(features)


class InvertedResidual(nn.Module):
    """Expansion 1x1, depthwise convolution, projection 1x1 (MobileNetV2, CVPR 2018), ReLU6 between,
    the input added where the shape stays.

    Args:
        channels: of the input.
        shape: of the block; no expansion where ``expanded`` is ``channels``.
        projects: False leaves out the projection.
    """

    def __init__(self, channels: int, shape: BlockShape, projects: bool = True) -> None:
        super().__init__()
        inner = shape.expanded
        self.expand = SameConv(channels, inner, 1) if inner != channels else None
        self.depthwise = SameConv(inner, inner, shape.kernel, shape.stride, groups=inner)
        self.project = SameConv(inner, shape.channels, 1) if projects else None
        self.adds = projects and shape.stride == 1 and channels == shape.channels

    def forward(self, features: Tensor) -> Tensor:
        """(B, channels, h, w) -> (B, out channels, h / stride, w / stride)."""
        inner = features if self.expand is None else F.relu6(self.expand(features))
        inner = F.relu6(self.depthwise(inner))
        if self.project is not None:
            inner = self.project(inner)
        return features + inner if self.adds else inner


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite up to the depthwise convolution of its last block.

    It has no batch norms: those of pretrained weights are folded into the convolutions, so that
    small batches and few steps cannot spoil their statistics. It is not meant to be trained from
    random weights.

    Args:
        shape: its widths.
    """

    def __init__(self, shape: EfficientNetShape = HAND_SHAPE) -> None:
        super().__init__()
        self.shape = shape
        self.stem = SameConv(3, shape.stem, 3, 2)
        channels = shape.stem
        stages = []
        for blocks in shape.stages:
            units = []
            for block in blocks:
                units.append(InvertedResidual(channels, block))
                channels = block.channels
            stages.append(nn.Sequential(*units))
        self.stage1, self.stage2, self.stage3, self.stage4, self.stage5 = stages
        last = BlockShape(shape.last_expanded, shape.last_expanded, 3)
        self.last = InvertedResidual(channels, last, projects=False)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Images (B, 3, H, W) in [0, 1] -> feature maps at strides 4, 8, 16 and 32."""
        c2, c3, c4 = self.early(images)
        return c2, c3, c4, self.late(c4)

    def early(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Images (B, 3, H, W) in [0, 1] -> feature maps at strides 4, 8 and 16."""
        c2, c3 = self.first(images)
        return c2, c3, self.stage4(c3)

    def first(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 3, H, W) in [0, 1] -> feature maps at strides 4 and 8."""
        c2 = self.stage2(self.stage1(F.relu6(self.stem(images))))
        return c2, self.stage3(c2)

    def late(self, c4: Tensor) -> Tensor:
        """The map at stride 16 -> the one at stride 32."""
        return self.last(self.stage5(c4))

    def convolutions(self) -> list[nn.Conv2d]:
        """All convolutions in the order in which they work."""
        return [module for module in self.modules() if isinstance(module, nn.Conv2d)]
