"""The lite network: what its trunk says, what is learned to correct it, how it starts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from hands3c_core.models import build_model, save_weights
from hands3c_core.models.guided import WITNESS_DEPTH, GuidedLite
from hands3c_core.models.pretrained import set_backbone

LARGEST_FILE = 12e6


@pytest.fixture(scope="module")
def network() -> GuidedLite:
    torch.manual_seed(0)
    built = build_model("hands3c_lite")
    assert isinstance(built, GuidedLite)
    return built.eval()


def test_parameters_and_file_fit_the_budget(network, tmp_path: Path) -> None:
    save_weights(network, tmp_path / "lite.safetensors", half=True)
    assert sum(p.numel() for p in network.parameters()) < 3e6
    assert (tmp_path / "lite.safetensors").stat().st_size < LARGEST_FILE


def test_trunk_and_landmark_head_are_those_of_the_file(network, shared: Path) -> None:
    openvino = pytest.importorskip("openvino")
    file = shared / "teachers" / "hand_landmark_2020.tflite"
    set_backbone(network, file)
    crop = np.random.default_rng(0).random((1, 224, 224, 3), np.float32)
    core = openvino.Core()
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    outputs = core.compile_model(core.read_model(file), "CPU", options)([crop]).values()
    wanted = next(values for values in outputs if values.size == 63).reshape(21, 3)
    wanted = wanted * (1, 1, WITNESS_DEPTH) / 224
    wanted[:, 2] -= wanted[0, 2]
    with torch.no_grad():
        said = network.regress(torch.from_numpy(crop).permute(0, 3, 1, 2)).witness[0]
    np.testing.assert_allclose(said.numpy(), wanted, atol=2e-5)


def test_features_and_what_attention_adds_start_alike(network) -> None:
    images = torch.rand(4, 3, 224, 224)
    network.start_at_scale(images)
    with torch.no_grad():
        said = network.regress(images)
    added = said.features - said.backbone_features
    for maps in (said.backbone_features, added):
        assert float(maps.square().mean().sqrt()) == pytest.approx(1.0, rel=0.05)


@pytest.mark.parametrize("branch", ["norm", "channel_norm"])
def test_each_branch_of_the_scans_is_heard(network, branch: str) -> None:
    images = torch.rand(2, 3, 224, 224)
    norm = getattr(network.s3c.ss2d, branch)
    with torch.no_grad():
        whole = network.regress(images).features
        hook = norm.register_forward_hook(lambda module, inputs, output: torch.zeros_like(output))
        without = network.regress(images)
        hook.remove()
    added = (whole - without.backbone_features).square().mean()
    assert float((whole - without.features).square().mean()) > 0.1 * float(added)


def test_gradients_reach_every_parameter() -> None:
    torch.manual_seed(0)
    model = build_model("hands3c_lite", input_size=128)
    prediction = model(torch.rand(3, 3, 128, 128))
    total = prediction.vertices.square().sum() + prediction.joints_2d.square().sum()
    total = total + prediction.point_sigma.log().sum() + prediction.shape.square().sum()
    total.backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
