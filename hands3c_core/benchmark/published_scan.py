"""The selective scan as the published code lays it out: what the kernels are compared with."""

from __future__ import annotations

import torch
from torch import Tensor

from hands3c_core.ops.arguments import ScanArguments


def scan(args: ScanArguments) -> tuple[Tensor, Tensor]:
    """One step at a time over strided slices.

    Decays and inputs are (B, D, L, N), so that a step's states lie L * N numbers apart from row to
    row, and C stays (B, D, N, L), read with a stride of L. Only the taking of slices differs: by
    ``unbind``, since the gradient of an index is a whole array of zeros for every step, which took
    seven minutes for one backward pass of the spatial scan.
    """
    dt = args.step_sizes()
    repeats = args.u.shape[1] // args.B.shape[1]
    B, C = (part.repeat_interleave(repeats, dim=1) for part in (args.B, args.C))
    decay = torch.exp(torch.einsum("bdl,dn->bdln", dt, args.A))
    drive = torch.einsum("bdl,bdnl,bdl->bdln", dt, B, args.u)
    state = torch.zeros_like(drive[:, :, 0])
    outputs = []
    for a, b, c in zip(decay.unbind(2), drive.unbind(2), C.unbind(3), strict=True):
        state = a * state + b
        outputs.append(torch.einsum("bdn,bdn->bd", state, c))
    return args.with_skip(torch.stack(outputs, dim=2)), state
