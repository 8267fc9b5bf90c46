"""Order of the samples, recipes, learning rates, settings: what needs no Lightning."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.training.batches import Tickets
from hands3c_core.training.config import (
    TrainConfig,
    check_resumable,
    parse_arguments,
    read_config,
    write_config,
)
from hands3c_core.training.curves import draw_curves, plot
from hands3c_core.training.presets import PRESETS, find_preset
from hands3c_core.training.schedule import learning_rate


def batches(count: int, **options) -> list[list[int]]:
    return list(itertools.islice(Tickets(10, 4, seed=3, **options), count))


def test_an_epoch_has_every_sample_once_and_the_next_another_order():
    flat = list(itertools.chain(*batches(5)))
    assert sorted(flat[:10]) == list(range(10))
    assert sorted(flat[10:]) == list(range(10, 20))
    assert [ticket - 10 for ticket in flat[10:]] != flat[:10]


def test_processes_share_each_step():
    shares = [batches(7, rank=rank, world=2) for rank in (0, 1)]
    assert [a + b for a, b in zip(*shares, strict=True)] == batches(7)


def test_a_resumed_run_goes_on_where_it_stopped():
    assert batches(4, start=3) == batches(7)[3:]


def test_published_recipes():
    expected = {
        "freihand": (100, 0.7, 10, 224),
        "ho3d": (80, 0.7, 10, None),
        "dexycb": (20, 0.9, 1, None),
    }
    for name, (epochs, decay, every, size) in expected.items():
        preset = PRESETS[name]
        assert (preset.epochs, preset.decay, preset.decay_every) == (epochs, decay, every)
        assert preset.input_size == size
        assert (preset.optimizer, preset.learning_rate, preset.batch_size) == ("adam", 1e-4, 64)
        augment = "none" if name == "freihand" else "published"  # as released
        assert (preset.augment, preset.ema, preset.clip_norm) == (augment, None, None)
        losses = preset.losses
        weights = (losses.pose, losses.shape, losses.joints_2d, losses.joints_3d, losses.vertices)
        assert weights == (10, 0.1, 100, 1e4, 1e4)


def test_stepped_learning_rates():
    preset = PRESETS["ho3d"]
    rates = [learning_rate(preset, 0, epoch, 0) for epoch in (0, 9.99, 10, 25, 79.9)]
    assert rates == pytest.approx([1e-4, 1e-4, 7e-5, 4.9e-5, 1e-4 * 0.7**7])


def test_cosine_learning_rates():
    preset = PRESETS["webcam"]
    assert learning_rate(preset, 0, 0, 0) == pytest.approx(5e-4 / 200)
    assert learning_rate(preset, 3, 0, 0.05) > 0.95 * 5e-4  # a short run warms up faster
    middle = learning_rate(preset, 1000, 0, 0.5)
    assert middle == pytest.approx(5e-4 * (0.01 + 0.99 / 2))
    assert learning_rate(preset, 1000, 0, 1.3) == pytest.approx(5e-6)


def test_presets_are_found_by_name_or_data():
    assert find_preset(None, "dexycb")[0] == "dexycb"
    assert find_preset(None, "synthetic")[0] == "webcam"
    assert TrainConfig(data="ho3d:/data/ho3d?version=3", batch_size=8).recipe()[1].batch_size == 8
    with pytest.raises(UserError, match="no preset 'x'"):
        find_preset("x", "synthetic")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"batch_size": 0}, "--batch-size"),
        ({"max_minutes": -1.0}, "--max-minutes"),
        ({"holdout": 1.0}, "--holdout"),
        ({"checkpoint_minutes": 0.0}, "--checkpoint-minutes"),
    ],
)
def test_numbers_out_of_range_are_refused(changes, named):
    with pytest.raises(UserError, match=named):
        TrainConfig(**changes).recipe()


def test_settings_come_back_from_the_run_directory(tmp_path):
    config = TrainConfig(data="stb:x", max_minutes=3, weights=tmp_path / "w", precision="bf16")
    write_config(config, tmp_path)
    assert read_config(tmp_path) == config
    folder, rest, defaults = parse_arguments(["--seed", "1", "--resume", str(tmp_path)])
    assert (folder, rest, defaults) == (tmp_path, ["--seed", "1"], config)
    with pytest.raises(UserError, match="keeps its model"):
        check_resumable(config, TrainConfig(model="hands3c"))


@pytest.mark.parametrize("text", ["", "{", '{"sead": 1}', '{"seed": "one"}', "[1]"])
def test_damaged_settings_are_refused(tmp_path, text):
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(UserError, match=r"config\.json"):
        read_config(tmp_path)


def test_missing_run_directory(tmp_path):
    with pytest.raises(UserError, match="no run directory"):
        parse_arguments([f"--resume={tmp_path}"])
    with pytest.raises(UserError, match="--resume needs"):
        parse_arguments(["--resume"])


def test_settings_file_is_plain_json(tmp_path):
    write_config(TrainConfig(), tmp_path)
    assert json.loads((tmp_path / "config.json").read_text())["model"] == "hands3c_lite"


def test_curves_follow_the_numbers(tmp_path):
    falling = plot("t", [0, 1, 2], {"a": [10.0, 5.0, 1.0]})
    rising = plot("t", [0, 1, 2], {"a": [1.0, 5.0, 10.0]})
    gaps = plot("t", [0, 1, 2], {"a": [float("nan"), float("inf"), -1.0]}, is_log=True)
    assert not np.array_equal(falling, rising)
    assert gaps.shape == falling.shape
    draw_curves({}, {}, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 1000
