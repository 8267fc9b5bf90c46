"""The hand model as a differentiable torch layer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from hands3c_core.conventions import NUM_ROTATIONS, NUM_SHAPE, ROTATION_PARENTS
from hands3c_core.hand_model.data import JOINT_GATHER, HandModelData
from hands3c_core.hand_model.rotations import axis_angle_to_matrix


@dataclass(frozen=True, slots=True)
class HandOutput:
    """What ``HandLayer`` returns, in the frame of its ``translation``."""

    vertices: Tensor
    """(B, V, 3) metres."""
    joints: Tensor
    """(B, 21, 3) metres, order of ``conventions.JOINT_NAMES``; tips are vertices of the mesh."""
    transforms: Tensor
    """(B, 16, 4, 4): from each joint's own frame (origin in the joint, axes of the template) to the
    output frame. The last column is the joint's position in metres."""


torch.export.register_dataclass(HandOutput)  # lets networks that return it be exported


class HandLayer(nn.Module):
    """Linear blend skinning with shape and pose correctives (SMPL, Loper et al. 2015, eq. 2 to 11).

    Differentiable in all arguments, batched, for any number of vertices. The output is that of
    manopth and smplx for the same arrays and parameters, in metres. The model's arrays are
    non-persistent buffers, so a network's checkpoint does not carry a licensed hand model.

    Args:
        data: the hand model.
        flat_hand_mean: if True ``pose`` is relative to the template, else (the default, and the
            project's convention) to ``data.hands_mean``. Has no effect on rotation matrices.
        dtype: of the model's arrays; arguments must have the same.
    """

    def __init__(
        self,
        data: HandModelData,
        *,
        flat_hand_mean: bool = False,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        self.data = data
        self.flat_hand_mean = flat_hand_mean

        def register(name: str, array: np.ndarray, kind: torch.dtype = dtype) -> None:
            tensor = torch.tensor(np.ascontiguousarray(array)).to(kind)
            self.register_buffer(name, tensor, persistent=False)

        count = data.num_vertices
        register("v_template", data.v_template)
        register("shapedirs", data.shapedirs.reshape(3 * count, NUM_SHAPE))
        register("posedirs", data.posedirs.reshape(3 * count, -1))
        register("J_regressor", data.J_regressor)
        register("weights", data.weights)
        register("hands_mean", data.hands_mean.reshape(15, 3))
        register("fingertip_ids", data.fingertip_ids, torch.int64)
        register("joint_gather", np.array(JOINT_GATHER), torch.int64)
        self._levels = _levels(ROTATION_PARENTS)

    v_template: Tensor
    shapedirs: Tensor
    posedirs: Tensor
    J_regressor: Tensor
    weights: Tensor
    hands_mean: Tensor
    fingertip_ids: Tensor
    joint_gather: Tensor

    def forward(self, pose: Tensor, shape: Tensor, translation: Tensor | None = None) -> HandOutput:
        """Pose and shape the hand.

        Args:
            pose: (B, 16, 3) or (B, 48) axis-angle in rad, row 0 the global orientation about the
                wrist, the others relative to the mean pose (see ``flat_hand_mean``); or
                (B, 16, 3, 3) rotation matrices from the template, the mean pose included.
            shape: (B, 10) shape coefficients.
            translation: (B, 3) metres added to the output, or None.

        Raises:
            ValueError: an argument has a wrong shape or batch size.
        """
        rotations = self.rotations(pose)
        batch = len(rotations)
        _check(shape, (batch, NUM_SHAPE), "shape")
        count = len(self.v_template)

        shaped = self.v_template + (shape @ self.shapedirs.T).view(batch, count, 3)
        rest_joints = self.J_regressor @ shaped
        transforms = self._chain(rotations, rest_joints)

        identity = torch.eye(3, dtype=shaped.dtype, device=shaped.device)
        features = (rotations[:, 1:] - identity).flatten(1)
        posed = shaped + (features @ self.posedirs.T).view(batch, count, 3)

        turn, position = transforms[..., :3, :3], transforms[..., :3, 3]
        shift = position - (turn @ rest_joints.unsqueeze(-1)).squeeze(-1)
        bones = torch.cat((turn, shift.unsqueeze(-1)), dim=-1).flatten(2)
        skin = (self.weights @ bones).view(batch, count, 3, 4)
        vertices = (skin[..., :3] * posed.unsqueeze(-2)).sum(-1) + skin[..., 3]

        tips = vertices[:, self.fingertip_ids]
        joints = torch.cat((position, tips), dim=1)[:, self.joint_gather]
        if translation is None:
            return HandOutput(vertices, joints, transforms)
        _check(translation, (batch, 3), "translation")
        offset = translation.unsqueeze(1)
        moved = torch.cat((position + offset, torch.ones_like(position[..., :1])), dim=-1)
        transforms = torch.cat((transforms[..., :3], moved.unsqueeze(-1)), dim=-1)
        return HandOutput(vertices + offset, joints + offset, transforms)

    def rotations(self, pose: Tensor) -> Tensor:
        """(B, 16, 3, 3) rotation matrices from the template, from any form of ``pose``."""
        if pose.shape[1:] == (NUM_ROTATIONS, 3, 3):
            return pose
        if pose.shape[1:] == (3 * NUM_ROTATIONS,):
            pose = pose.unflatten(1, (NUM_ROTATIONS, 3))
        if pose.shape[1:] != (NUM_ROTATIONS, 3):
            raise ValueError(
                "pose must be (B, 16, 3) or (B, 48) axis-angle or (B, 16, 3, 3) matrices, "
                f"not {tuple(pose.shape)}"
            )
        if not self.flat_hand_mean:
            pose = torch.cat((pose[:, :1], pose[:, 1:] + self.hands_mean), dim=1)
        return axis_angle_to_matrix(pose)

    def _chain(self, rotations: Tensor, rest_joints: Tensor) -> Tensor:
        """(B, 16, 4, 4) joint frames: each joint's transform after its parent's, level by level."""
        parents = list(ROTATION_PARENTS[1:])
        offsets = torch.cat(
            (rest_joints[:, :1], rest_joints[:, 1:] - rest_joints[:, parents]), dim=1
        )
        local = torch.cat((rotations, offsets.unsqueeze(-1)), dim=-1)
        last_row = local.new_tensor([0.0, 0.0, 0.0, 1.0]).expand(*local.shape[:2], 1, 4)
        local = torch.cat((local, last_row), dim=-2)

        done = local[:, :1]
        order = [0]
        for joints in self._levels[1:]:
            above = [order.index(ROTATION_PARENTS[joint]) for joint in joints]
            done = torch.cat((done, done[:, above] @ local[:, joints]), dim=1)
            order += joints
        return done[:, [order.index(joint) for joint in range(NUM_ROTATIONS)]]


def _levels(parents: tuple[int, ...]) -> list[list[int]]:
    """Joints grouped by their depth in the tree, root first."""
    depth = [0] * len(parents)
    for joint, parent in enumerate(parents):
        depth[joint] = 0 if parent < 0 else depth[parent] + 1
    return [[j for j, d in enumerate(depth) if d == level] for level in range(max(depth) + 1)]


def _check(tensor: Tensor, expected: tuple[int, ...], name: str) -> None:
    if tuple(tensor.shape) != expected:
        raise ValueError(f"{name} must have shape {expected}, not {tuple(tensor.shape)}")
