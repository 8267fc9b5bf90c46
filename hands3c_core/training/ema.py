"""Moving average of the weights."""

from __future__ import annotations

from typing import Any

import lightning.pytorch as L
import torch
from torch import Tensor

from hands3c_core.training.module import HandTraining


class WeightAverage(L.Callback):
    """Exponential moving average of parameters and batch statistics, used for validation.

    After n steps the decay is min(decay, (1 + n) / (10 + n)), so that a short run forgets its
    start. The average is part of the checkpoints.

    Args:
        decay: share of the old average kept at each step.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay
        self.steps = 0
        self.average: dict[str, Tensor] = {}
        self._own: dict[str, Tensor] = {}

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start from the weights, or from what a checkpoint brought."""
        state = _state(pl_module)
        if not self.average:
            self.average = {name: tensor.detach().clone() for name, tensor in state.items()}
        self.average = {name: self.average[name].to(state[name].device) for name in state}

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, *args: Any
    ) -> None:
        """Take the new weights in."""
        self.steps += 1
        share = 1.0 - min(self.decay, (1 + self.steps) / (10 + self.steps))
        state = _state(pl_module)
        floats = [name for name, tensor in state.items() if tensor.is_floating_point()]
        with torch.no_grad():
            torch._foreach_lerp_(
                [self.average[name] for name in floats], [state[name] for name in floats], share
            )
            for name in state.keys() - set(floats):  # counters of the batch norms
                self.average[name].copy_(state[name])

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Validate the average."""
        if self.average:
            self._own = {name: tensor.clone() for name, tensor in _state(pl_module).items()}
            self.load(pl_module)

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Go on with the weights themselves."""
        if self._own:
            _network(pl_module).load_state_dict(self._own)
            self._own = {}

    def load(self, pl_module: L.LightningModule) -> None:
        """Put the average into the network."""
        _network(pl_module).load_state_dict(self.average)

    def state_dict(self) -> dict[str, Any]:
        """For checkpoints."""
        return {"steps": self.steps, "average": self.average}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """From a checkpoint."""
        self.steps, self.average = state_dict["steps"], dict(state_dict["average"])


def _network(module: L.LightningModule) -> torch.nn.Module:
    assert isinstance(module, HandTraining)
    return module.network


def _state(module: L.LightningModule) -> dict[str, Tensor]:
    return _network(module).state_dict()
