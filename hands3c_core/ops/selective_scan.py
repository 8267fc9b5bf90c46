"""The selective scan and the cross-scan, by the best kernel for the device at hand.

``HANDS3C_SCAN=reference|chunked|cpu|triton|mamba_ssm`` in the environment forces a kernel.
"""

from __future__ import annotations

from torch import Tensor

from hands3c_core.ops import reference


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

    Returns:
        y (B, D, L) in u's dtype, or (y, last state (B, D, N) in float32 or float64). Accumulated
        in float64 for float64 input, else in float32. Differentiable in every tensor.

    Raises:
        ValueError: shapes that do not fit together.
    """
    return reference.selective_scan(
        u, delta, A, B, C, D, z, delta_bias, delta_softplus, return_last_state
    )


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
    """
    return reference.cross_scan_2d(x, x_proj_weight, dt_proj_weight, dt_proj_bias, A, D)
