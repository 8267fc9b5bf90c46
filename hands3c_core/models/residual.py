"""The residual unit that the hourglass and the encoder are made of."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class PreActivationResidual(nn.Module):
    """Residual bottleneck with normalisation and activation before each convolution.

    x + conv1x1(a(conv3x3(a(conv1x1(a(x)))))), where a is batch norm and LeakyReLU (slope 0.01) and
    the inner maps have half the channels. Source: He et al. (ECCV 2016), in the two-fold
    bottleneck of the stacked hourglass (Newell et al., ECCV 2016).
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        width = channels // 2
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, width, kernel_size=1)
        self.norm2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, kernel_size=3, padding=1)
        self.norm3 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, channels, kernel_size=1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, channels, h, w) -> the same shape."""
        inner = self.conv1(F.leaky_relu(self.norm1(features)))
        inner = self.conv2(F.leaky_relu(self.norm2(inner)))
        inner = self.conv3(F.leaky_relu(self.norm3(inner)))
        return features + inner
