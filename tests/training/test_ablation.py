"""The paper's ablation at a size for tests."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

pytest.importorskip("lightning", reason="training needs the extra train")

from hands3c_core.errors import UserError
from hands3c_core.models import load_weights
from hands3c_core.models.registry import ABLATION
from hands3c_core.training import run as training_run
from hands3c_core.training.ablation import (
    MEAN_HAND,
    RESULT,
    TABLE,
    AblationSettings,
    ablation_table,
    finished,
    run_ablation,
)

ROWS = ("baseline", "+ self-attention", "+ SSA", "+ SSCA")


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def settings(tmp_path_factory, drawn_hands):
    return AblationSettings(
        data=drawn_hands,
        out=tmp_path_factory.mktemp("ablation") / "out",
        size="tiny",
        holdout=0.2,
        max_steps=2,
        batch_size=8,
        augment="none",
        accelerator="cpu",
        workers=0,
    )


@pytest.fixture(scope="module")
def done(settings):
    """Stopped in the third run, then gone on with: the table and what was said."""
    train, calls, said = training_run.train, [], []

    def stop_third(config, resume=None):
        calls.append(config.model)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return train(config, resume)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training_run, "train", stop_third)
        with pytest.raises(KeyboardInterrupt):
            run_ablation(settings, said.append)
        half = ablation_table(finished(settings))
        table = run_ablation(settings, said.append)
    return table, calls, said, half


def test_finished_variants_are_not_trained_again(done):
    _, calls, said, half = done
    names = list(ABLATION["tiny"].values())
    assert calls == [*names[:3], *names[2:]]
    assert sum("finished before" in line for line in said) == 2
    assert half.count(" - ") >= 2 * 10  # the rows that were not finished then


def test_the_table_has_table_4s_columns(done, settings):
    table, *_ = done
    assert tuple(table) == (*ROWS, MEAN_HAND)
    text = ablation_table(table)
    assert (settings.out / TABLE).read_text() == text + "\n"
    head = text.splitlines()[0]
    for column in ("Params (M)", "FLOPs (G)", "PA-MPJPE (mm)", "PA-MPVPE (mm)", "F@5", "F@15"):
        assert column in head
    assert len(text.splitlines()) == 2 + len(ROWS) + 1
    assert " - " not in text.rpartition("\n")[0]  # all but the mean hand, which is no network
    (mean,) = table[MEAN_HAND]
    assert mean["params"] is None
    assert mean["pa_mpjpe_mm"] < mean["mpjpe_mm"]
    assert 0 < mean["joints_2d_share"] < 0.5
    params = [table[row][0]["params"] for row in ROWS]
    assert params[0] == min(params)
    assert params[2] < params[3] < params[1]
    assert len({round(table[row][0]["pa_mpjpe_mm"], 6) for row in ROWS}) == 4


def test_all_variants_are_trained_alike(done, settings):
    configs = []
    for model in ABLATION["tiny"].values():
        folder = settings.out / f"{model}-seed0"
        config = json.loads((folder / "config.json").read_text())
        assert config.pop("model") == model
        config.pop("out")
        configs.append(config)
        assert json.loads((folder / RESULT).read_text())["steps"] == 2
        assert load_weights(folder / "weights.safetensors").name == model
    assert all(config == configs[0] for config in configs)


def test_other_settings_need_another_folder(done, settings):
    with pytest.raises(UserError, match="another --max-steps"):
        run_ablation(replace(settings, max_steps=3))
    # Workers and seeds are free: the seeds that are there are not trained again.
    said = []
    run_ablation(replace(settings, workers=None), said.append)
    assert len(said) == 4
    assert all("finished before" in line for line in said)
    # A table of other networks holds those alone; here one that is there already.
    table = run_ablation(replace(settings, models=("hands3c-tiny",)), said.append)
    assert tuple(table) == ("hands3c_tiny", MEAN_HAND)
    assert "finished before" in said[-1]


def test_a_damaged_result_is_named(done, settings, tmp_path):
    (tmp_path / "hands3c_tiny-seed0").mkdir()
    (tmp_path / "hands3c_tiny-seed0" / RESULT).write_text("{half a")
    with pytest.raises(UserError, match="is damaged"):
        finished(replace(settings, out=tmp_path))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_steps": None}, "one budget"),
        ({"max_minutes": 1.0}, "one budget"),
        ({"seeds": ()}, "--seeds"),
        ({"seeds": (1, 1)}, "--seeds"),
        ({"holdout": 0.0}, "--holdout"),
        ({"input_size": 130}, "cannot be built"),
        ({"models": ("sar", "resnet")}, "No network is called"),
        ({"models": ("ssca", "hands3c")}, "twice"),
        ({"backbone": Path("trunk.task")}, "no file trunk.task"),
        ({"data": "arrays:nowhere.npz"}, "nowhere.npz"),
    ],
)
def test_bad_settings_are_refused_before_training(settings, tmp_path, changes, message):
    with pytest.raises(UserError, match=message):
        run_ablation(replace(settings, out=tmp_path / "out", **changes))


def test_means_and_deviations_over_seeds():
    rows = {"baseline": [{"pa_mpjpe_mm": 4.0, "steps": 2}, {"pa_mpjpe_mm": 6.0, "steps": 2}]}
    last = ablation_table(rows).splitlines()[-1]
    assert "5.00 ± 1.41" in last
    assert last.replace(" ", "").endswith("|2|-|")
