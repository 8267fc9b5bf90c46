"""What is on screen before the first model is there: the source's own pictures, at once."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import pytest

import app.session
from app.config import ModelConfig, RecordChoice
from app.session import Session
from app.session_types import Picture, Shown, State
from tests.app.test_session import wait_until as wait_briefly

wait_until = partial(wait_briefly, timeout=120.0)

_WINDOW = """
import json, os, sys, time
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
from PyQt6.QtCore import QEventLoop, QSettings, QTimer
from PyQt6.QtWidgets import QApplication
from app.config import ModelConfig, RecordChoice
import app.session
from app.session import Session
from app.settings import Settings
from app.theme import Theme
from app.windows.main_window import MainWindow
app.session._PICTURE_TIMEOUT_S = 600.0  # on a loaded machine the first picture, too, takes long
application = QApplication(sys.argv[:1])
theme = Theme(application, "dark")
folder, clip = sys.argv[1:]
session = Session(ModelConfig("landmarks"), picture_first=True)
settings = Settings(QSettings(folder + "/s.ini", QSettings.Format.IniFormat))
window = MainWindow(session, settings, theme)
seen = []
def painted(picture):
    seen.append((picture.hand_model is not None, sorted(set(heavy) & set(sys.modules))))
heavy = ("torch", "open3d", "openvino", "mediapipe", "numba", "lightning")
window.camera_view.painted.connect(painted)
window.show()
window.open_source(clip)
deadline = time.monotonic() + 400
while not (seen and seen[-1][0]) and time.monotonic() < deadline:
    loop = QEventLoop()
    QTimer.singleShot(50, loop.quit)
    loop.exec()
print(json.dumps(seen))
window.close()
"""


def test_nothing_heavy_is_loaded_before_the_first_raw_picture(tmp_path, plain_clip):
    """A fresh process, as a start of the app is one; then the hands come all the same."""
    done = subprocess.run(
        [sys.executable, "-c", _WINDOW, str(tmp_path), str(plain_clip)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen[0] == [False, []]
    assert seen[-1][0], "no model came"


class _Gate:
    """Holds models back until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._opened = threading.Event()
        load = app.session.load_model

        def held(*args, **kwargs):
            assert self._opened.wait(60)
            return load(*args, **kwargs)

        monkeypatch.setattr(app.session, "load_model", held)

    def open(self) -> None:
        self._opened.set()


@pytest.fixture
def gate(monkeypatch):
    made = _Gate(monkeypatch)
    yield made
    made.open()


@pytest.fixture
def session(gate, tmp_path):
    config = ModelConfig("landmarks")
    choice = RecordChoice(folder=tmp_path / "takes")
    with Session(config, record=choice, picture_first=True) as made:
        made._has_picture.set()  # as if a window had painted one
        made.pictures = []
        made.results = []
        made.observables.pictures.connect(made.pictures.append)
        made.observables.results.connect(made.results.append)
        yield made
        gate.open()


def _indices(shown: list[Picture] | list[Shown]) -> list[int]:
    return [one.result.frame.index for one in shown]


def test_a_file_plays_raw_and_then_again_from_where_it_began(session, gate, plain_clip):
    session.set_loop(False)
    session.open(str(plain_clip))
    wait_until(lambda: len(session.pictures) >= 3)
    assert all(picture.hand_model is None for picture in session.pictures)
    assert not session.results  # nobody has looked for hands
    gate.open()
    wait_until(lambda: session.observables.playback.value.state is State.ENDED and session.results)
    assert _indices(session.results) == list(range(40))  # no frame went by without a look


def test_a_file_that_ended_meanwhile_is_played(session, gate, plain_clip):
    session.set_loop(False)
    session.open(str(plain_clip))
    wait_until(lambda: session.observables.playback.value.state is State.ENDED)
    assert not session.results
    gate.open()
    wait_until(lambda: len(session.results) == 40)


def test_a_paused_frame_gets_its_hands(session, gate, plain_clip):
    session.open(str(plain_clip), play=False)
    session.seek(1.0)
    wait_until(lambda: bool(session.pictures))
    assert session.pictures[-1].hand_model is None
    session.set_display_size(200, 150)  # a raw picture, too, follows the window's size
    wait_until(lambda: max(session.pictures[-1].display.shape[:2]) == 200)
    gate.open()
    wait_until(lambda: session.pictures[-1].hand_model is not None)
    assert _indices(session.results) == [20]
    assert session.observables.playback.value.state is State.PAUSED


def test_a_recording_begins_where_it_was_asked_for_and_misses_nothing(session, gate, plain_clip):
    session.set_loop(False)
    session.open(str(plain_clip))
    wait_until(lambda: len(session.pictures) >= 5)
    session.start_recording()
    assert session.wait_idle(10)
    begun = session.pictures[-1].result.frame.index
    gate.open()
    wait_until(lambda: session.observables.playback.value.state is State.ENDED and session.results)
    session.stop_recording()
    wait_until(lambda: bool(session.observables.takes.value))
    indices = _indices(session.results)
    assert indices == list(range(indices[0], 40))
    assert abs(indices[0] - begun) <= 1
    assert session.observables.takes.value[0].frames == len(indices)


def test_another_source_opened_meanwhile_is_the_one_that_counts(
    session, gate, plain_clip, hand_clip
):
    session.open(str(hand_clip))
    wait_until(lambda: len(session.pictures) >= 2)
    session.open(str(plain_clip), play=False)
    session.seek(0.0)
    wait_until(lambda: session.pictures[-1].result.frame.image.shape[1] == 320)
    gate.open()
    wait_until(lambda: bool(session.results))
    assert session.results[0].result.frame.image.shape[1] == 320
    assert _indices(session.results) == [0]


def test_the_window_says_what_is_being_loaded(session, gate):
    heard = []
    session.observables.model_status.connect(lambda status: heard.append(status.coming))
    gate.open()
    wait_until(lambda: session.observables.model_status.value.ready)
    steps = [text.split(": ", 1)[1] for text in heard if ": " in text]
    assert steps == ["reading its files", "its first hands", "the hand detector"]
