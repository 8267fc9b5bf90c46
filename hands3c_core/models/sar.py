"""SAR, spatial-aware regression: one RGB crop of a hand -> the mesh itself, point by point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from hands3c_core.conventions import CROP_SIZE, NUM_JOINTS
from hands3c_core.geometry.crop import CropRule
from hands3c_core.hand_model import HandModelData
from hands3c_core.models.network import HandNetwork
from hands3c_core.models.outputs import HandPrediction, UvdTensors
from hands3c_core.models.resnet34 import RESNET34, EncoderShape, LowerEncoder, UpperEncoder
from hands3c_core.models.spatial_graph import (
    MAPS_PER_POINT,
    BeliefMaps,
    BeliefRegressor,
    SpatialInitialGraph,
)
from hands3c_core.models.uvd import BELIEF_STRIDE, bone_extent, see_from_afar

#: Metres behind the wrist that the network calls 1.
DEPTH_UNIT = 0.3
#: Pixels of the input per cell of the encoder's last map.
LAST_STRIDE = 32


@dataclass(frozen=True, slots=True)
class SarConfig:
    """What distinguishes networks of SAR's kind."""

    name: str = "sar"
    """Name in the registry."""
    input_size: int = CROP_SIZE
    """Side of the input crop, px: a multiple of 32."""
    stages: int = 2
    """How often the mesh is regressed, each time with the joints' last belief maps in view."""
    encoder: EncoderShape = RESNET34
    """ResNet-34 unless tests want less."""
    crop: CropRule = "box"
    """How the window that it sees is laid around the hand."""


class SarRegressed(NamedTuple):
    """What the learned part says of B hands."""

    shared: Tensor
    """(B, 128, S/8, S/8) the map that all stages start from."""
    features: Tensor
    """(B, 128, S/8, S/8) the map that the last stage starts from."""
    stages: tuple[BeliefMaps, ...]
    """Each stage's points (V vertices, then 21 joints) and maps; the last one is the output."""


class RefineInput(nn.Module):
    """The shared map with the joints' belief maps of the stage before: (B, 128 + 42, h, w) ->
    (B, 128, h, w).

    Args:
        channels: of the shared map, 128.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels + 2 * NUM_JOINTS, channels, kernel_size=1)

    def forward(self, shared: Tensor, before: BeliefMaps) -> Tensor:
        """See the class."""
        maps = (shared, before.heat.to(shared.dtype), before.depth.to(shared.dtype))
        return self.conv(torch.cat(maps, dim=1))


class SarStage(nn.Module):
    """Encoder's upper half, spatial-aware initial graph, belief maps.

    Args:
        vertices: V.
        config: of the network.
        refines: whether a stage comes before this one.
    """

    def __init__(self, vertices: int, config: SarConfig, *, refines: bool) -> None:
        super().__init__()
        features = MAPS_PER_POINT * (config.input_size // LAST_STRIDE) ** 2 + 3
        self.refine = RefineInput(config.encoder.shared) if refines else None
        self.encoder = UpperEncoder(config.encoder)
        self.initial_graph = SpatialInitialGraph(vertices, config.encoder.last)
        self.belief = BeliefRegressor(vertices, features, config.input_size // BELIEF_STRIDE)

    def forward(
        self, shared: Tensor, template: Tensor, before: BeliefMaps | None
    ) -> tuple[Tensor, BeliefMaps]:
        """The shared map, the template (V, 3) and the stage before -> the stage's input map and
        what it says."""
        features = shared
        if self.refine is not None and before is not None:
            features = self.refine(shared, before)
        return features, self.belief(self.initial_graph(self.encoder(features), template))


class Sar(HandNetwork):
    """SAR (Zheng et al., "SAR: Spatial-Aware Regression for 3D Hand Pose and Mesh Reconstruction
    from a Monocular RGB Image", ISMAR 2021).

        crop -> lower encoder -> [upper encoder -> initial graph -> belief maps] x stages
        (B, 3, 256, 256)  (B, 128, 32, 32)  (B, 512, 8, 8)  (B, V, 515)  (B, V + 21, 3)

    Every vertex and joint is regressed as u, v and depth relative to the wrist; there is no pose
    and no shape. The number of vertices is the hand model's, and weights belong to its mesh. With
    778 vertices there are 58.85 M parameters, 30.09 M with one stage. For other input sizes the
    belief maps have S/8 cells a side, and the graphs as many features as such a map has cells.

    Args:
        hand: the hand model whose mesh is regressed, and whose template the graphs start from.
        config: input size and stages.
    """

    config: SarConfig

    def __init__(self, hand: HandModelData, config: SarConfig | None = None) -> None:
        config = config or SarConfig()
        super().__init__(hand, config)
        self._build_parts()

    def _build_parts(self) -> None:
        config = self.config
        self.encoder = LowerEncoder(config.encoder)
        self.stages = nn.ModuleList(
            SarStage(self.hand.num_vertices, config, refines=number > 0)
            for number in range(config.stages)
        )

    def can_pose(self, hand: HandModelData) -> bool:
        """Only hands with the mesh that the vertices are of."""
        return hand.num_vertices == self.hand.num_vertices and np.array_equal(
            hand.faces, self.hand.faces
        )

    def start_as_published(self) -> None:
        """See ``HandNetwork.start_as_published``: SAR's graphs."""
        for part in self.modules():
            if isinstance(part, BeliefRegressor):
                part.start_as_published()

    def regress(self, images: Tensor) -> SarRegressed:
        """The learned part of ``forward``."""
        self.check_images(images)
        shared = self.encoder(images)
        features = shared
        stages: list[BeliefMaps] = []
        for stage in self.stages:
            before = stages[-1] if stages else None
            features, said = stage(shared, self.hand_layer.v_template, before)
            stages.append(said)
        return SarRegressed(shared, features, tuple(stages))

    def complete(self, regressed: Any, *, attention: bool = False) -> HandPrediction:
        """The last stage's points, and the hand they make when seen from far away."""
        last: BeliefMaps = regressed.stages[-1]
        points = last.uvd.to(self.hand_layer.v_template.dtype)
        places = (points[..., :2] + 1) / 2
        uvd = torch.cat((places, DEPTH_UNIT * points[..., 2:]), dim=-1)
        joints, vertices = uvd[:, -NUM_JOINTS:], uvd[:, :-NUM_JOINTS]
        tensors = UvdTensors(joints, vertices)
        joints_3d, vertices_3d = see_from_afar(tensors, bone_extent(self.hand, uvd))
        return HandPrediction(
            backbone_features=regressed.shared,
            features=regressed.features,
            heatmaps=last.heat,
            joints_2d=joints[..., :2],
            joints_3d=joints_3d,
            vertices=vertices_3d,
            uvd=tensors,
        )
