"""Training: losses, recipes and everything around the optimizer.

``run.train`` runs it all; it needs Lightning (the extra ``train``), what is exported here does
not.
"""

from hands3c_core.training.config import TrainConfig
from hands3c_core.training.losses import (
    HandLosses,
    HandTargets,
    LossWeights,
    hand_losses,
    posed_targets,
)
from hands3c_core.training.partial import PartialTargets, make_targets, partial_losses
from hands3c_core.training.presets import PRESETS, Preset, find_preset

__all__ = [
    "PRESETS",
    "HandLosses",
    "HandTargets",
    "LossWeights",
    "PartialTargets",
    "Preset",
    "TrainConfig",
    "find_preset",
    "hand_losses",
    "make_targets",
    "partial_losses",
    "posed_targets",
]
