"""From boxes of pixels to flat lists of pixels, which is how triangles of any size are drawn with
operations on whole arrays."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Fragments:
    """Pairs of an item and a pixel of its box, N in all."""

    item: Tensor
    """(N,) which box, ascending."""
    column: Tensor
    """(N,) from the box's left edge."""
    row: Tensor
    """(N,) from the box's top edge."""


def expand_boxes(width: Tensor, height: Tensor) -> Fragments:
    """Every pixel of every box.

    Waits for the device once, to learn how many there are.

    Args:
        width, height: (T,) integers, at least 1.
    """
    count = width * height
    ends = torch.cumsum(count, 0)
    total = int(ends[-1]) if len(ends) else 0
    item = torch.repeat_interleave(
        torch.arange(len(count), device=count.device), count, output_size=total
    )
    place = torch.arange(total, device=count.device) - (ends - count)[item]
    row = torch.div(place, width[item], rounding_mode="floor")
    return Fragments(item, place - row * width[item], row)
