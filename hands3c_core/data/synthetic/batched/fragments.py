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
    """(N,) which box, ascending; int32 like the others."""
    column: Tensor
    """(N,) from the box's left edge."""
    row: Tensor
    """(N,) from the box's top edge."""


def expand_boxes(width: Tensor, height: Tensor) -> Fragments:
    """Every pixel of every box, fewer than 2**31 in all.

    Waits for the device once, to learn how many there are.

    Args:
        width, height: (T,) int32, at least 1.
    """
    count = width * height
    ends = torch.cumsum(count, 0)
    total = int(ends[-1]) if len(ends) else 0
    # All of this is limited by memory: 32 bits are half the way.
    numbers = torch.arange(len(count), device=count.device, dtype=torch.int32)
    item = torch.repeat_interleave(numbers, count, output_size=total)
    place = torch.arange(total, device=count.device, dtype=torch.int32)
    place -= (ends - count).int()[item]
    wide = width[item]
    row = torch.div(place, wide, rounding_mode="floor")
    return Fragments(item, place - row * wide, row)


def take(fragments: Fragments, chosen: Tensor) -> Fragments:
    """Some of the pairs."""
    return Fragments(fragments.item[chosen], fragments.column[chosen], fragments.row[chosen])
