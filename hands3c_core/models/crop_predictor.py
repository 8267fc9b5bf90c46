"""Crops in, a prediction out: what networks and the runtimes that run them fast have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hands3c_core.geometry.crop import CropRule
from hands3c_core.hand_model import HandModelData
from hands3c_core.models.crops import crops_to_tensor
from hands3c_core.models.outputs import HandPrediction, concatenate


class CropPredictor(ABC):
    """Predicts hands from crops, in one pass or several."""

    #: A ``models.network.NetworkConfig``.
    config: Any
    #: Most crops in one pass; None for no limit.
    max_batch: int | None = None

    @property
    def name(self) -> str:
        """The network's name in the registry."""
        return self.config.name

    @property
    def input_size(self) -> int:
        """Side of the input crop, px."""
        return self.config.input_size

    @property
    def refines(self) -> bool:
        """Whether estimators bring its poses to its own heatmaps (``estimators.refine``). Weights
        of published networks are shown as they are, unless their file asks for it."""
        return bool(getattr(self.config, "refines", False))

    @property
    def crop_rule(self) -> CropRule:
        """How the window that it wants to see is laid around the hand."""
        return getattr(self.config, "crop", "box")

    @property
    def attention_kinds(self) -> tuple[str, ...]:
        """The maps around its attention module that ``predict`` can give, as the fields of
        ``types.AttentionMaps`` are called; () without such a module."""
        return ()

    @property
    @abstractmethod
    def hand(self) -> HandModelData:
        """The hand model whose mesh is predicted."""

    def predict(
        self,
        crops: np.ndarray | Tensor,
        *,
        attention: bool = False,
        batch_size: int | None = None,
    ) -> HandPrediction:
        """All outputs for ready crops, without gradients and with the running batch statistics.

        Args:
            crops: (B, S, S, 3) uint8 RGB, S = ``input_size``; left hands mirrored by the caller.
            attention: also compute the attention maps.
            batch_size: crops a pass; None takes as many as ``max_batch`` allows.

        Raises:
            UserError: the crops have another size or type.
        """
        checked = crops_to_tensor(crops, self.input_size)
        limits = [limit for limit in (batch_size, self.max_batch) if limit]
        size = min(limits, default=max(len(checked), 1))
        with torch.inference_mode():
            return concatenate([self.predict_pass(p, attention) for p in checked.split(size)])

    @abstractmethod
    def predict_pass(self, crops: Tensor, attention: bool) -> HandPrediction:
        """``predict`` for checked crops, all at once; called without gradients."""
