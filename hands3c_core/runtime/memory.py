"""Giving memory back when weights have gone into another form."""

from __future__ import annotations

import gc

import torch
from torch import nn

from hands3c_core.free_memory import trim_heap


def release_parameters(module: nn.Module) -> None:
    """Free a network's parameters; it keeps their dtype and device, and can no longer be run."""
    for parameter in module.parameters():
        parameter.data = torch.empty(0, dtype=parameter.dtype, device=parameter.device)
    give_back_memory()


def give_back_memory() -> None:
    """Return what is no longer used to the system."""
    gc.collect()
    trim_heap()
