"""The first lite network: the design of HandS3C with fewer channels, and its small relatives.

``hands3c_lite`` itself is ``guided.GuidedLite`` now; this one is ``hands3c_lite_v1``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from hands3c_core.hand_model import HandModelData
from hands3c_core.models.backbone import STAGE_CHANNELS, Downsample, ResNet50, Stem
from hands3c_core.models.efficientnet import HAND_SHAPE, EfficientNetLite, EfficientNetShape
from hands3c_core.models.encoder import HandEncoder
from hands3c_core.models.fpn import upsample_to
from hands3c_core.models.hands3c import HandS3C, HandS3CConfig
from hands3c_core.models.heatmap_head import HeatmapHead
from hands3c_core.models.initialise import initialise_lively
from hands3c_core.models.mano_head import ManoHead
from hands3c_core.models.s3c import S3C
from hands3c_core.models.self_attention import SelfAttention

#: Side of the input crop if none is asked for, px: that of the network whose trunk it has.
LITE_SIZE = 224
#: Channels of F and of everything after it; HandS3C has 256.
LITE_CHANNELS = 96
#: Poolings of the encoder and cells a side of its last map; HandS3C has (4, 2).
LITE_ENCODER = (2, 4)


#: With the shipped weights, rounding all activations to bfloat16 moves vertices by up to a
#: centimetre, nearly all of it from the trunk's early stages, which nothing normalises. With these
#: in float32 it is less than half a millimetre (docs/performance.md).
_FULL_PRECISION = (
    *(f"backbone.{part}" for part in ("stem", "stage1", "stage2", "stage3", "stage4")),
    "mano_head",
)


@dataclass(frozen=True, slots=True)
class ResNetShape:
    """Widths of a ResNet of basic blocks."""

    stage_channels: tuple[int, int, int, int] = (64, 128, 256, 512)
    """Channels of the four stages; these are ResNet-18's."""
    units: tuple[int, int, int, int] = (2, 2, 2, 2)
    """Residual units in each of them."""


@dataclass(frozen=True, slots=True)
class ResNet50Shape:
    """Widths of the published network's backbone."""

    stage_channels: tuple[int, int, int, int] = STAGE_CHANNELS
    """Channels of the four stages."""


@dataclass(frozen=True, slots=True)
class LiteConfig(HandS3CConfig):
    """What distinguishes the small networks."""

    name: str = "hands3c_lite_v1"
    input_size: int = LITE_SIZE
    backbone: EfficientNetShape | ResNetShape | ResNet50Shape = HAND_SHAPE
    """Which backbone, and its widths."""
    channels: int = LITE_CHANNELS
    """Channels of F and of everything after it."""
    refines: bool = True
    """See ``CropPredictor.refines``: few layers see a pose less exactly than their heatmaps do."""
    encoder_blocks: int = LITE_ENCODER[0]
    """Poolings of the encoder; HandS3C has 4."""
    encoder_side: int = LITE_ENCODER[1]
    """Cells a side of the encoder's last map; HandS3C has 2."""

    @property
    def encoding_size(self) -> int:
        """Numbers in the vector that pose and shape are regressed from."""
        return self.channels * self.encoder_side**2


class CoarsePyramid(nn.Module):
    """Feature pyramid that ends at stride 8: the three coarser maps of the backbone, added top down
    as in ``FeaturePyramid``, and a 3x3 convolution.

    HandS3C's goes on to stride 4 and is pooled to stride 8 again, which costs four times as many
    multiplications as everything after it in the small network.

    Args:
        channels: of F.
        stages: channels of the backbone's four maps, finest first; the first is not used.
    """

    def __init__(self, channels: int, stages: tuple[int, int, int, int]) -> None:
        super().__init__()
        _, c3, c4, c5 = stages
        self.top = nn.Conv2d(c5, channels, kernel_size=1)
        self.lateral4 = nn.Conv2d(c4, channels, kernel_size=1)
        self.lateral3 = nn.Conv2d(c3, channels, kernel_size=1)
        self.smooth = nn.Conv2d(channels, channels, kernel_size=3, padding=1)

    def forward(self, stages: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        """The backbone's four maps -> F (B, channels, H/8, W/8), H and W those of the image."""
        return self.merge(*stages[1:])

    def merge(self, c3: Tensor, c4: Tensor, c5: Tensor) -> Tensor:
        """The three maps that it uses -> F."""
        features = upsample_to(self.top(c5), self.lateral4(c4))
        return self.smooth(upsample_to(features, self.lateral3(c3)))


class BasicBlock(nn.Module):
    """Residual unit of He et al. (CVPR 2016), 3x3 - 3x3, with leaky activations (slope 0.01).

    Args:
        channels: of the input.
        out_channels: of the output.
        stride: 1 or 2.
    """

    def __init__(self, channels: int, out_channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(
            channels, out_channels, kernel_size=3, stride=stride, padding=1, bias=False
        )
        self.norm1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(out_channels)
        changes = stride != 1 or channels != out_channels
        self.downsample = Downsample(channels, out_channels, stride) if changes else None

    def forward(self, features: Tensor) -> Tensor:
        """(B, channels, h, w) -> (B, out_channels, h / stride, w / stride)."""
        shortcut = features if self.downsample is None else self.downsample(features)
        inner = F.leaky_relu(self.norm1(self.conv1(features)))
        return F.leaky_relu(self.norm2(self.conv2(inner)) + shortcut)


class BasicResNet(nn.Module):
    """ResNet of basic blocks without its classifier, all ReLUs replaced by LeakyReLU (0.01).

    Args:
        channels: of the four stages; (64, 128, 256, 512) with two units each is ResNet-18.
        units: residual units of the four stages.
    """

    def __init__(
        self, channels: tuple[int, int, int, int], units: tuple[int, int, int, int]
    ) -> None:
        super().__init__()
        self.stem = Stem(channels[0])
        stages = []
        before = channels[0]
        for number, (after, count) in enumerate(zip(channels, units, strict=True)):
            blocks = [BasicBlock(before, after, stride=1 if number == 0 else 2)]
            blocks += [BasicBlock(after, after) for _ in range(count - 1)]
            stages.append(nn.Sequential(*blocks))
            before = after
        self.stage1, self.stage2, self.stage3, self.stage4 = stages
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="leaky_relu")

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Images (B, 3, H, W) in [0, 1] -> feature maps at strides 4, 8, 16 and 32."""
        c2 = self.stage1(self.stem(images))
        c3 = self.stage2(c2)
        c4 = self.stage3(c3)
        return c2, c3, c4, self.stage4(c4)


class HandS3CLite(HandS3C):
    """The parts of ``HandS3C`` in the same order with the same outputs, fewer channels each.

    A small backbone, a pyramid that ends at stride 8, ``config.channels`` channels instead of 256
    from F on, and an encoder that stops at 4 x 4 cells, because a map of 16 to 28 cells a side has
    less to be pooled away. The feature maps of its predictions have ``config.channels`` channels
    and the encoding ``config.encoding_size`` numbers.
    """

    config: LiteConfig

    def __init__(self, hand: HandModelData, config: LiteConfig | None = None) -> None:
        super().__init__(hand, config or LiteConfig())
        for part in (self.heatmap_head, self.encoder, self.mano_head):
            initialise_lively(part)
        self.mano_head.start_at_identity()

    def _build_parts(self) -> None:
        config = self.config
        shape = config.backbone
        if isinstance(shape, ResNetShape):
            self.backbone = BasicResNet(shape.stage_channels, shape.units)
        elif isinstance(shape, ResNet50Shape):
            self.backbone = ResNet50()
        else:
            self.backbone = EfficientNetLite(shape)
            self.full_precision = _FULL_PRECISION
        self.fpn = CoarsePyramid(config.channels, shape.stage_channels)
        self.s3c = None
        if config.self_attention:
            self.self_attention = SelfAttention(config.feature_side, config.channels)
        elif config.attention:
            width = config.feature_side if config.channel_branch else None
            self.s3c = S3C(width, config.channels)
        self.heatmap_head = HeatmapHead(config.channels)
        self.encoder = HandEncoder(
            config.channels,
            blocks=config.encoder_blocks,
            side=config.encoder_side,
            input_side=config.feature_side,
        )
        self.mano_head = ManoHead(config.encoding_size)
