"""HandS3C: one RGB crop of a hand -> 2D joints, pose, shape and mesh."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor, nn

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.geometry.crop import CropRule
from hands3c_core.hand_model import HandModelData, matrix_to_axis_angle, rot6d_to_matrix
from hands3c_core.models.backbone import ResNet50
from hands3c_core.models.encoder import HandEncoder
from hands3c_core.models.fpn import FEATURE_STRIDE, FeaturePyramid
from hands3c_core.models.heatmap_head import HeatmapHead
from hands3c_core.models.initialise import initialise_regressor
from hands3c_core.models.mano_head import ManoHead
from hands3c_core.models.network import HandNetwork
from hands3c_core.models.outputs import AttentionTensors, HandPrediction
from hands3c_core.models.s3c import S3C, BranchOutputs, channel_rms
from hands3c_core.models.self_attention import SelfAttention

#: Sides of the input that can be built: the encoder needs 16 cells, the backbone multiples of 32.
SIZE_STEP = 32
SMALLEST_SIZE = FEATURE_STRIDE * HandEncoder.SMALLEST_SIDE


@dataclass(frozen=True, slots=True)
class HandS3CConfig:
    """What distinguishes the networks of the HandS3C family."""

    name: str = "hands3c"
    """Name in the registry."""
    input_size: int = CROP_SIZE
    """Side of the input crop, px: a multiple of 32, at least 128. 256 and 224 are published."""
    attention: bool = True
    """Whether there is an attention module; without one the features go straight to the heads."""
    channel_branch: bool = True
    """Whether the attention module scans channels besides the plane."""
    self_attention: bool = False
    """Whether the attention module is self-attention in place of scans."""
    refines: bool = False
    """See ``CropPredictor.refines``; a property of the weights, whose file says so."""
    crop: CropRule = "box"
    """How the window that it sees is laid around the hand."""

    @property
    def feature_side(self) -> int:
        """Cells a side of the feature map F."""
        return self.input_size // FEATURE_STRIDE


class Regressed(NamedTuple):
    """What the network's learned part says of B hands, before the hand model is posed."""

    backbone_features: Tensor
    """(B, 256, h, w)"""
    features: Tensor
    """(B, 256, h, w)"""
    branches: BranchOutputs | None
    """Outputs of the scans' branches, None without scans."""
    heatmaps: Tensor
    """(B, 21, h, w)"""
    joints_2d: Tensor
    """(B, 21, 2)"""
    encoding: Tensor
    """(B, 1024)"""
    rot6d: Tensor
    """(B, 16, 6)"""
    shape: Tensor
    """(B, 10)"""


class HandS3C(HandNetwork):
    """HandS3C (Jiao et al., "HandS3C: 3D Hand Mesh Reconstruction with State Space Spatial Channel
    Attention from RGB images", ICASSP 2025), equal to the published network number by number.

        crop -> backbone -> fpn -> s3c -> heatmap_head -> encoder -> mano_head -> hand_layer
        (B, 3, 256, 256)    F (B, 256, 32, 32)    (B, 21, 32, 32)  (B, 1024)  pose, shape   mesh

    The state dict holds the learned part only: the hand model's arrays are not part of it.

    Args:
        hand: the hand model that pose and shape are given to.
        config: which network of the family.

    Raises:
        ValueError: the input size cannot be built.
    """

    def __init__(self, hand: HandModelData, config: HandS3CConfig | None = None) -> None:
        config = config or HandS3CConfig()
        if config.input_size % SIZE_STEP or config.input_size < SMALLEST_SIZE:
            raise ValueError(
                f"input size {config.input_size} must be a multiple of {SIZE_STEP}, "
                f"at least {SMALLEST_SIZE}"
            )
        super().__init__(hand, config)
        self.self_attention = None
        self._build_parts()
        self._initialise()

    config: HandS3CConfig
    full_precision: tuple[str, ...] = ("mano_head",)
    backbone: nn.Module
    fpn: nn.Module
    s3c: S3C | None
    self_attention: SelfAttention | None
    heatmap_head: HeatmapHead
    encoder: HandEncoder
    mano_head: ManoHead

    def _build_parts(self) -> None:
        """Make the learned parts named above, as ``config`` says."""
        config = self.config
        self.backbone = ResNet50()
        self.fpn = FeaturePyramid()
        self.s3c = None
        if config.self_attention:
            self.self_attention = SelfAttention(config.feature_side)
        elif config.attention:
            self.s3c = S3C(config.feature_side if config.channel_branch else None)
        self.heatmap_head = HeatmapHead()
        self.encoder = HandEncoder(input_side=config.feature_side)
        self.mano_head = ManoHead()

    def _initialise(self) -> None:
        """Set the learned parts to where training starts."""
        for part in (self.heatmap_head, self.encoder, self.mano_head):
            initialise_regressor(part)
        self.mano_head.start_at_identity()

    @property
    def attention_kinds(self) -> tuple[str, ...]:
        """See ``CropPredictor.attention_kinds``."""
        if self.s3c is not None:
            branches = ("spatial",) if self.s3c.ss2d.channel is None else ("spatial", "channel")
            return ("before", "after", *branches)
        return () if self.self_attention is None else ("before", "after")

    def ask_to_refine(self) -> None:
        """See ``HandNetwork.ask_to_refine``."""
        self.config = replace(self.config, refines=True)

    def regress(self, images: Tensor) -> Regressed:
        """The learned part of ``forward``."""
        self.check_images(images)
        backbone_features = self.fpn(self.backbone(images))
        features, branches = self.attend(backbone_features)
        heatmaps, joints_2d, encoding_map = self.heatmap_head(features)
        encoding = self.encoder(heatmaps, encoding_map)
        rot6d, shape = self.mano_head(encoding)
        return Regressed(
            backbone_features, features, branches, heatmaps, joints_2d, encoding, rot6d, shape
        )

    def attend(self, features: Tensor) -> tuple[Tensor, BranchOutputs | None]:
        """F through whatever attention there is, and the outputs of the scans' branches."""
        if self.s3c is not None:
            return self.s3c(features)
        if self.self_attention is not None:
            return self.self_attention(features), None
        return features, None

    def complete(self, regressed: Regressed, *, attention: bool = False) -> HandPrediction:
        """Rotations and mesh from what the learned part said, in float32 at least."""
        kind = self.hand_layer.v_template.dtype
        with torch.autocast(regressed.rot6d.device.type, enabled=False):
            rotations = rot6d_to_matrix(regressed.rot6d.to(kind))
            pose = matrix_to_axis_angle(rotations)
            shape = regressed.shape.to(kind)
            posed = self.hand_layer(pose, shape)
        maps = None
        if attention and self.config.attention:
            spatial, channel = regressed.branches or (None, None)
            maps = AttentionTensors(
                before=channel_rms(regressed.backbone_features),
                after=channel_rms(regressed.features),
                spatial=None if spatial is None else channel_rms(spatial),
                channel=None if channel is None else channel_rms(channel),
            )
        return HandPrediction(
            backbone_features=regressed.backbone_features,
            features=regressed.features,
            heatmaps=regressed.heatmaps,
            joints_2d=regressed.joints_2d,
            encoding=regressed.encoding,
            rot6d=regressed.rot6d,
            rotations=rotations,
            pose=pose,
            shape=shape,
            joints_3d=posed.joints,
            vertices=posed.vertices,
            attention=maps,
        )
