"""Top-down part of the network: a feature pyramid that ends in one map."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from hands3c_core.models.backbone import STAGE_CHANNELS

#: Channels of F, the map that the attention module and the heads work on.
FEATURE_CHANNELS = 256
#: Pixels of the input image per cell of F.
FEATURE_STRIDE = 8


class FeaturePyramid(nn.Module):
    """Feature pyramid of Lin et al. (CVPR 2017) down to stride 4, smoothed and pooled to stride 8.

    Each step doubles the coarser map bilinearly and adds a 1x1 projection of the finer one; the
    finest sum passes a 3x3 convolution and a 2x2 average pooling. Source: HandS3C, section 2.1.

    Args:
        channels: of F.
        stages: channels of the backbone's four maps, finest first.
    """

    def __init__(
        self,
        channels: int = FEATURE_CHANNELS,
        stages: tuple[int, int, int, int] = STAGE_CHANNELS,
    ) -> None:
        super().__init__()
        c2, c3, c4, c5 = stages
        self.top = nn.Conv2d(c5, channels, kernel_size=1)
        self.lateral4 = nn.Conv2d(c4, channels, kernel_size=1)
        self.lateral3 = nn.Conv2d(c3, channels, kernel_size=1)
        self.lateral2 = nn.Conv2d(c2, channels, kernel_size=1)
        self.smooth = nn.Conv2d(channels, channels, kernel_size=3, padding=1)

    def forward(self, stages: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        """The backbone's four maps -> F (B, channels, H/8, W/8), H and W those of the image."""
        return F.avg_pool2d(self.smooth(self.merge(stages)), kernel_size=2)

    def merge(self, stages: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        """The maps added top down, before the smoothing: (B, channels, H/4, W/4)."""
        c2, c3, c4, c5 = stages
        features = self.top(c5)
        features = upsample_to(features, self.lateral4(c4))
        features = upsample_to(features, self.lateral3(c3))
        return upsample_to(features, self.lateral2(c2))


def upsample_to(coarse: Tensor, fine: Tensor) -> Tensor:
    """``coarse`` resized bilinearly to the size of ``fine``, plus ``fine``."""
    size = fine.shape[-2:]
    return F.interpolate(coarse, size=size, mode="bilinear", align_corners=False) + fine
