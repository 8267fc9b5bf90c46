"""Effective receptive fields: which pixels one cell of a feature map really depends on.

Method of Luo et al., "Understanding the Effective Receptive Field in Deep Convolutional Neural
Networks" (NeurIPS 2016): the gradient of the map's central cell with respect to the image. As in
Ding et al. (RepLKNet, CVPR 2022): the channels' positive outputs are summed, negative gradients are
dropped, the three colours are summed, and the result is averaged over images. Areas are those of
the smallest central square that holds a share of the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hands3c_core.errors import UserError
from hands3c_core.explain.maps import fit_crop
from hands3c_core.hand_model import HandModelData
from hands3c_core.models import HandS3C, Regressed, build_model
from hands3c_core.models.crops import crops_to_tensor, images_from_crops
from hands3c_core.models.registry import DEFAULT_HAND

#: Shares of the contribution that the area is given for (those of RepLKNet's table).
THRESHOLDS: Final = (0.2, 0.3, 0.5, 0.99)
#: Which feature map is asked: the one entering the attention module or the one leaving it.
Place = Literal["before", "after"]


@dataclass(frozen=True)
class ReceptiveField:
    """The effective receptive field of a network's feature map."""

    title: str
    """What it is of, for figures and tables."""
    scores: NDArray[np.float64]
    """(S, S) contribution of each pixel of the crop (or cell of the map entering the attention) to
    the central cell, non-negative; the mean over the images, in the network's own units."""
    center: tuple[float, float]
    """(x, y) of the central cell's middle on that grid (centres of pixels are integers)."""
    images: int
    """How many images it was averaged over."""

    def logarithmic(self) -> NDArray[np.float64]:
        """(S, S) log10(1 + scores), the form RepLKNet takes areas of and shows. It compresses large
        scores only, so it depends on the network's gain; the scores themselves do not."""
        return np.log10(1.0 + self.scores)

    def half_side(self, share: float) -> float:
        """Half the side of the smallest central square with ``share`` of the contribution, px; see
        ``central_square``."""
        return central_square(self.scores, share, self.center)

    def area(self, share: float, *, logarithm: bool = False) -> float:
        """Area, as a part of the image's, of the smallest central square with ``share`` of the
        whole contribution, measured on the scores or on ``logarithmic``; see ``central_area``."""
        return central_area(self.logarithmic() if logarithm else self.scores, share, self.center)


def receptive_field(
    network: HandS3C,
    crops: NDArray[np.uint8] | Tensor,
    *,
    title: str | None = None,
    place: Place = "after",
    batch_size: int = 4,
    progress: Callable[[int], None] | None = None,
) -> ReceptiveField:
    """The effective receptive field of the feature map that a network's heads work on.

    The network runs with its running batch statistics and is left as it was.

    Args:
        network: any of the HandS3C family, on any device.
        crops: (N, S, S, 3) uint8 RGB hand crops of the network's input size.
        title: for the figure; the network's name by default.
        place: 'after' the attention module, 'before' it (the pyramid's map).
        batch_size: crops a pass.
        progress: called with the number of crops done after each pass.

    Raises:
        UserError: the crops have another size or type, or the gradients are not finite.
        ValueError: there are no crops.
    """
    side = network.input_size

    def gradient(images: Tensor) -> Tensor:
        images = images.requires_grad_()
        features = _features(network.regress(images), place)
        return torch.autograd.grad(_middle(features), images)[0]

    with _evaluating(network):
        total, count = _summed(network, crops, gradient, batch_size, progress)
        cells = network.config.feature_side
    middle = (cells // 2 + 0.5) * side / cells - 0.5
    return ReceptiveField(title or network.name, total / count, (middle, middle), count)


def attention_field(
    network: HandS3C,
    crops: NDArray[np.uint8] | Tensor,
    *,
    title: str | None = None,
    batch_size: int = 4,
    progress: Callable[[int], None] | None = None,
) -> ReceptiveField:
    """The effective receptive field of the attention module alone, in cells of the feature map.

    The gradient of what the module adds to its central cell, with respect to the map entering it.
    Backbone and pyramid, which see most of the crop by themselves, and the residual connection,
    which sees its own cell, are left out. Arguments and errors are those of ``receptive_field``.

    Returns:
        Scores (h, w); without an attention module they are zero.
    """

    def gradient(images: Tensor) -> Tensor:
        entering: list[Tensor] = []

        def cut(module: nn.Module, inputs: object, output: Tensor) -> Tensor:
            entering.append(output.detach().requires_grad_())
            return entering[-1]

        handle = network.fpn.register_forward_hook(cut)
        try:
            regressed = network.regress(images)
        finally:
            handle.remove()
        if regressed.features is entering[0]:
            return torch.zeros_like(entering[0])
        update = regressed.features - entering[0]
        return torch.autograd.grad(_middle(update), entering[0])[0]

    with _evaluating(network):
        total, count = _summed(network, crops, gradient, batch_size, progress)
    middle = float(total.shape[0] // 2)
    return ReceptiveField(title or network.name, total / count, (middle, middle), count)


def central_square(
    scores: NDArray[np.floating], share: float, center: tuple[float, float]
) -> float:
    """Half the side, px, of the smallest square about ``center`` that holds ``share`` of the sum of
    ``scores``; 0 where nothing contributes.

    The square grows by a pixel at each side and may reach over the image's edge.

    Args:
        scores: (H, W) non-negative.
        share: above 0 up to 1.
        center: (x, y) px, both whole or both half numbers: the square ends between pixels.

    Raises:
        ValueError: the share or the centre is out of range.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share {share:g} must lie above 0 and at most at 1")
    offset = center[0] % 1.0
    if offset not in (0.0, 0.5) or center[1] % 1.0 != offset:
        raise ValueError(f"centre {center} must be two whole or two half numbers")
    distance = _distance(scores.shape, center)
    rings = np.floor(distance).astype(np.int64).ravel()
    inside = np.cumsum(np.bincount(rings, np.asarray(scores, np.float64).ravel()))
    if inside[-1] <= 0:
        return 0.0
    # The rounding of a sum must not cost the last ring at share 1.
    enough = np.flatnonzero(inside >= share * inside[-1] * (1 - 1e-12))
    return float(enough[0]) + 0.5 + offset


def central_area(scores: NDArray[np.floating], share: float, center: tuple[float, float]) -> float:
    """Area of ``central_square`` within the image, as a part of the image's; 0 to 1."""
    half = central_square(scores, share, center)
    return float((_distance(scores.shape, center) < half).mean())


def _distance(shape: tuple[int, ...], center: tuple[float, float]) -> NDArray[np.float64]:
    """Distance of every pixel from a centre along the axis where it is larger."""
    x, y = np.arange(shape[1]), np.arange(shape[0])
    return np.maximum(np.abs(x - center[0])[None], np.abs(y - center[1])[:, None])


def random_network(
    name: str,
    crops: NDArray[np.uint8],
    *,
    input_size: int | None = None,
    seed: int = 0,
    hand: str | HandModelData = DEFAULT_HAND,
) -> HandS3C:
    """A network of published form with fresh weights, ready to be looked at.

    Networks of one seed share the weights of backbone and pyramid, so that only the attention
    differs. Fresh batch norms know nothing of their input, and activations would double from unit
    to unit; they take their statistics from the crops.

    Args:
        name: for ``build_model``.
        crops: (N, S, S, 3) uint8 RGB, resampled where the network takes another size.
        input_size: as in ``build_model``.
        seed: of the weights.
        hand: as in ``build_model``.

    Raises:
        UserError: no such network in the HandS3C family, or it cannot be built.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build_model(name, input_size=input_size, hand=hand)
    if not isinstance(network, HandS3C):
        raise UserError(f"{name} has no feature map before its heads; choose another network.")
    fitted = np.stack([fit_crop(crop, network.input_size) for crop in crops])
    pixels = crops_to_tensor(fitted, network.input_size)
    settle_norms(network, images_from_crops(pixels, next(network.parameters())))
    return network.eval()


def settle_norms(network: HandS3C, images: Tensor) -> None:
    """Give all batch norms the statistics of one pass over ``images`` (B, 3, S, S) in [0, 1]."""
    norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    was_training = network.training
    for norm in norms:
        norm.momentum = 1.0  # this pass alone
    try:
        network.train()
        with torch.no_grad():
            network.regress(images)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        network.train(was_training)


def area_table(
    fields: Sequence[ReceptiveField], shares: Sequence[float] = THRESHOLDS
) -> list[dict[str, float | str | int]]:
    """One row for each field: 'network', 'images', 'area@0.2' ... of the scores, and
    'log area@0.2' ... of their logarithms, as RepLKNet counts."""
    rows: list[dict[str, float | str | int]] = []
    for field in fields:
        row: dict[str, float | str | int] = {"network": field.title, "images": field.images}
        row |= {f"area@{share:g}": field.area(share) for share in shares}
        row |= {f"log area@{share:g}": field.area(share, logarithm=True) for share in shares}
        rows.append(row)
    return rows


def _summed(
    network: HandS3C,
    crops: NDArray[np.uint8] | Tensor,
    gradient: Callable[[Tensor], Tensor],
    batch_size: int,
    progress: Callable[[int], None] | None,
) -> tuple[NDArray[np.float64], int]:
    """The non-negative gradients (B, C, h, w) of all crops added to (h, w), and how many crops."""
    pixels = crops_to_tensor(crops, network.input_size)
    if not len(pixels):
        raise ValueError("a receptive field needs at least one crop")
    total: Tensor | None = None
    done = 0
    for part in pixels.split(batch_size):
        images = images_from_crops(part, next(network.parameters()))
        scores = gradient(images).clamp_min(0.0).double().sum(dim=(0, 1)).cpu()
        total = scores if total is None else total + scores
        done += len(part)
        if progress is not None:
            progress(done)
    assert total is not None
    if not torch.isfinite(total).all():
        raise UserError(
            f"The gradients of {network.name} are not finite: its weights are damaged, take others."
        )
    return total.numpy(), done


def _middle(features: Tensor) -> Tensor:
    """The positive outputs of the central cell of (B, C, h, w), summed over images and channels:
    images do not see each other, so the sum's gradient is every image's own."""
    height, width = features.shape[-2:]
    return features[:, :, height // 2, width // 2].clamp_min(0.0).sum()


def _features(regressed: Regressed, place: Place) -> Tensor:
    return regressed.features if place == "after" else regressed.backbone_features


@contextmanager
def _evaluating(network: nn.Module) -> Iterator[None]:
    """Running batch statistics, and gradients for the image alone."""
    was_training = network.training
    wanted = {parameter: parameter.requires_grad for parameter in network.parameters()}
    network.eval().requires_grad_(False)
    try:
        with torch.enable_grad():
            yield
    finally:
        network.train(was_training)
        for parameter, requires_grad in wanted.items():
            parameter.requires_grad_(requires_grad)
