"""Weights and parts that a run begins with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from hands3c_core.errors import UserError
from hands3c_core.models import build_model, load_weights, save_weights
from hands3c_core.training.config import TrainConfig
from hands3c_core.training.module import HandTraining
from hands3c_core.training.presets import PRESETS
from hands3c_core.training.run import make_network, start_from


def test_attention_joins_a_network_trained_without_it_as_the_identity(tmp_path):
    torch.manual_seed(0)
    plain = build_model("hands3c_lite_v1_plain", input_size=128)
    save_weights(plain, tmp_path / "plain.safetensors")
    full = build_model("hands3c_lite_v1", input_size=128)
    start_from(full, tmp_path / "plain.safetensors")
    crops = np.random.default_rng(0).integers(0, 256, (2, 128, 128, 3), dtype=np.uint8)
    before, after = plain.predict(crops), full.predict(crops)
    assert torch.allclose(before.vertices, after.vertices, atol=1e-6)
    assert torch.allclose(before.heatmaps, after.heatmaps, atol=1e-6)
    # It is there to learn: its last layer gets a gradient.
    images = torch.rand(2, 3, 128, 128)
    full.train()(images).joints_2d.square().sum().backward()
    assert full.s3c.ss2d.out_proj.weight.grad.abs().max() > 0


def test_weights_of_another_network_or_size_are_refused(tmp_path):
    save_weights(build_model("hands3c_tiny"), tmp_path / "tiny.safetensors")
    with pytest.raises(UserError, match="is for hands3c_tiny"):
        start_from(build_model("hands3c_lite_plain", input_size=128), tmp_path / "tiny.safetensors")
    with pytest.raises(UserError, match="at 128 px, not hands3c_tiny at 160"):
        start_from(build_model("hands3c_tiny", input_size=160), tmp_path / "tiny.safetensors")


def test_lite_preset_freezes_the_first_stages_and_slows_the_backbone():
    network = build_model("hands3c_lite_v1_plain", input_size=128)
    preset = PRESETS["lite"]
    optimizer = HandTraining(network, preset).configure_optimizers()
    rates = {
        id(parameter): group["rate"]
        for group in optimizer.param_groups
        for parameter in group["params"]
    }
    for name, parameter in network.named_parameters():
        if name.startswith(("backbone.stem", "backbone.stage1", "backbone.stage2")):
            assert id(parameter) not in rates, name
        else:
            wanted = preset.backbone_rate if name.startswith("backbone.") else 1.0
            assert rates[id(parameter)] == wanted, name


def test_whether_poses_are_refined_follows_preset_and_weights(tmp_path):
    config = TrainConfig(model="baseline", input_size=128)
    network = make_network(config, PRESETS["distilled_joint"])
    assert network.refines
    assert make_network(config, PRESETS["distilled_joint"], is_resumed=True).refines
    assert not make_network(config, PRESETS["webcam"]).refines
    save_weights(network, tmp_path / "asking.safetensors")
    config = replace(config, weights=tmp_path / "asking.safetensors")
    assert make_network(config, PRESETS["webcam"]).refines


def test_a_network_goes_on_at_another_size_where_its_parts_take_any(tmp_path):
    save_weights(build_model("baseline", input_size=128), tmp_path / "small.safetensors")
    larger = build_model("baseline", input_size=160)
    start_from(larger, tmp_path / "small.safetensors")
    given = load_weights(tmp_path / "small.safetensors")
    assert torch.equal(larger.backbone.stem.conv.weight, given.backbone.stem.conv.weight)


def test_recipes_lay_windows_as_their_weights_were_trained(tmp_path):
    """The paper's recipes take the published window, others what they start from had."""
    config = TrainConfig(model="hands3c_tiny", input_size=128)
    assert make_network(config, PRESETS["ho3d"]).crop_rule == "box"  # not the paper's network
    entry = TrainConfig(model="baseline", input_size=128)
    assert make_network(entry, PRESETS["dexycb"]).crop_rule == "published"
    assert make_network(entry, PRESETS["webcam"]).crop_rule == "box"
    start = build_model("hands3c_tiny", input_size=128)
    start.use_crop("published")
    save_weights(start, tmp_path / "start.safetensors")
    goes_on = replace(config, weights=tmp_path / "start.safetensors")
    assert make_network(goes_on, PRESETS["webcam"]).crop_rule == "published"
    assert make_network(goes_on, PRESETS["webcam"], is_resumed=True).crop_rule == "published"
