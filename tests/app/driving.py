"""Drives the real window: clicks, drags, waiting until all threads have done their part."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PyQt6.QtCore import QEvent, QPointF, Qt
from PyQt6.QtGui import QImage, QMouseEvent
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget

from app.session_types import State
from app.windows.main_window import MainWindow

TIMEOUT = int(os.environ.get("HANDS3C_TEST_TIMEOUT_MS", "60000"))
Key, Button, Modifier = Qt.Key, Qt.MouseButton, Qt.KeyboardModifier


def pixels(image: QImage) -> np.ndarray:
    """(H, W, 3) of an image."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    data = image.constBits()
    data.setsize(image.sizeInBytes())
    rows = np.frombuffer(data, np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).astype(int)


def show_paused(qtbot, window: MainWindow, clip: Path) -> None:
    """Open ``clip`` by the window and stop on a frame with a hand in both views."""
    window.open_source(str(clip))
    view = window.camera_view
    qtbot.waitUntil(
        lambda: view.picture is not None and bool(view.picture.result.hands), timeout=TIMEOUT
    )
    qtbot.waitUntil(lambda: window.viewport.image() is not None, timeout=TIMEOUT)
    qtbot.keyClick(window, Key.Key_Space)
    state = window.session.observables.playback
    qtbot.waitUntil(lambda: state.value.state is State.PAUSED, timeout=TIMEOUT)
    settle(qtbot, window)
    if not window.session.shown.result.hands:
        window.session.seek(0.0)
        settle(qtbot, window)
    assert window.session.shown.result.hands


def settle(qtbot, window: MainWindow) -> None:
    """Wait until engine, painter and scene have done what was asked for."""
    session = window.session
    assert session.wait_idle(30)
    qtbot.waitUntil(lambda: _caught_up(window), timeout=TIMEOUT)
    qtbot.wait(100)  # what the threads told on their way here


def _caught_up(window: MainWindow) -> bool:
    shown, picture = window.session.shown, window.camera_view.picture
    if shown is not None and (picture is None or picture.result is not shown.result):
        return False
    seen = window.viewport.isVisible() and window.viewport.image() is not None
    return not seen or window.viewport.worker.idle


def drag(widget: QWidget, button: Qt.MouseButton, path: list[tuple[int, int]], modifier) -> None:
    """Press, move along ``path`` and release."""

    def send(kind: QEvent.Type, at: tuple[int, int], changed: Qt.MouseButton, held) -> None:
        place = QPointF(*at)
        event = QMouseEvent(kind, place, widget.mapToGlobal(place), changed, held, modifier)
        QApplication.sendEvent(widget, event)

    send(QEvent.Type.MouseButtonPress, path[0], button, button)
    for at in path[1:]:
        send(QEvent.Type.MouseMove, at, Button.NoButton, button)
    send(QEvent.Type.MouseButtonRelease, path[-1], button, Button.NoButton)


def choose_in_menu(window: MainWindow, command: str) -> None:
    """Click the menu that holds ``command``, then its entry; returns when a dialog that this opens
    is left, or at once where it waits for nobody."""
    action = window.actions_[command]
    menu = next(menu for menu in window.actions_.menus.values() if action in menu.actions())
    bar = window.menuBar()
    title = bar.mapTo(window, bar.actionGeometry(menu.menuAction()).center())
    QTest.mouseClick(window.windowHandle(), Button.LeftButton, Modifier.NoModifier, title)
    assert QApplication.activePopupWidget() is menu
    entry = menu.actionGeometry(action).center()
    QTest.mouseClick(menu.windowHandle(), Button.LeftButton, Modifier.NoModifier, entry)
