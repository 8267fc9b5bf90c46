"""Crops as the networks take them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from hands3c_core.errors import UserError


def crops_to_tensor(crops: np.ndarray | Tensor, size: int) -> Tensor:
    """Crops (B, size, size, 3) uint8 RGB, checked, as a tensor (sharing memory where possible).

    Raises:
        UserError: the crops have another type or size.
    """
    tensor = (
        torch.from_numpy(np.ascontiguousarray(crops)) if isinstance(crops, np.ndarray) else crops
    )
    if tensor.dtype != torch.uint8:
        raise UserError(f"Crops must be RGB images of type uint8, not {tensor.dtype}.")
    if tensor.dim() != 4 or tensor.shape[1:] != (size, size, 3):
        raise UserError(
            f"Crops must be (B, {size}, {size}, 3) for this network, not {tuple(tensor.shape)}; "
            "resize them first."
        )
    return tensor


def images_from_crops(crops: Tensor, like: Tensor) -> Tensor:
    """Crops (B, S, S, 3) uint8 -> images (B, 3, S, S) in [0, 1], dtype and device of ``like``."""
    return crops.to(like.device).permute(0, 3, 1, 2).contiguous().to(like.dtype) / 255
