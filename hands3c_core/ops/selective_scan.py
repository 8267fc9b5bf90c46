"""The selective scan and the cross-scan, by the best kernel for the device at hand.

``HANDS3C_SCAN=reference|chunked|cpu|numba|triton|mamba_ssm`` in the environment forces a kernel.
"""

from __future__ import annotations

import functools
import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

from hands3c_core.errors import UserError
from hands3c_core.ops import chunked, cpu_kernels, reference
from hands3c_core.ops.arguments import (
    ScanArguments,
    ScanKernel,
    compute_dtype,
    grouped_arguments,
)

#: Values of HANDS3C_SCAN.
KERNELS: Final = ("reference", "chunked", "cpu", "numba", "triton", "mamba_ssm")

#: The kernel of ``use_kernel``, '' outside of it.
_CHOSEN: ContextVar[str] = ContextVar("scan kernel", default="")
_FLOAT32_ONLY: Final = ("numba", "mamba_ssm")


def selective_scan(
    u: Tensor,
    delta: Tensor,
    A: Tensor,
    B: Tensor,
    C: Tensor,
    D: Tensor | None = None,
    z: Tensor | None = None,
    delta_bias: Tensor | None = None,
    delta_softplus: bool = False,
    return_last_state: bool = False,
    *,
    kernel: str | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Selective scan with the argument shapes and grouping of mamba's ``selective_scan_fn``.

    Args:
        u: (B, D, L) input; float16, bfloat16, float32 or float64.
        delta: (B, D, L) step sizes before bias and softplus.
        A: (D, N) real state matrix.
        B: (D, N), (B, N, L) or (B, G, N, L); row d uses group d // (D / G).
        C: like ``B``.
        D: (D,) skip connection.
        z: (B, D, L) gate: the output is multiplied by silu(z).
        delta_bias: (D,) added to ``delta``.
        delta_softplus: apply softplus to ``delta`` (after the bias).
        return_last_state: also return the last state.
        kernel: one of ``KERNELS``; None takes the best.

    Returns:
        y (B, D, L) in u's dtype, or (y, last state (B, D, N) in float32 or float64). Accumulated
        in float64 for float64 input, else in float32. Differentiable in every tensor.

    Raises:
        ValueError: shapes that do not fit together.
        UserError: ``kernel`` or HANDS3C_SCAN names a kernel that does not exist or cannot run here.
    """
    kernel = active_kernel(u.device, kernel)
    if kernel == "mamba_ssm" and return_last_state:
        kernel = "chunked"  # mamba's has no gradient for the last state
    kernel = _for_dtype(kernel, u)
    with torch.autocast(u.device.type, enabled=False):
        args = grouped_arguments(u, delta, A, B, C, D, delta_bias, delta_softplus)
        y, last = _scan_function(kernel)(args)
        if z is not None:
            y = y * F.silu(z.to(y.dtype))
        y = y.to(u.dtype)
    return (y, last) if return_last_state else y


def cross_scan_2d(
    x: Tensor,
    x_proj_weight: Tensor,
    dt_proj_weight: Tensor,
    dt_proj_bias: Tensor,
    A: Tensor,
    D: Tensor,
) -> Tensor:
    """Four-direction cross-scan of a plane, the core of SS2D, summed over the directions.

    Direction 0 reads the plane row by row, 1 column by column, 2 and 3 the same backwards. In
    direction k every position p gives dt (R), B (N), C (N) = ``x_proj_weight[k]`` x_p, the step
    sizes softplus(``dt_proj_weight[k]`` dt + ``dt_proj_bias[k]``) and one selective scan per
    channel.

    The channel branch of S3C is the same function on the (C, H) plane: pass ``x.permute(0, 3, 1,
    2)`` of a (B, C, H, W) map (W becomes the feature dimension), and permute back (0, 2, 3, 1).

    Args:
        x: (B, C, H, W), any memory format; channels_last is the fastest.
        x_proj_weight: (4, R + 2N, C).
        dt_proj_weight: (4, C, R).
        dt_proj_bias: (4, C).
        A: (4 * C, N) negative real, that is -exp(A_log).
        D: (4 * C,) skip connection.

    Returns:
        (B, C, H, W) in float32 (float64 for float64 input). Differentiable in every tensor.

    Raises:
        ValueError: shapes that do not fit together.
        UserError: as ``selective_scan``.
    """
    kernel = _for_dtype(active_kernel(x.device), x)
    reference.check_cross_scan(x, x_proj_weight, dt_proj_weight, dt_proj_bias, A, D)
    # Projections decide step sizes, so they stay in full precision under autocast too.
    with torch.autocast(x.device.type, enabled=False):
        if kernel not in cpu_kernels.CPU_KERNELS:
            return reference.cross_scan_2d(
                x, x_proj_weight, dt_proj_weight, dt_proj_bias, A, D, kernel=_scan_function(kernel)
            )
        dtype = compute_dtype(x)
        return cpu_kernels.cross_scan_2d(
            x.to(dtype),
            x_proj_weight.to(dtype),
            dt_proj_weight.to(dtype),
            dt_proj_bias.to(dtype),
            A.to(dtype),
            D.to(dtype),
            kernel,
        )


@contextmanager
def use_kernel(kernel: str) -> Iterator[None]:
    """Have all scans inside the block run by a kernel (one of ``KERNELS``), whatever the
    environment says: conversions want standard operators."""
    before = _CHOSEN.set(kernel)
    try:
        yield
    finally:
        _CHOSEN.reset(before)


def _for_dtype(kernel: str, x: Tensor) -> str:
    """The kernel, or plain torch for float64 where it has none: that is for checks of gradients."""
    return "chunked" if x.dtype == torch.float64 and kernel in _FLOAT32_ONLY else kernel


def active_kernel(device: torch.device | str, kernel: str | None = None) -> str:
    """Name of the kernel that runs for tensors on a device: one of ``KERNELS``.

    Args:
        device: where the tensors are.
        kernel: the one that is wanted; None takes that of HANDS3C_SCAN, or the best.

    Raises:
        UserError: the wanted kernel does not exist or cannot run here.
    """
    kind = torch.device(device).type
    forced = kernel or _CHOSEN.get() or os.environ.get("HANDS3C_SCAN", "")
    if not forced:
        return _best_kernel(kind)
    name = f"The scan kernel {forced}" if kernel or _CHOSEN.get() else f"HANDS3C_SCAN={forced}"
    if forced not in KERNELS:
        raise UserError(f"{name} is unknown: set one of {', '.join(KERNELS)}.")
    problem = why_not(forced, kind)
    if problem:
        raise UserError(f"{name} cannot be used: {problem}.")
    return forced


def why_not(kernel: str, device_type: str) -> str:
    """Why a kernel cannot run on a kind of device ('cpu', 'cuda', ...); '' if it can."""
    if kernel in cpu_kernels.CPU_KERNELS:
        if device_type != "cpu":
            return f"it runs on the CPU, the tensors are on {device_type}"
        if kernel == "cpu" and not cpu_kernels.available():
            return "no compiler has built it (see scripts/doctor.py)"
        return ""
    if kernel in ("triton", "mamba_ssm"):
        if not _installed(kernel):
            return f"the package {kernel} is not installed"
        if device_type != "cuda" and not (kernel == "triton" and _interpreting()):
            return f"it runs on CUDA, the tensors are on {device_type}"
    return ""


@functools.lru_cache(maxsize=8)
def _best_kernel(device_type: str) -> str:
    if device_type == "cuda":
        order: tuple[str, ...] = ("mamba_ssm", "triton")
    else:
        order = cpu_kernels.CPU_KERNELS if device_type == "cpu" else ()
    return next((kernel for kernel in order if not why_not(kernel, device_type)), "chunked")


@functools.lru_cache(maxsize=2)
def _installed(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def _interpreting() -> bool:
    return os.environ.get("TRITON_INTERPRET") == "1"


def _scan_function(kernel: str) -> ScanKernel:
    if kernel == "triton":
        from hands3c_core.ops import triton_kernels

        return triton_kernels.scan
    functions: dict[str, ScanKernel] = {
        "reference": reference.scan,
        "chunked": chunked.scan,
        "cpu": cpu_kernels.scan,
        "numba": functools.partial(cpu_kernels.scan, kernel="numba"),
        "mamba_ssm": _mamba_scan,
    }
    return functions[kernel]


def _mamba_scan(args: ScanArguments) -> tuple[Tensor, Tensor]:
    """mamba's own CUDA kernel: float32, and no gradient for the last state."""
    from mamba_ssm.ops.selective_scan_interface import selective_scan_fn

    return selective_scan_fn(
        args.u,
        args.delta,
        args.A,
        args.B.contiguous(),
        args.C.contiguous(),
        args.D,
        delta_bias=args.delta_bias,
        delta_softplus=args.softplus,
        return_last_state=True,
    )
