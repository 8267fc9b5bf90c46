"""Weights at the start of training."""

from __future__ import annotations

from torch import nn

from hands3c_core.models.mano_head import ManoHead
from hands3c_core.models.residual import PreActivationResidual


def initialise_regressor(part: nn.Module) -> None:
    """Start a part of the regressor as the published training does: almost at zero.

    Convolutions N(0, 0.001^2), linear layers N(0, 0.01^2), biases 0, batch norms the identity, so
    that every residual unit starts as the identity and every heatmap flat.
    """
    for module in part.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.normal_(module.weight, std=0.001 if isinstance(module, nn.Conv2d) else 0.01)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def initialise_lively(part: nn.Module) -> None:
    """Start a part of the regressor so that it learns at once.

    The published start, almost at zero, costs some ten thousand samples until heatmaps are no
    longer flat, which is little of the published training and most of a short one. Residual units
    still begin as the identity, and the rotations near the mean pose.
    """
    for module in part.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(module.weight, nonlinearity="leaky_relu")
    for module in part.modules():
        if isinstance(module, PreActivationResidual):
            nn.init.normal_(module.conv3.weight, std=0.001)
        if isinstance(module, ManoHead):
            nn.init.normal_(module.pose.weight, std=0.01)
            nn.init.normal_(module.shape.weight, std=0.01)
