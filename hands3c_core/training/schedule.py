"""Learning rates over a run."""

from __future__ import annotations

import math

from hands3c_core.training.presets import Preset

#: No warm-up takes more than this share of a run.
LONGEST_WARMUP = 0.05


def learning_rate(preset: Preset, step: int, epoch: float, progress: float) -> float:
    """The learning rate of a step.

    Args:
        preset: the recipe.
        step: optimizer steps done so far.
        epoch: passes through the data so far, with fraction.
        progress: share of the run that is over, 0 to 1, for the cosine.
    """
    warm = 1.0
    if preset.warmup_steps:
        warm = min(1.0, max((step + 1) / preset.warmup_steps, progress / LONGEST_WARMUP))
    if preset.schedule == "cosine":
        if preset.cosine_by == "epoch" and preset.epochs:
            progress = int(epoch + 1e-9) / preset.epochs
        wave = (1 + math.cos(math.pi * min(max(progress, 0.0), 1.0))) / 2
        factor = preset.final_share + (1 - preset.final_share) * wave
    else:
        # A whisker more, so that 3 * (1 / 3) epochs count as one.
        factor = preset.decay ** int((epoch + 1e-9) // preset.decay_every)
    return preset.learning_rate * warm * factor
