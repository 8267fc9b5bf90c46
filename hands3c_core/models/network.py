"""What every network of the registry has in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from hands3c_core.errors import UserError
from hands3c_core.geometry.crop import CropRule
from hands3c_core.hand_model import HandLayer, HandModelData
from hands3c_core.models.crop_predictor import CropPredictor
from hands3c_core.models.crops import images_from_crops
from hands3c_core.models.outputs import HandPrediction

#: Mean and deviation of ImageNet's images, RGB in [0, 1], that pretrained backbones expect.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)

Self = TypeVar("Self", bound="HandNetwork")


class NetworkConfig(Protocol):
    """What every network's configuration says; its text tells two kinds of network apart."""

    @property
    def name(self) -> str: ...
    @property
    def input_size(self) -> int: ...


class HandNetwork(nn.Module, CropPredictor):
    """One RGB crop of a right hand in, a ``HandPrediction`` out.

    A subclass splits the work in two: ``regress`` is everything learned and answers with tensors in
    (nested) named tuples, which the runtimes may compute in their own way; ``complete`` makes the
    prediction of it, in float32 at least. The state dict holds the learned part only: the hand
    model's arrays are not part of it.

    Args:
        hand: the hand model whose mesh is predicted.
        config: name, input size and whatever else distinguishes the network.
    """

    hand_layer: HandLayer
    #: Paths of modules that runtimes in half precision leave in float32.
    full_precision: tuple[str, ...] = ()

    def __init__(self, hand: HandModelData, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.hand_layer = HandLayer(hand)

    @abstractmethod
    def regress(self, images: Tensor) -> Any:
        """The learned part of ``forward``: (B, 3, S, S) RGB in [0, 1] -> a named tuple."""

    @abstractmethod
    def complete(self, regressed: Any, *, attention: bool = False) -> HandPrediction:
        """The prediction from what ``regress`` said."""

    @property
    def hand(self) -> HandModelData:
        """The hand model whose mesh is predicted."""
        return self.hand_layer.data

    @property
    def parameter(self) -> Tensor:
        """Any parameter, for the network's device and dtype."""
        return next(self.parameters())

    def can_pose(self, hand: HandModelData) -> bool:
        """Whether ``set_hand`` would take this hand; networks that regress the vertices themselves
        are bound to the mesh they were made for."""
        return True

    def ask_to_refine(self) -> None:
        """Have ``refines`` say yes from now on; of no effect where there are no poses to refine."""

    def start_as_published(self) -> None:
        """Set what the network's authors start otherwise than we do to their start. Of no effect on
        networks that start as theirs."""

    def use_crop(self, rule: CropRule) -> None:
        """Want windows laid by another rule from now on, that of the weights. Of no effect on
        networks whose configuration knows no rule."""
        if hasattr(self.config, "crop") and self.config.crop != rule:
            self.config = replace(self.config, crop=rule)  # type: ignore[type-var]

    def set_hand(self, hand: HandModelData) -> None:
        """Pose another hand model from now on; weights stay.

        Raises:
            UserError: the network regresses vertices of another mesh.
        """
        if not self.can_pose(hand):
            raise UserError(
                f"{self.name} regresses the vertices of {self.hand.name} themselves and cannot "
                f"give those of {hand.name}; choose {self.hand.name}, or weights made for "
                f"{hand.name}."
            )
        old = self.hand_layer.v_template
        self.hand_layer = HandLayer(hand, dtype=old.dtype).to(old.device)

    def _apply(self: Self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """As every module, but the hand model never falls below float32: a mesh in bfloat16 is a
        millimetre off."""
        super()._apply(fn, recurse)
        template = self.hand_layer.v_template
        if template.dtype not in (torch.float32, torch.float64):
            self.hand_layer = HandLayer(self.hand).to(template.device)
        return self

    def forward(self, images: Tensor, *, attention: bool = False) -> HandPrediction:
        """All outputs, differentiable.

        Args:
            images: (B, 3, S, S) RGB in [0, 1], no mean or deviation subtracted, in the network's
                dtype; S is ``input_size``.
            attention: also compute the attention maps.

        Raises:
            ValueError: the images are not of the size the network was made for.
        """
        return self.complete(self.regress(images), attention=attention)

    def predict_pass(self, crops: Tensor, attention: bool) -> HandPrediction:
        """See ``CropPredictor.predict``, which calls it."""
        was_training = self.training
        self.eval()
        try:
            return self(images_from_crops(crops, self.parameter), attention=attention)
        finally:
            self.train(was_training)

    def check_images(self, images: Tensor) -> None:
        """Raise ``ValueError`` for images of another size than ``input_size``."""
        if images.shape[1:] != (3, self.input_size, self.input_size):
            raise ValueError(
                f"images must be (B, 3, {self.input_size}, {self.input_size}), "
                f"not {tuple(images.shape)}"
            )


class ImageNetNormalise(nn.Module):
    """Subtract ImageNet's mean and divide by its deviation; neither is part of the weights."""

    def __init__(self) -> None:
        super().__init__()
        for name, values in (("mean", IMAGENET_MEAN), ("deviation", IMAGENET_DEVIATION)):
            self.register_buffer(name, torch.tensor(values).view(3, 1, 1), persistent=False)

    mean: Tensor
    deviation: Tensor

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in [0, 1] -> the same shape, about 0 with deviation 1."""
        return (images - self.mean) / self.deviation
