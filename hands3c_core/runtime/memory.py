"""Giving memory back when weights have gone into another form."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys

import torch
from torch import nn


def release_parameters(module: nn.Module) -> None:
    """Free a network's parameters; it keeps their dtype and device, and can no longer be run."""
    for parameter in module.parameters():
        parameter.data = torch.empty(0, dtype=parameter.dtype, device=parameter.device)
    give_back_memory()


def give_back_memory() -> None:
    """Return freed memory to the system, where its allocator (GNU's) would keep it."""
    gc.collect()
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL("libc.so.6").malloc_trim(0)
