"""Bottom-up part of the network: ResNet-50 with leaky activations."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

#: Channels of the four feature maps that ``ResNet50`` returns, finest first.
STAGE_CHANNELS = (256, 512, 1024, 2048)
#: Residual units in each of the four stages.
STAGE_UNITS = (3, 4, 6, 3)


class Stem(nn.Module):
    """7x7 convolution and 3x3 max-pooling: (B, 3, H, W) -> (B, channels, H/4, W/4)."""

    def __init__(self, channels: int = 64) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, channels, kernel_size=7, stride=2, padding=3, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, images: Tensor) -> Tensor:
        features = F.leaky_relu(self.norm(self.conv(images)))
        return F.max_pool2d(features, kernel_size=3, stride=2, padding=1)


class Downsample(nn.Module):
    """1x1 projection of the shortcut where a unit changes channels or stride."""

    def __init__(self, channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out_channels, kernel_size=1, stride=stride, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, features: Tensor) -> Tensor:
        return self.norm(self.conv(features))


class Bottleneck(nn.Module):
    """Residual unit of He et al. (CVPR 2016), 1x1 - 3x3 - 1x1, with leaky activations (slope 0.01).

    The stride is in the 3x3 convolution, as in torchvision, so ImageNet weights fit.

    Args:
        channels: of the input.
        width: channels inside; the output has four times as many.
        stride: 1 or 2.
    """

    EXPANSION = 4

    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        out_channels = self.EXPANSION * width
        self.conv1 = nn.Conv2d(channels, width, kernel_size=1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, stride=stride, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, kernel_size=1, bias=False)
        self.norm3 = nn.BatchNorm2d(out_channels)
        changes = stride != 1 or channels != out_channels
        self.downsample = Downsample(channels, out_channels, stride) if changes else None

    def forward(self, features: Tensor) -> Tensor:
        """(B, channels, h, w) -> (B, 4 * width, h / stride, w / stride)."""
        shortcut = features if self.downsample is None else self.downsample(features)
        inner = F.leaky_relu(self.norm1(self.conv1(features)))
        inner = F.leaky_relu(self.norm2(self.conv2(inner)))
        return F.leaky_relu(self.norm3(self.conv3(inner)) + shortcut)


class ResNet50(nn.Module):
    """ResNet-50 without its classifier, all ReLUs replaced by LeakyReLU (slope 0.01).

    Source: the backbone of HandS3C (Jiao et al., ICASSP 2025, section 2.1), which starts from
    torchvision's ImageNet weights.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = Stem()
        channels = 64
        for number, (out_channels, units) in enumerate(
            zip(STAGE_CHANNELS, STAGE_UNITS, strict=True), start=1
        ):
            width = out_channels // Bottleneck.EXPANSION
            stage = [Bottleneck(channels, width, stride=1 if number == 1 else 2)]
            stage += [Bottleneck(out_channels, width) for _ in range(units - 1)]
            self.add_module(f"stage{number}", nn.Sequential(*stage))
            channels = out_channels
        self._initialise()

    stage1: nn.Sequential
    stage2: nn.Sequential
    stage3: nn.Sequential
    stage4: nn.Sequential

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Feature maps at strides 4, 8, 16 and 32.

        Args:
            images: (B, 3, H, W) RGB in [0, 1], no mean or deviation subtracted; H and W multiples
                of 32.

        Returns:
            (B, 256, H/4, W/4), (B, 512, H/8, W/8), (B, 1024, H/16, W/16), (B, 2048, H/32, W/32).
        """
        c2 = self.stage1(self.stem(images))
        c3 = self.stage2(c2)
        c4 = self.stage3(c3)
        return c2, c3, c4, self.stage4(c4)

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="leaky_relu")
