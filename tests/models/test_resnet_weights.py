"""Pretrained ResNets in torchvision's layout, and SAR's own checkpoints."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from small_networks import NARROW

from hands3c_core.errors import UserError
from hands3c_core.hand_model import load_hand_model
from hands3c_core.models import Sar, SarConfig, build_model, load_weights
from hands3c_core.models.importing import import_checkpoint
from hands3c_core.models.pretrained import set_backbone
from hands3c_core.models.resnet_weights import resnet_parts
from hands3c_core.models.sar_checkpoints import our_name
from hands3c_core.models.smr import Smr, SmrConfig

NAMES = {"stem.conv": "conv1", "stem.norm": "bn1"}


def torchvision_state(parts):
    """The parts' tensors by torchvision's names, with other numbers."""
    generator = torch.Generator().manual_seed(3)
    state = {"fc.weight": torch.zeros(10, 5), "fc.bias": torch.zeros(10)}
    for part in parts:
        for name, value in part.state_dict().items():
            theirs = name.replace("stem.conv", "conv1").replace("stem.norm", "bn1")
            theirs = theirs.replace("stage", "layer").replace("downsample.conv", "downsample.0")
            theirs = theirs.replace("downsample.norm", "downsample.1").replace("norm", "bn")
            if not theirs.startswith(("conv1", "bn1", "layer")) or value.ndim == 0:
                continue
            state[theirs] = torch.rand(value.shape, generator=generator) + 0.1
    return state


def test_names_are_torchvisions(tmp_path):
    """The first and last tensors of ResNet-50 as torchvision names and shapes them."""
    network = build_model("hands3c", input_size=128)
    state = torchvision_state(resnet_parts(network))
    assert state["conv1.weight"].shape == (64, 3, 7, 7)
    assert state["layer1.0.downsample.0.weight"].shape == (256, 64, 1, 1)
    assert state["layer4.2.bn3.running_var"].shape == (2048,)
    assert len(state) - 2 == 265  # of torchvision's 320, 53 are counters and 2 the classifier
    torch.save(state, tmp_path / "resnet50.pth")
    set_backbone(network, tmp_path / "resnet50.pth")
    assert torch.equal(network.backbone.stem.conv.weight, state["conv1.weight"])
    assert torch.equal(
        network.backbone.stage4[2].norm3.running_var, state["layer4.2.bn3.running_var"]
    )


@pytest.mark.parametrize("kind", ["sar", "smr"])
def test_every_stage_starts_from_the_same_resnet(tmp_path, kind):
    hand = load_hand_model("hand_mano778")
    network = (
        Sar(hand, SarConfig(kind, 128, encoder=NARROW))
        if kind == "sar"
        else Smr(hand, SmrConfig(kind, 128, encoder=NARROW))
    )
    parts = resnet_parts(network)
    state = {"module." + name: value for name, value in torchvision_state(parts[:2]).items()}
    save_file(state, tmp_path / "resnet34.safetensors")
    set_backbone(network, tmp_path / "resnet34.safetensors")
    first, second = (stage.encoder.stage3[0].conv1.weight for stage in network.stages)
    assert torch.equal(first, state["module.layer3.0.conv1.weight"])
    assert torch.equal(first, second)


def test_other_files_are_refused(tmp_path):
    network = build_model("hands3c_tiny", input_size=128)
    state = torchvision_state(resnet_parts(network))
    torch.save({"state_dict": state}, tmp_path / "good.pth")
    set_backbone(network, tmp_path / "good.pth")
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match="torchvision's layout"):
        set_backbone(network, tmp_path / "other.pth")
    del state["layer2.0.conv1.weight"]
    torch.save(state, tmp_path / "short.pth")
    with pytest.raises(UserError, match="lacks 1 tensors"):
        set_backbone(network, tmp_path / "short.pth")
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(UserError, match="no torch checkpoint"):
        set_backbone(network, tmp_path / "text.pth")


def sar_state(model: Sar) -> dict[str, torch.Tensor]:
    """A network's tensors by the released code's names."""
    places = {"stem.conv": "0", "stem.norm": "1", "stage1": "4", "stage2": "5"}
    state = {}
    for name, value in model.state_dict().items():
        if "normalise" in name:
            continue
        bits = name.split(".")
        if name.startswith("encoder."):
            rest = name.removeprefix("encoder.")
            for ours, theirs in places.items():
                if rest.startswith(ours + "."):
                    state[f"extract_mid.{theirs}{_block(rest[len(ours) :])}"] = value
            continue
        number, part = bits[1], bits[2]
        rest = ".".join(bits[3:])
        if part == "encoder":
            place = {"stage3": "0", "stage4": "1"}[bits[3]]
            state[f"extract_high.{number}.{place}{_block('.' + '.'.join(bits[4:]))}"] = value
        elif part == "initial_graph":
            state[f"saigb.{number}.group.0.{bits[-1]}"] = value
        elif part == "refine":
            state[f"fuse.{int(number) - 1}.{bits[-1]}"] = value
        elif rest == "temperature":
            state[f"gbbmr.{number}.soft_heatmap.beta.weight"] = value[..., None, None]
        elif bits[3].startswith("joint_"):
            theirs = {"joint_heat": "mesh2pose_hm", "joint_depth": "mesh2pose_dm"}[bits[3]]
            state[f"gbbmr.{number}.{theirs}.{bits[-1]}"] = value
        else:
            theirs = {"heat": "reg_xy", "depth": "reg_z"}[bits[3]]
            layer = {"first": "0", "second": "3"}[bits[4]]
            last = "adj" if bits[5] == "adjacency" else f"fc.{bits[6]}"
            state[f"gbbmr.{number}.{theirs}.{layer}.{last}"] = value
    return state


def _block(name: str) -> str:
    name = name.replace("downsample.conv", "downsample.0").replace(
        "downsample.norm", "downsample.1"
    )
    return name.replace("norm", "bn")


@pytest.fixture
def small_sar(monkeypatch):
    from hands3c_core.models import sar_checkpoints

    hand = load_hand_model("hand_mano778")

    def build(name, hand=hand, **_):
        model = hand if not isinstance(hand, str) else load_hand_model(hand)
        stages = 1 if name == "sar_1stage" else 2
        return Sar(model, SarConfig(name, 128, stages=stages, encoder=NARROW))

    monkeypatch.setattr(sar_checkpoints, "build_model", build)
    torch.manual_seed(1)
    return build("sar").eval()


def test_sars_checkpoint_is_the_same_network(small_sar, tmp_path):
    state = sar_state(small_sar)
    side = small_sar.stages[0].belief.side
    for number in range(2):
        for axis in "xy":
            state[f"gbbmr.{number}.soft_heatmap.w{axis}"] = torch.zeros(side, side)
    path = tmp_path / "checkpoint_epoch[49_50].pth"
    torch.save({"net": state, "optimizer": {}, "schedule": {}, "last_epoch": 49}, path)
    loaded = load_weights(path)
    crops = np.random.default_rng(0).integers(0, 256, (1, 128, 128, 3), dtype=np.uint8)
    before, after = small_sar.predict(crops), loaded.predict(crops)
    assert torch.equal(before.uvd.vertices, after.uvd.vertices)


def test_a_tensor_too_few_or_too_many_is_refused(small_sar, tmp_path):
    state = sar_state(small_sar)
    del state["gbbmr.1.reg_z.3.adj"]
    torch.save({"net": state}, tmp_path / "a.pth")
    with pytest.raises(UserError, match="lacks 1 tensors"):
        load_weights(tmp_path / "a.pth")
    state = sar_state(small_sar) | {"saigb.x.group.0.weight": torch.zeros(1)}
    torch.save({"net": state}, tmp_path / "b.pth")
    with pytest.raises(UserError, match="beyond it"):
        load_weights(tmp_path / "b.pth")


def test_import_tells_of_the_template(small_sar, tmp_path, monkeypatch):
    torch.save({"net": sar_state(small_sar), "last_epoch": 3}, tmp_path / "c.pth")
    lines = []
    import_checkpoint(tmp_path / "c.pth", tmp_path / "c.safetensors", report=lines.append)
    assert any("MANO's template" in line for line in lines)
    from hands3c_core.models import read_header

    header = read_header(tmp_path / "c.safetensors")
    assert (header["model"], header["epoch"], header["crop"]) == ("sar", "3", "box")


def test_unknown_names_have_no_place():
    for name in ("gbbmr.0.reg_xy.1.weight", "extract_mid.2.weight", "saigb.0.conv.weight", "a", ""):
        assert our_name(name) is None
