"""Settings of runs: from files, from the command line, and as the documents write them."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from hands3c_core.commands.train import parse
from hands3c_core.errors import UserError
from hands3c_core.training.config import (
    USUAL_MINUTES,
    TrainConfig,
    read_config,
    write_config,
)
from hands3c_core.training.loggers import make_logger
from hands3c_core.training.run_length import RunLength

README = Path(__file__).parents[2] / "README.md"


def readme_commands() -> list[list[str]]:
    lines = README.read_text(encoding="utf-8").splitlines()
    words = [shlex.split(line, comments=True) for line in lines if "scripts/train.py" in line]
    return [line[line.index("scripts/train.py") + 1 :] for line in words]


@pytest.mark.parametrize("words", readme_commands())
def test_the_readmes_commands_end_and_begin_with_a_trunk(words):
    """The first one trains the lite network by its own recipe, from its pretrained trunk, which
    ``start_guided`` gives to every fresh one."""
    config = parse(words, "train.py").config
    name, preset = config.recipe()
    assert RunLength(preset, config.max_steps, 20_000).progress(10**9, 10**9) >= 1
    assert name in ("guided", "personal")
    assert config.model == "hands3c_lite"


def test_a_run_that_nothing_ends_takes_an_hour():
    assert TrainConfig(data="synthetic:x").recipe()[1].max_minutes == USUAL_MINUTES == 60
    assert TrainConfig(data="synthetic:x", max_steps=5).recipe()[1].max_minutes is None
    assert TrainConfig(data="ho3d:x", model="hands3c").recipe()[1].max_minutes is None
    assert TrainConfig(data="pseudo:x", preset="personal").recipe()[1].max_minutes == 12


@pytest.mark.parametrize("suffix", [".json", ".yaml", ".yml"])
def test_settings_from_a_file(tmp_path, suffix):
    path = tmp_path / f"settings{suffix}"
    values = {"data": "synthetic:renders", "max-minutes": 3, "out": "runs/x", "val_minutes": 1.5}
    path.write_text(json.dumps(values) if suffix == ".json" else yaml.safe_dump(values))
    options = parse(["--config", str(path), "--max-minutes", "4"], "train.py")
    expected = TrainConfig(data="synthetic:renders", max_minutes=4.0, out=Path("runs/x"))
    assert options.config == replace(expected, val_minutes=1.5)
    assert options.resume is None


def test_a_runs_own_settings_start_another_one(tmp_path):
    config = TrainConfig(data="synthetic:renders", seed=7, weights=Path("w.safetensors"))
    write_config(config, tmp_path)
    assert read_config(tmp_path) == config
    assert parse([f"--config={tmp_path / 'config.json'}"], "train.py").config == config


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no JSON or YAML"),
        ("[1]", "no table of settings"),
        ('{"speed": 1}', "unknown 'speed'"),
        ('{"seed": "many"}', "'many' is not understood"),
    ],
)
def test_files_that_are_not_understood(tmp_path, text, message):
    path = tmp_path / "settings.json"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        parse(["--config", str(path)], "train.py")


def test_options_that_do_not_go_together(tmp_path):
    with pytest.raises(UserError, match="there is no file"):
        parse(["--config", str(tmp_path / "none.json")], "train.py")
    with pytest.raises(UserError, match="--config needs"):
        parse(["--config"], "train.py")
    with pytest.raises(UserError, match="leave out --config"):
        parse(["--config", "a.json", "--resume", "b"], "train.py")


def test_loggers(tmp_path, monkeypatch):
    from lightning.pytorch.loggers import TensorBoardLogger

    assert isinstance(make_logger("tensorboard", tmp_path), TensorBoardLogger)
    assert make_logger("csv", tmp_path) is False
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"hands3c-live\[wandb\]"):
        make_logger("wandb", tmp_path)
