"""The small network: its size, its outputs, its weights on disk."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from hands3c_core.errors import UserError
from hands3c_core.models import HandS3CLite, build_model, load_weights, save_weights
from hands3c_core.models.guided import GuidedLite
from hands3c_core.models.lite import BasicResNet
from hands3c_core.models.published import published_state
from hands3c_core.models.registry import ABLATION
from hands3c_core.models.untrusted import read_safetensors
from hands3c_core.runtime.folding import fold_network
from hands3c_core.training.losses import hand_losses, posed_targets


def test_parameters_and_half_precision_file_fit_the_budget(tmp_path):
    model = build_model("hands3c_lite_v1")
    assert sum(parameter.numel() for parameter in model.parameters()) == 5_431_348
    path = tmp_path / "lite.safetensors"
    save_weights(model, path, half=True)
    assert path.stat().st_size < 32e6


def test_backbone_is_resnet18():
    """11.69 M parameters of the published ResNet-18 less its classifier (512 x 1000 + 1000)."""
    backbone = BasicResNet((64, 128, 256, 512), (2, 2, 2, 2))
    count = sum(parameter.numel() for parameter in backbone.parameters())
    assert count == 11_689_512 - 513_000


@pytest.mark.parametrize("size", [128, 160, 192])
def test_outputs_have_the_shapes_of_the_family(size):
    model = build_model("hands3c_tiny", input_size=size)
    crops = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    prediction = model.predict(crops, attention=True)
    side = size // 8
    assert prediction.heatmaps.shape == (2, 21, side, side)
    assert torch.allclose(prediction.heatmaps.sum((2, 3)), torch.ones(2, 21), atol=1e-5)
    assert prediction.joints_2d.shape == (2, 21, 2)
    assert prediction.pose.shape == (2, 16, 3)
    assert prediction.vertices.shape == (2, 778, 3)
    assert prediction.attention.channel.shape == (2, side, side)


def test_default_size_and_alias():
    model = build_model("lite")
    assert isinstance(model, GuidedLite)
    assert (model.name, model.input_size, model.crop_rule) == ("hands3c_lite", 224, "upright")


def test_files_of_the_first_lite_network_still_load(tmp_path):
    save_weights(build_model("hands3c_lite_v1", input_size=128), tmp_path / "old.safetensors")
    state, header = read_safetensors(tmp_path / "old.safetensors")
    save_file(state, tmp_path / "older.safetensors", header | {"model": "hands3c_lite"})
    assert load_weights(tmp_path / "older.safetensors").name == "hands3c_lite_v1"


def test_weights_come_back_with_their_size(tmp_path):
    torch.manual_seed(0)
    model = build_model("hands3c_tiny", input_size=160)
    path = tmp_path / "tiny.safetensors"
    save_weights(model, path)
    again = load_weights(path)
    assert isinstance(again, HandS3CLite)
    crops = np.full((1, 160, 160, 3), 90, np.uint8)
    assert torch.equal(again.predict(crops).vertices, model.predict(crops).vertices)


def test_folding_keeps_the_outputs():
    torch.manual_seed(0)
    model = build_model("hands3c_tiny").double()
    images = torch.rand(4, 3, 128, 128, dtype=torch.float64)
    with torch.no_grad():
        for module in model.modules():  # statistics and weights that a fold could get wrong
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1.5)
                module.bias.uniform_(-0.3, 0.3)
        model.train()(images)
        model.eval()
        ours, folded = model.regress(images), fold_network(model).regress(images)
    for name in ("features", "heatmaps", "encoding", "rot6d"):
        assert torch.allclose(getattr(ours, name), getattr(folded, name), atol=1e-9), name


def test_no_export_to_the_published_code_which_lacks_the_network():
    with pytest.raises(UserError, match="hands3c_tiny cannot be exported"):
        published_state(build_model("hands3c_tiny"))


def test_gradients_reach_every_parameter():
    torch.manual_seed(0)
    model = build_model("hands3c_tiny")
    prediction = model(torch.rand(4, 3, 128, 128))
    targets = posed_targets(
        model.hand_layer, torch.full((4, 16, 3), 0.2), torch.ones(4, 10), torch.rand(4, 21, 2)
    )
    hand_losses(prediction, targets).total().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("size", ["lite", "tiny"])
def test_ablation_networks_differ_in_their_attention_alone(size):
    networks = {row: build_model(name) for row, name in ABLATION[size].items()}
    assert list(networks) == list(ABLATION["full"])
    plain = networks["baseline"].state_dict()
    for row, network in networks.items():
        shared = {
            name
            for name in network.state_dict()
            if not name.startswith(("s3c.", "self_attention."))
        }
        assert shared == set(plain), row
        kinds = network.s3c is not None, network.self_attention is not None
        assert kinds == (row in ("+ SSA", "+ SSCA"), row == "+ self-attention")
    crop = np.zeros((1, networks["baseline"].input_size, networks["baseline"].input_size, 3), "u1")
    for network in networks.values():
        assert network.predict(crop).vertices.shape == (1, 778, 3)
