"""Random clicks, keys and choices in the real window: no exception, no hang, no error in the log.

CI does a short run; the long one is

    HANDS3C_MONKEY=1000 pytest tests/app/test_monkey.py -s

and ``HANDS3C_MONKEY_SEED`` repeats a run. What was done last is printed where it fails.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import random
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QDesktopServices, QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QDialog,
    QFileDialog,
    QInputDialog,
    QLineEdit,
    QListWidget,
    QMessageBox,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)

from app.config import RecordChoice
from app.session import Session
from app.windows.actions import COMMANDS
from app.windows.main_window import MainWindow

ACTIONS = int(os.environ.get("HANDS3C_MONKEY", "150"))
SEED = int(os.environ.get("HANDS3C_MONKEY_SEED", "6"))
#: Something that takes longer than this hangs, s.
HANG_S = 240.0


class Errors(logging.Handler):
    """Collects what was logged as an error, and what ended a thread."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info:
            text += "\n" + logging.Formatter().formatException(record.exc_info)
        self.found.append(text)


@pytest.fixture
def errors(monkeypatch: pytest.MonkeyPatch):
    handler = Errors()
    logging.getLogger().addHandler(handler)
    monkeypatch.setattr(
        threading, "excepthook", lambda given: handler.found.append(f"thread: {given.exc_value!r}")
    )
    monkeypatch.setattr(
        sys, "excepthook", lambda kind, error, trace: handler.found.append(repr(error))
    )
    yield handler.found
    logging.getLogger().removeHandler(handler)


@pytest.fixture
def files(tmp_path: Path, plain_clip: Path, hand_clip: Path) -> list[str]:
    """What file dialogs answer: good and bad choices."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for index in range(4):
        cv2.imwrite(str(folder / f"{index}.png"), np.full((48, 64, 3), 60 * index, np.uint8))
    junk = tmp_path / "junk.mp4"
    junk.write_bytes(b"nothing of use" * 50)
    lens = tmp_path / "lens.json"
    lens.write_text('{"fx": 300, "fy": 300, "cx": 160, "cy": 120, "width": 320, "height": 240}')
    return [
        *(str(plain_clip), str(hand_clip), str(folder), str(folder / "1.png")),
        *(str(junk), str(lens), str(tmp_path / "not there.mp4"), ""),
    ]


class Monkey:
    """Does one random thing after another."""

    def __init__(self, qtbot, window: MainWindow, files: list[str], seed: int) -> None:
        self._bot, self._window, self._files = qtbot, window, files
        self.random = random.Random(seed)
        self.last: deque[str] = deque(maxlen=12)
        self.counts: Counter[str] = Counter()
        self._doings: list[tuple[int, Callable[[], str]]] = [
            (30, self.press_key),
            (30, self.click_button),
            (10, self.choose_in_box),
            (10, self.move_slider),
            (4, self.spin),
            (6, self.drag),
            (4, self.turn_wheel),
            (3, self.click_list),
            (3, self.open_something),
            (3, self.type_address),
            (3, self.resize),
            (2, self.turn_page),
            (2, self.hover),
        ]

    def act(self) -> None:
        weights, doings = zip(*self._doings, strict=True)
        doing = self.random.choices(doings, weights)[0]
        self.counts[doing.__name__] += 1
        self.last.append(f"{doing.__name__}…")
        self.last[-1] = f"{doing.__name__}: {doing()}"

    def pick(self, kind: type[QWidget]) -> QWidget | None:
        found = [
            widget
            for top in (self._window, *self._window.findChildren(QDialog))
            for widget in top.findChildren(kind)
            if widget.isVisible() and widget.isEnabled()
        ]
        return self.random.choice(found) if found else None

    def press_key(self) -> str:
        commands = [one for one in COMMANDS if one.key != "quit"]
        command = self.random.choice(commands)
        self._window.actions_[command.key].trigger()
        return command.key

    def click_button(self) -> str:
        button = self.pick(QAbstractButton)
        if button is None or (isinstance(button, QToolButton) and button.menu() is not None):
            return "none"
        name = button.accessibleName() or button.text()
        self._bot.mouseClick(button, Qt.MouseButton.LeftButton)
        return name

    def choose_in_box(self) -> str:
        box = self.pick(QComboBox)
        if box is None or box.count() == 0:
            return "none"
        box.setCurrentIndex(self.random.randrange(box.count()))
        box.activated.emit(box.currentIndex())
        return f"{box.accessibleName()} = {box.currentText()}"

    def move_slider(self) -> str:
        slider = self.pick(QSlider)
        if slider is None:
            return "none"
        slider.setValue(self.random.randint(slider.minimum(), slider.maximum()))
        return f"{slider.accessibleName()} = {slider.value()}"

    def spin(self) -> str:
        box = self.pick(QSpinBox)
        if box is None:
            return "none"
        box.setValue(self.random.randint(box.minimum(), box.maximum()))
        return f"{box.accessibleName()} = {box.value()}"

    def drag(self) -> str:
        views = (self._window.viewport, self._window.camera_view)
        view = self.random.choice([view for view in views if view.isVisible()] or [self._window])
        button = self.random.choice((Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton))
        none = Qt.MouseButton.NoButton
        kinds = (
            (QEvent.Type.MouseButtonPress, button, button),
            *((QEvent.Type.MouseMove, none, button),) * 3,
            (QEvent.Type.MouseButtonRelease, button, none),
        )
        for kind, changed, held in kinds:
            place = self._place(view)
            event = QMouseEvent(
                kind, place, view.mapToGlobal(place), changed, held, Qt.KeyboardModifier.NoModifier
            )
            QApplication.sendEvent(view, event)
        return type(view).__name__

    def turn_wheel(self) -> str:
        view = self.random.choice((self._window.viewport, self._window.camera_view))
        place, turn = self._place(view), QPoint(0, self.random.choice((-120, 120, 360)))
        event = QWheelEvent(
            place, view.mapToGlobal(place), QPoint(), turn, Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(view, event)
        return str(turn.y())

    def hover(self) -> str:
        view = self._window.camera_view
        place, none = self._place(view), Qt.MouseButton.NoButton
        move = QEvent.Type.MouseMove
        QApplication.sendEvent(
            view,
            QMouseEvent(
                move, place, view.mapToGlobal(place), none, none, Qt.KeyboardModifier.NoModifier
            ),
        )
        return f"{place.x():.0f}, {place.y():.0f}"

    def click_list(self) -> str:
        listed = self.pick(QListWidget)
        if listed is None or listed.count() == 0:
            return "none"
        item = listed.item(self.random.randrange(listed.count()))
        listed.setCurrentItem(item)
        listed.itemActivated.emit(item)
        return item.text()

    def open_something(self) -> str:
        spec = self.random.choice([*self._files, "http://127.0.0.1:9/none", "7", "nonsense://x"])
        self._window.open_source(spec)
        return spec

    def type_address(self) -> str:
        line = self.pick(QLineEdit)
        if line is None:
            return "none"
        line.setText(
            self.random.choice(("", "http://127.0.0.1:9/x", "rtsp://", "käse", self._files[0]))
        )
        line.returnPressed.emit()
        return line.text()

    def resize(self) -> str:
        size = self.random.randint(640, 1500), self.random.randint(480, 950)
        self._window.resize(*size)
        return f"{size[0]} x {size[1]}"

    def turn_page(self) -> str:
        key = self.random.choice(list(self._window.sidebar.pages))
        self._window.show_tab(key)
        return key

    def _place(self, view: QWidget) -> QPointF:
        return QPointF(
            self.random.uniform(0, max(1, view.width())),
            self.random.uniform(0, max(1, view.height())),
        )


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, files: list[str]) -> random.Random:
    """Dialogs that would wait for the user answer at random instead."""
    chance = random.Random(SEED + 1)

    def a_file(*_: object, **__: object) -> tuple[str, str]:
        return chance.choice(files), ""

    def run(dialog: QDialog) -> int:
        dialog.show()
        QApplication.processEvents()
        dialog.close()
        return 0

    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    saves = [str(Path(files[4]).parent / f"saved.{kind}") for kind in ("png", "obj", "ply", "x")]
    monkeypatch.setattr(QFileDialog, "getOpenFileName", a_file)
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", lambda *_, **__: chance.choice([files[2], ""])
    )
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_, **__: (chance.choice([*saves, ""]), "")
    )
    monkeypatch.setattr(
        QInputDialog, "getText", lambda *_, **__: ("http://127.0.0.1:9/x", chance.random() < 0.5)
    )
    monkeypatch.setattr(
        QInputDialog, "getInt", lambda *given, **__: (chance.randint(1, given[-1]), True)
    )
    monkeypatch.setattr(QMessageBox, "question", lambda *_, **__: chance.choice((yes, no)))
    monkeypatch.setattr(QDialog, "exec", run)
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: True)
    return chance


def test_random_actions_do_no_harm(
    qtbot, settings, theme, files, answers, errors, tmp_path, hand_clip
):
    faulthandler.dump_traceback_later(max(HANG_S, ACTIONS * 4), exit=False)
    window = MainWindow(Session(record=RecordChoice(folder=tmp_path / "takes")), settings, theme)
    qtbot.addWidget(window)
    window.show()
    window.open_source(str(hand_clip))
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=round(HANG_S * 1000))
    monkey = Monkey(qtbot, window, files, SEED)
    try:
        for number in range(ACTIONS):
            monkey.act()
            qtbot.wait(monkey.random.choice((1, 1, 5, 40)))
            done = f"after action {number}, the last being\n  " + "\n  ".join(monkey.last)
            assert not errors, f"{errors[0]}\n{done}"
            if number % 25 == 24:
                assert window.session.wait_idle(HANG_S), f"the engine hangs {done}"
        # And the app still works.
        window.session.set_loop(True)
        window.open_source(str(hand_clip))
        old = window.camera_view.picture
        qtbot.waitUntil(lambda: window.camera_view.picture is not old, timeout=120_000)
        assert not errors, errors[0]
    finally:
        faulthandler.cancel_dump_traceback_later()
        window.close()
    print(f"{ACTIONS} actions, seed {SEED}: {dict(monkey.counts)}")
