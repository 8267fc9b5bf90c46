"""Whole training runs of a tiny network."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("lightning", reason="training needs the extra train")

from hands3c_core.errors import UserError
from hands3c_core.models import load_weights, read_header
from hands3c_core.training.checkpointing import (
    WholeCheckpoints,
    checkpoints_of,
    is_whole,
    newest_checkpoint,
)
from hands3c_core.training.config import TrainConfig, read_config
from hands3c_core.training.recorder import read
from hands3c_core.training.run import train

ROOT = Path(__file__).resolve().parents[2]
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}
TINY = {
    "model": "hands3c_tiny",
    "augment": "none",
    "batch_size": 8,
    "accelerator": "cpu",
    "workers": 0,
    "log_every": 1,
    "holdout": 0.125,
}


def command(config: TrainConfig) -> list[str]:
    """The command line of a run."""
    words = [sys.executable, str(ROOT / "scripts" / "train.py")]
    for name, value in vars(config).items():
        if value is not None:
            words += ["--" + name.replace("_", "-"), str(value)]
    return words


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """The network is too small for more, which would only wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def finished(tmp_path_factory, drawn_hands):
    """A short run."""
    out = tmp_path_factory.mktemp("run") / "run"
    config = TrainConfig(data=drawn_hands, out=out, max_steps=24, learning_rate=3e-3, **TINY)
    return train(config)


def test_loss_falls(finished):
    totals = read(finished.folder / "metrics.csv")["total"]
    assert len(totals) == finished.steps == 24
    assert np.mean(totals[-5:]) < 0.6 * np.mean(totals[:5])


def test_loss_falls_on_rendered_hands(rendered_hands, tmp_path):
    config = TrainConfig(
        data=rendered_hands,
        out=tmp_path / "run",
        max_minutes=2,
        max_steps=24,
        learning_rate=3e-3,
        **TINY,
    )
    result = train(config)
    totals = read(result.folder / "metrics.csv")["total"]
    assert np.mean(totals[-5:]) < 0.8 * np.mean(totals[:5])
    assert result.validation["pa_mpjpe_mm"] > 0


def test_run_directory_tells_everything(finished):
    folder = finished.folder
    assert read_config(folder).max_steps == 24
    (part,) = json.loads((folder / "environment.json").read_text())
    assert part["packages"]["torch"] == torch.__version__
    assert {"command", "git", "cpu", "cores", "python"} <= set(part)
    assert (folder / "curves.png").stat().st_size > 1000
    assert list((folder / "tensorboard").glob("events.*"))
    with (folder / "metrics.csv").open() as file:
        row = list(csv.DictReader(file))[-1]
    assert float(row["samples_per_s"]) > 0
    assert 0 <= float(row["wait_share"]) <= 1
    assert float(row["load_ms"]) > 0
    assert set(finished.validation) == {"mpjpe_mm", "pa_mpjpe_mm", "joints_2d"}


def test_exported_weights_load_and_match_their_card(finished):
    card = json.loads((finished.folder / "weights.json").read_text())
    content = finished.weights.read_bytes()
    assert card["sha256"] == hashlib.sha256(content).hexdigest()
    assert (card["steps"], card["samples"]) == (24, 192)
    assert card["weights_are"] == "moving average"
    assert read_header(finished.weights)["preset"] == "webcam"
    model = load_weights(finished.weights)
    checkpoint = WholeCheckpoints().load_checkpoint(newest_checkpoint(finished.folder))
    average = checkpoint["callbacks"]["WeightAverage"]["average"]
    trained = {name.removeprefix("network."): t for name, t in checkpoint["state_dict"].items()}
    state = model.state_dict()
    assert all(torch.equal(state[name], as_stored(average[name])) for name in state)
    assert not torch.allclose(
        state["mano_head.hidden1.weight"], trained["mano_head.hidden1.weight"]
    )


def as_stored(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.half().float() if tensor.is_floating_point() else tensor


def test_a_killed_run_goes_on(drawn_hands, tmp_path):
    """SIGKILL at any moment; then also the newest checkpoint damaged and one half-written."""
    out = tmp_path / "run"
    config = TrainConfig(
        data=drawn_hands, out=out, max_steps=100_000, checkpoint_minutes=0.002, **TINY
    )
    process = subprocess.Popen(
        command(config),
        cwd=tmp_path,
        env=ONE_THREAD,
        stdout=subprocess.DEVNULL,
        stderr=(tmp_path / "stderr").open("w"),
    )
    deadline = time.monotonic() + 120
    while len(checkpoints_of(out / "checkpoints")) < 2 or not steps_done(out, 6):
        assert process.poll() is None, (tmp_path / "stderr").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()

    newest, before = checkpoints_of(out / "checkpoints")
    assert is_whole(newest)
    assert is_whole(before)
    newest.write_bytes(newest.read_bytes()[:-1000])
    (out / "checkpoints" / ".step_00999999.ckptabc.part").write_bytes(b"PK")
    assert newest_checkpoint(out) == before
    step = int(before.stem.partition("_")[2])
    old = read(out / "metrics.csv")

    result = train(replace(read_config(out), max_steps=step + 3), resume=out)
    assert result.steps == step + 3
    table = read(out / "metrics.csv")
    assert table["step"] == [float(k) for k in range(1, step + 4)]
    # The lines up to the checkpoint are the killed run's, and its clock goes on.
    assert table["total"][:step] == old["total"][:step]
    assert table["minutes"] == sorted(table["minutes"])
    # A step that the killed run had made too: the same samples, the same weights, the same loss.
    if len(old["total"]) > step:
        assert table["total"][step] == pytest.approx(old["total"][step], rel=1e-4)


def steps_done(run: Path, count: int) -> bool:
    return len(read(run / "metrics.csv").get("step", ())) >= count


def test_a_run_without_whole_checkpoint_cannot_go_on(finished, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "step_00000001.ckpt").write_bytes(b"PK\x03\x04 half")
    with pytest.raises(UserError, match="no whole checkpoint"):
        newest_checkpoint(tmp_path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_steps": 1, "data": "arrays:nowhere.npz"}, "nowhere.npz"),
        ({"max_steps": 1, "augment": "x"}, "--augment x"),
        ({"max_steps": 1, "model": "resnet"}, "No network is called"),
        ({"max_steps": 1, "precision": "fp16"}, "GPUs only"),
        ({"max_steps": 1, "out": ROOT}, "is not empty"),
    ],
)
def test_bad_settings_are_refused_before_training(drawn_hands, tmp_path, changes, message):
    options = {"data": drawn_hands, "out": tmp_path / "run", **TINY, **changes}
    with pytest.raises(UserError, match=message):
        train(TrainConfig(**options))


def test_command_prints_one_line_for_bad_input(tmp_path):
    words = [
        sys.executable,
        str(ROOT / "scripts" / "train.py"),
        "--data",
        "nothing",
        "--max-steps=1",
    ]
    done = subprocess.run(words, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: there is no dataset 'nothing'")
    assert "Traceback" not in done.stderr


def test_bfloat16_stays_near_float32(drawn_hands, tmp_path):
    totals = {}
    for precision in ("32", "bf16"):
        out = tmp_path / precision
        train(TrainConfig(data=drawn_hands, out=out, max_steps=2, precision=precision, **TINY))
        totals[precision] = read(out / "metrics.csv")["total"]
    assert totals["bf16"] != totals["32"]
    assert totals["bf16"] == pytest.approx(totals["32"], rel=0.05)


def test_shipped_weights_that_are_not_there_are_named(drawn_hands, tmp_path):
    missing = tmp_path / "missing.safetensors"
    config = TrainConfig(
        data=drawn_hands, out=tmp_path / "run", preset="personal", weights=missing, **TINY
    )
    with pytest.raises(UserError, match=r"missing\.safetensors"):
        train(config)


def test_weights_of_another_network_are_refused(finished, drawn_hands, tmp_path):
    options = TINY | {"model": "hands3c_lite", "max_steps": 1, "weights": finished.weights}
    with pytest.raises(UserError, match="is for hands3c_tiny at 128 px"):
        train(TrainConfig(data=drawn_hands, out=tmp_path / "run", **options))


@pytest.mark.slow
def test_two_processes_equal_one_with_the_same_batch(finished, drawn_hands, tmp_path):
    """Batch 4 in each of two gloo processes against batch 8 in one: the same loss curve."""
    common = TINY | {"preset": "personal", "weights": finished.weights}
    common |= {"holdout": 0.0, "rehearsal": 0.0}
    options = {"data": drawn_hands, "max_steps": 6, "learning_rate": 1e-3, **common}
    one = train(TrainConfig(out=tmp_path / "one", **options))
    config = TrainConfig(out=tmp_path / "two", devices=2, **options)
    done = subprocess.run(
        command(config), env=ONE_THREAD, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    alone, together = (read(tmp_path / name / "metrics.csv")["total"] for name in ("one", "two"))
    assert one.steps == len(together) == 6
    assert together == pytest.approx(alone, rel=2e-3)
    assert max(alone) > 1.1 * min(alone)  # a curve, not a constant
    states = [
        load_weights(tmp_path / name / "weights.safetensors").state_dict()
        for name in ("one", "two")
    ]
    for name, tensor in states[0].items():
        assert torch.allclose(tensor.float(), states[1][name].float(), atol=2e-3), name
