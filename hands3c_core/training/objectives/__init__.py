"""What each kind of network is trained to minimise."""

from __future__ import annotations

from hands3c_core.models import HandNetwork, Sar, Smr
from hands3c_core.training.losses import LossWeights
from hands3c_core.training.objectives.base import Objective
from hands3c_core.training.objectives.parametric import ParametricObjective
from hands3c_core.training.objectives.points import PointObjective, SarWeights
from hands3c_core.training.objectives.weak_perspective import SmrWeights, WeakPerspectiveObjective

__all__ = ["Objective", "SarWeights", "SmrWeights", "make_objective"]


def make_objective(
    network: HandNetwork, weights: LossWeights | SarWeights | SmrWeights | None = None
) -> Objective:
    """The objective of a network; weights that are another network's give way to its usual ones, so
    that every preset can train every network."""
    if isinstance(network, Sar):
        return PointObjective(weights if isinstance(weights, SarWeights) else SarWeights())
    if isinstance(network, Smr):
        own = weights if isinstance(weights, SmrWeights) else SmrWeights()
        return WeakPerspectiveObjective(own)
    return ParametricObjective(weights if isinstance(weights, LossWeights) else LossWeights())
