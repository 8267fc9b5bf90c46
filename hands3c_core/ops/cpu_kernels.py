"""The CPU kernels behind plain functions: what the rest of the package calls.

``kernel`` says which: 'cpu' (compiled from C++) or 'numba', which needs no compiler.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from hands3c_core.ops import cpu_scan
from hands3c_core.ops.arguments import ScanArguments
from hands3c_core.ops.cpu_cross_scan import cross_scan
from hands3c_core.ops.cpu_cross_scan import cross_scan_projecting as projecting
from hands3c_core.ops.cpu_library import load_library
from hands3c_core.ops.reference import NUM_DIRECTIONS

#: The kernels there are, the fastest first.
CPU_KERNELS: Final = ("cpu", "numba")
#: Widest plane whose projections are computed inside the kernel, in channels.
PROJECTING_LIMIT = 64


def available() -> bool:
    """Whether the C++ kernels are there (builds them on first use)."""
    return load_library() is not None


def scan(args: ScanArguments, kernel: str = "cpu") -> tuple[Tensor, Tensor]:
    """Selective scan on the CPU, float32 or (but for numba) float64; differentiable."""
    tensors = args.tensors
    save = torch.is_grad_enabled() and any(t is not None and t.requires_grad for t in tensors)
    y, last, _ = cpu_scan.scan(*tensors, args.softplus, save, kernel)  # type: ignore[arg-type]
    return y, last


def cross_scan_2d(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_proj_weight: Tensor,
    dt_proj_bias: Tensor,
    A: Tensor,
    D: Tensor,
    kernel: str = "cpu",
) -> Tensor:
    """Checked cross-scan on the CPU, all float32 or (but for numba) all float64; differentiable.

    Shapes as in ``hands3c_core.ops.cross_scan_2d``.
    """
    batch, channels, height, width = x.shape
    tensors = (x, x_proj_weight, dt_proj_weight, dt_proj_bias, A, D)
    positions = x.permute(0, 2, 3, 1).reshape(batch, height * width, channels)
    with_gradients = torch.is_grad_enabled() and any(t.requires_grad for t in tensors)
    rest = (dt_proj_weight, dt_proj_bias, A, D, height, width)
    if not with_gradients and channels <= PROJECTING_LIMIT:
        y = cross_scan_projecting(positions, x_proj_weight, *rest, kernel)
    else:
        projected = _project(positions, x_proj_weight)
        y, _ = cross_scan(positions, projected, *rest, with_gradients, kernel)
    return y.view(batch, height, width, channels).permute(0, 3, 1, 2)


def _project(positions: Tensor, x_proj_weight: Tensor) -> Tensor:
    """(B, positions, C) -> (B, positions, 4, R + 2N)."""
    projected = positions @ x_proj_weight.flatten(0, 1).T
    return projected.unflatten(-1, (NUM_DIRECTIONS, -1))


def cross_scan_positions(
    x: Tensor,
    projected: Tensor,
    dt_proj_weight: Tensor,
    dt_proj_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
    kernel: str = "cpu",
) -> Tensor:
    """Cross-scan of a position-major plane whose projections are given; no gradients.

    Args:
        x: (B, height * width, C), row-major positions.
        projected: (B, height * width, 4, R + 2N).
        dt_proj_weight, dt_proj_bias, A, D: as in ``hands3c_core.ops.cross_scan_2d``.

    Returns:
        (B, height * width, C).
    """
    rest = (dt_proj_weight, dt_proj_bias, A, D, height, width)
    return cross_scan(x, projected, *rest, False, kernel)[0]


def cross_scan_projecting(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_proj_weight: Tensor,
    dt_proj_bias: Tensor,
    A: Tensor,
    D: Tensor,
    height: int,
    width: int,
    kernel: str = "cpu",
) -> Tensor:
    """As ``cross_scan_positions``, projecting inside the C++ kernel: best for few channels."""
    if kernel != "cpu":
        rest = (dt_proj_weight, dt_proj_bias, A, D, height, width)
        return cross_scan(x, _project(x, x_proj_weight), *rest, False, kernel)[0]
    return projecting(x, x_proj_weight, dt_proj_weight, dt_proj_bias, A, D, height, width)
