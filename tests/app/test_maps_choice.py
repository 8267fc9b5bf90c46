"""The network's maps in the app: a real, untrained network from a file."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from driving import TIMEOUT, Button, Key, settle, show_paused
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtTest import QTest

from app.config import ALL_JOINTS, ModelConfig, NetworkMap, ViewState
from app.maps import ask_for_maps, available_maps, map_style
from app.model_status import ModelStatus
from app.painter import Painter
from app.panels.view_panel import map_reason
from app.session_types import State
from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.models import build_model, save_weights


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    torch.manual_seed(0)
    file = tmp_path_factory.mktemp("weights") / "tiny.safetensors"
    save_weights(build_model("hands3c_tiny"), file)
    return file


@pytest.fixture(autouse=True)
def _plain_runtime(monkeypatch):
    """Measuring which runtime is fastest has its own tests."""
    from hands3c_core import runtime

    make = runtime.make_runtime
    monkeypatch.setattr(runtime, "make_runtime", lambda model, *_, **__: make(model, "eager"))


class FakeNetwork:
    """As much of an estimator as asking for maps needs."""

    heatmaps = attention = False


def test_only_what_is_shown_is_asked_for():
    network = FakeNetwork()
    for choice, wanted in (
        (NetworkMap.HEATMAPS, (True, False)),
        (NetworkMap.CHANNEL, (False, True)),
        (NetworkMap.NONE, (False, False)),
    ):
        view = ViewState(network_map=choice)
        assert ask_for_maps(network, view)
        assert (network.heatmaps, network.attention) == wanted
        assert not ask_for_maps(network, view)
    assert not ask_for_maps(None, ViewState(network_map=NetworkMap.AFTER))
    assert available_maps(None) == ()


def test_a_joint_out_of_range_means_all():
    for joint in (ALL_JOINTS, 21, -7):
        style = map_style(ViewState(network_map=NetworkMap.HEATMAPS, map_joint=joint))
        assert style.joint is None
    assert map_style(ViewState(network_map=NetworkMap.HEATMAPS, map_joint=8)).joint == 8
    assert map_style(ViewState()) is None


def test_the_reason_says_what_to_do():
    assert "loading" in map_reason(ModelStatus(loading=True))
    assert "choose a network" in map_reason(ModelStatus(ready=True))
    assert "no such module" in map_reason(ModelStatus(ready=True, maps=("heatmaps",)))
    every = tuple(choice.value for choice in NetworkMap if choice is not NetworkMap.NONE)
    assert map_reason(ModelStatus(ready=True, maps=every)) == ""


def choose(box, data) -> None:
    """Pick an entry of a combo box with the keyboard, as a user does."""
    box.setFocus()
    row = box.findData(data)
    key = Qt.Key.Key_Down if row > box.currentIndex() else Qt.Key.Key_Up
    for _ in range(30):
        if box.currentIndex() == row:
            break
        QTest.keyClick(box, key)
    assert box.currentIndex() == row


def test_without_a_network_the_maps_are_off_and_say_why(qtbot, window, hand_clip):
    window.session.set_model(ModelConfig(estimator="landmarks"))
    show_paused(qtbot, window, hand_clip)
    panel = window.view_panel
    window.show_tab("view")
    qtbot.waitUntil(lambda: "landmark estimator" in panel.map_box.toolTip(), timeout=TIMEOUT)
    assert not panel.map_box.isEnabled()
    assert panel.map_note.isVisible()
    assert not window.actions_["map_after"].isEnabled()
    assert "choose a network" in window.actions_["map_after"].toolTip()
    qtbot.keyClick(window, Key.Key_7)
    assert window.session.observables.view.value.network_map is NetworkMap.NONE


def test_maps_of_a_network_are_shown_chosen_and_put_away(qtbot, window, hand_clip, weights):
    session, view, panel = window.session, window.camera_view, window.view_panel
    session.set_model(ModelConfig(estimator=str(weights)))
    show_paused(qtbot, window, hand_clip)
    window.show_tab("view")
    qtbot.waitUntil(lambda: panel.map_box.isEnabled(), timeout=TIMEOUT)
    settle(qtbot, window)
    assert not panel.map_note.isVisible()
    assert all(hand.attention is None for hand in session.shown.result.hands)
    plain = view.picture.image

    choose(panel.map_box, NetworkMap.AFTER)
    qtbot.waitUntil(lambda: view.picture.legend is not None, timeout=TIMEOUT)
    legend = view.picture.legend
    assert legend.title == "After attention"
    assert float(legend.low) < float(legend.high)
    assert not np.array_equal(view.picture.image, plain)
    assert all(hand.attention is not None for hand in session.shown.result.hands)
    assert not panel.joint_box.isVisible()

    qtbot.keyClick(window, Key.Key_5)
    qtbot.waitUntil(
        lambda: view.picture.legend is not None and view.picture.legend.title == "Heatmaps",
        timeout=TIMEOUT,
    )
    assert panel.joint_box.isVisible()
    joint = JOINT_NAMES.index("index4")
    choose(panel.joint_box, joint)
    qtbot.waitUntil(lambda: view.picture.legend.title == "Heatmap: Index tip", timeout=TIMEOUT)

    slider = panel.map_opacity_row.slider
    before = view.picture.image
    right = QPoint(slider.width() - 4, slider.height() // 2)
    qtbot.mouseClick(slider, Button.LeftButton, pos=right)
    qtbot.waitUntil(lambda: session.observables.view.value.map_opacity > 0.9, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: not np.array_equal(view.picture.image, before), timeout=TIMEOUT)

    before = view.picture.image
    qtbot.keyClick(window, Key.Key_0)
    qtbot.waitUntil(lambda: not np.array_equal(view.picture.image, before), timeout=TIMEOUT)
    assert panel.switches["map_on_hand"].isChecked()

    qtbot.keyClick(window, Key.Key_5)
    qtbot.waitUntil(lambda: view.picture.legend is None, timeout=TIMEOUT)
    settle(qtbot, window)
    np.testing.assert_array_equal(view.picture.image, plain)
    assert all(hand.heatmaps is None for hand in session.shown.result.hands)


def test_a_map_asked_for_in_the_moment_of_a_pause_is_shown(qtbot, window, hand_clip, weights):
    session = window.session
    session.set_model(ModelConfig(estimator=str(weights)))
    show_paused(qtbot, window, hand_clip)
    qtbot.waitUntil(lambda: window.view_panel.map_box.isEnabled(), timeout=TIMEOUT)
    session.play()
    qtbot.waitUntil(lambda: session.observables.playback.value.state is State.PLAYING)
    gate = threading.Event()
    session._engine.do(lambda: gate.wait(TIMEOUT / 1000) and None)
    session.set_view(ViewState(network_map=NetworkMap.AFTER))
    session.pause()  # both come before the next frame
    gate.set()
    settle(qtbot, window)
    assert all(hand.attention is not None for hand in session.shown.result.hands)


def test_colours_hold_still_and_start_anew_with_another_model(qtbot, window, hand_clip, weights):
    session = window.session
    view = ViewState(network_map=NetworkMap.AFTER)
    session.set_view(view)
    session.set_model(ModelConfig(estimator=str(weights)))
    show_paused(qtbot, window, hand_clip)
    qtbot.waitUntil(lambda: window.camera_view.picture.legend is not None, timeout=TIMEOUT)
    shown, painter = session.shown, Painter()
    first = painter.picture(shown, view, None).legend
    # Half the activation a moment later: a scale of each frame's own would hide it.
    hands = [
        replace(
            hand,
            attention=replace(
                hand.attention, before=hand.attention.before / 2, after=hand.attention.after / 2
            ),
        )
        for hand in shown.result.hands
    ]
    frame = replace(shown.result.frame, timestamp=shown.result.frame.timestamp + 1 / 30)
    faded = replace(shown, result=replace(shown.result, frame=frame, hands=tuple(hands)))
    second = painter.picture(faded, view, None)
    assert float(second.legend.high) > 0.9 * float(first.high)
    own = Painter().picture(faded, view, None)
    assert float(own.legend.high) < 0.6 * float(first.high)
    assert (second.image != own.image).any()
    other = replace(faded, model=replace(faded.model))
    assert painter.picture(other, view, None).legend.high == own.legend.high
