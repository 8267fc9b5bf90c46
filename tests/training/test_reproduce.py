"""The paper's table from a tiny copy of FreiHAND: planned, stopped, gone on with, printed."""

from __future__ import annotations

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("lightning", reason="training needs the extra train")

from hands3c_core.commands import reproduce as command
from hands3c_core.errors import UserError
from hands3c_core.training import run as training_run
from hands3c_core.training.reproduce import RESULT, ReproduceSettings, plans, reproduce


@pytest.fixture(scope="module")
def settings(tmp_path_factory, draw_hands):
    """FreiHAND's files of eight stick figures, and a run of one epoch of tiny networks."""
    folder = tmp_path_factory.mktemp("reproduce")
    root = folder / "FreiHAND_pub_v2"
    arrays = draw_hands(8)
    scale = 224 / arrays["images"].shape[1]
    camera = arrays["K"].copy()
    camera[:, :2] *= scale
    for split, versions in (("training", 4), ("evaluation", 1)):
        tables = {
            "K": camera,
            "xyz": arrays["joints_3d"],
            "verts": arrays["vertices"],
            "mano": np.concatenate([arrays["pose"].reshape(8, 48), np.zeros((8, 13))], axis=1)[
                :, None
            ],
        }
        for name, values in tables.items():
            path = root / f"{split}_{name}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(values.tolist()))
        (root / split / "rgb").mkdir(parents=True)
        for number in range(8 * versions):
            image = cv2.resize(arrays["images"][number % 8], (224, 224))
            cv2.imwrite(str(root / split / "rgb" / f"{number:08d}.jpg"), image[..., ::-1])
    return ReproduceSettings(
        table="freihand",
        data=root,
        out=folder / "out",
        models=("hands3c_tiny", "hands3c_tiny_self_attention"),
        epochs=1,
        batch_size=4,
        accelerator="cpu",
        workers=0,
    )


def test_a_dry_run_says_what_it_takes_and_does_nothing(settings, capsys):
    assert command.run(replace(settings, dry_run=True)) == 0
    told = capsys.readouterr().out
    assert "freihand (Table 1)" in told
    assert "hands3c_tiny: 8 samples, about 0.0 h here" in told
    assert not list(settings.out.iterdir())
    (first, _) = plans(replace(settings, epochs=None))
    assert first.samples == 800  # a hundred epochs, as published
    assert first.disk > 1 << 20


def test_what_is_done_is_not_done_again(settings, monkeypatch, capsys):
    train, calls = training_run.train, []

    def stop_second(config, resume=None):
        calls.append(config.model)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return train(config, resume)

    monkeypatch.setattr(training_run, "train", stop_second)
    assert command.run(settings) == 130
    assert "goes on" in capsys.readouterr().out
    said = []
    table = reproduce(settings, said.append)
    assert said[0] == "hands3c_tiny: done before"
    assert calls == ["hands3c_tiny", *["hands3c_tiny_self_attention"] * 2]
    lines = table.split("sources:")[0].splitlines()
    ours = [line.split() for line in lines if "(ours)" in line]
    assert [line[0] for line in ours] == ["hands3c_tiny", "hands3c_tiny_self_attention"]
    figures = json.loads((settings.out / "hands3c_tiny" / RESULT).read_text())
    assert f"{figures['pa_mpjpe_mm']:.2f}" in ours[0]
    assert any("HandSSCA" in line for line in lines)
    assert all(plan.is_done for plan in plans(settings))


def test_a_data_set_that_is_not_there_is_said_first(settings, tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        plans(replace(settings, data=tmp_path / "none"))
    with pytest.raises(UserError, match="different networks"):
        plans(replace(settings, models=("ssa", "ssa")))
