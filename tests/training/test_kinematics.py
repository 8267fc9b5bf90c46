"""Points to poses, learned without pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hands3c_core.models import build_model
from hands3c_core.training.kinematics import (
    KinematicOptions,
    PoseDraws,
    joints_only,
    learn_kinematics,
)


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build_model("hands3c_lite", input_size=128)


def test_the_slim_hand_has_the_same_joints(network) -> None:
    slim = joints_only(network.hand_layer)
    pose, shape = 0.5 * torch.randn(5, 16, 3), torch.randn(5, 10)
    wanted = network.hand_layer(pose, shape).joints
    assert torch.allclose(slim(pose, shape).joints, wanted, atol=1e-6)


def test_draws_point_up_and_answer_for_themselves(network) -> None:
    poses = np.zeros((3, 16, 3), np.float32)
    poses[:, 0] = [(0.3, 0, 0), (0, 0, 2.0), (0, 1.0, 0)]
    places = np.tile(np.float32([0, 0, 0.6]), (3, 1))
    options = KinematicOptions(across=0.0, along=0.0, tilt_deg=0.0, any_turn=0.0)
    points, rotations, shape, joints = PoseDraws(poses, places, network.hand_layer, options)(40)
    knuckles = ((points[:, 5] + points[:, 13]) / 2 + points[:, 9]) / 2
    ahead = knuckles - points[:, 0]
    assert (ahead[:, 1] < 0).all()
    assert ahead[:, 0].abs().max() < 1e-5
    # Seen from afar the points are the joints, but for place and size.
    posed = network.hand_layer(torch.zeros(40, 16, 3), shape).joints
    assert posed.shape == joints.shape == (40, 21, 3)
    assert torch.allclose(rotations @ rotations.mT, torch.eye(3), atol=1e-5)


def test_learning_finds_poses_again(network) -> None:
    poses = 0.3 * np.random.default_rng(0).standard_normal((50, 16, 3)).astype(np.float32)
    places = np.tile(np.float32([0, 0, 0.6]), (50, 1))
    options = KinematicOptions(minutes=9.0, most_steps=120, batch_size=64)
    lines: list[str] = []
    draws = PoseDraws(poses, places, network.hand_layer, options)
    before = _error(network, draws)
    learn_kinematics(network, draws, options, lines.append)
    assert _error(network, draws) < 0.7 * before


def _error(network, draws: PoseDraws) -> float:
    points, rotations, _, _ = draws(200)
    with torch.no_grad():
        rot6d, _ = network.mano_head(points, None)
    from hands3c_core.hand_model import rot6d_to_matrix

    return float((rot6d_to_matrix(rot6d) - rotations).square().mean())
