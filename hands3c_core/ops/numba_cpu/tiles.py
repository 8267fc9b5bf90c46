"""The scan on one tile, forward and backward: some steps of ``LANES`` rows.

Values of rows are [step][lane], states [state][lane], projections [step][state]. The loops over the
lanes are the ones that vectorise; four states at a time, so that each value that is read is used
four times. N is padded to a multiple of four with B = C = 0, so padded states stay 0.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from hands3c_core.jit import njit
from hands3c_core.ops.numba_cpu.numerics import (
    FUSED,
    LN2,
    exp2_product,
    softplus,
    softplus_slope,
)

#: Rows handled at once.
LANES: Final = 32
#: Steps per tile, and per saved state for the backward pass.
STEPS: Final = 32
#: States handled at once; N is padded to a multiple of it.
BLOCK: Final = 4

_0 = np.float32(0)
#: For sums over the lanes, which vectorise only if they may be reordered.
_REORDERED: Final[Any] = {"contract", "nsz", "reassoc"}


@njit(fastmath=FUSED)
def scan_tile(steps, states, dt, x, B, C, decay, skip, state, drive, y):
    """y = <C, h> + D x, h = exp2(dt A log2e) h + dt x B; ``decay`` is A log2e."""
    for t in range(steps):
        for i in range(LANES):
            drive[i] = dt[t, i] * x[t, i]
            y[t, i] = skip[i] * x[t, i]
        for n in range(0, states, BLOCK):
            b0, b1, b2, b3 = B[t, n], B[t, n + 1], B[t, n + 2], B[t, n + 3]
            c0, c1, c2, c3 = C[t, n], C[t, n + 1], C[t, n + 2], C[t, n + 3]
            for i in range(LANES):
                step, w = dt[t, i], drive[i]
                h0 = exp2_product(step, decay[n, i]) * state[n, i] + w * b0
                h1 = exp2_product(step, decay[n + 1, i]) * state[n + 1, i] + w * b1
                h2 = exp2_product(step, decay[n + 2, i]) * state[n + 2, i] + w * b2
                h3 = exp2_product(step, decay[n + 3, i]) * state[n + 3, i] + w * b3
                state[n, i], state[n + 1, i] = h0, h1
                state[n + 2, i], state[n + 3, i] = h2, h3
                y[t, i] += (h0 * c0 + h1 * c1) + (h2 * c2 + h3 * c3)


@njit(fastmath=_REORDERED)
def scan_tile_backward(
    steps, states, dt, x, dy, B, C, decay, start, H, E, adjoint, dA, dB, dC, du, ddt
):
    """Gradients of one tile, given the state before it (``start``) and dL/dy (``dy``).

    Args:
        H, E: (STEPS + 1, BLOCK, LANES), working memory: states and decays, recomputed.
        adjoint: dL/dh after the last step in, before the first step out.
        dA: dL/dA without the factor of its unit, added to.
        dB, dC: sums over the lanes, added to.
        du: sum_n B dL/dh; overwritten.
        ddt: sum_n dL/d(dt A) A log2e; overwritten.
    """
    for t in range(steps):
        for i in range(LANES):
            du[t, i] = _0
            ddt[t, i] = _0
    for n in range(0, states, BLOCK):
        for k in range(BLOCK):
            for i in range(LANES):
                H[0, k, i] = start[n + k, i]
        _replay(steps, n, dt, x, B, decay, H, E)
        for back in range(steps):
            t = steps - 1 - back
            b0, b1, b2, b3 = B[t, n], B[t, n + 1], B[t, n + 2], B[t, n + 3]
            c0, c1, c2, c3 = C[t, n], C[t, n + 1], C[t, n + 2], C[t, n + 3]
            sum_b0 = sum_b1 = sum_b2 = sum_b3 = _0
            sum_c0 = sum_c1 = sum_c2 = sum_c3 = _0
            for i in range(LANES):
                up, step = dy[t, i], dt[t, i]
                w = step * x[t, i]
                sum_c0 += up * H[t + 1, 0, i]
                sum_c1 += up * H[t + 1, 1, i]
                sum_c2 += up * H[t + 1, 2, i]
                sum_c3 += up * H[t + 1, 3, i]
                d0 = adjoint[n, i] + up * c0
                d1 = adjoint[n + 1, i] + up * c1
                d2 = adjoint[n + 2, i] + up * c2
                d3 = adjoint[n + 3, i] + up * c3
                sum_b0 += d0 * w
                sum_b1 += d1 * w
                sum_b2 += d2 * w
                sum_b3 += d3 * w
                du[t, i] += (d0 * b0 + d1 * b1) + (d2 * b2 + d3 * b3)
                d0 *= E[t, 0, i]
                d1 *= E[t, 1, i]
                d2 *= E[t, 2, i]
                d3 *= E[t, 3, i]
                adjoint[n, i], adjoint[n + 1, i] = d0, d1
                adjoint[n + 2, i], adjoint[n + 3, i] = d2, d3
                d0 *= H[t, 0, i]  # from here on dL/d(dt A_n)
                d1 *= H[t, 1, i]
                d2 *= H[t, 2, i]
                d3 *= H[t, 3, i]
                ddt[t, i] += (d0 * decay[n, i] + d1 * decay[n + 1, i]) + (
                    d2 * decay[n + 2, i] + d3 * decay[n + 3, i]
                )
                dA[n, i] += d0 * step
                dA[n + 1, i] += d1 * step
                dA[n + 2, i] += d2 * step
                dA[n + 3, i] += d3 * step
            dB[t, n] += sum_b0
            dB[t, n + 1] += sum_b1
            dB[t, n + 2] += sum_b2
            dB[t, n + 3] += sum_b3
            dC[t, n] += sum_c0
            dC[t, n + 1] += sum_c1
            dC[t, n + 2] += sum_c2
            dC[t, n + 3] += sum_c3


@njit(fastmath=FUSED)
def _replay(steps, n, dt, x, B, decay, H, E):
    """States and decays of four states from state ``n`` on, H[0] given."""
    for t in range(steps):
        b0, b1, b2, b3 = B[t, n], B[t, n + 1], B[t, n + 2], B[t, n + 3]
        for i in range(LANES):
            step = dt[t, i]
            w = step * x[t, i]
            e0 = exp2_product(step, decay[n, i])
            e1 = exp2_product(step, decay[n + 1, i])
            e2 = exp2_product(step, decay[n + 2, i])
            e3 = exp2_product(step, decay[n + 3, i])
            E[t, 0, i], E[t, 1, i], E[t, 2, i], E[t, 3, i] = e0, e1, e2, e3
            H[t + 1, 0, i] = e0 * H[t, 0, i] + w * b0
            H[t + 1, 1, i] = e1 * H[t, 1, i] + w * b1
            H[t + 1, 2, i] = e2 * H[t, 2, i] + w * b2
            H[t + 1, 3, i] = e3 * H[t, 3, i] + w * b3


@njit(fastmath=_REORDERED)
def finish_gradients(steps, soft, raw, dt, x, dy, skip, du, ddt, dD, dbias):
    """What ``scan_tile_backward`` left of du and ddelta, in place; dD and dbias are added to.

    Args:
        soft: whether ``dt`` is the softplus of ``raw``.
    """
    for t in range(steps):
        for i in range(LANES):
            slope = ddt[t, i] * LN2 + du[t, i] * x[t, i]
            if soft:
                slope *= softplus_slope(raw[t, i])
            du[t, i] = du[t, i] * dt[t, i] + skip[i] * dy[t, i]
            ddt[t, i] = slope
            dD[i] += dy[t, i] * x[t, i]
            dbias[i] += slope


@njit
def step_sizes(steps, soft, raw, dt):
    """dt = softplus(raw), or raw itself."""
    for t in range(steps):
        for i in range(LANES):
            dt[t, i] = softplus(raw[t, i]) if soft else raw[t, i]
