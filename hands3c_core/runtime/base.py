"""What every way of running a network has in common."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from torch import Tensor

from hands3c_core.hand_model import HandModelData
from hands3c_core.models import HandNetwork, HandPrediction
from hands3c_core.models.crop_predictor import CropPredictor
from hands3c_core.models.crops import images_from_crops


class Runtime(CropPredictor):
    """A network made ready for inference; ``predict`` answers as ``HandNetwork.predict`` does.

    The weights are taken over when the runtime is made: later changes of the model's parameters are
    not seen, and with ``take`` the model has none left. The hand model stays the model's own, so
    ``model.set_hand`` works at any time.
    """

    #: Name for ``make_runtime``.
    runtime_name: str = ""
    max_batch = 16

    def __init__(self, model: HandNetwork) -> None:
        self.model = model
        self.config = model.config
        self._like = model.parameter.new_empty(0)

    @property
    def hand(self) -> HandModelData:
        """The hand model that is posed."""
        return self.model.hand

    @property
    def attention_kinds(self) -> tuple[str, ...]:
        """See ``CropPredictor.attention_kinds``."""
        return self.model.attention_kinds

    def predict_pass(self, crops: Tensor, attention: bool) -> HandPrediction:
        """See ``CropPredictor.predict``, which calls it."""
        return self.model.complete(self._regress(self._images(crops)), attention=attention)

    def _images(self, crops: Tensor) -> Tensor:
        """(B, S, S, 3) uint8 -> (B, 3, S, S) in [0, 1]."""
        return images_from_crops(crops, self._like)

    @abstractmethod
    def _regress(self, images: Tensor) -> Any:
        """What ``HandNetwork.regress`` says, for (B, 3, S, S) in [0, 1]."""
