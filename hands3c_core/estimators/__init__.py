"""Estimators: from tracked hands to the parameters of a hand model.

``NetworkEstimator`` is imported on first use, since it brings torch and the networks with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hands3c_core.estimators.base import Estimator
from hands3c_core.estimators.landmarks import LandmarkEstimator, LandmarkFitSettings

if TYPE_CHECKING:
    from hands3c_core.estimators.network import NetworkEstimator

__all__ = ["Estimator", "LandmarkEstimator", "LandmarkFitSettings", "NetworkEstimator"]


def __getattr__(name: str) -> Any:
    if name == "NetworkEstimator":
        from hands3c_core.estimators.network import NetworkEstimator

        return NetworkEstimator
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
