"""What a first user tripped over, each with the keys and clicks that showed it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from driving import TIMEOUT, Button, Key, Modifier, settle, show_paused
from PyQt6 import sip
from PyQt6.QtCore import QEvent, QPoint, QRect, Qt, QTimer
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDialog,
    QFileDialog,
    QPushButton,
    QToolButton,
)

from app.config import SPEEDS
from app.session_types import Notice, State
from app.windows.actions import COMMANDS
from app.windows.calibration_dialog import CalibrationDialog


def playing(window) -> bool:
    return window.session.observables.playback.value.state is State.PLAYING


def opened(qtbot, window, clip: Path) -> None:
    window.open_source(str(clip))
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=TIMEOUT)


def on_dialog(what) -> None:
    """Do ``what`` with the modal dialog that the next click opens."""

    def find() -> None:
        dialog = QApplication.activeModalWidget()
        if isinstance(dialog, QDialog):
            what(dialog)
        else:
            QTimer.singleShot(30, find)

    QTimer.singleShot(30, find)


def button_of(dialog: QDialog, text: str) -> QPushButton:
    return next(b for b in dialog.findChildren(QPushButton) if b.text() == text)


# ------------------------------------------------------------------------------------ dialogs


@pytest.mark.parametrize("way", ["escape", "close"])
def test_the_calibration_goes_away_and_leaves_the_window_usable(qtbot, window, plain_clip, way):
    opened(qtbot, window, plain_clip)
    window.actions_["calibrate"].trigger()
    qtbot.waitUntil(lambda: bool(window.findChildren(CalibrationDialog)), timeout=TIMEOUT)
    dialog = window.findChildren(CalibrationDialog)[-1]
    qtbot.waitUntil(dialog.isVisible, timeout=TIMEOUT)
    if way == "escape":
        qtbot.keyClick(dialog, Key.Key_Escape)
    else:
        qtbot.mouseClick(button_of(dialog, "Close"), Button.LeftButton)
    qtbot.waitUntil(lambda: sip.isdeleted(dialog) or not dialog.isVisible(), timeout=TIMEOUT)
    assert QApplication.activeModalWidget() is None
    qtbot.keyClick(window, Key.Key_Space)
    qtbot.waitUntil(lambda: not playing(window), timeout=TIMEOUT)


@pytest.mark.parametrize("way", ["escape", "close"])
@pytest.mark.parametrize("command", ["shortcuts", "log", "about"])
def test_every_dialog_goes_by_escape_and_by_its_button(qtbot, window, command, way):
    seen: list[QRect] = []

    def leave(dialog: QDialog) -> None:
        seen.append(dialog.frameGeometry())
        if way == "escape":
            qtbot.keyClick(dialog, Key.Key_Escape)
        else:
            qtbot.mouseClick(button_of(dialog, "Close"), Button.LeftButton)

    on_dialog(leave)
    window.actions_[command].trigger()  # returns when the dialog has gone
    assert QApplication.activeModalWidget() is None
    off = seen[0].center() - window.frameGeometry().center()
    screen = window.screen().availableGeometry()
    if screen.contains(window.frameGeometry()):
        assert abs(off.x()) < 40


# ----------------------------------------------------------------------------- keys and focus


def test_space_plays_from_the_start_and_after_a_file_dialog(qtbot, window, plain_clip, monkeypatch):
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", lambda *_, **__: pytest.fail("Space opened a dialog")
    )
    assert not isinstance(window.focusWidget(), QAbstractButton)
    opened(qtbot, window, plain_clip)
    before = playing(window)
    qtbot.keyClick(window.focusWidget() or window, Key.Key_Space)
    qtbot.waitUntil(lambda: playing(window) is not before, timeout=TIMEOUT)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: (str(plain_clip), ""))
    qtbot.mouseClick(window.top_bar.open_button, Button.LeftButton)
    qtbot.waitUntil(lambda: playing(window), timeout=TIMEOUT)
    monkeypatch.setattr(
        QFileDialog, "getOpenFileName", lambda *_, **__: pytest.fail("Space opened a dialog")
    )
    qtbot.keyClick(window.focusWidget() or window, Key.Key_Space)
    qtbot.waitUntil(lambda: not playing(window), timeout=TIMEOUT)


def test_alt_and_a_digit_turn_to_each_page_also_while_the_sidebar_is_hidden(qtbot, window):
    for number, page in enumerate(window.sidebar.pages, start=1):
        qtbot.keyClick(window, Key(Key.Key_0.value + number), Modifier.AltModifier)
        assert window.sidebar.current == page
    qtbot.keyClick(window, Key.Key_B, Modifier.ControlModifier)
    assert not window.sidebar.isVisible()
    qtbot.keyClick(window, Key.Key_3, Modifier.AltModifier)
    assert window.sidebar.isVisible()
    assert window.sidebar.current == "model"


def test_no_two_ways_to_press_the_same_keys(window):
    keys = [command.shortcut.upper() for command in COMMANDS if command.shortcut]
    for menu in window.menuBar().actions():
        text = menu.text()
        keys.append(f"ALT+{text[text.index('&') + 1]}".upper())
    keys += [
        button.shortcut().toString().upper()
        for button in window.findChildren(QAbstractButton)
        if not button.shortcut().isEmpty()
    ]
    assert not [key for key, count in Counter(keys).items() if count > 1]
    for menu in window.actions_.menus.values():
        letters = [
            text[text.index("&") + 1].upper()
            for text in (action.text() for action in menu.actions())
            if "&" in text
        ]
        assert not [letter for letter, count in Counter(letters).items() if count > 1]


def test_a_held_key_does_its_command_once(qtbot, window, plain_clip):
    """Qt repeats a shortcut only where its action says so."""
    repeating = {command.key for command in COMMANDS if window.actions_[command.key].autoRepeat()}
    assert repeating == {
        "step_forward", "step_back", "forward", "back", "zoom_in", "zoom_out", "wipe_left",
        "wipe_right",
    }  # fmt: skip
    opened(qtbot, window, plain_clip)
    view = window.session.observables.view
    before = view.value.mirror
    qtbot.keyPress(window, Key.Key_M)
    for _ in range(5):
        held = QKeyEvent(QEvent.Type.KeyPress, Key.Key_M, Modifier.NoModifier, "m", True)
        QApplication.sendEvent(window, held)
    qtbot.keyRelease(window, Key.Key_M)
    qtbot.waitUntil(lambda: view.value.mirror is not before, timeout=TIMEOUT)


# ----------------------------------------------------------------------------------- one undo


def test_undo_brings_a_deleted_take_back_and_leaves_older_choices(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    window.show_tab("record")
    takes = window.session.observables.takes
    qtbot.mouseClick(window.record_panel.switches["npz"], Button.LeftButton)
    qtbot.mouseClick(window.record_panel.record_button, Button.LeftButton)
    qtbot.waitUntil(lambda: window.session.observables.recording.value.active, timeout=TIMEOUT)
    qtbot.mouseClick(window.record_panel.record_button, Button.LeftButton)
    qtbot.waitUntil(lambda: len(takes.value) == 1, timeout=TIMEOUT)
    assert window.session.takes.wait(60)
    name = takes.value[0].name
    qtbot.waitUntil(lambda: window.record_panel.take_list.count() == 1, timeout=TIMEOUT)
    listed = window.record_panel.take_list
    listed.setFocus()
    qtbot.keyClick(listed, Key.Key_Delete)
    qtbot.waitUntil(lambda: not takes.value, timeout=TIMEOUT)
    qtbot.waitUntil(
        lambda: name in window.actions_["undo"].text() and window.actions_["undo"].isEnabled(),
        timeout=TIMEOUT,
    )
    qtbot.keyClick(window, Key.Key_Z, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: [t.name for t in takes.value] == [name], timeout=TIMEOUT)
    assert "npz" in window.session.observables.record_choice.value.formats
    assert all(file.exists() for file in takes.value[0].files)
    qtbot.waitUntil(lambda: window.record_panel.takes.undo_button.isHidden(), timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_Z, Modifier.ControlModifier)
    qtbot.waitUntil(
        lambda: "npz" not in window.session.observables.record_choice.value.formats, timeout=TIMEOUT
    )


# ------------------------------------------------------------------------------------ banners


def test_a_banner_lies_over_the_picture_and_moves_nothing(qtbot, window, plain_clip):
    opened(qtbot, window, plain_clip)
    window.banner.dismiss()
    before = window.stage.geometry(), window.transport.geometry()
    window.open_source("/nowhere/at all.mp4")
    qtbot.waitUntil(lambda: "at all.mp4" in window.banner.text, timeout=TIMEOUT)
    assert window.banner.isVisible()
    assert (window.stage.geometry(), window.transport.geometry()) == before
    banner = QRect(window.banner.mapTo(window, QPoint()), window.banner.size())
    stage = QRect(window.stage.mapTo(window, QPoint()), window.stage.size())
    assert stage.contains(banner)
    window.resize(900, 600)
    qtbot.waitUntil(
        lambda: QRect(window.stage.mapTo(window, QPoint()), window.stage.size()).contains(
            QRect(window.banner.mapTo(window, QPoint()), window.banner.size())
        ),
        timeout=TIMEOUT,
    )
    text = window.banner.findChildren(type(window.banner._text))
    assert any(label.text() == "Source" for label in text)


def test_an_error_goes_when_it_is_mended_and_does_not_come_back(qtbot, window, plain_clip):
    window.open_source("/nowhere/at all.mp4")
    qtbot.waitUntil(lambda: "at all.mp4" in window.banner.text, timeout=TIMEOUT)
    assert window.banner.notice.seconds is not None  # news: it would go by itself, too
    opened(qtbot, window, plain_clip)
    qtbot.waitUntil(lambda: window.banner.notice is None, timeout=TIMEOUT)
    window.open_source("/nowhere/at all.mp4")
    qtbot.waitUntil(lambda: "at all.mp4" in window.banner.text, timeout=TIMEOUT)
    window.banner.show_notice(Notice("record", "Saved", seconds=0.05))
    qtbot.waitUntil(lambda: window.banner.notice is None, timeout=TIMEOUT)


# --------------------------------------------------------------------- words on the picture


def test_a_picture_without_hands_says_so(qtbot, window, plain_clip, hand_clip):
    opened(qtbot, window, plain_clip)
    view = window.camera_view
    qtbot.waitUntil(lambda: view.status_text() == "No hand found", timeout=TIMEOUT)
    show_paused(qtbot, window, hand_clip)
    assert view.status_text() == ""


def test_labels_are_beside_the_wrist_in_small_wide_views(qtbot, window, hand_clip):
    window.resize(900, 600)
    show_paused(qtbot, window, hand_clip)
    picture = window.camera_view.picture
    qtbot.keyClick(window, Key.Key_4)
    qtbot.waitUntil(lambda: window.camera_view.picture is not picture, timeout=TIMEOUT)
    settle(qtbot, window)
    plain = window.camera_view.picture.display
    changed = (plain != picture.display).any(axis=2)
    assert changed.any()
    part = picture.part
    scale = picture.display.shape[1] / part.width
    for hand in picture.result.hands:
        for u, v in (hand.joints_2d + 0.5) * scale - 0.5:
            if 0 <= u < changed.shape[1] and 0 <= v < changed.shape[0]:
                assert not changed[int(v), int(u)]


# ------------------------------------------------------------------------------------ recording


def test_recording_a_paused_picture_says_so_and_leaves_a_take(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    window.banner.dismiss()
    window.show_tab("record")
    qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier)
    qtbot.waitUntil(lambda: "paused" in window.banner.text.lower(), timeout=TIMEOUT)
    qtbot.waitUntil(lambda: "press Space" in window.record_panel.progress.text(), timeout=TIMEOUT)
    folder = window.session.observables.record_choice.value.folder
    window.close()
    assert list(folder.glob("*.jsonl"))
    assert list(folder.glob("*.mp4"))


# ---------------------------------------------------------------------------------------- small


def test_what_cannot_be_used_looks_like_it(window):
    button = window.transport.step_back if hasattr(window.transport, "step_back") else None
    button = button or window.transport.back_button
    assert not button.isEnabled()
    faint, bright = (
        button.icon().pixmap(18, 18, mode).toImage().pixelColor(9, 9)
        for mode in (button.icon().Mode.Disabled, button.icon().Mode.Normal)
    )
    from PyQt6.QtGui import QColor

    stage = QColor(window.theme.palette.surface)

    def contrast(color: QColor) -> int:
        return abs(color.lightness() - stage.lightness())

    assert contrast(faint) < 0.5 * contrast(bright)


def test_no_speed_is_clipped(window):
    box = window.transport.speed_box
    from PyQt6.QtWidgets import QStyle, QStyleOptionComboBox

    option = QStyleOptionComboBox()
    box.initStyleOption(option)
    room = box.style().subControlRect(
        QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, box
    )
    widest = max(box.fontMetrics().horizontalAdvance(f"{speed:g}×") for speed in SPEEDS)
    assert room.width() >= widest


def test_the_window_has_an_icon_and_record_buttons_say_what_they_record(window):
    assert not window.windowIcon().isNull()
    assert "Ctrl+R" in window.top_bar.record_button.toolTip()
    assert "Ctrl+R" not in window.train_panel.record_button.toolTip()
    window.train_panel.record_button.show_recording(True)
    assert "Ctrl+R" not in window.train_panel.record_button.toolTip()


def test_the_folder_of_recordings_is_told_in_full(qtbot, window, hand_clip):
    show_paused(qtbot, window, hand_clip)
    folder = window.session.observables.record_choice.value.folder
    assert str(folder.absolute()) in window.record_panel.folder_label.text()
    qtbot.mouseClick(window.top_bar.snapshot_button, Button.LeftButton)
    qtbot.waitUntil(lambda: str(folder.absolute()) in window.banner.text, timeout=TIMEOUT)


def test_toolbuttons_never_take_the_focus_by_a_click(qtbot, window):
    for button in window.findChildren(QToolButton):
        assert not button.focusPolicy() & Qt.FocusPolicy.ClickFocus
