"""Several networks' features on the same crops, a row each (figure 5 of the HandS3C paper)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from hands3c_core.explain.drawing import captioned, enlarged, grid, over_picture, text_line
from hands3c_core.explain.grad_cam import grad_cam
from hands3c_core.explain.hand_sheet import PANEL
from hands3c_core.explain.maps import ColorScale, fit_crop
from hands3c_core.hand_model.joint_angles import short_name
from hands3c_core.models import HandS3C
from hands3c_core.models.crops import crops_to_tensor, images_from_crops
from hands3c_core.render import joint_heatmap, normalise_map
from hands3c_core.types import AttentionMaps, UInt8


@dataclass(frozen=True)
class Candidate:
    """A network of the comparison."""

    label: str
    network: HandS3C
    note: str = ""
    """Where its weights are from."""


def side_by_side(rows: Sequence[tuple[Candidate, UInt8]], joint: int) -> UInt8:
    """What each network makes of a hand's crop.

    A row for each: the crop, the feature map going into its attention module and coming out of it
    (root mean square over the channels, both in the same colours, scaled for each network by
    itself), heatmaps, and Grad-CAM of a joint's heatmap.

    Args:
        rows: networks of the HandS3C family (those without an attention module have one map), each
            with the crop that it is given, (S, S, 3) uint8 RGB of a right hand; resampled where the
            network takes another size.
        joint: 0..20.

    Returns:
        (H, W, 3) RGB.

    Raises:
        UserError: the crop is not a square RGB image.
    """
    return grid([_row(candidate, crop, joint) for candidate, crop in rows])


def _row(candidate: Candidate, crop: UInt8, joint: int) -> list[UInt8]:
    network = candidate.network
    fitted = fit_crop(crop, network.input_size)
    picture = enlarged(fitted, PANEL)
    images = images_from_crops(
        crops_to_tensor(fitted[None], network.input_size), next(network.parameters())
    )
    with torch.inference_mode():
        prediction = network.eval().predict(fitted[None], attention=True)
        features = network.regress(images).features[0].float()
    maps = prediction.attention_maps(0)
    after = features.pow(2).mean(dim=0).sqrt().cpu().numpy()
    before = after if maps is None else maps.before
    scale = ColorScale()
    scale.update([AttentionMaps(before, after)], 0.0)
    panels = [captioned(picture, candidate.label, candidate.note)]
    if maps is None:
        blank = np.full_like(picture, 255)
        blank[PANEL // 2 : PANEL // 2 + 20] = text_line(PANEL, "    no attention module")
        panels.append(captioned(blank, "Into the module", ""))
    else:
        panels.append(_features(picture, scale, "before", before, "Into the module"))
    panels.append(_features(picture, scale, "after", after, "Into the heads"))
    heatmaps = prediction.heatmaps
    if heatmaps is not None:
        shown = joint_heatmap(heatmaps[0].float().cpu().numpy())
        heat = over_picture(picture, shown, 0.85, fade_low=True)
        panels.append(captioned(heat, "Heatmaps", "each to its peak"))
    cam = normalise_map(grad_cam(network, fitted, [joint])[0])
    note = f"of {short_name(joint)}'s heatmap"
    return [*panels, captioned(over_picture(picture, cam, 0.75), "Grad-CAM", note)]


def _features(
    picture: UInt8, scale: ColorScale, kind: str, values: NDArray[np.float32], title: str
) -> UInt8:
    note = f"{values.min():.3g} to {values.max():.3g}"
    return captioned(over_picture(picture, scale(kind, values)), title, note)
