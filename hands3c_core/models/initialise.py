"""Weights at the start of training."""

from __future__ import annotations

from torch import nn


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
