"""Stages of a trunk that do not learn, run by OpenVINO during a training.

Three quarters of the lite network's multiplications are in its trunk, which eager torch takes three
times as long for as OpenVINO does. What is frozen needs no gradients, so it can be run so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

import torch
from torch import Tensor, nn

from hands3c_core.errors import UserError
from hands3c_core.models.efficientnet import EfficientNetLite

_log = logging.getLogger(__name__)
_FIRST = ("stem", "stage1", "stage2", "stage3")


class _Method(nn.Module):
    """A method of a module as a module, for tracing."""

    def __init__(self, trunk: EfficientNetLite, name: str) -> None:
        super().__init__()
        self.trunk, self.name = trunk, name

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return getattr(self.trunk, self.name)(images)


def speed_up_frozen(trunk: nn.Module, side: int, batch: int) -> bool:
    """Replace the methods of a trunk all whose parameters do not learn, or those of whose first
    stages, by compiled ones that give the same maps for batches of one size; others go the usual
    way.

    Args:
        trunk: of a network on the CPU.
        side: of its images, px.
        batch: images a step.

    Returns:
        Whether anything was replaced.
    """
    if not isinstance(trunk, EfficientNetLite):
        return False
    if not any(p.requires_grad for p in trunk.parameters()):
        name = "forward"
    elif not any(p.requires_grad for part in _FIRST for p in getattr(trunk, part).parameters()):
        name = "first"
    else:
        return False
    try:
        from hands3c_core.runtime.openvino_part import ConvertedPart

        example = (torch.zeros(batch, 3, side, side),)
        compiled = ConvertedPart(_Method(trunk, name), example, fewer=False).compile(torch.float32)
    except (UserError, RuntimeError) as error:
        _log.info("the trunk is not compiled: %s", error)
        return False
    trunk.train()
    usual: Callable[[Tensor], tuple[Tensor, ...]] = getattr(trunk, name)

    def run(images: Tensor) -> tuple[Tensor, ...]:
        if len(images) != batch or images.device.type != "cpu":
            return usual(images)
        with torch.autocast("cpu", enabled=False), torch.no_grad():
            maps = compiled(images.float())
        return tuple(m.contiguous(memory_format=torch.channels_last) for m in maps)

    # An attribute of the object in front of its class's method; weights are saved as ever.
    object.__setattr__(trunk, name, run)
    return True
