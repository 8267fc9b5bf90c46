"""What a network returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from hands3c_core.types import AttentionMaps, Float32

_Record = TypeVar("_Record", "AttentionTensors", "HandPrediction")


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
class HandPrediction:
    """All outputs of a network for a batch of B crops of side S, on the network's device and in
    its dtype. (h, w) are S/8; V is the hand model's number of vertices.

    A right hand is meant throughout: for a mirrored crop everything describes the mirrored hand.
    """

    backbone_features: Tensor
    """(B, 256, h, w) F, the pyramid's map entering the attention module."""
    features: Tensor
    """(B, 256, h, w) the map leaving the attention module; equals F where there is none."""
    heatmaps: Tensor
    """(B, 21, h, w) per-joint probabilities over the crop, each map summing to 1."""
    joints_2d: Tensor
    """(B, 21, 2) joints (u, v), about [0, 1]: px in the crop (integers at pixel centres) over S, as
    the published training divides them. Order of ``conventions.JOINT_NAMES``."""
    encoding: Tensor
    """(B, 1024) the vector that pose and shape are regressed from."""
    rot6d: Tensor
    """(B, 16, 6) rotations before orthonormalisation (two columns of the matrix)."""
    rotations: Tensor
    """(B, 16, 3, 3) the rotations as matrices, order of ``conventions.ROTATION_NAMES``. The hand
    model adds its mean pose to their axis-angle vectors, so these are not the final rotations."""
    pose: Tensor
    """(B, 16, 3) the rotations as axis-angle in rad: row 0 the global orientation, the others
    relative to the hand model's mean pose."""
    shape: Tensor
    """(B, 10) shape coefficients."""
    joints_3d: Tensor
    """(B, 21, 3) metres, camera axes, without the camera translation: the hand layer's frame, where
    the wrist stands at the joint regressor's place for the shape."""
    vertices: Tensor
    """(B, V, 3) metres, in the frame of ``joints_3d``."""
    attention: AttentionTensors | None = None
    """Attention maps, if asked for and if the network has an attention module."""

    def __len__(self) -> int:
        """B."""
        return len(self.pose)

    def to(self, device: torch.device | str) -> HandPrediction:
        """The same prediction on another device."""
        return _combine([self], lambda parts: parts[0].to(device))

    def published_arrays(self) -> dict[str, np.ndarray]:
        """All outputs as arrays, named and shaped as the published code's test outputs are.

        'backbone_feat', 's3c_feat', 'heatmaps', 'joints_coord_img', 'mano_encoding',
        'pose6d' (B, 96), 'pose_rotmat', 'mano_pose' (B, 48), 'mano_shape', 'joints_coord_cam',
        'mesh_coord_cam'.
        """
        batch = len(self)
        tensors = {
            "backbone_feat": self.backbone_features,
            "s3c_feat": self.features,
            "heatmaps": self.heatmaps,
            "joints_coord_img": self.joints_2d,
            "mano_encoding": self.encoding,
            "pose6d": self.rot6d.reshape(batch, -1),
            "pose_rotmat": self.rotations,
            "mano_pose": self.pose.reshape(batch, -1),
            "mano_shape": self.shape,
            "joints_coord_cam": self.joints_3d,
            "mesh_coord_cam": self.vertices,
        }
        return {name: tensor.detach().cpu().numpy() for name, tensor in tensors.items()}

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
