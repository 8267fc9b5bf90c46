"""How hands move: filters over time that steady what was estimated frame by frame."""

from hands3c_core.motion.one_euro import OneEuro, OneEuroRotation
from hands3c_core.motion.smoothing import HandSmoother

__all__ = ["HandSmoother", "OneEuro", "OneEuroRotation"]
