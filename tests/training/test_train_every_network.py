"""Two steps of every network from the command's settings to weights that load."""

from __future__ import annotations

import csv

import pytest
import torch

pytest.importorskip("lightning", reason="training needs the extra train")

from small_networks import SMALL

from hands3c_core.models import load_weights
from hands3c_core.training.config import TrainConfig
from hands3c_core.training.run import train

RUNS = [*((name, None) for name in SMALL), ("smr", "smr_weak"), ("smr_lite", "smr_lite_weak")]

pytestmark = pytest.mark.usefixtures("small_networks")


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(("name", "preset"), RUNS)
def test_two_steps(name, preset, drawn_hands, tmp_path):
    config = TrainConfig(
        data=drawn_hands,
        model=name,
        preset=preset,
        input_size=128,
        max_steps=2,
        batch_size=2,
        augment=None if name == "sar" else "none",
        accelerator="cpu",
        workers=0,
        log_every=1,
        holdout=0.02,
        kinematic_minutes=0.01,
        out=tmp_path / "run",
    )
    result = train(config)
    assert result.steps == 2
    with (tmp_path / "run" / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    assert all(float(row["total"]) > 0 for row in rows)
    assert {"mpjpe_mm", "pa_mpjpe_mm", "joints_2d"} == set(result.validation)
    if name.startswith("sar"):
        terms = ("uvd", "normal", "edge")
        assert sum(float(rows[0][term]) for term in terms) == pytest.approx(float(rows[0]["total"]))
    model = load_weights(result.weights)
    assert (model.name, model.input_size) == (name, 128)
