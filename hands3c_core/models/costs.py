"""What a network costs: parameters of its parts and arithmetic of one crop."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from hands3c_core.models.cross_scan import DIRECTIONS, CrossScan
from hands3c_core.models.network import HandNetwork

#: Operations of a selective scan for each step, channel and state, by the custom of the Mamba
#: literature: exp(dt A), dt B u, the recurrence and C h.
SCAN_OPERATIONS = 9


@dataclass(frozen=True, slots=True)
class Costs:
    """Of one network."""

    parameters: dict[str, int]
    """Learned numbers of each part, in the order of the network."""
    flops: int
    """Floating-point operations of one crop, two for a multiplication with its addition: those of
    convolutions, matrix products, attention and scans. Pointwise work, norms and the hand model are
    not counted."""
    scan_flops: int
    """Those of ``flops`` that are the selective scans' (without their projections)."""

    @property
    def total_parameters(self) -> int:
        """All learned numbers."""
        return sum(self.parameters.values())


def network_costs(network: HandNetwork) -> Costs:
    """Count a network; nothing is computed, and the network stays as it is."""
    flops, scan_flops = _count_operations(network)
    return Costs(count_parameters(network), flops, scan_flops)


def count_parameters(network: nn.Module) -> dict[str, int]:
    """Learned numbers of each direct part; parts without any are left out. Stages of SAR and SMR
    count one by one."""
    counts: dict[str, int] = {}
    for name, part in network.named_children():
        inner = part.named_children() if isinstance(part, nn.ModuleList) else [("", part)]
        for number, module in inner:
            count = sum(parameter.numel() for parameter in module.parameters())
            if count:
                counts[f"{name}.{number}".rstrip(".")] = count
    return counts


def _count_operations(network: HandNetwork) -> tuple[int, int]:
    """Operations of ``regress``, and of the scans within. The network runs on torch's meta device,
    where tensors have shapes alone."""
    shell = copy.deepcopy(network).eval().to("meta")
    scans = [_CountedScan(m) for m in shell.modules() if isinstance(m, CrossScan)]
    _replace_scans(shell, {id(counted.scan): counted for counted in scans})
    side = network.input_size
    images = torch.empty(1, 3, side, side, device="meta", dtype=shell.parameter.dtype)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        shell.regress(images)
    scanned = sum(counted.flops for counted in scans)
    return counter.get_total_flops() + scanned, scanned


class _CountedScan(nn.Module):
    """A cross-scan's projections, and a note of what its recurrences would cost."""

    def __init__(self, scan: CrossScan) -> None:
        super().__init__()
        self.scan = scan
        self.flops = 0

    def forward(self, plane: Tensor) -> Tensor:
        """(B, D, rows, columns) -> the same shape."""
        scan = self.scan
        sequences = plane.flatten(2)
        steps = scan.projection.flatten(0, 1) @ sequences
        rank = steps.unflatten(1, (DIRECTIONS, -1))[:, :, : scan.dt_rank]
        _ = scan.dt_weight @ rank
        per_step = DIRECTIONS * scan.features * (SCAN_OPERATIONS * scan.states + 2)
        self.flops += sequences.shape[0] * sequences.shape[-1] * per_step
        kind = torch.promote_types(plane.dtype, torch.float32)
        return torch.empty_like(plane, dtype=kind)


def _replace_scans(module: nn.Module, counted: dict[int, Any]) -> None:
    for name, child in module.named_children():
        if id(child) in counted:
            setattr(module, name, counted[id(child)])
        else:
            _replace_scans(child, counted)
