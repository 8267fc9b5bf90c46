"""What SAR's and SMR's lite forms see: the lite network's trunk, its last map brought to few
channels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from hands3c_core.geometry.crop import CropRule
from hands3c_core.models.efficientnet import HAND_2020_SHAPE, EfficientNetLite, EfficientNetShape
from hands3c_core.models.lite import LITE_SIZE
from hands3c_core.models.spatial_graph import SLOPE, GraphShape

SMALL_GRAPH: Final = GraphShape(width=196, rank=64)


@dataclass(frozen=True, slots=True)
class TrunkConfig:
    """What distinguishes the lite forms of SAR and SMR."""

    name: str
    """Name in the registry."""
    input_size: int = LITE_SIZE
    """Side of the input crop, px: a multiple of 32."""
    backbone: EfficientNetShape = HAND_2020_SHAPE
    """The trunk's widths."""
    channels: int = 192
    """Of the map that the graphs start from."""
    graph: GraphShape = SMALL_GRAPH
    """Of the graph convolutions."""
    crop: CropRule = "upright"
    """How the window that it sees is laid around the hand: as the trunk knows it."""


class TrunkMaps(NamedTuple):
    """Maps of B crops."""

    fine: Tensor
    """(B, 24, S/8, S/8)"""
    last: Tensor
    """(B, channels, S/32, S/32)"""


def trunk_maps(backbone: EfficientNetLite, reduce: nn.Conv2d, images: Tensor) -> TrunkMaps:
    """Images (B, 3, S, S) in [0, 1] -> the trunk's map at stride 8, and the last one reduced."""
    _, fine, _, last = backbone(images)
    return TrunkMaps(fine, F.leaky_relu(reduce(last), SLOPE))
