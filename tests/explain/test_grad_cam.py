"""Grad-CAM of a joint's heatmap, against its definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.errors import UserError
from hands3c_core.explain.grad_cam import grad_cam, joint_number
from hands3c_core.models import build_model


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return build_model("hands3c_tiny")


@pytest.fixture(scope="module")
def crop():
    return np.random.default_rng(2).integers(0, 256, (128, 128, 3), dtype=np.uint8)


def test_it_is_the_definition(network, crop):
    """Weights by finite differences: adding a constant to a channel changes the peak's score by
    the sum, not the mean, of its gradients."""
    network.double().eval()
    image = torch.from_numpy(crop).permute(2, 0, 1)[None].double() / 255
    joint = 8
    with torch.no_grad():
        features = network.regress(image).features

        def peak(f):
            encoding = network.heatmap_head(f).encoding
            return float(network.heatmap_head.score(encoding)[0, joint].max())

        cells = features.shape[-1] ** 2
        cam = torch.zeros(features.shape[-2:], dtype=torch.float64)
        for channel in range(features.shape[1]):
            step = torch.zeros_like(features)
            step[:, channel] = 1e-6
            slope = (peak(features + step) - peak(features - step)) / 2e-6
            cam += slope / cells * features[0, channel]
    answer = grad_cam(network, crop, [joint])
    network.float()
    assert answer.shape == (1, 16, 16)
    np.testing.assert_allclose(answer[0], cam.clamp_min(0), rtol=1e-3, atol=1e-8)


def test_several_joints_and_no_trace_left(network, crop):
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    maps = grad_cam(network, crop, [0, 8, 20])
    assert maps.shape == (3, 16, 16)
    assert maps.min() >= 0
    # Threads add up in any order.
    np.testing.assert_allclose(maps[1], grad_cam(network, crop, [8])[0], atol=1e-6)
    assert network.training
    assert not network.heatmap_head.score._forward_hooks
    assert all(parameter.grad is None for parameter in network.parameters())
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_joints_by_name_and_number():
    assert joint_number("index4") == JOINT_NAMES.index("index4") == joint_number(8)
    assert joint_number(" Wrist ") == 0
    for bad in ("elbow", "21", "-1", 21):
        with pytest.raises(UserError, match="No joint"):
            joint_number(bad)
