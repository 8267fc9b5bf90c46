"""The selective scan and the 2D cross-scan in plain torch: the definition of all other kernels.

Selective scan (Gu and Dao, "Mamba: Linear-Time Sequence Modeling with Selective State Spaces",
2023, equations 2-4): for every row d with N states h,

    dt_t = softplus(delta_t + delta_bias)                    (softplus if ``delta_softplus``)
    h_t  = exp(dt_t A) h_(t-1) + dt_t B_t u_t
    y_t  = <C_t, h_t> + D u_t                                (times silu(z_t) if ``z``)

Cross-scan (Liu et al., "VMamba: Visual State Space Model", 2024, section 4.2): the same plane read
in four orders, each with its own projections; the four results are put back and added.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from hands3c_core.ops.arguments import ScanArguments, ScanKernel, compute_dtype

#: Scan orders of ``cross_scan_2d``: row-major, column-major, and both reversed.
NUM_DIRECTIONS: Final = 4


def scan(args: ScanArguments) -> tuple[Tensor, Tensor]:
    """Selective scan, one step at a time; differentiable in every tensor."""
    dt = args.step_sizes()
    repeats = args.u.shape[1] // args.B.shape[1]
    # (B, D, L, N), so that the loop finds each step's states side by side
    B_rows = args.B.transpose(2, 3).repeat_interleave(repeats, dim=1)
    C_rows = args.C.transpose(2, 3).repeat_interleave(repeats, dim=1)
    decay = torch.exp(dt.unsqueeze(-1) * args.A[:, None, :])
    drive = (dt * args.u).unsqueeze(-1) * B_rows

    state = torch.zeros_like(drive[:, :, 0])
    outputs = []
    # unbind, not indexing: the gradient of an index is a whole array of zeros for every step
    for a, b, c in zip(decay.unbind(2), drive.unbind(2), C_rows.unbind(2), strict=True):
        state = a * state + b
        outputs.append((state * c).sum(-1))
    return args.with_skip(torch.stack(outputs, dim=2)), state


def to_directions(x: Tensor) -> Tensor:
    """A plane in the four scan orders: (B, C, H, W) -> (B, 4, C, H*W)."""
    rows = x.flatten(2)
    columns = x.transpose(2, 3).flatten(2)
    forward = torch.stack((rows, columns), dim=1)
    return torch.cat((forward, forward.flip(-1)), dim=1)


def from_directions(y: Tensor, height: int, width: int) -> Tensor:
    """Put four scanned sequences back in the plane and add them: (B, 4, C, H*W) -> (B, C, H, W)."""
    both = y[:, :2] + y[:, 2:].flip(-1)
    rows = both[:, 0].unflatten(-1, (height, width))
    columns = both[:, 1].unflatten(-1, (width, height)).transpose(2, 3)
    return rows + columns


def cross_scan_2d(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_proj_weight: Tensor,
    dt_proj_bias: Tensor,
    A: Tensor,
    D: Tensor,
    *,
    kernel: ScanKernel = scan,
) -> Tensor:
    """Four-direction cross-scan of a plane; differentiable, any float dtype.

    Shapes as in ``hands3c_core.ops.cross_scan_2d``; ``kernel`` is the selective scan to use.
    """
    batch, channels, height, width = x.shape
    rank = dt_proj_weight.shape[2]
    states = A.shape[1]
    dtype = compute_dtype(x)
    check_cross_scan(x, x_proj_weight, dt_proj_weight, dt_proj_bias, A, D)
    xs = to_directions(x)  # (B, 4, C, L)
    projected = torch.einsum("bkcl,koc->bkol", xs, x_proj_weight.to(x.dtype))
    dt, B, C = projected.split((rank, states, states), dim=2)
    delta = torch.einsum("bkrl,kcr->bkcl", dt, dt_proj_weight.to(x.dtype))
    y, _ = kernel(
        ScanArguments(
            xs.flatten(1, 2).to(dtype),
            delta.flatten(1, 2).to(dtype),
            A.to(dtype),
            B.to(dtype),
            C.to(dtype),
            D.to(dtype),
            dt_proj_bias.flatten().to(dtype),
            softplus=True,
        )
    )
    return from_directions(y.view(batch, NUM_DIRECTIONS, channels, -1), height, width)


def check_cross_scan(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_proj_weight: Tensor,
    dt_proj_bias: Tensor,
    A: Tensor,
    D: Tensor,
) -> None:
    """Raise ValueError if the shapes given to ``cross_scan_2d`` do not fit together."""
    if x.dim() != 4 or min(x.shape) == 0:
        raise ValueError(f"x must be (batch, channels, height, width), not {tuple(x.shape)}")
    if A.dim() != 2 or dt_proj_weight.dim() != 3:
        raise ValueError("A must be (4 * channels, states), dt_proj_weight (4, channels, rank)")
    channels, states, rank = x.shape[1], A.shape[1], dt_proj_weight.shape[2]
    expected = {
        "x_proj_weight": (x_proj_weight, (NUM_DIRECTIONS, rank + 2 * states, channels)),
        "dt_proj_weight": (dt_proj_weight, (NUM_DIRECTIONS, channels, rank)),
        "dt_proj_bias": (dt_proj_bias, (NUM_DIRECTIONS, channels)),
        "A": (A, (NUM_DIRECTIONS * channels, states)),
        "D": (D, (NUM_DIRECTIONS * channels,)),
    }
    for name, (value, shape) in expected.items():
        if value.shape != shape:
            raise ValueError(f"{name} must be {shape}, not {tuple(value.shape)}")
