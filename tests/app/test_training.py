"""Fine-tuning from the window: recording, labelling, training in processes, cancelling, using."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QMessageBox

from app.config import ModelConfig
from app.session import Session
from app.training import PersonalTraining, Phase, read_losses, read_outcome
from app.windows.main_window import MainWindow
from hands3c_core.models import build_model, save_weights

TIMEOUT = 120_000
LEFT = Qt.MouseButton.LeftButton

#: Stands in for the training: writes what a run writes, then waits to be stopped if asked to.
FAKE = """
import json, pathlib, sys, time
run, wait = pathlib.Path(sys.argv[1]), sys.argv[2] == "wait"
run.mkdir(parents=True)
lines = ["step,minutes,total"] + [f"{k},{k / 10},{5 / (k + 1)}" for k in range(1, 9)]
(run / "metrics.csv").write_text("\\n".join(lines) + "\\n7,0.")
while wait:
    time.sleep(0.1)
errors = {"mesh_2d_px": 9.0, "bones_deg": 12.5, "pa_mpjpe_mm": None}
rows = {"pseudo": {"samples": 20, "before": errors, "after": {**errors, "mesh_2d_px": 6.0}}}
(run / "before_after.json").write_text(json.dumps(rows))
(run / "weights.safetensors").write_bytes(pathlib.Path(sys.argv[3]).read_bytes())
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(build_model("hands3c_tiny"), file, half=True)
    return file


@pytest.fixture(autouse=True)
def _plain_runtime(monkeypatch):
    from hands3c_core import runtime

    make = runtime.make_runtime
    monkeypatch.setattr(runtime, "make_runtime", lambda model, *_, **__: make(model, "eager"))


@pytest.fixture
def window(qtbot, settings, theme, tiny, hand_clip) -> Iterator[MainWindow]:
    made = MainWindow(Session(ModelConfig(str(tiny))), settings, theme)
    qtbot.addWidget(made)
    made.show()
    made.show_tab("train")
    made.open_source(str(hand_clip))
    qtbot.waitUntil(lambda: made.camera_view.picture is not None, timeout=TIMEOUT)
    yield made
    made.close()


def record(qtbot, window: MainWindow, seconds: float) -> None:
    panel, state = window.train_panel, window.training.state
    qtbot.mouseClick(panel.record_button, LEFT)
    qtbot.waitUntil(lambda: state.value.seconds >= seconds, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: panel.clips_label.text().startswith("Recording"), timeout=TIMEOUT)
    qtbot.mouseClick(panel.record_button, LEFT)
    qtbot.waitUntil(lambda: bool(state.value.clips), timeout=TIMEOUT)
    qtbot.waitUntil(panel.start_button.isEnabled, timeout=TIMEOUT)


def fake_commands(training: PersonalTraining, tmp_path: Path, tiny: Path, *, wait: bool) -> None:
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    mode = "wait" if wait else "go"
    training.label_command = lambda: [sys.executable, "-c", "pass"]  # type: ignore[method-assign]
    training.train_command = (  # type: ignore[method-assign]
        lambda start, run, minutes: [sys.executable, str(script), str(run), mode, str(tiny)]
    )


@pytest.mark.slow
def test_the_real_commands_label_and_train_and_the_result_runs(qtbot, window):
    """A short clip and two steps of the smallest network, by the commands users have."""
    training, panel = window.training, window.train_panel
    training.preset = "webcam"  # the personal one renders a thousand samples first
    training.extra_options = ("--max-steps", "2", "--batch-size", "4", "--workers", "0")
    assert not panel.start_button.isEnabled()
    record(qtbot, window, 1.0)
    qtbot.mouseClick(panel.start_button, LEFT)
    ended = (Phase.DONE, Phase.FAILED, Phase.CANCELLED)
    qtbot.waitUntil(lambda: training.state.value.phase in ended, timeout=5 * TIMEOUT)
    assert training.state.value.phase is Phase.DONE, training.state.value.text
    weights = training.state.value.weights
    qtbot.waitUntil(panel.use_button.isEnabled, timeout=TIMEOUT)
    qtbot.mouseClick(panel.use_button, LEFT)
    status = window.session.observables.model_status
    qtbot.waitUntil(lambda: weights.parent.name in status.value.note, timeout=TIMEOUT)
    assert window.session.observables.model.value.estimator == str(weights)
    assert any("pseudo" in line for line in status.value.card.facts())


def test_progress_is_shown_and_the_outcome(qtbot, window, tmp_path, tiny):
    training, panel = window.training, window.train_panel
    record(qtbot, window, 0.3)
    fake_commands(training, tmp_path, tiny, wait=False)
    qtbot.mouseClick(panel.start_button, LEFT)
    qtbot.waitUntil(lambda: training.state.value.phase is Phase.DONE, timeout=TIMEOUT)
    qtbot.waitUntil(panel.use_button.isEnabled, timeout=TIMEOUT)
    assert len(training.state.value.losses) == 8
    assert (
        panel.outcome_label.text() == "pseudo (20): mesh on the picture 9.0 → 6.0 px, bones "
        "12.5 → 12.5 °"
    )


def test_cancel_ends_the_process_and_keeps_the_clips(qtbot, window, tmp_path, tiny):
    training, panel = window.training, window.train_panel
    record(qtbot, window, 0.3)
    fake_commands(training, tmp_path, tiny, wait=True)
    qtbot.mouseClick(panel.start_button, LEFT)
    qtbot.waitUntil(lambda: bool(training.state.value.losses), timeout=TIMEOUT)
    children = psutil.Process().children(recursive=True)
    assert any("fake.py" in " ".join(child.cmdline()) for child in children)
    qtbot.waitUntil(lambda: "loss" in panel.text_label.text(), timeout=TIMEOUT)
    said = []
    training.state.connect(said.append)
    qtbot.mouseClick(panel.cancel_button, LEFT)
    assert any(state.stopping and state.text.startswith("Stopping") for state in said)
    qtbot.waitUntil(lambda: training.state.value.phase is Phase.CANCELLED, timeout=TIMEOUT)
    assert not [c for c in children if c.is_running() and "fake.py" in " ".join(c.cmdline())]
    assert training.state.value.clips
    qtbot.waitUntil(panel.start_button.isEnabled, timeout=TIMEOUT)


def test_closing_the_window_ends_the_training(qtbot, window, tmp_path, tiny):
    record(qtbot, window, 0.3)
    fake_commands(window.training, tmp_path, tiny, wait=True)
    window.training.start(1.0)
    qtbot.waitUntil(lambda: bool(window.training.state.value.losses), timeout=TIMEOUT)
    window.close()
    assert not [c for c in psutil.Process().children() if "fake.py" in " ".join(c.cmdline())]


def test_a_command_that_fails_says_why(qtbot, window):
    training = window.training
    record(qtbot, window, 0.3)
    training.label_command = lambda: [  # type: ignore[method-assign]
        *(sys.executable, "-c", "import sys; print('hm'); sys.exit('error: no hand is in it')")
    ]
    qtbot.mouseClick(window.train_panel.start_button, LEFT)
    qtbot.waitUntil(lambda: training.state.value.phase is Phase.FAILED, timeout=TIMEOUT)
    assert training.state.value.text == "No hand is in it"


def test_clips_are_removed_after_a_question(qtbot, window, monkeypatch):
    record(qtbot, window, 0.3)
    answers = [QMessageBox.StandardButton.No, QMessageBox.StandardButton.Yes]
    monkeypatch.setattr(QMessageBox, "question", lambda *_: answers.pop(0))
    qtbot.mouseClick(window.train_panel.remove_button, LEFT)
    assert window.training.state.value.clips
    qtbot.mouseClick(window.train_panel.remove_button, LEFT)
    assert not window.training.state.value.clips
    assert not (window.training.folder / "clips").exists()


def test_without_a_network_it_says_what_to_do(tmp_path):
    with Session(ModelConfig("landmarks")) as session:
        training = PersonalTraining(session, tmp_path)
        assert "no network to fine-tune" in training.missing()
        training.start(1.0)
        assert "Record a clip" in training.state.value.text
        training.start_recording()
        assert "Open a camera" in training.state.value.text
        (tmp_path / "clips").mkdir()
        (tmp_path / "clips" / "a.raw.mp4").touch()
        training.start(1.0)
        assert training.state.value.phase is Phase.FAILED
        training.close()


@pytest.mark.parametrize(
    "text", ["", "step,minutes\n1,2\n", "not,a\ntable", "minutes,total\n1,x\n"]
)
def test_broken_tables_give_no_losses(tmp_path, text):
    file = tmp_path / "metrics.csv"
    file.write_text(text)
    assert read_losses(file) == ()
    assert read_losses(tmp_path / "none.csv") == ()


@pytest.mark.parametrize("content", ["", "[]", "3", json.dumps({"a": 1}), json.dumps({"a": {}})])
def test_broken_comparisons_say_nothing(tmp_path, content):
    file = tmp_path / "before_after.json"
    file.write_text(content)
    assert read_outcome(file) == ()
