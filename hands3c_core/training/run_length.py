"""Learning rate and length of a run."""

from __future__ import annotations

import time
from typing import Any

import lightning.pytorch as L

from hands3c_core.training.presets import Preset
from hands3c_core.training.schedule import learning_rate


class RunLength(L.Callback):
    """Sets the learning rate before every step and stops at the run's end.

    Minutes count over all parts of a resumed run: a part knows from its checkpoint how long the
    earlier ones took.

    Args:
        preset: the recipe, with the run's length.
        max_steps: most steps, if limited.
        samples: training samples in an epoch.
    """

    def __init__(self, preset: Preset, max_steps: int | None, samples: int) -> None:
        self.preset = preset
        self.samples = samples
        by_epochs = None
        if preset.epochs is not None:
            by_epochs = max(1, round(preset.epochs * samples / preset.batch_size))
        limits = [limit for limit in (max_steps, by_epochs) if limit is not None]
        self.max_steps = min(limits) if limits else None
        self.step_ended = 0.0
        """``elapsed`` when the last step ended: before its checkpoint, so that no line of a log is
        later than the clock of the run that is resumed from there."""
        self._before = 0.0
        self._started = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds of training so far, earlier parts included."""
        return self._before + time.monotonic() - self._started

    def epoch(self, step: int) -> float:
        """Passes through the data after so many steps."""
        return step * self.preset.batch_size / self.samples

    def progress(self, step: int, elapsed: float) -> float:
        """Share of the run that is over, 0 to 1 (more if it runs over time)."""
        shares = [0.0]
        if self.max_steps is not None:
            shares.append(step / self.max_steps)
        if self.preset.max_minutes is not None:
            shares.append(elapsed / (60 * self.preset.max_minutes))
        return max(shares)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """The clock runs from here on."""
        self._started = time.monotonic()
        if self.progress(trainer.global_step, self.elapsed) >= 1:
            trainer.should_stop = True

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, *args: Any
    ) -> None:
        """Set the learning rate."""
        step = trainer.global_step
        progress = self.progress(step, self._common(trainer, self.elapsed))
        rate = learning_rate(self.preset, step, self.epoch(step), progress)
        for group in trainer.optimizers[0].param_groups:
            group["lr"] = rate * group["rate"]

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, *args: Any
    ) -> None:
        """Stop where the run ends."""
        self.step_ended = self.elapsed
        elapsed = self._common(trainer, self.step_ended)
        if self.progress(trainer.global_step, elapsed) >= 1:
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """For checkpoints."""
        return {"elapsed": self.elapsed}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """From a checkpoint."""
        self._before = float(state_dict["elapsed"])

    def _common(self, trainer: L.Trainer, elapsed: float) -> float:
        """The first process's clock, where time matters: all must agree."""
        if trainer.world_size > 1 and self.preset.max_minutes is not None:
            return trainer.strategy.broadcast(elapsed)
        return elapsed
