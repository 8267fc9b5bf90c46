"""Learning a trained network's maps."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("lightning", reason="training needs the extra train")

from hands3c_core.errors import UserError
from hands3c_core.models import build_model, load_weights, save_weights
from hands3c_core.training.config import TrainConfig
from hands3c_core.training.distillation import (
    Teacher,
    features_of,
    map_error,
    pyramid_maps,
    take_heads,
)
from hands3c_core.training.module import HandTraining
from hands3c_core.training.presets import PRESETS
from hands3c_core.training.recorder import read
from hands3c_core.training.run import make_network, train

QUICK = {"augment": "none", "batch_size": 8, "accelerator": "cpu", "workers": 0, "log_every": 1}
NAMES = ["map_top", "map_lateral4", "map_lateral3", "map_features"]


def tiny(seed: int, name: str = "hands3c_tiny"):
    torch.manual_seed(seed)
    return build_model(name)


@pytest.fixture(scope="module")
def teacher_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("teacher") / "teacher.safetensors"
    save_weights(tiny(0), path)
    return path


def maps_of(network, images):
    with torch.no_grad(), pyramid_maps(network) as maps:
        features = features_of(network, images)
    return {**maps, "features": features}


def test_a_network_is_its_own_best_student():
    images = torch.rand(2, 3, 128, 128)
    teacher = Teacher(tiny(0))
    assert list(teacher.losses(maps_of(tiny(0).eval(), images), images)) == NAMES
    same = teacher.losses(maps_of(tiny(0).eval(), images), images)
    other = teacher.losses(maps_of(tiny(1).eval(), images), images)
    assert max(float(term) for term in same.values()) < 1e-8
    assert min(float(term) for term in other.values()) > 0.5


def test_error_is_a_share_of_each_channels_variance():
    generator = torch.Generator().manual_seed(0)
    wanted = (
        torch.randn(64, 3, 6, 6, generator=generator) * torch.tensor([1.0, 4.0, 2.0])[:, None, None]
    )
    mean = wanted.mean(dim=(0, 2, 3), keepdim=True).expand_as(wanted)
    assert map_error(mean, wanted) == pytest.approx(1.0, rel=1e-3)
    half = mean + 0.5 * (wanted - mean)
    assert map_error(half, wanted) == pytest.approx(0.25, rel=1e-3)
    # Of a wider map the first channels are meant.
    wider = torch.cat([half, torch.full((64, 2, 6, 6), 1e3)], dim=1)
    assert map_error(wider, wanted) == pytest.approx(0.25, rel=1e-3)
    # A channel that is nearly constant does not outweigh the others.
    flat = wanted.clone()
    flat[:, 0] *= 1e-6
    assert map_error(flat + 0.01, flat) < 1e-3


def test_maps_of_another_size_are_compared_at_the_smaller_one():
    ramp = torch.linspace(0, 1, 32).expand(1, 2, 32, 32)
    small = torch.nn.functional.avg_pool2d(ramp, 2)
    assert map_error(ramp, small) < 1e-3
    assert map_error(small, ramp) < 1e-3
    assert map_error(1 - ramp, small) > 1


def test_tap_takes_its_hooks_away():
    network = tiny(0)
    with pytest.raises(ZeroDivisionError), pyramid_maps(network):
        raise ZeroDivisionError
    assert not any(module._forward_hooks for module in network.modules())


def test_teacher_is_neither_trained_nor_saved():
    teacher = Teacher(tiny(0))
    training = HandTraining(tiny(1), PRESETS["distilled"], teacher)
    assert all("teacher" not in name for name in training.state_dict())
    owned = {id(parameter) for parameter in teacher.network.parameters()}
    assert not owned & {id(parameter) for parameter in training.parameters()}
    assert not any(parameter.requires_grad for parameter in teacher.network.parameters())


def test_a_run_learns_the_maps_of_a_teacher_that_looks_closer(drawn_hands, teacher_file, tmp_path):
    # The student sees 128 px of the 160 that its teacher sees.
    torch.manual_seed(5)
    closer = build_model("hands3c_tiny_plain", input_size=160)
    save_weights(closer, tmp_path / "closer.safetensors")
    config = TrainConfig(
        data=drawn_hands,
        model="hands3c_tiny_plain",
        preset="distilled",
        teacher=tmp_path / "closer.safetensors",
        heads=tmp_path / "closer.safetensors",
        max_steps=24,
        out=tmp_path / "run",
        **QUICK,
    )
    result = train(config)
    table = read(result.folder / "metrics.csv")
    assert set(NAMES) <= set(table)
    assert "vertices" not in table
    assert sum(table["total"][-5:]) < 0.8 * sum(table["total"][:5])
    # The heads are the teacher's and stayed so.
    after = load_weights(result.weights).state_dict()
    for name, tensor in closer.state_dict().items():
        if name.startswith("mano_head."):
            assert torch.allclose(after[name], tensor, atol=1e-3), name


def test_labels_and_maps_are_learned_together(drawn_hands, teacher_file, tmp_path):
    config = TrainConfig(
        data=drawn_hands,
        model="hands3c_tiny",
        preset="distilled_joint",
        teacher=teacher_file,
        max_steps=3,
        out=tmp_path / "run",
        **QUICK,
    )
    table = read(train(config).folder / "metrics.csv")
    assert {*NAMES, "vertices", "heatmap"} <= set(table)
    terms = [column for column in table if column.startswith("map_") or column in ("vertices",)]
    assert all(table[name][0] > 0 for name in terms)


def test_heads_are_taken_where_they_fit(teacher_file, tmp_path):
    given = load_weights(teacher_file)
    config = TrainConfig(model="hands3c_tiny_plain", heads=teacher_file, max_steps=1)
    network = make_network(config, PRESETS["lite"])
    for name, tensor in network.state_dict().items():
        wanted = not name.startswith(("backbone.", "fpn.top", "fpn.lateral"))
        if tensor.ndim > 1:
            same = torch.allclose(tensor, given.state_dict()[name], atol=1e-3)
            assert same == wanted, name


def test_networks_that_cannot_learn_so_are_refused(teacher_file, tmp_path):
    with pytest.raises(UserError, match="name one with --teacher"):
        HandTraining(tiny(0), PRESETS["distilled"])
    wide = Teacher(build_model("hands3c_lite_v1_plain", input_size=128))
    with pytest.raises(UserError, match=r"maps of 32 channels, its teacher .* of 96"):
        HandTraining(tiny(0), PRESETS["distilled"], wide)
    with pytest.raises(UserError, match="smr cannot learn from a teacher"):
        HandTraining(build_model("smr", input_size=128), PRESETS["smr"], Teacher(tiny(0)))
    save_weights(build_model("smr", input_size=128), tmp_path / "smr.safetensors")
    with pytest.raises(UserError, match="smr cannot teach"):
        Teacher.load(tmp_path / "smr.safetensors")
    with pytest.raises(UserError, match="no head alike"):
        take_heads(tiny(0), build_model("hands3c_lite_v1", input_size=128))


def test_a_comparison_at_another_size_is_refused_before_the_training(drawn_hands, tmp_path):
    torch.manual_seed(5)
    save_weights(build_model("hands3c_tiny_plain", input_size=160), tmp_path / "t.safetensors")
    save_weights(tiny(0), tmp_path / "start.safetensors")
    config = TrainConfig(
        data=drawn_hands,
        model="hands3c_tiny",
        preset="personal",
        weights=tmp_path / "start.safetensors",
        teacher=tmp_path / "t.safetensors",
        out=tmp_path / "run",
    )
    with pytest.raises(UserError, match="leave out --teacher"):
        train(config)
    assert not (tmp_path / "run").exists()
