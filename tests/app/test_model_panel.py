"""The model panel: every change takes effect on the running pipeline."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.config import ModelConfig
from app.model_status import ModelStatus
from app.panels.model_panel import ModelPanel
from app.session import Session
from app.session_types import SourceInfo
from app.windows.main_window import MainWindow
from hands3c_core.weights import WeightsCard

TIMEOUT = 60_000


@pytest.fixture
def window(qtbot, settings, theme, hand_clip) -> Iterator[MainWindow]:
    made = MainWindow(Session(), settings, theme)
    qtbot.addWidget(made)
    made.show()
    made.show_tab("model")
    made.open_source(str(hand_clip))
    qtbot.waitUntil(lambda: made.camera_view.picture is not None, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: made.session.observables.model_status.value.ready, timeout=TIMEOUT)
    yield made
    made.close()


def pick(box, data: object) -> None:
    box.setCurrentIndex(box.findData(data))
    box.activated.emit(box.currentIndex())


def test_the_detector_is_set_live(qtbot, window):
    session, panel = window.session, window.model_panel
    session.seek(4.0)  # both hands are in the picture
    qtbot.waitUntil(
        lambda: session.shown is not None and len(session.shown.result.hands) == 2, timeout=TIMEOUT
    )
    pick(panel.hands_box, 1)
    detector = session.shown.model.pipeline.detector
    qtbot.waitUntil(lambda: detector.max_hands == 1, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: len(session.shown.result.hands) == 1, timeout=TIMEOUT)
    panel.threshold_rows["detection_confidence"].slider.setValue(14)
    qtbot.waitUntil(
        lambda: detector.min_detection_confidence == pytest.approx(0.8), timeout=TIMEOUT
    )
    assert session.observables.model.value.detection_confidence == pytest.approx(0.8)
    qtbot.waitUntil(lambda: window.settings.load_model().max_hands == 1, timeout=TIMEOUT)


def test_lens_and_smoothing_are_set_live(qtbot, window):
    panel, session = window.model_panel, window.session
    before = session.shown.result.camera.fx
    panel.fov_row.slider.setValue(panel.fov_row.slider.maximum())
    panel.smoothing_row.slider.setValue(0)
    qtbot.waitUntil(lambda: session.shown.result.camera.fx < 0.5 * before, timeout=TIMEOUT)
    assert session.shown.model.pipeline.smoothing == 0.0


def test_a_card_is_shown_and_a_network_alone_has_a_device(qtbot, theme):
    panel = ModelPanel(theme)
    qtbot.addWidget(panel)
    panel.show_status(ModelStatus(ready=True, note="Meshes come from the landmark estimator"))
    assert panel.facts.isHidden()
    assert not panel.device_box.isEnabled()
    card = WeightsCard(
        *("x", "hands3c_lite", 160, "Apache-2.0"),
        metrics={"webcam": {"pa_mpjpe_mm": 8.04, "n": 334}},
        limits="Weak in the dark.",
    )
    panel.show_status(ModelStatus(ready=True, note="Meshes come from the network x", card=card))
    short = (
        "hands3c_lite, crops of 160 px · Apache-2.0\n"
        "Typical error of a joint: webcam\N{NO-BREAK SPACE}8\N{NO-BREAK SPACE}mm"
    )
    assert panel.facts.text() == short
    panel.facts_button.click()
    assert "Weak in the dark." in panel.facts.text()
    assert "n 334" in panel.facts.text()
    panel.facts_button.click()
    assert panel.facts.text() == short
    assert panel.device_box.isEnabled()
    assert panel.note.text() == "Meshes come from the network x."
    # While another one loads, it is named, and the facts of the one that runs do not stay below.
    loading = ModelStatus(
        ready=True, loading=True, coming="y", note="Meshes come from x", card=card
    )
    panel.show_status(loading)
    assert "Loading y" in panel.note.text()
    assert "Until then: Meshes come from x" in panel.note.text()
    assert panel.facts.isHidden()
    assert not panel.loading_bar.isHidden()


def test_the_field_of_view_is_also_told_as_focal_length(qtbot, theme):
    panel = ModelPanel(theme)
    qtbot.addWidget(panel)
    assert panel._fov_text(60.0) == "60°"
    panel.show_source(SourceInfo("0", "c", True, 640, 480, 30.0, None, None))
    assert panel._fov_text(60.0) == "60°  ·  f 554 px"


def test_choices_made_together_are_asked_for_together(qtbot, theme):
    panel = ModelPanel(theme)
    qtbot.addWidget(panel)
    asked: list[ModelConfig] = []
    panel.model_asked.connect(asked.append)
    pick(panel.device_box, "cpu")
    pick(panel.precision_box, "half")
    pick(panel.hands_box, 1)
    qtbot.waitUntil(lambda: bool(asked))
    assert asked == [ModelConfig(device="cpu", precision="half", max_hands=1)]


def test_the_first_start_says_hello_and_no_other(qtbot, window, plain_clip):
    assert not window.banner.isVisible()
    window.open_at_start(str(plain_clip))
    qtbot.waitUntil(lambda: "press ?" in window.banner.text, timeout=TIMEOUT)
    window.banner.dismiss()
    window.open_at_start(str(plain_clip))
    window.session.wait_idle(30)
    qtbot.wait(200)
    assert not window.banner.isVisible()
