"""The compiled CPU kernels behind plain functions: what the rest of the package calls."""

from __future__ import annotations

import torch
from torch import Tensor

from hands3c_core.ops import cpu_scan
from hands3c_core.ops.arguments import ScanArguments
from hands3c_core.ops.cpu_cross_scan import cross_scan
from hands3c_core.ops.cpu_cross_scan import cross_scan_projecting as projecting
from hands3c_core.ops.cpu_library import load_library
from hands3c_core.ops.reference import NUM_DIRECTIONS

#: Widest plane whose projections are computed inside the kernel, in channels.
PROJECTING_LIMIT = 64


def available() -> bool:
    """Whether the kernels are there (builds them on first use)."""
    return load_library() is not None


def scan(args: ScanArguments) -> tuple[Tensor, Tensor]:
    """Selective scan on the CPU, float32 or float64; differentiable."""
    tensors = args.tensors
    save = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)
    y, last, _ = cpu_scan.scan(*tensors, args.softplus, save)  # type: ignore[arg-type]
    return y, last


def cross_scan_2d(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_proj_weight: Tensor,
    dt_proj_bias: Tensor,
    A: Tensor,
    D: Tensor,
) -> Tensor:
    """Checked cross-scan on the CPU, all float32 or all float64; differentiable.

    Shapes as in ``hands3c_core.ops.cross_scan_2d``.
    """
    batch, channels, height, width = x.shape
    tensors = (x, x_proj_weight, dt_proj_weight, dt_proj_bias, A, D)
    positions = x.permute(0, 2, 3, 1).reshape(batch, height * width, channels)
    with_gradients = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
    rest = (dt_proj_weight, dt_proj_bias, A, D, height, width)
    if channels <= PROJECTING_LIMIT and not with_gradients:
        y = projecting(positions, x_proj_weight, *rest)
    else:
        outputs = x_proj_weight.shape[1]
        projected = positions @ x_proj_weight.flatten(0, 1).T
        projected = projected.view(batch, height * width, NUM_DIRECTIONS, outputs)
        y, _ = cross_scan(positions, projected, *rest, with_gradients)
    return y.view(batch, height, width, channels).permute(0, 3, 1, 2)


def cross_scan_positions(
    x: Tensor,
    projected: Tensor,
    dt_proj_weight: Tensor,
    dt_proj_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
) -> Tensor:
    """Cross-scan of a position-major plane whose projections are given; no gradients.

    Args:
        x: (B, height * width, C), row-major positions.
        projected: (B, height * width, 4, R + 2N).
        dt_proj_weight, dt_proj_bias, A, D: as in ``hands3c_core.ops.cross_scan_2d``.

    Returns:
        (B, height * width, C).
    """
    return cross_scan(x, projected, dt_proj_weight, dt_proj_bias, A, D, height, width, False)[0]


def cross_scan_projecting(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_proj_weight: Tensor,
    dt_proj_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
) -> Tensor:
    """As ``cross_scan_positions``, projecting inside the kernel: best for few channels."""
    return projecting(x, x_proj_weight, dt_proj_weight, dt_proj_bias, A, D, height, width)
