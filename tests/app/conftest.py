"""The window's tests run off screen unless there is a display, and leave no thread behind."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

if (
    sys.platform.startswith("linux")
    and not os.environ.get("DISPLAY")
    and not os.environ.get("WAYLAND_DISPLAY")
):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PyQt6.QtCore import QSettings
from PyQt6.QtWidgets import QApplication

from app.config import RecordChoice
from app.session import Session
from app.settings import Settings
from app.theme import Theme
from app.windows.main_window import MainWindow
from hands3c_core.assets import asset_path
from hands3c_core.errors import UserError

#: How long a thread may take to end; more on a busy machine, as in ``driving.TIMEOUT``.
PATIENCE_S = float(os.environ.get("HANDS3C_TEST_TIMEOUT_MS", "60000")) / 12_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what shows something: those tests are worth a second run in a real X11 window."""
    for item in items:
        if "qtbot" in getattr(item, "fixturenames", ()):
            item.add_marker("window")


def own_threads() -> set[str]:
    """Names of the app's own threads that are alive."""
    return {
        thread.name
        for thread in threading.enumerate()
        if thread.is_alive() and thread.name.startswith("hands3c")
    }


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fails a test that leaves one of the app's threads running."""
    before = set(threading.enumerate())
    yield
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and own_threads():
        time.sleep(0.02)
    # MediaPipe keeps a pool of its own; Python sees none of it.
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert not left, f"threads left running: {left}"


@pytest.fixture
def theme(qapp: QApplication) -> Iterator[Theme]:
    made = Theme(qapp, "dark")
    yield made
    made.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of their own for each test."""
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture(scope="session")
def hand_clip(request: pytest.FixtureRequest) -> Path:
    """A clip that shows hands: the bundled one."""
    try:
        return asset_path("demo.mp4")
    except UserError:
        return Path(request.getfixturevalue("shared")) / "media" / "hands_360p.mp4"


@pytest.fixture(scope="session")
def plain_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds at 20 frames/s without hands; frame k's grey level is 4 k."""
    path = tmp_path_factory.mktemp("clips") / "plain.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=20, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for index in range(40):
            image = np.full((240, 320, 3), 4 * index, np.uint8)
            image[:40, :60] = 255
            for packet in stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


@pytest.fixture(autouse=True)
def no_shipped_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """The automatic choice is the landmark estimator, whatever ``weights/`` holds: it starts fast.
    Tests of networks name their weights."""

    def missing(name: str) -> Path:
        raise UserError(f"{name} is not shipped")

    monkeypatch.setattr("hands3c_core.weights.weights_path", missing)
    monkeypatch.delenv("HANDS3C_WEIGHTS", raising=False)


@pytest.fixture
def window(qtbot, settings: Settings, theme: Theme, tmp_path: Path) -> Iterator[MainWindow]:
    session = Session(record=RecordChoice(folder=tmp_path / "takes"))
    made = MainWindow(session, settings, theme)
    qtbot.addWidget(made)
    made.resize(1200, 760)
    with qtbot.waitExposed(made):
        made.show()
    # Without a window manager nobody else gives the window the keyboard.
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow, timeout=5000)
    yield made
    made.close()
    QApplication.processEvents()
