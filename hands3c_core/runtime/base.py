"""What every way of running a network has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from hands3c_core.hand_model import HandModelData
from hands3c_core.models import HandNetwork, HandPrediction
from hands3c_core.models.crops import crops_to_tensor, images_from_crops
from hands3c_core.models.outputs import concatenate


class Runtime(ABC):
    """A network made ready for inference; ``predict`` answers as ``HandNetwork.predict`` does.

    The weights are taken over when the runtime is made: later changes of the model's parameters are
    not seen, and with ``take`` the model has none left. The hand model stays the model's own, so
    ``model.set_hand`` works at any time.
    """

    #: Name for ``make_runtime``.
    runtime_name: str = ""
    #: Most crops in one pass.
    max_batch = 16

    def __init__(self, model: HandNetwork) -> None:
        self.model = model
        self._like = model.parameter.new_empty(0)

    @property
    def name(self) -> str:
        """The network's name."""
        return self.model.name

    @property
    def input_size(self) -> int:
        """Side of the input crop, px."""
        return self.model.input_size

    @property
    def refines(self) -> bool:
        """See ``HandNetwork.refines``."""
        return self.model.refines

    @property
    def hand(self) -> HandModelData:
        """The hand model that is posed."""
        return self.model.hand

    @torch.inference_mode()
    def predict(
        self,
        crops: np.ndarray | Tensor,
        *,
        attention: bool = False,
        batch_size: int | None = None,
    ) -> HandPrediction:
        """All outputs for ready crops; see ``HandNetwork.predict``.

        Args:
            crops: (B, S, S, 3) uint8 RGB, S = ``input_size``; left hands mirrored by the caller.
            attention: also return the attention maps.
            batch_size: crops a pass; by default all at once, up to ``max_batch``.

        Raises:
            UserError: the crops have another size or type.
        """
        checked = crops_to_tensor(crops, self.input_size)
        size = min(batch_size or self.max_batch, self.max_batch)
        return concatenate(
            [
                self.model.complete(self._regress(self._images(part)), attention=attention)
                for part in checked.split(size)
            ]
        )

    def _images(self, crops: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, 3, S, S) in [0, 1]."""
        return images_from_crops(crops, self._like)

    @abstractmethod
    def _regress(self, images: Tensor) -> Any:
        """What ``HandNetwork.regress`` says, for (B, 3, S, S) in [0, 1]."""
