"""Samples as tensors for training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor

from hands3c_core.conventions import NUM_JOINTS, NUM_ROTATIONS, NUM_SHAPE
from hands3c_core.data.sample import HandSample
from hands3c_core.types import Float32

#: Uncertainty of a label that counts half: a share of the joints' box, metres.
_USUAL_2D, _USUAL_3D = 0.03, 0.008


@dataclass(slots=True)
class SampleBatch:
    """B samples, their labels and which of these count. Labels that are absent are zeros.

    Everything is in model space: right hands, or mirrored left ones.
    """

    crops: Tensor
    """(B, S, S, 3) uint8 RGB."""
    joints_2d: Tensor
    """(B, 21, 2) float32, px over S (as ``training.losses`` takes them)."""
    joints_3d: Tensor
    """(B, 21, 3) float32 metres, relative to the wrist."""
    pose: Tensor
    """(B, 16, 3) float32 axis-angle, relative to the mean pose of the network's hand model."""
    shape: Tensor
    """(B, 10) float32."""
    has_joints_2d: Tensor
    """(B, 21) bool."""
    has_joints_3d: Tensor
    """(B, 21) bool: with metric scale."""
    has_directions: Tensor
    """(B, 21) bool: joints_3d is good in direction and proportion at least."""
    has_pose: Tensor
    """(B,) bool."""
    has_shape: Tensor
    """(B,) bool: with metric scale (the shape of a pseudo-label is no measurement)."""
    is_right: Tensor
    """(B,) bool."""
    root: Tensor
    """(B, 3) float32 metres: the wrist in the camera frame."""
    intrinsics: Tensor
    """(B, 3, 3) float32: crop px ~ K (joints_3d + root); the identity where it is not known."""
    has_camera: Tensor
    """(B,) bool: ``root`` and ``intrinsics`` are known."""
    weight_2d: Tensor
    """(B, 21) float32, 1 for an exact label of a joint in the image, less for an uncertain one."""
    weight_3d: Tensor
    """(B, 21) float32, the same for its place in 3D."""
    is_metric: Tensor
    """(B,) bool: the sample's 3D labels, whatever there are of them, have a true scale."""

    def __len__(self) -> int:
        """B."""
        return len(self.crops)

    def to(self, device: torch.device | str, non_blocking: bool = False) -> SampleBatch:
        """The batch on another device."""
        return self._map(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> SampleBatch:
        """The batch in pinned memory (called by ``DataLoader``)."""
        return self._map(lambda tensor: tensor.pin_memory())

    def _map(self, change: Callable[[Tensor], Tensor]) -> SampleBatch:
        return SampleBatch(*(change(getattr(self, field.name)) for field in fields(self)))


def collate(samples: Sequence[HandSample], parameter_model: str = "hands3c") -> SampleBatch:
    """Samples as one batch, for ``DataLoader(collate_fn=...)``.

    Args:
        samples: of one crop size.
        parameter_model: whose pose and shape the network learns, 'hands3c' or 'mano'; those of the
            other one do not count.
    """
    side = samples[0].crop.shape[0]
    pose = np.zeros((len(samples), NUM_ROTATIONS, 3), np.float32)
    shape = np.zeros((len(samples), NUM_SHAPE), np.float32)
    has_pose, has_shape = np.zeros(len(samples), bool), np.zeros(len(samples), bool)
    for row, sample in enumerate(samples):
        own = sample.parameter_model == parameter_model
        if own and sample.pose is not None:
            pose[row], has_pose[row] = sample.pose, sample.valid.pose
        if own and sample.shape is not None:
            shape[row] = sample.shape
            has_shape[row] = sample.valid.shape and sample.valid.metric
    labelled = np.stack([sample.valid.joints_3d for sample in samples])
    metric = np.array([sample.valid.metric for sample in samples])
    has_joints_2d = np.stack([sample.valid.joints_2d for sample in samples])
    joints_2d = np.stack([sample.joints_2d for sample in samples]) / np.float32(side)
    joints_3d = np.stack([sample.joints_3d for sample in samples])
    root = np.zeros((len(samples), 3), np.float32)
    intrinsics = np.tile(np.eye(3, dtype=np.float32), (len(samples), 1, 1))
    has_camera = np.zeros(len(samples), bool)
    for row, sample in enumerate(samples):
        if sample.root is not None and sample.intrinsics is not None:
            root[row], intrinsics[row], has_camera[row] = sample.root, sample.intrinsics, True
    weights = (
        [_weights(sample.sigma_2d, _USUAL_2D) for sample in samples],
        [_weights(sample.sigma_3d, _USUAL_3D) for sample in samples],
    )
    return SampleBatch(
        crops=torch.from_numpy(np.stack([sample.crop for sample in samples])),
        joints_2d=torch.from_numpy(joints_2d),
        joints_3d=torch.from_numpy(joints_3d),
        pose=torch.from_numpy(pose),
        shape=torch.from_numpy(shape),
        has_joints_2d=torch.from_numpy(has_joints_2d),
        has_joints_3d=torch.from_numpy(labelled & metric[:, None]),
        has_directions=torch.from_numpy(labelled),
        has_pose=torch.from_numpy(has_pose),
        has_shape=torch.from_numpy(has_shape),
        is_right=torch.from_numpy(np.array([sample.is_right for sample in samples])),
        root=torch.from_numpy(root),
        intrinsics=torch.from_numpy(intrinsics),
        has_camera=torch.from_numpy(has_camera),
        weight_2d=torch.from_numpy(np.stack(weights[0])),
        weight_3d=torch.from_numpy(np.stack(weights[1])),
        is_metric=torch.from_numpy(metric),
    )


def _weights(sigma: Float32 | None, usual: float) -> Float32:
    """(21,) 1 for exact labels, a half where a label may be off by ``usual``."""
    if sigma is None:
        return np.ones(NUM_JOINTS, np.float32)
    return (usual**2 / (usual**2 + sigma**2)).astype(np.float32)
