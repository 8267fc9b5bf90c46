"""Learning the inner maps of a network that is already trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from hands3c_core.errors import UserError
from hands3c_core.models import HandNetwork, HandS3C, load_weights

#: Projections of the backbone's maps that every pyramid of the family has, coarse first.
_PROJECTIONS = ("top", "lateral4", "lateral3")
#: What stands behind F.
_HEADS = ("heatmap_head.", "encoder.", "mano_head.")
#: Name of F, the map that the heads read, among a network's maps.
FEATURES = "features"
#: Least variance of a channel, as a share of the mean over the channels.
_LEAST_VARIANCE = 1e-2


@contextmanager
def pyramid_maps(network: HandS3C) -> Iterator[dict[str, Tensor]]:
    """What a network's pyramid computes on the way to F while this is entered: maps
    (B, channels, h, w) of the last pass by the projection's name.

    Args:
        network: of the HandS3C family.
    """
    maps: dict[str, Tensor] = {}
    hooks = [
        network.fpn.get_submodule(name).register_forward_hook(
            lambda module, inputs, output, name=name: maps.update({name: output})
        )
        for name in _PROJECTIONS
    ]
    try:
        yield maps
    finally:
        for hook in hooks:
            hook.remove()


class Teacher:
    """A trained network of the HandS3C family, whose maps another one learns to give (feature
    distillation: Romero et al., "FitNets", ICLR 2015).

    What is compared are the pyramid's projections of the three coarser backbone maps, and F after
    the attention. Maps of another size are brought to the smaller one's, and of a wider network the
    first channels are meant, so that its heads can hold the teacher's (``models.widening``).

    Args:
        network: trained; it is left as it is.
    """

    def __init__(self, network: HandS3C) -> None:
        self.network = network.eval().requires_grad_(False)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @classmethod
    def load(cls, path: Path) -> Teacher:
        """The teacher in a file of weights.

        Raises:
            UserError: the file cannot be read, or the network is of another family.
        """
        return cls(_of_the_family(load_weights(path), "teach"))

    def check_student(self, student: HandNetwork) -> None:
        """Raise ``UserError`` unless a network could learn from this one."""
        widths = [
            network.fpn.get_parameter("smooth.weight").shape[0]
            for network in (self.network, _of_the_family(student, "learn from a teacher"))
        ]
        if widths[0] > widths[1]:
            raise UserError(
                f"{student.name} has maps of {widths[1]} channels, its teacher "
                f"{self.network.name} of {widths[0]}; take a teacher that is no wider."
            )

    @torch.no_grad()
    def maps(self, images: Tensor) -> dict[str, Tensor]:
        """Maps of images (B, 3, S, S) RGB in [0, 1] of any size, by name, in float32."""
        network = self.network
        if network.parameter.device != images.device:
            network.to(images.device)
        images = resized(images, network.input_size)
        with torch.autocast(images.device.type, enabled=False), pyramid_maps(network) as maps:
            features = features_of(network, images.to(network.parameter.dtype))
        return {**maps, FEATURES: features}

    def losses(self, student: dict[str, Tensor], images: Tensor) -> dict[str, Tensor]:
        """How far a student's maps are from the teacher's: for each map, the mean over channels of
        the mean square error as a share of the channel's variance, so that 1 is as good as its
        mean. Scalars in float32, by 'map_' and the map's name.

        Args:
            student: the student's maps (B, channels, h, w).
            images: (B, 3, S, S) RGB in [0, 1] that it saw, of any size.
        """
        return {
            f"map_{name}": map_error(student[name].float(), wanted)
            for name, wanted in self.maps(images).items()
        }


def features_of(network: HandS3C, images: Tensor) -> Tensor:
    """F (B, channels, h, w) of images (B, 3, S, S), S a multiple of 32; attended where the network
    attends."""
    features: Tensor = network.fpn(network.backbone(images))
    if network.s3c is not None:
        return network.s3c(features)[0]
    if network.self_attention is not None:
        attended: Tensor = network.self_attention(features)
        return attended
    return features


def map_error(map_: Tensor, wanted: Tensor) -> Tensor:
    """Error of a map (B, C, h, w) against the one wanted (B, c, H, W), c <= C; see
    ``Teacher.losses``."""
    ours = map_[:, : wanted.shape[1]]
    side = min(ours.shape[-1], wanted.shape[-1])
    ours, wanted = resized(ours, side), resized(wanted, side)
    variance = wanted.var(dim=(0, 2, 3))
    variance = variance.clamp(min=_LEAST_VARIANCE * float(variance.mean()))
    return ((ours - wanted).square().mean(dim=(0, 2, 3)) / variance).mean()


def resized(images: Tensor, side: int) -> Tensor:
    """Images (B, C, S, S) with ``side`` pixels a side, averaged where they shrink."""
    if images.shape[-1] == side:
        return images
    return F.interpolate(
        images, size=(side, side), mode="bilinear", align_corners=False, antialias=True
    )


def take_heads(network: HandNetwork, other: HandNetwork) -> list[str]:
    """Give a network the heads of another one: everything behind F that they have alike, and the
    convolution that ends the pyramid where it is the same pyramid.

    Returns:
        The names of the tensors that were taken.

    Raises:
        UserError: a network is of another family, or they have no head alike.
    """
    ours = _of_the_family(network, "take heads")
    theirs = _of_the_family(other, "give its heads")
    parts = _HEADS if type(ours.fpn) is not type(theirs.fpn) else (*_HEADS, "fpn.smooth.")
    own = ours.state_dict()
    alike = {
        name: tensor
        for name, tensor in theirs.state_dict().items()
        if name.startswith(parts) and name in own and own[name].shape == tensor.shape
    }
    if not any(name.startswith("heatmap_head.conv.") for name in alike):
        raise UserError(f"{network.name} and {other.name} have no head alike.")
    ours.load_state_dict(alike, strict=False)
    return list(alike)


def _of_the_family(network: HandNetwork, purpose: str) -> HandS3C:
    if not isinstance(network, HandS3C):
        raise UserError(f"{network.name} cannot {purpose}: only the HandS3C family has a pyramid.")
    return network
