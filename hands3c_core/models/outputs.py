"""What a network returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from hands3c_core.types import AttentionMaps, Float32

_Record = TypeVar("_Record", "AttentionTensors", "HandPrediction", "UvdTensors")


@dataclass(frozen=True, slots=True)
class AttentionTensors:
    """Activation maps around the attention module; see ``types.AttentionMaps``."""

    before: Tensor
    """(B, h, w) channel RMS of the feature map entering the module."""
    after: Tensor
    """(B, h, w) channel RMS of the feature map leaving it."""
    spatial: Tensor | None = None
    """(B, h, w) channel RMS of the spatial branch's output, if the network has one."""
    channel: Tensor | None = None
    """(B, h, w) channel RMS of the channel branch's output, if the network has one."""


@dataclass(frozen=True, slots=True)
class UvdTensors:
    """Joints and vertices where the camera sees them, with their depth: what networks that regress
    points say. ``models.uvd`` brings them into a camera's frame."""

    joints: Tensor
    """(B, 21, 3) u and v as in ``HandPrediction.joints_2d``, and metres behind the wrist."""
    vertices: Tensor
    """(B, V, 3) the same of the mesh."""


@dataclass(frozen=True, slots=True)
class HandPrediction:
    """All outputs of a network for a batch of B crops of side S, on the network's device and in
    its dtype. V is the hand model's number of vertices. HandS3C's sizes are given; (h, w) are S/8.

    A right hand is meant throughout: for a mirrored crop everything describes the mirrored hand.
    Every network gives heatmaps, 2D and 3D joints and vertices. Fields that not all have are None
    where a network cannot give them: SAR regresses points and has no pose and shape.
    """

    backbone_features: Tensor
    """(B, 256, h, w) F, the pyramid's map entering the attention module. SAR and SMR: (B, 128, h,
    w), the map that their stages share."""
    features: Tensor
    """(B, 256, h, w) the map leaving the attention module; equals F where there is none. SAR and
    SMR: (B, 128, h, w), the same map as the last stage sees it."""
    heatmaps: Tensor
    """(B, 21, h, w) per-joint probabilities over the crop, each map summing to 1."""
    joints_2d: Tensor
    """(B, 21, 2) joints (u, v), about [0, 1]: px in the crop (integers at pixel centres) over S, as
    the published training divides them. Order of ``conventions.JOINT_NAMES``."""
    joints_3d: Tensor
    """(B, 21, 3) metres, camera axes, without the camera translation: the hand layer's frame, where
    the wrist stands at the joint regressor's place for the shape. SAR: the wrist at the origin,
    the hand seen from far away and as large as the hand model's; see ``uvd``."""
    vertices: Tensor
    """(B, V, 3) metres, in the frame of ``joints_3d``."""
    encoding: Tensor | None = None
    """(B, 1024) the vector that pose and shape are regressed from. HandS3C and its relatives."""
    rot6d: Tensor | None = None
    """(B, 16, 6) rotations before orthonormalisation (two columns of the matrix). Not SAR."""
    rotations: Tensor | None = None
    """(B, 16, 3, 3) the rotations as matrices, order of ``conventions.ROTATION_NAMES``. The hand
    model adds its mean pose to their axis-angle vectors, so these are not the final rotations. Not
    SAR."""
    pose: Tensor | None = None
    """(B, 16, 3) the rotations as axis-angle in rad: row 0 the global orientation, the others
    relative to the hand model's mean pose. Not SAR."""
    shape: Tensor | None = None
    """(B, 10) shape coefficients. Not SAR."""
    camera: Tensor | None = None
    """(B, 3) weak-perspective camera (s, tx, ty) of the crop, in units of SMR; SMR alone."""
    points: Tensor | None = None
    """(B, 21, 3) joints where the network sees them: u, v as in ``joints_2d``, and depth behind the
    wrist in the same unit (the crop's side, at the wrist's distance). The lite network."""
    point_sigma: Tensor | None = None
    """(B, 21, 2) how far ``points`` may be off across and along the line of sight, same unit: the
    mean absolute error that the network expects of itself. The lite network."""
    witness: Tensor | None = None
    """(B, 21, 3) what the trunk's own landmark head says, as ``points``. The lite network."""
    uvd: UvdTensors | None = None
    """Points as regressed, from which a camera's frame follows exactly; SAR alone."""
    attention: AttentionTensors | None = None
    """Attention maps, if asked for and if the network has an attention module."""

    def __len__(self) -> int:
        """B."""
        return len(self.joints_2d)

    def to(self, device: torch.device | str) -> HandPrediction:
        """The same prediction on another device."""
        return _combine([self], lambda parts: parts[0].to(device))

    def published_arrays(self) -> dict[str, np.ndarray]:
        """All outputs as arrays, named and shaped as the published code's test outputs are.

        'backbone_feat', 's3c_feat', 'heatmaps', 'joints_coord_img', 'mano_encoding',
        'pose6d' (B, 96), 'pose_rotmat', 'mano_pose' (B, 48), 'mano_shape', 'joints_coord_cam',
        'mesh_coord_cam'. What the network does not give is left out.
        """
        tensors = {
            "backbone_feat": self.backbone_features,
            "s3c_feat": self.features,
            "heatmaps": self.heatmaps,
            "joints_coord_img": self.joints_2d,
            "mano_encoding": self.encoding,
            "pose6d": None if self.rot6d is None else self.rot6d.flatten(1),
            "pose_rotmat": self.rotations,
            "mano_pose": None if self.pose is None else self.pose.flatten(1),
            "mano_shape": self.shape,
            "joints_coord_cam": self.joints_3d,
            "mesh_coord_cam": self.vertices,
        }
        return {
            name: tensor.detach().cpu().numpy()
            for name, tensor in tensors.items()
            if tensor is not None
        }

    def attention_maps(self, index: int) -> AttentionMaps | None:
        """The attention maps of one crop as float32 arrays, or None if there are none."""
        maps = self.attention
        if maps is None:
            return None
        return AttentionMaps(
            before=_as_float32(maps.before[index]),
            after=_as_float32(maps.after[index]),
            spatial=None if maps.spatial is None else _as_float32(maps.spatial[index]),
            channel=None if maps.channel is None else _as_float32(maps.channel[index]),
        )


# So that networks that answer with them can be exported (torch.export).
for _record in (AttentionTensors, UvdTensors, HandPrediction):
    torch.export.register_dataclass(_record)


def concatenate(predictions: list[HandPrediction]) -> HandPrediction:
    """The predictions of several batches as one; all with attention maps, or none."""
    return _combine(predictions, torch.cat)


def _combine(records: list[_Record], combine: Callable[[list[Tensor]], Tensor]) -> _Record:
    """A record of the same kind whose tensors are combined from those of ``records``."""
    first = records[0]
    values: dict[str, Any] = {}
    for field in fields(first):
        parts = [getattr(record, field.name) for record in records]
        if isinstance(parts[0], Tensor):
            values[field.name] = combine(parts)
        elif parts[0] is not None:
            values[field.name] = _combine(parts, combine)
    return type(first)(**values)


def _as_float32(tensor: Tensor) -> Float32:
    return tensor.detach().float().cpu().numpy()
