"""What a joint's heatmap rests on: Grad-CAM.

Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization"
(ICCV 2017), equations 1 and 2: the channels of a feature map, weighted by the mean gradient of the
answer with respect to each, summed, negative sums dropped. The answer here is the score that the
joint's heatmap has at its peak, before the softmax (as the paper takes a class's score).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.errors import UserError
from hands3c_core.models import HandS3C
from hands3c_core.models.crops import crops_to_tensor, images_from_crops
from hands3c_core.types import Float32


def joint_number(joint: str | int) -> int:
    """Index of a joint from its name or number.

    Raises:
        UserError: there is no such joint.
    """
    text = str(joint).strip().lower()
    if text in JOINT_NAMES:
        return JOINT_NAMES.index(text)
    if text.isdecimal() and int(text) < len(JOINT_NAMES):
        return int(text)
    raise UserError(f"No joint is called {joint!r}; choose one of {', '.join(JOINT_NAMES)}.")


def grad_cam(network: HandS3C, crop: np.ndarray, joints: Sequence[int]) -> Float32:
    """Grad-CAM of joints' heatmaps on the feature map leaving the attention module.

    Args:
        network: any of the HandS3C family; left as it was.
        crop: (S, S, 3) uint8 RGB of the network's input size.
        joints: indices into ``conventions.JOINT_NAMES``.

    Returns:
        (len(joints), h, w), non-negative, not normalised; each covers the crop.

    Raises:
        UserError: the crop has another size or type, or the network has no heatmaps of this kind.
    """
    head = getattr(network, "heatmap_head", None)
    if head is None:
        raise UserError(f"Grad-CAM needs a network of the HandS3C family, not {network.name!r}.")
    images = images_from_crops(
        crops_to_tensor(crop[None], network.input_size), next(network.parameters())
    )
    scores: list[Tensor] = []
    handle = head.score.register_forward_hook(lambda module, inputs, out: scores.append(out))
    was_training = network.training
    network.eval()
    try:
        with torch.no_grad():
            features = network.regress(images).features
        scores.clear()
        with torch.enable_grad():
            features = features.clone().requires_grad_()
            head(features)
            # The temperature belongs to the score: a negative one turns the peak over.
            peaks = (scores[0].flatten(2)[0] * head.temperature).amax(dim=1)
            gradients = [
                torch.autograd.grad(peaks[joint], features, retain_graph=True)[0][0]
                for joint in joints
            ]
    finally:
        handle.remove()
        network.train(was_training)
    weights = torch.stack(gradients).mean(dim=(2, 3))
    maps = torch.einsum("jc,chw->jhw", weights, features[0]).clamp_min(0.0)
    return maps.detach().float().cpu().numpy()
