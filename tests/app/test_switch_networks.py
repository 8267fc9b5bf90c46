"""Every kind of network in the app, one after the other while a clip is open."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from small_networks import SMALL

from app.__main__ import main
from app.config import ModelConfig
from app.session import Session
from hands3c_core.models import build_model, save_weights

pytestmark = pytest.mark.usefixtures("small_networks")


@pytest.fixture(autouse=True)
def _plain_runtime(monkeypatch):
    """Measuring which runtime is fastest has its own tests; so has what happens when a network is
    not believed, as these random ones should not be."""
    from hands3c_core import runtime
    from hands3c_core.estimators import fallback

    make = runtime.make_runtime
    monkeypatch.setattr(runtime, "make_runtime", lambda model, *_, **__: make(model, "eager"))
    monkeypatch.setattr(fallback, "disagreement", lambda joints, landmarks: 0.0)


@pytest.fixture
def weights(tmp_path, small_networks) -> dict[str, Path]:
    """A file of each network."""
    files = {}
    for name in SMALL:
        torch.manual_seed(0)
        files[name] = tmp_path / f"{name}.safetensors"
        save_weights(build_model(name, input_size=128), files[name], half=True)
    return files


def wait_until(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_live_switch_through_every_network(weights, hand_clip):
    with Session(ModelConfig(hand_model="hand_mid"), paints=False) as session:
        wait_until(lambda: session.observables.model_status.value.ready)
        session.open(str(hand_clip), play=False)
        session.step(1)
        wait_until(lambda: session.shown is not None and session.shown.result.hands)
        for name, file in weights.items():
            model = session.observables.model.value
            session.set_model(replace(model, estimator=str(file)))

            def is_on(name: str = name) -> bool:
                shown = session.shown
                hands = shown.result.hands if shown else ()
                return bool(hands) and hands[0].estimator == name

            wait_until(is_on)
            hand = session.shown.result.hands[0]
            assert np.isfinite(hand.vertices).all()
            # SAR's vertices are those of its own mesh, whatever hand is chosen.
            assert len(hand.vertices) == (778 if name.startswith("sar") else 1500)
            assert hand.vertices[:, 2].min() > 0


@pytest.mark.parametrize("name", ["sar", "smr"])
def test_headless_run(name, weights, hand_clip, tmp_path):
    out = tmp_path / "out"
    arguments = ["--headless", str(hand_clip), "--max-frames", "2", "--out", str(out)]
    arguments += ["--write", "jsonl"]  # what untrained weights say may be out of any range
    assert main([*arguments, "--estimator", str(weights[name])]) == 0
    (log,) = out.glob("*.jsonl")
    _, *frames = log.read_text().splitlines()
    assert len(frames) == 2
    for line in frames:
        for hand in json.loads(line)["hands"]:
            assert np.isfinite(np.array(hand["pose"], float)).all()
