"""Elementary functions of a selective scan in float32, written so that numba's loops vectorise.

The same formulas as in ``ops/cpu/vectors.h``; a call of the C library would not vectorise.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from hands3c_core.jit import njit

#: Products and sums may be fused; sums are not reordered, which rounding to an integer relies on.
FUSED: Final[Any] = {"contract", "nsz"}

LOG2E: Final = np.float32(1.4426950408889634)
LN2: Final = np.float32(0.6931471805599453)
_LOW, _HIGH = np.float32(-127.0), np.float32(128.0)
#: Adding it rounds to an integer and leaves that integer in the low mantissa bits.
_ROUNDER = np.float32(12582912.0)
_0, _1, _2, _20 = (np.float32(value) for value in (0, 1, 2, 20))
#: 2^f for |f| <= 1/2: minimax, relative error 9e-8.
_E5, _E4, _E3, _E2, _E1 = (
    np.float32(value)
    for value in (1.3264724e-3, 9.6715129e-3, 5.55073375e-2, 2.402224208e-1, 6.931469776e-1)
)
#: 2 atanh(s) / s as a polynomial in s^2, for 0 <= s <= 1/3.
_T4, _T3, _T2, _T1, _T0 = (
    np.float32(value)
    for value in (2.817832602e-1, 2.796060473e-1, 4.002491014e-1, 6.666631469e-1, 2.0000000079)
)


@njit(fastmath=FUSED)
def exp2_product(a, b):
    """2^(a b); 0 and infinity beyond float32's range."""
    x = a * b
    x = _LOW if x < _LOW else x  # 2^low is written as 0,
    x = _HIGH if x > _HIGH else x  # 2^high as infinity; a NaN passes both comparisons
    shifted = np.float32(x + _ROUNDER)
    f = x - (shifted - _ROUNDER)
    p = np.float32(((((_E5 * f + _E4) * f + _E3) * f + _E2) * f + _E1) * f + _1)
    return np.int32(p.view(np.int32) + (shifted.view(np.int32) << 23)).view(np.float32)


@njit(fastmath=FUSED)
def softplus(x):
    """log(1 + exp(x)); x itself above 20, as torch and mamba define it."""
    e = exp2_product(x if x < _0 else -x, LOG2E)
    s = e / (e + _2)  # log(1 + e) = 2 atanh(e / (2 + e))
    u = s * s
    y = s * ((((_T4 * u + _T3) * u + _T2) * u + _T1) * u + _T0) + (_0 if x < _0 else x)
    return x if x > _20 else y


@njit(fastmath=FUSED)
def softplus_slope(x):
    """The derivative of softplus."""
    e = exp2_product(x if x < _0 else -x, LOG2E)
    r = _1 / (e + _1)
    y = e * r if x < _0 else r
    return _1 if x > _20 else y
