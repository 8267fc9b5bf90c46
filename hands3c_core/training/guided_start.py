"""Where a lite network begins that is given no weights: its trunk, its scale, its knowledge of
hands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from hands3c_core.assets import asset_path
from hands3c_core.data import HandDataset
from hands3c_core.errors import UserError
from hands3c_core.models import HandNetwork
from hands3c_core.models.crops import images_from_crops
from hands3c_core.models.efficientnet import HAND_2020_SHAPE, EfficientNetLite
from hands3c_core.models.guided import GuidedLite
from hands3c_core.models.pretrained import set_backbone
from hands3c_core.training.batches import TrainingSamples
from hands3c_core.training.kinematics import KinematicOptions, PoseDraws, learn_kinematics

#: The network that the trunk comes from.
TRUNK = "hand_landmark_2020.tflite"
#: Pictures to scale the maps on, and most poses to draw from.
_PICTURES, _POSES = 48, 6000
#: Where a hand stands whose place is not known, m.
_USUAL_PLACE = (0.0, 0.0, 0.6)


def start_fresh(
    network: HandNetwork, samples: TrainingSamples, minutes: float, *, has_trunk: bool
) -> None:
    """Give a network with random weights what its kind can start from: the landmark network's trunk
    where it has one, and the lite network the rest of ``start_guided``.

    Raises:
        UserError: the trunk's file cannot be read.
    """
    if isinstance(network, GuidedLite):
        start_guided(network, samples, minutes, has_trunk=has_trunk)
        return
    backbone = getattr(network, "backbone", None)
    is_hand = isinstance(backbone, EfficientNetLite) and backbone.shape == HAND_2020_SHAPE
    if is_hand and not has_trunk:
        set_backbone(network, asset_path(TRUNK))


def start_guided(
    network: GuidedLite,
    samples: TrainingSamples,
    minutes: float,
    *,
    has_trunk: bool = False,
    report: Callable[[str], None] = print,
) -> None:
    """Give a fresh lite network its trunk, maps of one scale, and the way from points to poses.

    Args:
        network: with random weights.
        samples: the training's, augmented.
        minutes: to learn poses without pictures; 0 leaves that out.
        has_trunk: the trunk's weights are there already.
        report: takes a line now and then.

    Raises:
        UserError: the trunk's file cannot be read.
    """
    if not has_trunk:
        set_backbone(network, asset_path(TRUNK))
    rows = np.linspace(0, len(samples) - 1, min(_PICTURES, len(samples))).astype(int)
    crops = torch.from_numpy(np.stack([samples[int(row)].sample.crop for row in rows]))
    network.start_at_scale(images_from_crops(crops, network.parameter))
    if minutes > 0:
        poses, places = _labelled_poses(samples.dataset)
        options = KinematicOptions(minutes=minutes)
        report(f"{len(poses)} poses are drawn from for {minutes:g} minutes")
        draws = PoseDraws(poses, places, network.hand_layer, options)
        learn_kinematics(network, draws, options, report)


def _labelled_poses(dataset: HandDataset) -> tuple[np.ndarray, np.ndarray]:
    """Poses (N, 16, 3) and places (N, 3) of a dataset's labels."""
    poses, places = [], []
    for index in np.linspace(0, len(dataset) - 1, min(_POSES, len(dataset))).astype(int):
        sample = dataset[int(index)]
        if sample.pose is not None and sample.parameter_model == "hands3c":
            poses.append(sample.pose)
            places.append(_USUAL_PLACE if sample.root is None else sample.root)
    if not poses:
        raise UserError(
            "None of the data has poses of the shipped hands to begin with: add synthetic:FOLDER, "
            "start from --weights, or set --kinematic-minutes 0."
        )
    return np.stack(poses).astype(np.float32), np.array(places, np.float32)
