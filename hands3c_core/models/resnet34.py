"""ResNet-34 in two halves: the encoders of SAR and SMR."""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from hands3c_core.models.backbone import Stem
from hands3c_core.models.lite import BasicBlock
from hands3c_core.models.network import ImageNetNormalise


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """Widths and depths of the four stages; these are ResNet-34's."""

    channels: tuple[int, int, int, int] = (64, 128, 256, 512)
    units: tuple[int, int, int, int] = (3, 4, 6, 3)
    """Residual units."""

    @property
    def shared(self) -> int:
        """Channels of the map between the two halves."""
        return self.channels[1]

    @property
    def last(self) -> int:
        """Channels of the last map."""
        return self.channels[3]

    def stage(self, number: int) -> nn.Sequential:
        """Stage ``number``, from 0."""
        before, after = self.channels[max(number - 1, 0)], self.channels[number]
        first = ReluBlock(before, after, stride=1 if number == 0 else 2)
        rest = (ReluBlock(after, after) for _ in range(self.units[number] - 1))
        return nn.Sequential(first, *rest)


RESNET34 = EncoderShape()


class ReluStem(Stem):
    """``Stem`` with ReLU, as in torchvision."""

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, channels, H/4, W/4)."""
        features = F.relu(self.norm(self.conv(images)))
        return F.max_pool2d(features, kernel_size=3, stride=2, padding=1)


class ReluBlock(BasicBlock):
    """``BasicBlock`` with ReLU, as in torchvision."""

    def forward(self, features: Tensor) -> Tensor:
        """(B, channels, h, w) -> (B, out_channels, h / stride, w / stride)."""
        shortcut = features if self.downsample is None else self.downsample(features)
        inner = F.relu(self.norm1(self.conv1(features)))
        return F.relu(self.norm2(self.conv2(inner)) + shortcut)


class LowerEncoder(nn.Module):
    """Stem and the first two stages, with ImageNet's normalisation before them."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.normalise = ImageNetNormalise()
        self.stem = ReluStem(shape.channels[0])
        self.stage1, self.stage2 = shape.stage(0), shape.stage(1)
        _initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) RGB in [0, 1] -> (B, shared channels, S/8, S/8)."""
        return self.stage2(self.stage1(self.stem(self.normalise(images))))


class UpperEncoder(nn.Module):
    """The last two stages."""

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.stage3, self.stage4 = shape.stage(2), shape.stage(3)
        _initialise(self)

    def forward(self, features: Tensor) -> Tensor:
        """(B, shared channels, h, w) -> (B, last channels, h/4, w/4)."""
        return self.stage4(self.stage3(features))


def _initialise(part: nn.Module) -> None:
    for module in part.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
