"""Keys and clicks as the windowing system sends them: to the window, so that Qt finds the shortcut,
the menu, the dialog that is in the way, and the widget with the focus."""

from __future__ import annotations

from collections.abc import Callable

import av
import cv2
import numpy as np
import pytest
from driving import TIMEOUT, Key, Modifier, choose_in_menu, pixels, settle, show_paused
from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import (
    QApplication,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QLineEdit,
)

from app.session_types import State

#: Commands that open a dialog.
DIALOGS = (
    *("calibrate", "shortcuts", "log", "about", "save_scene_as", "open_url", "go_to_frame"),
    *("reset", "open", "open_folder", "snapshot_png", "snapshot_obj"),
)


def press(window, key: Qt.Key, modifier: Qt.KeyboardModifier = Modifier.NoModifier) -> None:
    if not window.isActiveWindow():
        window.activateWindow()  # nobody else does without a window manager
        assert QTest.qWaitForWindowActive(window, TIMEOUT)
    QTest.keyClick(window.windowHandle(), key, modifier)


def is_playing(window) -> bool:
    return window.session.observables.playback.value.state is State.PLAYING


def with_dialog(what: Callable[[QDialog], None]) -> list[str]:
    """Do ``what`` with the modal dialog that comes next; the list gets its class."""
    met: list[str] = []

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QDialog) and dialog.isVisible():
            met.append(type(dialog).__name__)
            what(dialog)
        else:
            QTimer.singleShot(20, look)

    QTimer.singleShot(20, look)
    return met


def test_every_dialog_comes_by_its_menu_goes_by_escape_and_leaves_the_keys(
    qtbot, window, plain_clip
):
    window.session.set_loop(True)
    window.open_source(str(plain_clip))
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=TIMEOUT)
    done: list[tuple[str, ...]] = []  # shown where it fails
    for command in DIALOGS:
        met = with_dialog(lambda dialog: QTest.keyClick(dialog.windowHandle(), Key.Key_Escape))
        choose_in_menu(window, command)
        qtbot.waitUntil(
            lambda met=met: bool(met) and QApplication.activeModalWidget() is None, timeout=TIMEOUT
        )
        before = is_playing(window)
        press(window, Key.Key_Space)
        qtbot.waitUntil(lambda before=before: is_playing(window) is not before, timeout=TIMEOUT)
        done.append((command, *met))


def test_a_file_chosen_in_the_dialog_opens_and_space_still_plays(qtbot, window, plain_clip):
    def answer(dialog: QDialog) -> None:
        assert isinstance(dialog, QFileDialog)
        line = dialog.findChild(QLineEdit)
        dialog.setDirectory(str(plain_clip.parent))
        line.setText(plain_clip.name)
        button = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Open)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        QTimer.singleShot(2000, dialog.reject)  # if that did not do it, the test fails and ends

    met = with_dialog(answer)
    button = window.top_bar.open_button
    at = button.mapTo(window, button.rect().center())
    QTest.mouseClick(window.windowHandle(), Qt.MouseButton.LeftButton, Modifier.NoModifier, at)
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=TIMEOUT)
    assert met == ["QFileDialog"]
    before = is_playing(window)
    press(window, Key.Key_Space)
    qtbot.waitUntil(lambda: is_playing(window) is not before, timeout=TIMEOUT)
    assert QApplication.activeModalWidget() is None


def test_alt_and_a_digit_turn_the_page_and_open_no_menu(qtbot, window):
    for number, page in enumerate(window.sidebar.pages, start=1):
        press(window, Key(Key.Key_0.value + number), Modifier.AltModifier)
        assert window.sidebar.current == page
        assert QApplication.activePopupWidget() is None


def test_what_is_seen_is_what_is_recorded(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    labelled = window.camera_view.picture.display.copy()
    press(window, Key.Key_4)
    qtbot.waitUntil(
        lambda: not np.array_equal(window.camera_view.picture.display, labelled), timeout=TIMEOUT
    )
    plain = window.camera_view.picture.display.copy()
    press(window, Key.Key_4)
    settle(qtbot, window)
    plates = (labelled != plain).any(axis=2)
    assert plates.any()
    press(window, Key.Key_R, Modifier.ControlModifier)
    recording, takes = window.session.observables.recording, window.session.observables.takes
    qtbot.waitUntil(lambda: recording.value.frames > 0, timeout=TIMEOUT)
    press(window, Key.Key_R, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: bool(takes.value), timeout=TIMEOUT)
    file = next(f for f in takes.value[0].files if f.name == f"{takes.value[0].name}.mp4")
    with av.open(str(file)) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="bgr24")
    size = (labelled.shape[1], labelled.shape[0])
    seen = cv2.resize(frame, size, interpolation=cv2.INTER_AREA).astype(int)

    def apart(picture: np.ndarray, where: np.ndarray) -> float:
        return float(np.abs(seen - picture[..., :3].astype(int))[where].mean())

    everywhere = np.ones_like(plates)
    assert apart(labelled, everywhere) < 8
    assert apart(labelled, plates) < 0.5 * apart(plain, plates)


def test_the_window_shows_what_it_says_it_shows(qtbot, window, plain_clip):
    """The whole window as it is painted, not what its parts keep: the picture is in it."""
    window.open_source(str(plain_clip))
    view = window.camera_view
    qtbot.waitUntil(lambda: view.picture is not None, timeout=TIMEOUT)
    if is_playing(window):
        press(window, Key.Key_Space)
    qtbot.waitUntil(lambda: not is_playing(window), timeout=TIMEOUT)
    settle(qtbot, window)
    middle = view.mapTo(window, view.rect().center())
    grey = pixels(window.grab().toImage())[middle.y(), middle.x()]
    index = window.session.shown.result.frame.index
    assert grey == pytest.approx([4 * index] * 3, abs=6)
