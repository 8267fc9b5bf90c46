"""Presets "as published" against the table of facts in docs/training.md."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from small_networks import NARROW

from hands3c_core.data import Augmenter
from hands3c_core.data.augment import PRESETS as AUGMENTATIONS
from hands3c_core.data.sample import HandSample, ValidLabels
from hands3c_core.hand_model import load_hand_model
from hands3c_core.models import Sar, SarConfig
from hands3c_core.models.spatial_graph import BeliefRegressor
from hands3c_core.training.data_module import with_defaults
from hands3c_core.training.module import HandTraining
from hands3c_core.training.presets import PRESETS
from hands3c_core.training.schedule import learning_rate

DOCS = Path(__file__).parents[2] / "docs" / "training.md"


def facts() -> list[tuple[str, str, str]]:
    text = DOCS.read_text(encoding="utf-8")
    table = text.split("## As published", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \| `([^`]*)` \|", table, re.MULTILINE)
    return [tuple(row) for row in rows]  # type: ignore[misc]


@pytest.mark.parametrize(("preset", "name", "value"), facts())
def test_preset_is_what_the_released_code_does(preset, name, value):
    chosen = PRESETS[preset]
    if name.startswith("augment."):
        found = getattr(AUGMENTATIONS[chosen.augment], name.removeprefix("augment."))
    elif name.startswith("losses."):
        found = getattr(chosen.losses, name.removeprefix("losses."))
    elif name.startswith("data."):
        found = {o: v for _, o, v in chosen.data_defaults}[name.removeprefix("data.")]
    else:
        found = getattr(chosen, name)
    if isinstance(found, float) and not isinstance(found, bool):
        assert found == pytest.approx(float(value), rel=1e-4)
    else:
        assert str(found) == value


def test_every_published_preset_is_in_the_table():
    assert {preset for preset, *_ in facts()} == {"freihand", "ho3d", "dexycb", "sar"}
    assert len(facts()) > 40


@pytest.mark.parametrize(
    ("preset", "epoch", "rate"),
    [
        ("ho3d", 0, 1e-4),
        ("ho3d", 9.9, 1e-4),
        ("ho3d", 10, 0.7e-4),
        ("ho3d", 79, 0.7**7 * 1e-4),
        ("freihand", 99, 0.7**9 * 1e-4),
        ("dexycb", 1, 0.9e-4),
        ("dexycb", 19.5, 0.9**19 * 1e-4),
        ("sar", 0.99, 3e-4),
        ("sar", 25.4, 1.5e-4),
        ("sar", 49.9, 3e-4 * (1 + np.cos(np.pi * 0.98)) / 2),
    ],
)
def test_learning_rates_change_between_epochs(preset, epoch, rate):
    chosen = PRESETS[preset]
    share = epoch / chosen.epochs
    assert learning_rate(chosen, 10_000, epoch, share) == pytest.approx(rate, rel=1e-6)


def test_options_of_data_hold_where_nothing_was_said():
    defaults = PRESETS["freihand"].data_defaults
    assert with_defaults("freihand:/d/F", defaults) == "freihand:/d/F?versions=gs:1"
    said = with_defaults("freihand:/d/F?versions=hom:0.5,synthetic:/d/s:0.25", defaults)
    assert said == "freihand:/d/F?versions=hom:0.5,synthetic:/d/s:0.25"
    assert with_defaults("synthetic:/d/s", ()) == "synthetic:/d/s"


@pytest.fixture(scope="module")
def sar() -> Sar:
    return Sar(load_hand_model("hand_mano778"), SarConfig("sar", 128, encoder=NARROW))


def test_sars_start_is_its_own(sar):
    torch.manual_seed(0)
    sar.start_as_published()
    for part in sar.modules():
        if isinstance(part, BeliefRegressor):
            temperature = part.temperature.detach()
            assert temperature.min() < -0.9
            assert temperature.max() > 0.9
            assert abs(float(temperature.mean())) < 0.1
            assert float(part.heat.second.linear.weight.detach().std()) > 0.005


def test_sar_decays_every_parameter(sar):
    groups = HandTraining(sar, PRESETS["sar"]).configure_optimizers().param_groups
    assert {group["weight_decay"] for group in groups} == {0.01}
    groups = HandTraining(sar, PRESETS["sar_ours"]).configure_optimizers().param_groups
    assert {group["weight_decay"] for group in groups} == {0.0, 0.01}


def test_sars_window_moves_in_its_source():
    """Without turning and scaling, contents move by up to 10 px of the window's 130; the window's
    middle moves along the picture's axes however it is turned."""
    side = 260
    joints = np.full((21, 2), (side - 1) / 2, np.float32)
    sample = HandSample(
        crop=np.zeros((side, side, 3), np.uint8),
        joints_2d=joints,
        joints_3d=np.zeros((21, 3), np.float32),
        is_right=True,
        valid=ValidLabels(joints_2d=np.ones(21, bool)),
        name="a",
    )
    straight = replace(AUGMENTATIONS["sar"], scale=0.0, rotation_deg=0.0)
    change = Augmenter(straight, 130)
    moves = [change(sample, np.random.default_rng(seed)).joints_2d[0] - 64.5 for seed in range(200)]
    assert 9 < np.abs(moves).max() <= 10
    turned = Augmenter(AUGMENTATIONS["sar"], 130)
    for seed in range(20):
        result = turned(sample, np.random.default_rng(seed))
        back = result.joints_2d[0] - 64.5
        # Undone, the move is within the square of +-10 px.
        matrix = _turn_of(turned, seed)
        assert np.abs(np.linalg.solve(matrix, back)).max() <= 10 + 1e-6


def _turn_of(augmenter, seed):
    rng = np.random.default_rng(seed)
    stretch, turn = rng.uniform(-1, 1, 2)
    angle, zoom = np.deg2rad(180) * turn, 1 / (1 + 0.1 * stretch)
    return zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def test_sars_window_is_the_released_one():
    """Its 130 px in the middle of FreiHAND's image, as the released code maps them."""
    from hands3c_core.data.freihand import FreiHand
    from hands3c_core.geometry import crop_affine

    reader = FreiHand.__new__(FreiHand)
    reader.crop, reader.crop_size = "central", 256
    source = np.float32([(112, 112), (112, 177), (177, 112)])
    target = np.float32([(128, 128), (128, 256), (256, 128)])
    expected = cv2.getAffineTransform(source, target)
    np.testing.assert_allclose(crop_affine(reader._box(), 256), expected, atol=1e-4)
