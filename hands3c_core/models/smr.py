"""SMR, spatial-guided model-based regression: our reading of it.

No code of SMR is public. This is built from its description, and where that leaves a choice the
choice is ours: see docs/models.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from hands3c_core.conventions import CROP_SIZE, JOINT_NAMES, NUM_JOINTS, NUM_ROTATIONS, NUM_SHAPE
from hands3c_core.geometry.crop import CropRule
from hands3c_core.hand_model import HandModelData, matrix_to_axis_angle, rot6d_to_matrix
from hands3c_core.hand_model.data import JOINT_GATHER
from hands3c_core.models.mano_head import IDENTITY_6D
from hands3c_core.models.network import HandNetwork
from hands3c_core.models.outputs import HandPrediction
from hands3c_core.models.resnet34 import RESNET34, EncoderShape, LowerEncoder, UpperEncoder
from hands3c_core.models.sar import LAST_STRIDE, RefineInput
from hands3c_core.models.spatial_graph import (
    DENSE,
    MAPS_PER_POINT,
    SLOPE,
    AdaptiveGraphConv,
    BeliefMaps,
    BeliefRegressor,
    GraphShape,
    SpatialInitialGraph,
)
from hands3c_core.models.uvd import BELIEF_STRIDE

#: Joint that coordinates are relative to, and metres that the network calls 1.
ROOT = JOINT_NAMES.index("middle1")
LENGTH_UNIT = 0.2
#: Scale of the weak-perspective camera at the start: half a crop across for a hand 0.15 m long.
FIRST_SCALE = 0.65
#: Features of a joint inside the parameter head.
HIDDEN, JOINT_FEATURES = 512, 32
CAMERA_SIZE = 3


@dataclass(frozen=True, slots=True)
class SmrConfig:
    """What distinguishes networks of SMR's kind."""

    name: str = "smr"
    """Name in the registry."""
    input_size: int = CROP_SIZE
    """Side of the input crop, px: a multiple of 32."""
    stages: int = 2
    """How often the parameters are regressed."""
    encoder: EncoderShape = RESNET34
    """ResNet-34 unless tests want less."""
    crop: CropRule = "box"
    """How the window that it sees is laid around the hand."""


class SmrStageOutput(NamedTuple):
    """What one stage says of B hands."""

    guide: BeliefMaps
    """The joints on the encoder's last map, that guide the parameters."""
    belief: BeliefMaps
    """The joints on maps of S/8 cells a side, that the next stage sees."""
    rot6d: Tensor
    """(B, 16, 6) rotations, two columns of the matrix."""
    shape: Tensor
    """(B, 10)"""
    camera: Tensor
    """(B, 3) scale (not negative), shift along u and v of the weak-perspective camera."""


class SmrRegressed(NamedTuple):
    """What the learned part says of B hands."""

    shared: Tensor
    """(B, 128, S/8, S/8) the map that all stages start from."""
    features: Tensor
    """(B, 128, S/8, S/8) the map that the last stage starts from."""
    stages: tuple[SmrStageOutput, ...]
    """The last one is the output."""


class SmrPose(NamedTuple):
    """The hand that a stage's parameters make."""

    rotations: Tensor
    """(B, 16, 3, 3)"""
    pose: Tensor
    """(B, 16, 3) axis-angle."""
    shape: Tensor
    """(B, 10)"""
    joints: Tensor
    """(B, 21, 3) metres, hand layer's frame, by the linear regressor."""
    vertices: Tensor
    """(B, V, 3) metres, same frame."""
    joints_2d: Tensor
    """(B, 21, 2) px over S."""
    vertices_2d: Tensor
    """(B, V, 2) px over S."""


class JointHead(nn.Module):
    """SAR's head for 21 joints: each starts from its place in the hand at rest.

    Args:
        channels: of the maps it starts from.
        features: numbers of a node without its place.
        side: cells a side of the maps it makes.
        shape: of its graph convolutions.
    """

    def __init__(self, channels: int, features: int, side: int, shape: GraphShape = DENSE) -> None:
        super().__init__()
        self.initial_graph = SpatialInitialGraph(NUM_JOINTS, channels)
        self.belief = BeliefRegressor(
            NUM_JOINTS, features + 3, side, regresses_joints=False, shape=shape
        )

    def forward(self, features: Tensor, template: Tensor) -> BeliefMaps:
        """Maps (B, 512, h, w) and the joints at rest (21, 3) -> points and maps."""
        return self.belief(self.initial_graph(features, template))


class ParameterHead(nn.Module):
    """Spatial-aware regression of the hand model's parameters (SMR's SAPR-Head).

    Initial graph of 21 nodes -> LayerNorm -> graph convolutions to 512 and 32 features -> two
    linear layers to 16 rotations (6D), 10 shape coefficients and the camera.

    Args:
        channels: of the maps it starts from.
        features: numbers of a node.
    """

    def __init__(self, channels: int, features: int) -> None:
        super().__init__()
        size = NUM_JOINTS * JOINT_FEATURES
        self.initial_graph = SpatialInitialGraph(NUM_JOINTS, channels)
        self.norm = nn.LayerNorm(features)
        self.first = AdaptiveGraphConv(NUM_JOINTS, features, HIDDEN)
        self.dropout = nn.Dropout(0.1)
        self.second = AdaptiveGraphConv(NUM_JOINTS, HIDDEN, JOINT_FEATURES)
        self.hidden = nn.Linear(size, size)
        self.out = nn.Linear(size, 6 * NUM_ROTATIONS + NUM_SHAPE + CAMERA_SIZE)
        self._start_at_mean()

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Maps (B, 512, h, w) -> rotations (B, 16, 6), shape (B, 10), camera (B, 3)."""
        nodes = F.leaky_relu(self.first(self.norm(self.initial_graph(features))), SLOPE)
        nodes = F.leaky_relu(self.second(self.dropout(nodes)), SLOPE)
        parameters = self.out(F.leaky_relu(self.hidden(nodes.flatten(1)), SLOPE))
        rot6d, shape, camera = parameters.split((6 * NUM_ROTATIONS, NUM_SHAPE, CAMERA_SIZE), dim=1)
        camera = torch.cat((F.relu(camera[:, :1]), camera[:, 1:]), dim=1)
        return rot6d.unflatten(1, (NUM_ROTATIONS, 6)), shape, camera

    def _start_at_mean(self) -> None:
        """Start near the mean hand in the middle of the crop: elsewhere a 6D vector may have no
        rotation and the scale no gradient."""
        nn.init.normal_(self.out.weight, std=0.01)
        start = [*IDENTITY_6D * NUM_ROTATIONS, *(0.0,) * NUM_SHAPE, FIRST_SCALE, 0.0, 0.0]
        with torch.no_grad():
            self.out.bias.copy_(torch.tensor(start))


class SmrHead(nn.Module):
    """What stands behind a stage's encoder: joints, guided features, parameters.

    Args:
        channels: of the encoder's last map.
        size: side of the input crop, px.
        shape: of the graph convolutions to the maps that are large.
    """

    def __init__(self, channels: int, size: int, shape: GraphShape = DENSE) -> None:
        super().__init__()
        side = size // LAST_STRIDE
        features = MAPS_PER_POINT * side**2
        self.guide = JointHead(channels, features, side)
        self.merge = nn.Conv2d(channels + 2 * NUM_JOINTS, channels, kernel_size=1)
        self.parameters_head = ParameterHead(channels, features)
        self.belief = JointHead(channels, features, size // BELIEF_STRIDE, shape)

    def say(self, features: Tensor, template: Tensor) -> SmrStageOutput:
        """The encoder's last map (B, channels, S/32, S/32) and the joints at rest (21, 3) -> all
        that a stage says."""
        guide = self.guide(features, template)
        maps = (features, guide.heat.to(features.dtype), guide.depth.to(features.dtype))
        guided = self.merge(torch.cat(maps, dim=1))
        rot6d, shape, camera = self.parameters_head(guided)
        belief = self.belief(guided, template)
        return SmrStageOutput(guide, belief, rot6d, shape, camera)


class SmrStage(SmrHead):
    """One regression of the parameters.

    Args:
        config: of the network.
        refines: whether a stage comes before this one.
    """

    def __init__(self, config: SmrConfig, *, refines: bool) -> None:
        super().__init__(config.encoder.last, config.input_size)
        self.refine = RefineInput(config.encoder.shared) if refines else None
        self.encoder = UpperEncoder(config.encoder)

    def forward(
        self, shared: Tensor, template: Tensor, before: BeliefMaps | None
    ) -> tuple[Tensor, SmrStageOutput]:
        """The shared map, the joints at rest (21, 3) and the belief maps of the stage before -> the
        stage's input map and what it says."""
        inputs = shared
        if self.refine is not None and before is not None:
            inputs = self.refine(shared, before)
        return inputs, self.say(self.encoder(inputs), template)


class Smr(HandNetwork):
    """SMR (Sun et al., "SMR: Spatial-Guided Model-Based Regression for 3D Hand Pose and Mesh
    Reconstruction", IEEE TCSVT 2023): our reading, since no code of it is public.

        crop -> lower encoder -> [upper encoder -> joints -> guided features -> parameters] x stages

    Pose, shape and a weak-perspective camera are regressed; the mesh is the hand model's, so images
    that have nothing but 2D labels can teach it (see ``training.objectives``).

    Args:
        hand: the hand model that pose and shape are given to.
        config: input size and stages.
    """

    config: SmrConfig

    def __init__(self, hand: HandModelData, config: SmrConfig | None = None) -> None:
        config = config or SmrConfig()
        super().__init__(hand, config)
        self._build_parts()

    def _build_parts(self) -> None:
        config = self.config
        self.encoder = LowerEncoder(config.encoder)
        self.stages = nn.ModuleList(
            SmrStage(config, refines=number > 0) for number in range(config.stages)
        )

    def regress(self, images: Tensor) -> SmrRegressed:
        """The learned part of ``forward``."""
        self.check_images(images)
        shared = self.encoder(images)
        template = self._regress_joints(self.hand_layer.v_template)
        features = shared
        stages: list[SmrStageOutput] = []
        for stage in self.stages:
            before = stages[-1].belief if stages else None
            features, said = stage(shared, template, before)
            stages.append(said)
        return SmrRegressed(shared, features, tuple(stages))

    def complete(self, regressed: Any, *, attention: bool = False) -> HandPrediction:
        """The hand of the last stage's parameters, in float32 at least."""
        last: SmrStageOutput = regressed.stages[-1]
        posed = self.pose_hand(last)
        return HandPrediction(
            backbone_features=regressed.shared,
            features=regressed.features,
            heatmaps=last.belief.heat,
            joints_2d=posed.joints_2d,
            joints_3d=posed.joints,
            vertices=posed.vertices,
            rot6d=last.rot6d,
            rotations=posed.rotations,
            pose=posed.pose,
            shape=posed.shape,
            camera=last.camera,
        )

    def pose_hand(self, said: SmrStageOutput) -> SmrPose:
        """Mesh, joints and their projection from a stage's parameters."""
        layer = self.hand_layer
        kind = layer.v_template.dtype
        with torch.autocast(said.rot6d.device.type, enabled=False):
            rotations = rot6d_to_matrix(said.rot6d.to(kind))
            pose = matrix_to_axis_angle(rotations)
            shape = said.shape.to(kind)
            vertices = layer(pose, shape).vertices
            joints = self._regress_joints(vertices)
            scale, shift = said.camera.to(kind)[:, None].split((1, 2), dim=-1)
            root = joints[:, ROOT : ROOT + 1]

            def project(points: Tensor) -> Tensor:
                # uv = xy (s S) + t S/2 + S/2, over S.
                return (points - root)[..., :2] / LENGTH_UNIT * scale + (shift + 1) / 2

            places = project(joints), project(vertices)
        return SmrPose(rotations, pose, shape, joints, vertices, *places)

    def _regress_joints(self, vertices: Tensor) -> Tensor:
        """(..., V, 3) -> (..., 21, 3) by the linear regressor; tips are vertices."""
        layer = self.hand_layer
        joints = layer.J_regressor @ vertices
        tips = vertices[..., layer.fingertip_ids, :]
        return torch.cat((joints, tips), dim=-2)[..., list(JOINT_GATHER), :]
