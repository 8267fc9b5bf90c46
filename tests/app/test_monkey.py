"""A monkey at the real window, by real keys, clicks, drags and menus: no exception, no hang, no
error in the log, and the app works afterwards.

CI does a short run; the long one is

    pytest -m stress tests/app/test_monkey.py -s

(``HANDS3C_MONKEY_S`` seconds for each of its seeds) and ``HANDS3C_MONKEY=N HANDS3C_MONKEY_SEED=S``
repeats a seed for N actions. What was done last is printed where it fails.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from driving import TIMEOUT, Key, Modifier
from monkey import Monkey
from PyQt6.QtCore import QtMsgType
from PyQt6.QtGui import QDesktopServices

from app.config import RecordChoice
from app.session import Session
from app.windows.main_window import MainWindow

ACTIONS = int(os.environ.get("HANDS3C_MONKEY", "60"))
SEED = int(os.environ.get("HANDS3C_MONKEY_SEED", "6"))
SECONDS = float(os.environ.get("HANDS3C_MONKEY_S", "180"))
#: Something that takes longer than this hangs, s.
HANG_S = 240.0
#: What Qt says of misused painters, timers and objects.
MISUSE = ("QPainter", "QObject", "QThread", "QTimer", "QWidget", "QPixmap", "QBackingStore")


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


def drive(
    qtbot, qtlog, window: MainWindow, monkey: Monkey, errors: list[str], more: Callable[[], bool]
) -> None:
    """Let ``monkey`` act while there is more to do and nothing went wrong."""

    def wrong() -> list[str]:
        misused = [
            record.message
            for record in qtlog.records
            if record.type is not QtMsgType.QtDebugMsg and record.message.startswith(MISUSE)
        ]
        return [*errors, *misused]

    def go_on() -> bool:
        if monkey.acted % 25 == 24:
            assert window.session.wait_idle(HANG_S), f"the engine hangs after {list(monkey.last)}"
        return more() and not wrong()

    monkey.run(go_on, lambda: monkey.random.choice((1, 1, 5, 40)))
    done = f"after action {monkey.acted}, the last being\n  " + "\n  ".join(monkey.last)
    assert not wrong(), f"{wrong()[0]}\n{done}"
    monkey.leave_everything()
    assert window.isVisible(), f"closed {done}"


def random_hands(
    qtbot, qtlog, settings, theme, files, errors, folder, clip, seed: int,
    more: Callable[[Monkey], bool],
) -> Monkey:  # fmt: skip
    faulthandler.dump_traceback_later(HANG_S + 3 * SECONDS, exit=False)
    window = MainWindow(Session(record=RecordChoice(folder=folder / "takes")), settings, theme)
    qtbot.addWidget(window)
    window.show()
    window.activateWindow()
    window.open_source(str(clip))
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=round(HANG_S * 1000))
    monkey = Monkey(window, files, seed)
    try:
        # A take, so that there is one to replay.
        qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier)
        recording = window.session.observables.recording
        qtbot.waitUntil(lambda: recording.value.frames > 3, timeout=TIMEOUT)
        qtbot.keyClick(window, Key.Key_R, Modifier.ControlModifier)
        takes = window.session.observables.takes
        qtbot.waitUntil(lambda: bool(takes.value), timeout=TIMEOUT)
        drive(qtbot, qtlog, window, monkey, errors, lambda: more(monkey))
        # And the app still works.
        window.session.set_loop(True)
        window.open_source(str(clip))
        old = window.camera_view.picture
        qtbot.waitUntil(lambda: window.camera_view.picture is not old, timeout=120_000)
        assert not errors, errors[0]
    finally:
        faulthandler.cancel_dump_traceback_later()
        monkey.leave_everything()
        window.close()
    print(f"\nseed {seed}: {monkey.acted} actions: {dict(monkey.counts)}")
    print(f"{len(monkey.done)} commands, {sum(monkey.done.values())} times; {dict(monkey.dialogs)}")
    return monkey


@pytest.fixture(autouse=True)
def no_desktop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is shown outside the window."""
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _: True)
    monkeypatch.setattr("app.panels.take_list.reveal", lambda _: None)


def test_random_keys_and_clicks_do_no_harm(
    qtbot, qtlog, settings, theme, files, errors, tmp_path, hand_clip
):
    monkey = random_hands(
        qtbot, qtlog, settings, theme, files, errors, tmp_path, hand_clip, SEED,
        lambda monkey: monkey.acted < ACTIONS,
    )  # fmt: skip
    assert len(monkey.done) > ACTIONS / 8


@pytest.mark.stress
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_random_keys_and_clicks_for_minutes(
    qtbot, qtlog, settings, theme, files, errors, tmp_path, hand_clip, seed
):
    end = time.monotonic() + SECONDS
    random_hands(
        qtbot, qtlog, settings, theme, files, errors, tmp_path, hand_clip, seed,
        lambda _: time.monotonic() < end,
    )  # fmt: skip
