"""HandS3C Lite: the parts of HandS3C behind the trunk of a hand landmark network whose landmarks it
corrects."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hands3c_core.conventions import NUM_JOINTS, NUM_ROTATIONS, NUM_SHAPE
from hands3c_core.geometry.crop import CropRule
from hands3c_core.hand_model import HandModelData
from hands3c_core.models.efficientnet import (
    HAND_2020_SHAPE,
    EfficientNetLite,
    EfficientNetShape,
    SameConv,
)
from hands3c_core.models.encoder import HandEncoder
from hands3c_core.models.hands3c import HandS3C
from hands3c_core.models.heatmap_head import HeatmapHead
from hands3c_core.models.initialise import initialise_lively
from hands3c_core.models.lite import CoarsePyramid, LiteConfig
from hands3c_core.models.mano_head import IDENTITY_6D
from hands3c_core.models.outputs import HandPrediction
from hands3c_core.models.s3c import S3C, BranchOutputs, ScanOptions
from hands3c_core.models.self_attention import SelfAttention

#: Depths of the landmark network's file times this are in the unit of its x and y: derived on
#: renders with exact truth.
WITNESS_DEPTH = 2.1
#: Cells a side and channels of the map that the trunk's landmarks are read from.
_WITNESS_SIDE, _WITNESS_CHANNELS = 4, 144
#: Cells of the image's side that one cell of the trunk's last map stands for.
_TRUNK_STRIDE = 32
#: Width of the layers that turn points into rotations.
_HIDDEN = 512
#: Share of the heatmaps' joints in the points at first; it is learned.
_FIRST_SHARE = 0.1
#: Expected error at first, as a share of the crop's side.
_FIRST_SIGMA = 0.02


@dataclass(frozen=True, slots=True)
class GuidedConfig(LiteConfig):
    """What distinguishes the lite networks that correct a witness."""

    name: str = "hands3c_lite"
    backbone: EfficientNetShape = HAND_2020_SHAPE
    """The trunk's widths."""
    channels: int = 64
    crop: CropRule = "upright"
    scans: ScanOptions = field(
        default_factory=lambda: ScanOptions(expansion=1, states=8, balanced=True)
    )
    """Sizes of the attention module's scans."""
    shortcut_dropout: float = 0.5
    """Share of the training's samples in which the map goes through the attention module alone,
    without the shortcut around it: the module then has to carry all of it by itself, and is heard
    where the shortcut is there too."""


class GuidedRegressed(NamedTuple):
    """What the learned part says of B hands; see ``hands3c.Regressed`` and ``HandPrediction``."""

    backbone_features: Tensor
    features: Tensor
    branches: BranchOutputs | None
    heatmaps: Tensor
    joints_2d: Tensor
    encoding: Tensor
    rot6d: Tensor
    shape: Tensor
    points: Tensor
    point_sigma: Tensor
    witness: Tensor


class WitnessHead(nn.Module):
    """The landmark head of the network that the trunk comes from: a depthwise convolution with
    stride 2, a 1x1 convolution, and a linear layer to 21 points.

    Args:
        channels: of the trunk's last map.
        side: of the input image, px.
    """

    def __init__(self, channels: int, side: int) -> None:
        super().__init__()
        self.depthwise = SameConv(channels, channels, 3, 2, groups=channels)
        self.project = SameConv(channels, _WITNESS_CHANNELS, 1)
        self.landmarks = nn.Linear(_WITNESS_SIDE**2 * _WITNESS_CHANNELS, 3 * NUM_JOINTS)
        self.side = side
        # Known before, so that tracing sees no questions about sizes.
        cells = side // _TRUNK_STRIDE
        self._is_odd, self._resizes = cells % 2 == 1, -(-cells // 2) != _WITNESS_SIDE

    def forward(self, features: Tensor) -> Tensor:
        """The trunk's last map (B, channels, h, w) -> (B, 21, 3) u, v, depth over the crop's side;
        depth is relative to the wrist's."""
        if self._is_odd:  # 7 cells become 4: the convolution pads even sides
            features = F.pad(features, (0, 1, 0, 1))
            reduced = F.relu6(_odd_stride(self.depthwise.conv, features))
        else:
            reduced = F.relu6(self.depthwise(features))
        reduced = self.project(reduced)
        if self._resizes:
            reduced = F.adaptive_avg_pool2d(reduced, _WITNESS_SIDE)
        # The file's order: rows, columns, channels.
        points = self.landmarks(reduced.permute(0, 2, 3, 1).flatten(1)).unflatten(-1, (-1, 3))
        points = points * points.new_tensor((1.0, 1.0, WITNESS_DEPTH)) / self.side
        return points - F.pad(points[:, :1, 2:], (2, 0))


def _odd_stride(conv: nn.Conv2d, padded: Tensor) -> Tensor:
    """A 3x3 convolution with stride 2 over a map of odd side, zeros on all sides ("same"): the map
    comes with one of them at the right and bottom."""
    return F.conv2d(
        F.pad(padded, (1, 0, 1, 0)), conv.weight, conv.bias, conv.stride, 0, 1, conv.groups
    )


def _exactly(kind: str) -> contextlib.AbstractContextManager[object]:
    """No half precision on a kind of device; some ('meta') have none."""
    known = torch.amp.is_autocast_available(kind)
    return torch.autocast(kind, enabled=False) if known else contextlib.nullcontext()


def _divide(layer: nn.Conv2d, by: Tensor) -> None:
    layer.weight /= by
    if layer.bias is not None:
        layer.bias /= by


def _size(maps: Tensor) -> Tensor:
    """Root mean square."""
    return maps.square().mean().sqrt()


class PointHead(nn.Module):
    """Joints in the crop with their depths, corrected from three sides: the trunk's landmarks, the
    heatmaps' joints, and what the encoding adds; and how far they may be off.

    Args:
        features: numbers in the encoding.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.share = nn.Parameter(torch.full((NUM_JOINTS, 1), _FIRST_SHARE))
        self.hidden = nn.Linear(features + 5 * NUM_JOINTS, 256)
        self.move = nn.Linear(256, 3 * NUM_JOINTS)
        self.log_sigma = nn.Linear(256, 2 * NUM_JOINTS)
        nn.init.kaiming_normal_(self.hidden.weight, nonlinearity="leaky_relu")
        for layer in (self.hidden, self.move, self.log_sigma):
            nn.init.zeros_(layer.bias)
        for layer in (self.move, self.log_sigma):
            nn.init.normal_(layer.weight, std=0.001)

    def forward(
        self, encoding: Tensor, witness: Tensor, joints_2d: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Encoding (B, features), witness (B, 21, 3) and joints_2d (B, 21, 2) -> points (B, 21, 3)
        and their expected errors (B, 21, 2) across and along the line of sight."""
        apart = joints_2d - witness[..., :2]
        centered = witness - witness.mean(dim=1, keepdim=True)
        hidden = torch.cat((encoding, centered.flatten(1), apart.flatten(1)), dim=1)
        hidden = F.leaky_relu(self.hidden(hidden))
        moved = self.move(hidden).unflatten(-1, (NUM_JOINTS, 3))
        points = witness + moved + F.pad(self.share * apart, (0, 1))
        sigma = _FIRST_SIGMA * self.log_sigma(hidden).clamp(-3.0, 4.0).exp()
        return points, sigma.unflatten(-1, (NUM_JOINTS, 2))


class KinematicHead(nn.Module):
    """From points to pose and shape: what a hand model fitted to them would say, learned, and what
    the encoding knows besides.

    Args:
        features: numbers in the encoding.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.points = nn.Linear(3 * NUM_JOINTS, _HIDDEN)
        self.encoding = nn.Linear(features, _HIDDEN)
        self.hidden1 = nn.Linear(_HIDDEN, _HIDDEN)
        self.hidden2 = nn.Linear(_HIDDEN, _HIDDEN)
        self.pose = nn.Linear(_HIDDEN, 6 * NUM_ROTATIONS)
        self.shape = nn.Linear(_HIDDEN, NUM_SHAPE)
        for layer in (self.points, self.hidden1, self.hidden2):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="leaky_relu")
        for layer in (self.pose, self.shape):
            nn.init.normal_(layer.weight, std=0.01)
        nn.init.normal_(self.encoding.weight, std=0.001)
        for layer in (self.points, self.encoding, self.hidden1, self.hidden2, self.shape):
            nn.init.zeros_(layer.bias)
        with torch.no_grad():
            self.pose.bias.copy_(self.pose.bias.new_tensor(IDENTITY_6D).repeat(NUM_ROTATIONS))

    def forward(self, points: Tensor, encoding: Tensor | None) -> tuple[Tensor, Tensor]:
        """Points (B, 21, 3) and encoding (B, features) -> rotations (B, 16, 6), shape (B, 10)."""
        hidden = self.points(normalised(points).flatten(1))
        if encoding is not None:
            hidden = hidden + self.encoding(encoding)
        hidden = F.leaky_relu(hidden)
        hidden = hidden + F.leaky_relu(self.hidden1(hidden))
        hidden = hidden + F.leaky_relu(self.hidden2(hidden))
        return self.pose(hidden).unflatten(-1, (NUM_ROTATIONS, 6)), self.shape(hidden)


def normalised(points: Tensor) -> Tensor:
    """(B, 21, 3) points about their mean, their root mean square distance from it 1."""
    centered = points - points.mean(dim=1, keepdim=True)
    size = centered.square().sum(dim=(1, 2), keepdim=True).div(NUM_JOINTS).clamp(min=1e-8).sqrt()
    return centered / size


class GuidedLite(HandS3C):
    """HandS3C at a size for one CPU core, behind the trunk of a landmark network.

        crop -> trunk -> pyramid -> s3c -> heatmap_head -> encoder -> point_head -> mano_head
                  \\-> witness_head (21 landmarks) -----------------------^

    The trunk's own landmarks are a good guess; backbone features, attention, heatmaps and encoder
    are there to correct it. The state dict holds all of it.
    """

    config: GuidedConfig
    fpn: CoarsePyramid
    witness_head: WitnessHead
    point_head: PointHead
    full_precision = ("backbone", "witness_head", "point_head", "mano_head")

    def __init__(self, hand: HandModelData, config: GuidedConfig | None = None) -> None:
        super().__init__(hand, config or GuidedConfig())

    def _build_parts(self) -> None:
        config = self.config
        self.backbone = EfficientNetLite(config.backbone)
        self.fpn = CoarsePyramid(config.channels, config.backbone.stage_channels)
        self.s3c = None
        if config.self_attention:
            self.self_attention = SelfAttention(config.feature_side, config.channels)
        elif config.attention:
            width = config.feature_side if config.channel_branch else None
            self.s3c = S3C(width, config.channels, config.scans)
        self.heatmap_head = HeatmapHead(config.channels, depth=0)
        self.encoder = HandEncoder(
            config.channels,
            blocks=config.encoder_blocks,
            side=config.encoder_side,
            input_side=config.feature_side,
        )
        self.witness_head = WitnessHead(config.backbone.last_expanded, config.input_size)
        self.point_head = PointHead(config.encoding_size)
        self.mano_head = KinematicHead(config.encoding_size)  # type: ignore[assignment]

    def _initialise(self) -> None:
        for part in (self.heatmap_head, self.encoder):
            initialise_lively(part)

    @torch.no_grad()
    def start_at_scale(self, images: Tensor) -> None:
        """Scale the pyramid so that its three sources and F have a root mean square of 1 on images
        (B, 3, S, S), and the scans so that what they add to F has it too: what is added to a map
        twenty times larger is lost, and is never missed."""
        _, c3, c4, c5 = self.backbone(images)
        laterals = ((self.fpn.top, c5), (self.fpn.lateral4, c4), (self.fpn.lateral3, c3))
        for layer, stage in laterals:
            _divide(layer, _size(layer(stage)))
        _divide(self.fpn.smooth, _size(self.fpn.merge(c3, c4, c5)))
        if self.s3c is not None:
            features = self.fpn.merge(c3, c4, c5)
            update = self.s3c(features)[0] - features
            self.s3c.ss2d.out_proj.weight /= _size(update)

    def attend(self, features: Tensor) -> tuple[Tensor, BranchOutputs | None]:
        """See ``HandS3C.attend``; in training, some samples lose the shortcut."""
        attended, branches = super().attend(features)
        if self.training and self.s3c is not None and self.config.shortcut_dropout:
            lost = torch.rand(len(features), 1, 1, 1, device=features.device)
            attended = attended - features * (lost < self.config.shortcut_dropout)
        return attended, branches

    def regress(self, images: Tensor) -> GuidedRegressed:  # type: ignore[override]
        """See ``HandS3C.regress``."""
        self.check_images(images)
        kind = images.device.type
        # Half precision moves the trunk's landmarks by a pixel, and what is in the crop's sides is
        # cheap.
        with _exactly(kind):
            stages = self.backbone(images)
        backbone_features = self.fpn(stages)
        features, branches = self.attend(backbone_features)
        heatmaps, joints_2d, encoding_map = self.heatmap_head(features)
        encoding = self.encoder(heatmaps, encoding_map)
        with _exactly(kind):
            exact = encoding.to(stages[3].dtype)
            witness = self.witness_head(stages[3])
            points, sigma = self.point_head(exact, witness, joints_2d.to(exact.dtype))
            rot6d, shape = self.mano_head(points, exact)
        return GuidedRegressed(
            backbone_features,
            features,
            branches,
            heatmaps,
            joints_2d,
            encoding,
            rot6d,
            shape,
            points,
            sigma,
            witness,
        )

    def complete(self, regressed: GuidedRegressed, *, attention: bool = False) -> HandPrediction:  # type: ignore[override]
        """See ``HandS3C.complete``."""
        prediction = super().complete(regressed, attention=attention)  # type: ignore[arg-type]
        return replace(
            prediction,
            points=regressed.points,
            point_sigma=regressed.point_sigma,
            witness=regressed.witness,
        )
