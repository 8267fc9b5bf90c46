"""The published loss, term by term."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from hands3c_core.hand_model import HandLayer, axis_angle_to_matrix, load_hand_model
from hands3c_core.training.losses import HandTargets, LossWeights, hand_losses, posed_targets


@pytest.fixture(scope="module")
def layer() -> HandLayer:
    return HandLayer(load_hand_model("hand_mano778"), dtype=torch.float64)


@pytest.fixture
def targets(layer: HandLayer) -> HandTargets:
    generator = torch.Generator().manual_seed(0)
    pose = 0.3 * torch.randn(2, 48, generator=generator, dtype=torch.float64)
    shape = torch.randn(2, 10, generator=generator, dtype=torch.float64)
    joints_2d = torch.rand(2, 21, 2, generator=generator, dtype=torch.float64)
    return posed_targets(layer, pose, shape, joints_2d)


def exact(targets: HandTargets) -> SimpleNamespace:
    """The prediction that meets the targets."""
    return SimpleNamespace(
        rotations=axis_angle_to_matrix(targets.pose),
        shape=targets.shape,
        joints_2d=targets.joints_2d,
        joints_3d=targets.joints_3d,
        vertices=targets.vertices,
    )


def test_targets_are_the_posed_hand(layer: HandLayer, targets: HandTargets) -> None:
    posed = layer(targets.pose, targets.shape)
    assert targets.pose.shape == (2, 16, 3)
    assert torch.equal(posed.vertices, targets.vertices)
    assert torch.equal(posed.joints, targets.joints_3d)


def test_a_perfect_prediction_costs_nothing(targets: HandTargets) -> None:
    assert hand_losses(exact(targets), targets).total().item() == 0


@pytest.mark.parametrize(
    ("name", "offset", "cost"),
    [
        ("vertices", 0.002, 1e4 * 0.002**2),
        ("joints_3d", 0.003, 1e4 * 0.003**2),
        ("rotations", 0.1, 10 * 0.1**2),
        ("shape", 0.5, 0.1 * 0.5**2),
        ("joints_2d", 0.02, 100 * 0.02**2),
    ],
)
def test_each_term_is_a_weighted_mean_square(
    name: str, offset: float, cost: float, targets: HandTargets
) -> None:
    prediction = exact(targets)
    setattr(prediction, name, getattr(prediction, name) + offset)
    losses = hand_losses(prediction, targets)
    term = "pose" if name == "rotations" else name
    assert losses.as_dict()[term].item() == pytest.approx(cost, rel=1e-9)
    assert losses.total().item() == pytest.approx(cost, rel=1e-9)


def test_weights_can_be_chosen(targets: HandTargets) -> None:
    prediction = exact(targets)
    prediction.shape = prediction.shape + 1
    doubled = replace(LossWeights(), shape=0.2)
    assert hand_losses(prediction, targets, doubled).shape.item() == pytest.approx(0.2)
