"""State-space spatial-channel attention (S3C), the module that HandS3C is named after."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hands3c_core.models.cross_scan import CrossScan
from hands3c_core.models.fpn import FEATURE_CHANNELS

#: Hidden states per channel of every scan.
STATE_SIZE = 16
#: Inner channels over outer channels.
EXPANSION = 2


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """Sizes of an attention module's scans; the defaults are the published network's."""

    expansion: int = EXPANSION
    """Inner channels over outer channels."""
    states: int = STATE_SIZE
    """Hidden states per channel of every scan."""
    balanced: bool = False
    """Whether each branch has a norm of its own."""


class BranchOutputs(NamedTuple):
    """What the two branches add to the feature map, before the norm and the gate."""

    spatial: Tensor
    """(B, 512, h, w) sum of the four scans of the plane."""
    channel: Tensor | None
    """(B, 512, h, w) sum of the four channel-wise scans, None without the branch."""


class SS2D(nn.Module):
    """Two-dimensional selective scan with a spatial and a channel branch.

        (x, z) = split(W_in f)                             256 -> 2 x 512
        x      = SiLU(depthwise3x3(x))
        s      = cross scan of the (h, w) plane            512 sequences of h w steps
        c      = cross scan of the (channel, row) plane    w sequences of 512 h steps
        out    = W_out (LayerNorm(s + c) * SiLU(z))        512 -> 256

    The channel branch treats each of the w columns as a feature, so its weights belong to one
    feature width. Source: HandS3C (Jiao et al., ICASSP 2025), section 2.2; the spatial branch is
    the SS2D of VMamba (Liu et al., NeurIPS 2024).

    With ``balanced``, each branch has a norm of its own, LayerNorm(s) + LayerNorm(c): the channel
    scan's sums run over hundreds of steps and are a thousand times the spatial scan's, which the
    shared norm leaves unheard (docs/training.md). The published weights have the shared one.

    Args:
        width: w, columns of the feature map; None leaves the channel branch out.
        channels: of the input and output.
        options: sizes of the scans; the published ones by default.
    """

    def __init__(
        self,
        width: int | None,
        channels: int = FEATURE_CHANNELS,
        options: ScanOptions | None = None,
    ) -> None:
        super().__init__()
        options = options or ScanOptions()
        inner = options.expansion * channels
        dt_rank = math.ceil(channels / 16)
        self.width = width
        self.in_proj = nn.Linear(channels, 2 * inner, bias=False)
        self.conv = nn.Conv2d(inner, inner, kernel_size=3, padding=1, groups=inner)
        self.spatial = CrossScan(inner, dt_rank, options.states)
        self.channel = None if width is None else CrossScan(width, dt_rank, options.states)
        self.norm = nn.LayerNorm(inner)
        balanced = options.balanced and width is not None
        self.channel_norm = nn.LayerNorm(inner) if balanced else None
        self.out_proj = nn.Linear(inner, channels, bias=False)

    def forward(self, features: Tensor) -> tuple[Tensor, BranchOutputs]:
        """(B, h, w, 256) -> the same shape, and the outputs of the branches.

        Raises:
            ValueError: the width is not the one that the channel branch was made for.
        """
        if self.channel is not None and features.shape[2] != self.width:
            raise ValueError(
                f"this network's channel scan was made for feature maps {self.width} wide "
                f"({8 * (self.width or 0)}-px input), not {features.shape[2]}"
            )
        x, gate = self.in_proj(features).chunk(2, dim=-1)
        x = F.silu(self.conv(x.permute(0, 3, 1, 2)))
        branches = BranchOutputs(self.spatial(x), self._scan_channels(x))
        last = [branch if branch is None else branch.permute(0, 2, 3, 1) for branch in branches]
        assert last[0] is not None
        return self.out_proj(self.mixed(last[0], last[1]) * F.silu(gate)), branches

    def mixed(self, spatial: Tensor, channel: Tensor | None) -> Tensor:
        """The branches (..., D) as one map, normalised."""
        # The scans answer in float32; under autocast the norms take it so.
        kind = self.norm.weight.dtype
        if channel is None:
            return self.norm(spatial.to(kind))
        if self.channel_norm is None:
            return self.norm((spatial + channel).to(kind))
        return self.norm(spatial.to(kind)) + self.channel_norm(channel.to(kind))

    def _scan_channels(self, x: Tensor) -> Tensor | None:
        """Cross scan of the (channel, row) plane of (B, D, h, w), columns as features."""
        if self.channel is None:
            return None
        return self.channel(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)


class S3C(nn.Module):
    """Residual attention around ``SS2D``: F + SS2D(LayerNorm(F)). Source: HandS3C, eq. 1 to 3."""

    def __init__(
        self,
        width: int | None,
        channels: int = FEATURE_CHANNELS,
        options: ScanOptions | None = None,
    ) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-6)
        self.ss2d = SS2D(width, channels, options)

    def start_as_identity(self) -> None:
        """Make the module add nothing at first, so that it can join a network trained without."""
        nn.init.zeros_(self.ss2d.out_proj.weight)
        if self.ss2d.out_proj.bias is not None:
            nn.init.zeros_(self.ss2d.out_proj.bias)

    def forward(self, features: Tensor) -> tuple[Tensor, BranchOutputs]:
        """F (B, 256, h, w) -> attended F (B, 256, h, w) and the outputs of the two branches."""
        update, branches = self.ss2d(self.norm(features.permute(0, 2, 3, 1)))
        return features + update.permute(0, 3, 1, 2), branches


def channel_rms(features: Tensor) -> Tensor:
    """(B, C, h, w) -> (B, h, w) root mean square over the channels: an activation map."""
    return torch.linalg.vector_norm(features, dim=1) / math.sqrt(features.shape[1])
