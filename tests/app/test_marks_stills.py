"""In and out points, frame numbers, stills of a chosen size, clipboard and context menus."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest
from driving import TIMEOUT, Button, Key, Modifier, settle, show_paused
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import QApplication, QFileDialog, QInputDialog, QMenu

from app.session_types import State
from app.windows.still_dialog import StillDialog


def opened_paused(qtbot, window, clip) -> None:
    window.open_source(str(clip))
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=TIMEOUT)
    state = window.session.observables.playback
    if state.value.state is State.PLAYING:
        qtbot.keyClick(window, Key.Key_Space)
    qtbot.waitUntil(lambda: state.value.state is State.PAUSED, timeout=TIMEOUT)


def go_to(qtbot, window, index: int, monkeypatch) -> None:
    monkeypatch.setattr(QInputDialog, "getInt", lambda *_, **__: (index + 1, True))
    qtbot.keyClick(window, Key.Key_G, Modifier.ControlModifier)
    qtbot.waitUntil(
        lambda: window.session.wait_idle(10) and window.session.shown.result.frame.index == index,
        timeout=TIMEOUT,
    )
    qtbot.waitUntil(lambda: window.transport.frame_label.text() == f"#{index + 1}", timeout=TIMEOUT)


def test_it_loops_between_in_and_out_and_a_range_is_recorded_whole(
    qtbot, window, plain_clip, monkeypatch
):
    opened_paused(qtbot, window, plain_clip)
    playback = window.session.observables.playback
    go_to(qtbot, window, 10, monkeypatch)
    qtbot.keyClick(window, Key.Key_I)
    go_to(qtbot, window, 20, monkeypatch)
    qtbot.keyClick(window, Key.Key_O)
    qtbot.waitUntil(lambda: playback.value.marks == pytest.approx((0.5, 1.0)), timeout=TIMEOUT)
    qtbot.waitUntil(
        lambda: window.transport.seek_slider.shown_range == pytest.approx((0.25, 0.5)),
        timeout=TIMEOUT,
    )
    seen: list[int] = []
    window.session.observables.results.connect(lambda shown: seen.append(shown.result.frame.index))
    qtbot.keyClick(window, Key.Key_Space)
    qtbot.waitUntil(lambda: seen.count(12) >= 2, timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_Space)
    assert window.session.wait_idle(20)
    assert set(seen) <= set(range(10, 22))
    assert 20 in seen

    takes = window.session.observables.takes
    qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier | Modifier.AltModifier)
    qtbot.waitUntil(lambda: len(takes.value) == 1, timeout=TIMEOUT)
    assert takes.value[0].frames == 11
    assert playback.value.loop
    qtbot.keyClick(window, Key.Key_I, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: playback.value.marks == (None, None), timeout=TIMEOUT)


def test_end_shows_the_last_frame(qtbot, window, plain_clip):
    opened_paused(qtbot, window, plain_clip)
    qtbot.keyClick(window, Key.Key_End)
    qtbot.waitUntil(
        lambda: window.session.wait_idle(10) and window.session.shown.result.frame.index == 39,
        timeout=TIMEOUT,
    )
    qtbot.waitUntil(lambda: window.transport.frame_label.text() == "#40", timeout=TIMEOUT)


def test_a_still_has_the_size_that_was_asked_for_and_a_transparent_background(
    qtbot, window, hand_clip, tmp_path, monkeypatch
):
    show_paused(qtbot, window, hand_clip)
    file = tmp_path / "still"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(file), ""))
    window.actions_["save_scene_as"].trigger()
    qtbot.waitUntil(lambda: bool(window.findChildren(StillDialog)), timeout=TIMEOUT)
    dialog = window.findChildren(StillDialog)[-1]
    dialog.size_box.setFocus()
    while dialog.size_box.currentData() != (1280, 720):
        qtbot.keyClick(dialog.size_box, Key.Key_Down)
    qtbot.mouseClick(dialog.cut_out_switch, Button.LeftButton)
    qtbot.mouseClick(dialog.save_button, Button.LeftButton)
    made = tmp_path / "still.png"
    qtbot.waitUntil(made.exists, timeout=TIMEOUT)
    image = cv2.imread(str(made), cv2.IMREAD_UNCHANGED)
    assert image.shape == (720, 1280, 4)
    alpha = image[..., 3]
    assert alpha[0, 0] == 0
    assert (alpha == 255).mean() > 0.01
    assert ((alpha > 0) & (alpha < 255)).any()  # soft edges
    qtbot.waitUntil(lambda: str(tmp_path) in window.banner.text, timeout=TIMEOUT)


def test_both_views_are_copied(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    clipboard = QApplication.clipboard()
    clipboard.clear()
    qtbot.keyClick(window, Key.Key_C, Modifier.ControlModifier)
    shown = window.session.shown.result.frame.image
    image = clipboard.image()
    assert (image.height(), image.width()) == shown.shape[:2]
    assert "clipboard" in window.banner.text
    qtbot.keyClick(window, Key.Key_C, Modifier.ControlModifier | Modifier.ShiftModifier)
    scene = clipboard.image()
    assert (scene.width(), scene.height()) == window.viewport.pixel_size()


@pytest.mark.parametrize("name", ["camera", "scene"])
def test_a_right_click_offers_what_can_be_done_and_a_right_drag_does_not(
    qtbot, window, hand_clip, name
):
    show_paused(qtbot, window, hand_clip)
    view = window.camera_view if name == "camera" else window.viewport
    qtbot.mouseClick(view, Button.RightButton, pos=view.rect().center())
    qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu), timeout=TIMEOUT)
    menu = QApplication.activePopupWidget()
    copy = "copy_picture" if name == "camera" else "copy_scene"
    assert window.actions_[copy] in menu.actions()
    before = window.session.observables.view.value
    toggle = "skeleton" if name == "camera" else "scene_skeleton"
    at = menu.actionGeometry(window.actions_[toggle]).center()
    qtbot.mouseClick(menu, Button.LeftButton, pos=at)
    qtbot.waitUntil(
        lambda: (
            getattr(window.session.observables.view.value, toggle) is not getattr(before, toggle)
        ),
        timeout=TIMEOUT,
    )
    assert QApplication.activePopupWidget() is None


def test_the_3d_view_has_the_finest_hand_on_a_soft_background_and_mirrors(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    scene = window.viewport.worker
    assert {len(hand.vertices) for hand in scene._scene._hands} == {6573}
    image = window.viewport.image()
    top = QColor(image.pixel(2, 2)).lightness()
    low = QColor(image.pixel(2, image.height() - 3)).lightness()
    assert top > low

    from driving import pixels

    before = pixels(window.viewport.image())
    joint = window.viewport.joint_places()[0][1][9]
    qtbot.keyClick(window, Key.Key_M)
    qtbot.waitUntil(lambda: window.camera_view.picture.mirrored, timeout=TIMEOUT)
    settle(qtbot, window)
    after = pixels(window.viewport.image())
    assert np.abs(after - before[:, ::-1]).mean() < 1.0
    moved = window.viewport.joint_places()[0][1][9]
    assert joint.x() + moved.x() == pytest.approx(window.viewport.width(), abs=2.0)


def test_closing_waits_for_a_still(qtbot, window, hand_clip, monkeypatch):
    show_paused(qtbot, window, hand_clip)
    worker, held = window.viewport.worker, threading.Event()
    really = worker._render

    def render(wishes, settings):
        held.wait(60)
        really(wishes, settings)

    monkeypatch.setattr(worker, "_render", render)
    qtbot.keyClick(window, Key.Key_K)  # busy drawing, so that the still has to wait
    qtbot.waitUntil(lambda: worker._is_drawing, timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_P, Modifier.ControlModifier | Modifier.ShiftModifier)
    folder = window.session.observables.record_choice.value.folder
    threading.Timer(0.5, held.set).start()
    window.close()
    (still,) = folder.glob("view-*.png")
    assert cv2.imread(str(still)) is not None
