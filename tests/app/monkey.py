"""Drives the window as a hand on keyboard and mouse would: every event goes to the window under
the pointer or with the focus, and Qt finds the widget, the shortcut, the menu or the open dialog.

Dialogs have event loops of their own, so each doing asks for the next one before it begins.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QPoint, QPointF, QRect, Qt, QTimer
from PyQt6.QtGui import QKeySequence, QWheelEvent, QWindow
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QLineEdit,
    QListWidget,
    QMenu,
    QSplitterHandle,
    QWidget,
)

from app.windows.actions import COMMANDS
from app.windows.main_window import MainWindow

Key, Button, Modifier = Qt.Key, Qt.MouseButton, Qt.KeyboardModifier
_CONTROLS = (QAbstractButton, QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit, QListWidget)
_KEYS = (
    *(Key.Key_Tab, Key.Key_Backtab, Key.Key_Space, Key.Key_Return, Key.Key_Escape, Key.Key_Delete),
    *(Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down, Key.Key_Home, Key.Key_End),
    *(Key.Key_PageUp, Key.Key_PageDown, Key.Key_Backspace, Key.Key_F5, Key.Key_3, Key.Key_Menu),
)
_ADDRESSES = ("", "http://127.0.0.1:9/x", "rtsp://", "käse", "7", "-1", "999999")


class Monkey:
    """Does one random thing after another; ``say`` is called before each."""

    def __init__(self, window: MainWindow, files: list[str], seed: int) -> None:
        self.window, self._files = window, files
        self.random = random.Random(seed)
        self.last: deque[str] = deque(maxlen=30)
        self.counts: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        """Commands that were really carried out."""
        self.dialogs: Counter[str] = Counter()
        self.acted = 0
        self._quit = window.actions_["quit"]
        for command in COMMANDS:
            window.actions_[command.key].triggered.connect(
                lambda _=False, key=command.key: self.done.update((key,))
            )
        self._doings: list[tuple[int, Callable[[], str]]] = [
            (34, self.press_shortcut),
            (8, self.press_some_key),
            (26, self.click_control),
            (10, self.open_menu),
            (6, self.click_anywhere),
            (8, self.drag),
            (6, self.turn_wheel),
            (3, self.double_click),
            (3, self.right_click),
            (3, self.hover),
            (2, self.resize),
            (3, self.replay_take),
        ]

    # ----------------------------------------------------------------------------------- running

    def act(self) -> None:
        """One thing, of those that are possible now."""
        self.acted += 1
        popup, modal = QApplication.activePopupWidget(), QApplication.activeModalWidget()
        if popup is None and not self.top().isActiveWindow():
            self.top().activateWindow()  # what a window manager does when a dialog goes
        if popup is not None:
            doing: Callable[[], str] = self.use_popup
        elif isinstance(modal, QFileDialog):
            doing = self.answer_file_dialog
        elif isinstance(modal, QDialog):
            doing = self.use_dialog
        else:
            weights, doings = zip(*self._doings, strict=True)
            doing = self.random.choices(doings, weights)[0]
        self.counts[doing.__name__] += 1
        number, began = self.acted, time.monotonic()
        self.last.append(f"{number} {doing.__name__}…")
        said = f"{number} {doing.__name__}: {doing()} ({time.monotonic() - began:.1f} s)"
        self.last.append(said)
        if os.environ.get("HANDS3C_MONKEY_TELLS"):
            print(said, flush=True)

    def run(self, more: Callable[[], bool], pause: Callable[[], int]) -> None:
        """Act until ``more`` says no, also in the event loops of dialogs."""
        ended: list[bool] = []
        busy: list[QWidget | None] = []

        def step() -> None:
            if busy and QApplication.activeModalWidget() in busy:
                # A click takes a moment; only a dialog that it opened is something new.
                QTimer.singleShot(5, step)
                return
            if not more():
                ended.append(True)
                return
            QTimer.singleShot(pause(), step)  # before: a dialog's own loop goes on with it
            busy.append(QApplication.activeModalWidget())
            try:
                self.act()
            finally:
                busy.pop()

        QTimer.singleShot(0, step)
        while not ended:
            QTest.qWait(20)

    def leave_everything(self) -> None:
        """Escape from menus, dialogs and full screen."""
        for _ in range(30):
            popup, modal = QApplication.activePopupWidget(), QApplication.activeModalWidget()
            if popup is not None:
                popup.close()
            elif isinstance(modal, QDialog):
                QTest.keyClick(modal, Key.Key_Escape)
            else:
                break
            QTest.qWait(30)
        if self.window.isFullScreen():
            QTest.keyClick(self.handle(), Key.Key_Escape)

    # ------------------------------------------------------------------------------------ events

    def top(self) -> QWidget:
        """The window that a user can reach."""
        return QApplication.activeModalWidget() or self.window

    def handle(self, widget: QWidget | None = None) -> QWindow:
        made = (widget or self.top()).window().windowHandle()
        assert made is not None
        return made

    def click(
        self,
        widget: QWidget,
        place: QPoint,
        button: Qt.MouseButton = Button.LeftButton,
        modifier: Qt.KeyboardModifier = Modifier.NoModifier,
    ) -> None:
        """Where ``place`` of ``widget`` is, whatever lies there."""
        at = widget.mapTo(widget.window(), place)
        QTest.mouseClick(self.handle(widget), button, modifier, at)

    def place(self, widget: QWidget) -> QPoint:
        return QPoint(
            self.random.randrange(max(1, widget.width())),
            self.random.randrange(max(1, widget.height())),
        )

    def view(self) -> QWidget:
        """One of the views, or the whole window."""
        window = self.window
        views: list[QWidget] = [window.viewport, window.camera_view, window.curve_view]
        shown = [view for view in views if view.isVisible()]
        shown += list(window.stage.findChildren(QSplitterHandle))
        return self.random.choice([view for view in shown if view.isVisible()] or [window])

    # ------------------------------------------------------------------------------------ doings

    def press(self, shortcut: str) -> None:
        keys = QKeySequence(shortcut)[0]
        QTest.keyClick(self.handle(), keys.key(), keys.keyboardModifiers())

    def press_shortcut(self) -> str:
        command = self.random.choice([c for c in COMMANDS if c.shortcut and c.key != "quit"])
        self.press(command.shortcut)
        return f"{command.shortcut} ({command.key})"

    def press_some_key(self) -> str:
        key = self.random.choice(_KEYS)
        QTest.keyClick(self.handle(), key)
        return key.name

    def controls(self, top: QWidget) -> list[QWidget]:
        found = [
            widget
            for kind in _CONTROLS
            for widget in top.findChildren(kind)
            if widget.isVisible() and not widget.visibleRegion().isEmpty()
        ]
        return [widget for widget in found if widget.window() is top.window()]

    def click_control(self) -> str:
        found = self.controls(self.top())
        if not found:
            return "none"
        widget = self.random.choice(found)
        name = f"{type(widget).__name__} {widget.accessibleName()}"  # a click may delete it
        seen = widget.visibleRegion().boundingRect()
        inside = QRect(seen.topLeft(), seen.size())
        place = QPoint(
            self.random.randint(inside.left(), inside.right()),
            self.random.randint(inside.top(), inside.bottom()),
        )
        self.click(widget, place)
        if isinstance(widget, QLineEdit) and self.random.random() < 0.7:
            self.type_into(widget)
        return name

    def type_into(self, line: QWidget) -> None:
        QTest.keyClick(self.handle(line), Key.Key_A, Modifier.ControlModifier)
        text = self.random.choice([*_ADDRESSES, *self._files])
        for letter in text[:80]:
            if letter.isascii():
                QTest.keyClick(self.handle(line), letter)
        QTest.keyClick(self.handle(line), Key.Key_Return)

    def click_anywhere(self) -> str:
        place = self.place(self.window)
        under = self.window.childAt(place)
        self.click(self.window, place)
        return f"{place.x()}, {place.y()}: {type(under).__name__}"

    def double_click(self) -> str:
        view = self.view()
        at = view.mapTo(view.window(), self.place(view))
        QTest.mouseDClick(self.handle(view), Button.LeftButton, Modifier.NoModifier, at)
        return type(view).__name__

    def right_click(self) -> str:
        view = self.random.choice([self.view(), self.window])
        self.click(view, self.place(view), Button.RightButton)
        return type(view).__name__

    def hover(self) -> str:
        view = self.view()
        QTest.mouseMove(self.handle(view), view.mapTo(view.window(), self.place(view)))
        return type(view).__name__

    def drag(self) -> str:
        view, window = self.view(), self.handle(self.window)
        button = self.random.choice((Button.LeftButton, Button.LeftButton, Button.RightButton))
        modifier = self.random.choice((Modifier.NoModifier, Modifier.ShiftModifier))
        start = view.mapTo(self.window, self.place(view))
        QTest.mousePress(window, button, modifier, start)
        if QApplication.activePopupWidget() is None:
            for _ in range(4):
                QTest.mouseMove(window, self.place(self.window))
        QTest.mouseRelease(window, button, modifier, self.place(self.window))
        return type(view).__name__

    def turn_wheel(self) -> str:
        where = self.random.choice([self.view(), self.window])
        place = QPointF(where.mapTo(self.window, self.place(where)))
        turn = QPoint(0, self.random.choice((-120, 120, 360)))
        modifier = self.random.choice((Modifier.NoModifier, Modifier.ControlModifier))
        wheel = QWheelEvent(
            place, self.window.mapToGlobal(place), QPoint(), turn, Button.NoButton, modifier,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.handle(self.window), wheel)
        return f"{type(where).__name__} {turn.y()}"

    def resize(self) -> str:
        if self.window.isFullScreen():
            return "full screen"
        size = self.random.randint(640, 1500), self.random.randint(480, 950)
        self.window.resize(*size)
        return f"{size[0]} x {size[1]}"

    def replay_take(self) -> str:
        """Turn to the takes and double-click one."""
        self.press("Alt+4")
        listed = self.window.record_panel.take_list
        if not listed.isVisible() or not listed.count():
            return "none"
        self.window.record_panel.ensureWidgetVisible(listed)
        item = listed.item(self.random.randrange(listed.count()))
        name = item.text().replace("\n", " ")  # the list may be filled anew before it is said
        at = listed.visualItemRect(item).center()
        self.click(listed.viewport(), at)
        place = listed.viewport().mapTo(self.window, at)
        QTest.mouseDClick(self.handle(self.window), Button.LeftButton, Modifier.NoModifier, place)
        return name

    # -------------------------------------------------------------------------- menus and dialogs

    def open_menu(self) -> str:
        bar = self.window.menuBar()
        if bar is None or not bar.isVisible():
            return "none"
        entry = self.random.choice(bar.actions())
        self.click(bar, bar.actionGeometry(entry).center())
        return entry.text()

    def use_popup(self) -> str:
        """An entry of the open menu or list, or Escape."""
        popup = QApplication.activePopupWidget()
        assert popup is not None
        if self.random.random() < 0.15:
            QTest.keyClick(self.handle(popup), Key.Key_Escape)
            return "Escape"
        if isinstance(popup, QMenu):
            entries = [a for a in popup.actions() if not a.isSeparator() and a is not self._quit]
            if not entries:
                QTest.keyClick(self.handle(popup), Key.Key_Escape)
                return "Escape"
            entry = self.random.choice(entries)
            said = entry.text()
            self.click(popup, popup.actionGeometry(entry).center())
            if (
                QApplication.activePopupWidget() is popup
            ):  # an entry that is disabled leaves it open
                QTest.keyClick(self.handle(popup), Key.Key_Escape)
            return said
        self.click(popup, self.place(popup))
        if QApplication.activePopupWidget() is popup and self.random.random() < 0.5:
            QTest.keyClick(self.handle(popup), Key.Key_Return)
        return type(popup).__name__

    def use_dialog(self) -> str:
        """A control of the open dialog, a key, or Escape."""
        dialog = QApplication.activeModalWidget()
        assert dialog is not None
        self.dialogs[type(dialog).__name__] += 1
        what = self.random.random()
        name = f"{type(dialog).__name__} {dialog.windowTitle()}"
        if what < 0.3:
            QTest.keyClick(self.handle(dialog), Key.Key_Escape)
            return f"{name}: Escape"
        if what < 0.8:
            return f"{name}: {self.click_control()}"
        key = self.random.choice(_KEYS)
        QTest.keyClick(self.handle(dialog), key)
        return f"{name}: {key.name}"

    def answer_file_dialog(self) -> str:
        """A name typed into a file dialog, or Escape; nothing else, it could delete files."""
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QFileDialog)
        self.dialogs["QFileDialog"] += 1
        line = dialog.findChild(QLineEdit)
        if line is None or self.random.random() < 0.3:
            QTest.keyClick(self.handle(dialog), Key.Key_Escape)
            return "Escape"
        saves = dialog.acceptMode() is QFileDialog.AcceptMode.AcceptSave
        folder = Path(self._files[0]).parent
        kind = self.random.choice(("png", "obj", "ply", "x"))
        name = str(folder / f"saved-{self.acted}.{kind}") if saves else ""
        name = name or self.random.choice(self._files)
        line.setText(name)
        QTest.keyClick(self.handle(dialog), Key.Key_Return)
        return name
