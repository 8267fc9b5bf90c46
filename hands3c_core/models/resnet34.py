"""ResNet-34 in two halves: the encoders of SAR and SMR."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from hands3c_core.models.backbone import Stem
from hands3c_core.models.lite import BasicBlock
from hands3c_core.models.network import ImageNetNormalise

#: Channels and residual units of the four stages.
STAGE_CHANNELS = (64, 128, 256, 512)
STAGE_UNITS = (3, 4, 6, 3)


class ReluStem(Stem):
    """``Stem`` with ReLU, as in torchvision."""

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 64, H/4, W/4)."""
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
    """Stem and the first two stages of ResNet-34, with ImageNet's normalisation before them."""

    def __init__(self) -> None:
        super().__init__()
        self.normalise = ImageNetNormalise()
        self.stem = ReluStem(STAGE_CHANNELS[0])
        self.stage1 = _stage(STAGE_CHANNELS[0], 0)
        self.stage2 = _stage(STAGE_CHANNELS[0], 1)
        _initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, S, S) RGB in [0, 1] -> (B, 128, S/8, S/8)."""
        return self.stage2(self.stage1(self.stem(self.normalise(images))))


class UpperEncoder(nn.Module):
    """The last two stages of ResNet-34."""

    def __init__(self) -> None:
        super().__init__()
        self.stage3 = _stage(STAGE_CHANNELS[1], 2)
        self.stage4 = _stage(STAGE_CHANNELS[2], 3)
        _initialise(self)

    def forward(self, features: Tensor) -> Tensor:
        """(B, 128, h, w) -> (B, 512, h/4, w/4)."""
        return self.stage4(self.stage3(features))


def _stage(channels: int, number: int) -> nn.Sequential:
    """Stage ``number`` (from 0) for maps of so many channels."""
    out_channels = STAGE_CHANNELS[number]
    first = ReluBlock(channels, out_channels, stride=1 if number == 0 else 2)
    rest = (ReluBlock(out_channels, out_channels) for _ in range(STAGE_UNITS[number] - 1))
    return nn.Sequential(first, *rest)


def _initialise(part: nn.Module) -> None:
    for module in part.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
