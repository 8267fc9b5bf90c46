"""What a lite network knows of hands before it sees pictures: from 21 points to pose and shape.

The lite network's last part turns 21 points in the crop, with depths, into a pose, as a fit of the
hand model would. That needs no pictures: poses are drawn, posed, seen through a camera, made
uncertain as a network's points are, and the head learns to find the pose again. A few minutes of
one core show it millions of hands, where a training on pictures shows thousands.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hands3c_core.conventions import NUM_JOINTS
from hands3c_core.hand_model import (
    HandLayer,
    axis_angle_to_matrix,
    matrix_to_axis_angle,
    rot6d_to_matrix,
)
from hands3c_core.models.guided import GuidedLite, KinematicHead, normalised

#: Rotations of a finger, thumb last (``conventions.ROTATION_NAMES``), and its joints.
_FINGER_ROTATIONS = tuple(slice(1 + 3 * finger, 4 + 3 * finger) for finger in range(5))
_FINGER_JOINTS = ((5, 6, 7, 8), (9, 10, 11, 12), (17, 18, 19, 20), (13, 14, 15, 16), (1, 2, 3, 4))


@dataclass(frozen=True, slots=True)
class KinematicOptions:
    """How the head learns."""

    minutes: float = 6.0
    most_steps: int | None = None
    batch_size: int = 512
    learning_rate: float = 2e-3
    recombined: float = 0.5
    """Share of hands whose fingers come from different poses."""
    looseness: float = 0.06
    """Standard deviation added to every finger rotation, rad."""
    any_turn: float = 0.35
    """Share of hands turned any way; the others keep the turn that their pose came with."""
    tilt_deg: float = 25.0
    """Points are turned up as the upright crop does it, and then by up to about this much."""
    across: float = 0.05
    """Greatest error of a point across the line of sight, as a share of the hand's radius ..."""
    along: float = 0.12
    """... and along it."""


def joints_only(layer: HandLayer) -> HandLayer:
    """The same hand without its skin: 16 joints and 5 fingertips for vertices. It poses joints
    thirty times faster; its vertices mean nothing."""
    slim = copy.deepcopy(layer)
    tips, regressor = slim.fingertip_ids, slim.J_regressor
    count, joints = len(slim.v_template), len(regressor)

    def of_joints_and_tips(values: Tensor) -> Tensor:
        """(V, ...) -> (16 + 5, ...)"""
        flat = values.flatten(1)
        return torch.cat((regressor @ flat, flat[tips])).view(-1, *values.shape[1:])

    slim.v_template = of_joints_and_tips(layer.v_template)
    slim.shapedirs = of_joints_and_tips(layer.shapedirs.view(count, 3, -1)).flatten(0, 1)
    slim.posedirs = of_joints_and_tips(layer.posedirs.view(count, 3, -1)).flatten(0, 1)
    slim.weights = of_joints_and_tips(layer.weights)
    slim.J_regressor = torch.eye(joints, joints + len(tips), dtype=regressor.dtype)
    slim.fingertip_ids = joints + torch.arange(len(tips))
    return slim


class PoseDraws:
    """Batches of posed hands as a camera sees them.

    Args:
        poses: (N, 16, 3) axis-angle to draw from, relative to the mean pose.
        translations: (N, 3) m, where those hands stood before the camera.
        layer: poses the hand.
        options: how they are changed.
        seed: of the draws.
    """

    def __init__(
        self,
        poses: NDArray[np.float32],
        translations: NDArray[np.float32],
        layer: HandLayer,
        options: KinematicOptions,
        seed: int = 0,
    ) -> None:
        self.poses, self.translations = torch.from_numpy(poses), torch.from_numpy(translations)
        self.layer, self.options = joints_only(layer), options
        self.random = torch.Generator().manual_seed(seed)

    def __call__(self, count: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Points (B, 21, 3) with errors, rotations (B, 16, 3, 3), shape (B, 10) and joints
        (B, 21, 3) m relative to the wrist."""
        pose, place = self._poses(count)
        shape = torch.randn(count, 10, generator=self.random).clamp(-2.5, 2.5)
        joints = self.layer(pose, shape).joints + place[:, None]
        depth = joints[..., 2:].clamp(min=0.1)
        seen = joints[..., :2] / depth * depth[:, :1]
        points = torch.cat((seen, depth - depth[:, :1]), dim=-1)
        turn = self._turn_up(points)
        points = points @ turn.mT
        rotations = axis_angle_to_matrix(pose)
        rotations[:, 0] = turn @ rotations[:, 0]
        joints = (joints - joints[:, :1]) @ turn.mT
        return self._uncertain(normalised(points)), rotations, shape, joints

    def _poses(self, count: int) -> tuple[Tensor, Tensor]:
        options, total = self.options, len(self.poses)

        def drawn(*size: int) -> Tensor:
            return torch.rand(*size, generator=self.random)

        rows = torch.randint(total, (count,), generator=self.random)
        pose = self.poses[rows].clone()
        mixed = (drawn(count) < options.recombined).nonzero()[:, 0]
        for finger in _FINGER_ROTATIONS:
            others = torch.randint(total, (len(mixed),), generator=self.random)
            pose[mixed, finger] = self.poses[others, finger]
        noise = torch.randn(count, 15, 3, generator=self.random)
        pose[:, 1:] += options.looseness * noise
        loose = drawn(count) < options.any_turn
        quaternions = torch.randn(int(loose.sum()), 4, generator=self.random)
        pose[loose, 0] = _from_quaternions(quaternions)
        return pose, self.translations[rows]

    def _turn_up(self, points: Tensor) -> Tensor:
        """(B, 3, 3) turns about the line of sight that bring wrist to knuckles up, nearly."""
        knuckles = ((points[:, 5] + points[:, 13]) / 2 + points[:, 9]) / 2
        ahead = knuckles[:, :2] - points[:, 0, :2]
        angle = -torch.atan2(ahead[:, 0], -ahead[:, 1])
        spread = math.radians(self.options.tilt_deg) / 2
        noise = torch.randn(len(points), generator=self.random).clamp(-2, 2)
        angle = angle + spread * noise
        cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
        rows = (cos, -sin, zero, sin, cos, zero, zero, zero, zero + 1)
        return torch.stack(rows, dim=-1).view(-1, 3, 3)

    def _uncertain(self, points: Tensor) -> Tensor:
        """Points with errors: of their own, and growing along each finger."""
        options, count = self.options, len(points)
        size = points.new_tensor((options.across, options.across, options.along))
        level = torch.rand(count, 1, 1, generator=self.random)
        errors = torch.randn(count, NUM_JOINTS, 3, generator=self.random)
        for finger in _FINGER_JOINTS:
            bend = torch.randn(count, 1, 3, generator=self.random)
            errors[:, list(finger)] += bend * torch.linspace(0.5, 2.0, 4)[:, None]
        return points + 0.7 * level * size * errors


def _from_quaternions(quaternions: Tensor) -> Tensor:
    """(K, 4) of any length -> (K, 3) axis-angle."""
    w, xyz = quaternions[:, :1], quaternions[:, 1:]
    length = xyz.norm(dim=1, keepdim=True).clamp(min=1e-9)
    return xyz / length * (2 * torch.atan2(length, w))


def learn_kinematics(
    network: GuidedLite,
    draws: PoseDraws,
    options: KinematicOptions,
    report: Callable[[str], None] = print,
) -> None:
    """Teach a network's ``mano_head`` to find the pose of drawn points, in place.

    Args:
        network: the network; its other parts stay as they are.
        draws: what to learn from.
        options: for how long and how.
        report: takes a line now and then.
    """
    head, layer = network.mano_head, draws.layer
    assert isinstance(head, KinematicHead)
    parameters = [p for name, p in head.named_parameters() if not name.startswith("encoding.")]
    optimizer = torch.optim.AdamW(parameters, options.learning_rate, weight_decay=1e-4)
    start, step = time.perf_counter(), 0

    def share_done() -> float:
        of_time = (time.perf_counter() - start) / (60 * options.minutes)
        return max(of_time, step / (options.most_steps or math.inf))

    while (share := share_done()) < 1:
        rate = options.learning_rate * max(0.01, 0.5 * (1 + math.cos(math.pi * share)))
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 100)
        points, rotations, shape, joints = draws(options.batch_size)
        rot6d, found = head(points, None)
        turned = rot6d_to_matrix(rot6d)
        posed = layer(matrix_to_axis_angle(turned), found).joints
        posed = posed - posed[:, :1]
        error = (posed - joints).norm(dim=-1)
        local = (posed @ turned[:, 0] - joints @ rotations[:, 0]).norm(dim=-1)
        loss = (
            50 * error.mean()
            + 50 * local.mean()
            + 2 * (turned - rotations).square().mean()
            + 0.02 * (found - shape).square().mean()
        )
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()
        step += 1
        if step % 200 == 0:
            report(
                f"step {step}: joints {1e3 * float(error.mean()):.2f} mm, in the hand's own frame "
                f"{1e3 * float(local.mean()):.2f} mm, loss {float(loss):.3f}"
            )
