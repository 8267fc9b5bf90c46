"""The attention that a selective scan implies: how much of each position reaches a chosen one.

Written out, the scan's recurrence is a sum over all earlier positions, as attention is:

    y_i = sum over j <= i of a_ij x_j + D x_i,
    a_ij = <C_i, exp(A (dt_(j+1) + ... + dt_i)) B_j> dt_j

per channel, with A, dt, B, C, D as in ``ops.reference``. Source: Ali, Zimerman and Wolf, "The
Hidden Attention of Mamba Models" (2024), section 3. It is exact, not an approximation: the weights
times the input give the scan's output.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from hands3c_core.errors import UserError
from hands3c_core.models import HandS3C
from hands3c_core.models.crops import crops_to_tensor, images_from_crops
from hands3c_core.models.cross_scan import CrossScan
from hands3c_core.ops.reference import to_directions
from hands3c_core.types import Float32

#: Names of the scan orders, in the order of ``ops.cross_scan_2d``: which way the scan reads.
DIRECTION_NAMES: Final = ("rows", "columns", "rows-reversed", "columns-reversed")


@dataclass(frozen=True)
class HiddenAttention:
    """What one position of a plane takes from all positions in one scan."""

    weights: Tensor
    """(B, D, rows, columns) a_ij, signed, of each channel; zero where the scan comes later."""
    skip: Tensor
    """(D,) weight of the position's own input besides (D of the scan)."""
    query: tuple[int, int]
    """(row, column) of the position that takes."""
    direction: int
    """0..3, index into ``DIRECTION_NAMES``."""

    def output(self, plane: Tensor) -> Tensor:
        """(B, D) what the scan answers at the query, from its input (B, D, rows, columns)."""
        row, column = self.query
        return (self.weights * plane).sum(dim=(2, 3)) + self.skip * plane[:, :, row, column]

    def map(self, index: int = 0) -> Float32:
        """(rows, columns) mean of |a_ij| over the channels, for one image of the batch."""
        return self.weights[index].abs().mean(dim=0).float().cpu().numpy()


def scan_attention(
    scan: CrossScan, plane: Tensor, query: tuple[int, int], direction: int
) -> HiddenAttention:
    """The hidden attention of one direction of a cross scan.

    Args:
        scan: the scan's weights.
        plane: (B, D, rows, columns) its input.
        query: (row, column) of the position asked.
        direction: 0..3, index into ``DIRECTION_NAMES``.

    Returns:
        Weights in the dtype the scan computes in (float64 for a float64 plane, else float32).

    Raises:
        ValueError: the query lies outside the plane, or there is no such direction.
    """
    rows, columns = plane.shape[2:]
    if not (0 <= query[0] < rows and 0 <= query[1] < columns):
        raise ValueError(f"position {query} lies outside of a plane of {rows} x {columns}")
    if not 0 <= direction < len(DIRECTION_NAMES):
        raise ValueError(f"direction {direction} must be 0 to {len(DIRECTION_NAMES) - 1}")
    kind = torch.promote_types(plane.dtype, torch.float32)
    length = rows * columns
    # Where each position of the plane comes in this direction's order.
    order = to_directions(torch.arange(length).view(1, 1, rows, columns))[0, direction, 0]
    order = order.to(plane.device)
    step = int((order == query[0] * columns + query[1]).nonzero())
    seen = to_directions(plane.to(kind))[:, direction, :, : step + 1]
    past = _weights_of_the_past(scan, seen, direction)
    weights = past.new_zeros(*past.shape[:2], length)
    weights[..., order[: step + 1]] = past
    skip = scan.D.detach().to(kind).view(len(DIRECTION_NAMES), -1)[direction]
    return HiddenAttention(weights.unflatten(-1, (rows, columns)), skip, query, direction)


def _weights_of_the_past(scan: CrossScan, seen: Tensor, direction: int) -> Tensor:
    """a_ij (B, D, i + 1) of the last position i of the sequences ``seen`` (B, D, i + 1)."""
    kind = seen.dtype
    projected = torch.einsum("bcl,oc->bol", seen, scan.projection[direction].to(kind))
    dt, B, C = projected.split((scan.dt_rank, scan.states, scan.states), dim=1)
    delta = torch.einsum("brl,cr->bcl", dt, scan.dt_weight[direction].to(kind))
    delta = F.softplus(delta + scan.dt_bias[direction].to(kind)[:, None])
    A = -torch.exp(scan.A_log.to(kind)).view(len(DIRECTION_NAMES), -1, scan.states)[direction]
    # dt_(j+1) + ... + dt_i for every j: the sum from the end, without dt_j itself.
    later = delta.flip(-1).cumsum(-1).flip(-1) - delta
    total = torch.zeros_like(delta)
    for state in range(scan.states):  # one state at a time: (B, D, L, N) would be large
        decay = torch.exp(A[:, state, None] * later)
        total = total + decay * (C[:, state, -1:] * B[:, state])[:, None]
    return (total * delta).detach()


def spatial_scan_input(network: HandS3C, crop: np.ndarray) -> tuple[CrossScan, Tensor]:
    """The spatial branch's scan of a network and what it reads for one crop, (1, D, h, w).

    Args:
        network: with an attention module that scans.
        crop: (S, S, 3) uint8 RGB of the network's input size.

    Raises:
        UserError: the network has no scan, or the crop has another size or type.
    """
    scan = getattr(getattr(network.s3c, "ss2d", None), "spatial", None)
    if scan is None:
        raise UserError(f"The network {network.name!r} scans nothing: choose hands3c or ssa.")
    images = images_from_crops(
        crops_to_tensor(crop[None], network.input_size), next(network.parameters())
    )
    planes: list[Tensor] = []
    handle = scan.register_forward_pre_hook(lambda module, inputs: planes.append(inputs[0]))
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            network.regress(images)
    finally:
        handle.remove()
        network.train(was_training)
    return scan, planes[0]


def hidden_attention_maps(network: HandS3C, crop: np.ndarray, query: tuple[int, int]) -> Float32:
    """What one cell takes from all cells in the spatial branch: mean of |a_ij| over the channels.

    Args:
        network, crop: as in ``spatial_scan_input``.
        query: (row, column) of the cell.

    Returns:
        (4, h, w), non-negative, by direction (``DIRECTION_NAMES``); each covers the crop, and their
        sum is the whole branch's.

    Raises:
        UserError: as ``spatial_scan_input``; or the cell lies outside of the map.
    """
    scan, plane = spatial_scan_input(network, crop)
    rows, columns = plane.shape[2:]
    if not (0 <= query[0] < rows and 0 <= query[1] < columns):
        raise UserError(f"Cell {query} lies outside of the {rows} x {columns} map: choose another.")
    directions = range(len(DIRECTION_NAMES))
    return np.stack([scan_attention(scan, plane, query, number).map() for number in directions])
