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
    save_weights(build_model("hands3c_tiny"), file, half=True)
    return file


@pytest.fixture(autouse=True)
def _plain_runtime(monkeypatch):
    """Measuring which runtime is fastest has its own tests."""
    from hands3c_core import runtime

    make = runtime.make_runtime
    monkeypatch.setattr(runtime, "make_runtime", lambda model, *_, **__: make(model, "eager"))


def said(capsys) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_headless_run_with_a_network(weights, tmp_path, capsys):
    arguments = ["--headless", str(asset_path("demo.mp4")), "--max-frames", "3"]
    assert main([*arguments, "--estimator", str(weights), "--out", str(tmp_path)]) == 0
    assert "the network untrained" in said(capsys)
    header, *frames = (tmp_path / "demo.jsonl").read_text().splitlines()
    assert len(frames) == 3
    assert json.loads(header)["estimator"] != "landmarks"


def test_the_chosen_hand_is_posed_where_poses_mean_the_same(weights):
    loaded = load_model(ModelConfig(estimator=str(weights), hand_model="hand_mid"))
    assert loaded.hand.num_vertices == 1500
    loaded.pipeline.close()


def test_another_mean_pose_brings_the_weights_own_hand(weights, monkeypatch):
    other = replace(load_hand_model("hand_mid"), hands_mean=load_hand_model().hands_mean + 0.1)
    monkeypatch.setattr("hands3c_core.pipeline.load_hand_model", lambda spec: other)
    loaded = load_model(ModelConfig(estimator=str(weights), hand_model="hand_mid"))
    assert loaded.hand.num_vertices == 778
    loaded.pipeline.close()


def test_foreign_weights_are_the_users_error(tmp_path):
    file = tmp_path / "foreign.safetensors"
    file.write_bytes(b"not weights")
    with pytest.raises(UserError):
        load_model(ModelConfig(estimator=str(file)))


@pytest.fixture
def shipped(weights, tmp_path, monkeypatch):
    """Untrained weights as the shipped lite network, with a card."""
    (tmp_path / "hands3c_lite.safetensors").write_bytes(weights.read_bytes())
    card = {"name": "hands3c_lite", "default_on": ["cpu"], "experimental": True, "limits": "all"}
    (tmp_path / "hands3c_lite.json").write_text(json.dumps(card))
    monkeypatch.setenv("HANDS3C_WEIGHTS", str(tmp_path))
    return tmp_path


def test_shipped_weights_are_the_default_and_their_card_is_shown(shipped):
    loaded = load_model(ModelConfig(device="cpu"))
    assert loaded.pipeline.estimator.name == "auto"
    assert "network hands3c_lite" in loaded.note
    assert "experimental" in loaded.note
    loaded.pipeline.close()
    assert load_model(ModelConfig("landmarks")).note == "Meshes come from the landmark estimator"


def test_a_network_that_is_wildly_wrong_is_not_shown(shipped, tmp_path, capsys):
    """Headless, as in the window: an untrained network falls back on the landmark estimator."""
    arguments = ["--headless", str(asset_path("demo.mp4")), "--max-frames", "8"]
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    assert "disagreed with the detector on 100.0 % of the hands" in said(capsys)
    frames = (tmp_path / "demo.jsonl").read_text().splitlines()[1:]
    hands = [hand for frame in frames for hand in json.loads(frame)["hands"]]
    assert hands
    assert {hand["estimator"] for hand in hands} == {"landmarks"}


def test_the_window_says_that_the_network_is_not_used(shipped, qtbot, settings, theme):
    from app.session import Session
    from app.windows.main_window import MainWindow

    window = MainWindow(Session(), settings, theme)
    qtbot.addWidget(window)
    window.show()
    window.open_source(str(asset_path("demo.mp4")))
    qtbot.waitUntil(window.hud.fallback_badge.isVisible, timeout=60_000)
    assert "network disagrees" in window.note_label.text()
    assert "experimental" in window.model_panel.note.text()
    panel = window.model_panel
    panel.estimator_box.setCurrentIndex(panel.estimator_box.findData("landmarks"))
    panel.estimator_box.activated.emit(panel.estimator_box.currentIndex())
    qtbot.waitUntil(lambda: not window.hud.fallback_badge.isVisible(), timeout=60_000)
    assert "landmark estimator" in window.note_label.text()
    window.close()


def test_a_device_that_is_not_there_leaves_the_running_model(shipped, qtbot):
    import torch

    from app.session import Session

    if torch.cuda.is_available():
        pytest.skip("there is CUDA here")
    told = []
    with Session(ModelConfig("landmarks")) as session:
        session.observables.notices.connect(told.append)
        status = session.observables.model_status
        qtbot.waitUntil(lambda: status.value.ready, timeout=60_000)
        session.set_model(ModelConfig("hands3c_lite", device="cuda"))
        qtbot.waitUntil(lambda: any("CUDA" in notice.text for notice in told), timeout=60_000)
        qtbot.waitUntil(lambda: not status.value.loading, timeout=60_000)
        assert session.observables.model.value == ModelConfig("landmarks")


def test_until_the_network_is_ready_hands_come_from_the_landmarks(
    shipped, qtbot, monkeypatch, settings, theme
):
    """Loading a network for the first time may take a minute: the window does not wait for it."""
    import threading

    from app import session as session_module
    from app.session import Session
    from app.windows.main_window import MainWindow

    go_on = threading.Event()
    load = session_module.load_model

    def slow(config: ModelConfig, *rest):
        if config.estimator != "landmarks":
            go_on.wait(60)
        return load(config, *rest)

    monkeypatch.setattr(session_module, "load_model", slow)
    window = MainWindow(Session(), settings, theme)
    qtbot.addWidget(window)
    window.show()
    session = window.session
    window.open_source(str(asset_path("demo.mp4")))
    qtbot.waitUntil(lambda: bool(session.shown and session.shown.result.hands), timeout=60_000)
    assert session.shown.result.hands[0].estimator == "landmarks"
    status = session.observables.model_status
    assert status.value.loading
    assert not status.value.ready
    go_on.set()
    qtbot.waitUntil(lambda: status.value.ready and not status.value.loading, timeout=60_000)
    assert "network hands3c_lite" in status.value.note
    assert session.observables.model.value == ModelConfig()
    window.close()
