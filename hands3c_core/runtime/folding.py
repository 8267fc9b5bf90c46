"""Exact rewritings of a trained network that save work at inference."""

from __future__ import annotations

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

from hands3c_core.models import HandNetwork
from hands3c_core.models.backbone import Bottleneck, Downsample, Stem
from hands3c_core.models.fpn import FeaturePyramid
from hands3c_core.models.heatmap_head import HeatmapHead
from hands3c_core.models.lite import BasicBlock
from hands3c_core.models.residual import PreActivationResidual
from hands3c_core.models.resnet34 import ReluBlock, ReluStem

Network = TypeVar("Network", bound=HandNetwork)

#: Module -> (convolution, batch norm that directly follows it) by attribute name.
_FOLDABLE: dict[type[nn.Module], tuple[tuple[str, str], ...]] = {
    Stem: (("conv", "norm"),),
    Downsample: (("conv", "norm"),),
    Bottleneck: (("conv1", "norm1"), ("conv2", "norm2"), ("conv3", "norm3")),
    BasicBlock: (("conv1", "norm1"), ("conv2", "norm2")),
    ReluStem: (("conv", "norm"),),
    ReluBlock: (("conv1", "norm1"), ("conv2", "norm2")),
    PreActivationResidual: (("conv1", "norm2"), ("conv2", "norm3")),
    HeatmapHead: (("conv", "norm"),),
}


def fold_network(model: Network, *, in_place: bool = False) -> Network:
    """A copy of ``model`` (or itself, ``in_place``) for inference with equal outputs and fewer
    operations.

    Batch norms are folded into the convolutions before them, and the pyramid's 3x3 smoothing with
    the 2x2 average pooling after it (where there is one) becomes one 4x4 convolution of stride 2.
    """
    folded = model if in_place else copy.deepcopy(model)
    folded.eval().requires_grad_(False)
    for module in list(folded.modules()):
        for conv_name, norm_name in _FOLDABLE.get(type(module), ()):
            conv, norm = getattr(module, conv_name), getattr(module, norm_name)
            setattr(module, conv_name, _with_norm(conv, norm))
            setattr(module, norm_name, nn.Identity())
    pyramid = getattr(folded, "fpn", None)
    if isinstance(pyramid, FeaturePyramid):
        folded.fpn = _FoldedPyramid(pyramid)  # type: ignore[assignment]
    return folded


def _with_norm(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """The convolution followed by the batch norm (running statistics) as one convolution."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    # In double, so that folding adds no rounding of its own.
    scale = norm.weight.double() * torch.rsqrt(norm.running_var.double() + norm.eps)
    bias = torch.zeros_like(scale) if conv.bias is None else conv.bias.double()
    bias = (bias - norm.running_mean.double()) * scale + norm.bias.double()
    folded = _like(conv, conv.kernel_size, conv.stride, conv.padding)
    folded.weight.data.copy_(conv.weight.double() * scale[:, None, None, None])
    folded.bias.data.copy_(bias)  # type: ignore[union-attr]
    return folded


def _like(conv: nn.Conv2d, kernel_size: object, stride: object, padding: object) -> nn.Conv2d:
    weight = conv.weight
    return nn.Conv2d(
        conv.in_channels,
        conv.out_channels,
        kernel_size,  # type: ignore[arg-type]
        stride,  # type: ignore[arg-type]
        padding,  # type: ignore[arg-type]
        groups=conv.groups,
        device=weight.device,
        dtype=weight.dtype,
    ).requires_grad_(False)


class _FoldedPyramid(FeaturePyramid):
    """The pyramid with its smoothing and pooling in one convolution.

    The mean of four neighbouring 3x3 convolutions is a 4x4 convolution whose kernel is the mean of
    the 3x3 kernel's four positions in it: 16 multiplications instead of 36 per pooled cell.
    """

    def __init__(self, pyramid: FeaturePyramid) -> None:
        nn.Module.__init__(self)
        self.top = pyramid.top
        self.lateral4, self.lateral3 = pyramid.lateral4, pyramid.lateral3
        self.lateral2 = pyramid.lateral2
        smooth = pyramid.smooth
        pooled = _like(smooth, 4, 2, 1)
        pooled.weight.data.zero_()
        for row in (0, 1):
            for column in (0, 1):
                pooled.weight.data[:, :, row : row + 3, column : column + 3] += smooth.weight / 4
        assert smooth.bias is not None
        pooled.bias.data.copy_(smooth.bias)  # type: ignore[union-attr]
        self.smooth = pooled

    def forward(self, stages: tuple[Tensor, Tensor, Tensor, Tensor]) -> Tensor:
        """The backbone's four maps -> F (B, channels, H/8, W/8)."""
        return self.smooth(self.merge(stages))
