"""A network's weights as the app's estimator: real files, an untrained network."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from app.__main__ import main
from app.config import ModelConfig
from app.model import load_model
from hands3c_core.assets import asset_path
from hands3c_core.errors import UserError
from hands3c_core.hand_model import load_hand_model
from hands3c_core.models import build_model, save_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    file = tmp_path_factory.mktemp("weights") / "untrained.safetensors"
    save_weights(build_model("baseline", input_size=128), file, half=True)
    return file


@pytest.fixture(autouse=True)
def _plain_runtime(monkeypatch):
    """Measuring which runtime is fastest has its own tests."""
    from hands3c_core import runtime

    make = runtime.make_runtime
    monkeypatch.setattr(runtime, "make_runtime", lambda model: make(model, "eager"))


def test_headless_run_with_a_network(weights, tmp_path, capsys):
    arguments = ["--headless", str(asset_path("demo.mp4")), "--max-frames", "3"]
    assert main([*arguments, "--estimator", str(weights), "--out", str(tmp_path)]) == 0
    assert "the network untrained.safetensors" in " ".join(capsys.readouterr().err.split())
    header, *frames = (tmp_path / "demo.jsonl").read_text().splitlines()
    assert len(frames) == 3
    assert json.loads(header)["estimator"] != "landmarks"


def test_the_chosen_hand_is_posed_where_poses_mean_the_same(weights):
    loaded = load_model(ModelConfig(estimator=str(weights), hand_model="hand_mid"))
    assert loaded.hand.num_vertices == 1500
    loaded.pipeline.close()


def test_another_mean_pose_brings_the_weights_own_hand(weights, monkeypatch):
    from hands3c_core import hand_model

    other = replace(load_hand_model("hand_mid"), hands_mean=load_hand_model().hands_mean + 0.1)
    monkeypatch.setattr(hand_model, "load_hand_model", lambda spec: other)
    loaded = load_model(ModelConfig(estimator=str(weights), hand_model="hand_mid"))
    assert loaded.hand.num_vertices == 778
    loaded.pipeline.close()


def test_foreign_weights_are_the_users_error(tmp_path):
    file = tmp_path / "foreign.safetensors"
    file.write_bytes(b"not weights")
    with pytest.raises(UserError):
        load_model(ModelConfig(estimator=str(file)))
