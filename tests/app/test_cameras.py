"""Cameras in the window, with stand-ins for the devices: modes, and what goes wrong with them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from PyQt6.QtCore import Qt

from app.config import ModelConfig
from app.recording import RecordFiles
from app.session import Session
from app.session_types import State
from app.windows.main_window import MainWindow
from hands3c_core.export import read_results
from hands3c_core.sources import CameraInfo, CameraMode, CameraSource, open_source, split_mode
from hands3c_core.sources import camera as camera_module
from hands3c_core.sources import open as open_module

TIMEOUT = 30_000
DESK = CameraInfo(
    0, "Desk", (CameraMode(320, 240, (60.0, 30.0)), CameraMode(160, 120, (30.0, 15.0)))
)
OTHER = CameraInfo(3, "Other")


class Device:
    """The one camera of these tests: only one program part may hold it at a time."""

    def __init__(self) -> None:
        self.unplugged = threading.Event()
        self.refused: set[tuple[int, int]] = set()
        self.held = 0
        self.asked: dict[int, float] = {}
        self.seen: list[dict[int, float]] = []


class Capture:
    def __init__(self, device: Device, index: int) -> None:
        self._device = device
        self._mode: dict[int, float] = {cv2.CAP_PROP_FRAME_WIDTH: 320, cv2.CAP_PROP_FPS: 30}
        self._open = device.held == 0 and not device.unplugged.is_set()
        device.held += self._open

    def isOpened(self) -> bool:
        return self._open

    def set(self, prop: int, value: float) -> bool:
        self._mode[prop] = value
        return True

    def get(self, prop: int) -> float:
        return self._mode.get(prop, 0.0)

    def read(self) -> tuple[bool, Any]:
        width = int(self._mode[cv2.CAP_PROP_FRAME_WIDTH])
        height = width * 3 // 4
        if self._device.unplugged.is_set() or (width, height) in self._device.refused:
            return False, None
        time.sleep(0.01)
        return True, np.full((height, width, 3), 90, np.uint8)

    def release(self) -> None:
        if self._open:
            self._open = False
            self._device.held -= 1
            self._device.seen.append(self._mode)


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    made = Device()
    source = partial(
        CameraSource,
        open_capture=partial(Capture, made),
        cameras=lambda: [DESK, OTHER],
        lost_after=1.0,  # a busy machine holds a picture up, too
        start_timeout=1.0,
    )
    monkeypatch.setattr(open_module, "CameraSource", source)
    monkeypatch.setattr("app.player.list_cameras", lambda: [DESK, OTHER])
    return made


@pytest.fixture
def window(qtbot, device, settings, theme) -> Iterator[MainWindow]:
    made = MainWindow(Session(), settings, theme)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: made.sources_panel.cameras.camera_box.count() == 2, timeout=TIMEOUT)
    yield made
    made.close()


def pick(box, data: object) -> None:
    box.setCurrentIndex(box.findData(data))
    box.activated.emit(box.currentIndex())


def wait_for_size(qtbot, window: MainWindow, width: int) -> None:
    def there() -> bool:
        info = window.session.observables.source.value
        return info is not None and info.width == width

    qtbot.waitUntil(there, timeout=TIMEOUT)


def test_a_camera_starts_by_name_and_changes_its_mode_live(qtbot, window, device, settings):
    cameras = window.sources_panel.cameras
    assert cameras.camera_box.itemText(0) == "Desk"
    assert [cameras.size_box.itemText(k) for k in range(3)] == [
        *("Automatic size", "320 × 240", "160 × 120")
    ]
    qtbot.mouseClick(cameras.start_button, Qt.MouseButton.LeftButton)
    wait_for_size(qtbot, window, 320)
    qtbot.waitUntil(lambda: cameras.start_button.text() == "Restart", timeout=TIMEOUT)
    assert window.windowTitle().startswith("Desk")
    pick(cameras.size_box, "160x120")
    wait_for_size(qtbot, window, 160)
    pick(cameras.rate_box, 15.0)
    qtbot.waitUntil(lambda: window.session.observables.source.value.fps == 15, timeout=TIMEOUT)
    assert window.session.observables.source.value.spec == "0@160x120@15"
    assert settings.camera_modes() == {"Desk": (160, 120, 15.0)}
    assert device.held == 1
    assert "Camera 0 (160 × 120)" in window.sources_panel.recent_list.item(0).text()


def test_a_mode_chosen_while_the_camera_opens_takes_effect(qtbot, window, device):
    cameras = window.sources_panel.cameras
    qtbot.mouseClick(cameras.start_button, Qt.MouseButton.LeftButton)
    pick(cameras.size_box, "160x120")
    wait_for_size(qtbot, window, 160)


def test_a_mode_that_fails_leaves_the_camera_running(qtbot, window, device):
    cameras = window.sources_panel.cameras
    qtbot.mouseClick(cameras.start_button, Qt.MouseButton.LeftButton)
    wait_for_size(qtbot, window, 320)
    device.refused.add((160, 120))
    pick(cameras.size_box, "160x120")
    qtbot.waitUntil(lambda: "gives no picture" in window.banner.text, timeout=TIMEOUT)
    old = window.camera_view.picture
    qtbot.waitUntil(lambda: window.camera_view.picture is not old, timeout=TIMEOUT)
    assert window.session.observables.source.value.width == 320
    assert window.session.observables.playback.value.state is State.PLAYING


def test_a_camera_without_a_list_of_modes_offers_the_usual_ones(window):
    cameras = window.sources_panel.cameras
    pick(cameras.camera_box, 3)
    assert cameras.size_box.findData("1280x720") > 0
    assert not cameras.rate_box.isEnabled()
    pick(cameras.size_box, "1280x720")
    assert cameras.rate_box.findData(30.0) > 0
    assert cameras.spec_of(OTHER) == "3@1280x720"


def test_modes_are_remembered_by_name(qtbot, settings, theme, device):
    settings.set_camera_mode("Desk", (160, 120, 30.0))
    settings.set("camera_modes", {**settings.camera_modes(), "Odd": ["x"], "Short": [1]})
    window = MainWindow(Session(), settings, theme)
    qtbot.addWidget(window)
    window.open_at_start(None)
    wait_for_size(qtbot, window, 160)
    assert window.session.observables.source.value.spec == "0@160x120@30"
    window.close()


def test_an_unplugged_camera_is_told_and_comes_back(qtbot, window, device):
    qtbot.mouseClick(window.sources_panel.cameras.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=TIMEOUT)
    device.unplugged.set()
    qtbot.waitUntil(lambda: "plugged in" in window.banner.text, timeout=TIMEOUT)
    qtbot.waitUntil(lambda: "Reconnecting" in window.banner.text, timeout=TIMEOUT)
    device.unplugged.clear()
    qtbot.waitUntil(lambda: not window.banner.isVisible(), timeout=TIMEOUT)
    old = window.camera_view.picture
    qtbot.waitUntil(lambda: window.camera_view.picture is not old, timeout=TIMEOUT)


def device_is_gone(*_: object) -> tuple[bool, Any]:
    raise cv2.error("OpenCV(4.14) cap_v4l.cpp: VIDIOC_DQBUF: No such device")


@pytest.mark.parametrize(
    "what", [device_is_gone, lambda *_: (True, None), lambda *_: (True, np.empty((0, 0, 3), "u1"))]
)
def test_a_camera_that_is_unplugged_in_the_middle_of_a_frame(
    qtbot, device, monkeypatch, tmp_path, what
):
    """While it is recorded: it is said, the recording goes on when it is back, nothing is lost."""
    normal, told = Capture.read, []

    def read(capture: Capture) -> tuple[bool, Any]:
        return what() if device.unplugged.is_set() else normal(capture)

    monkeypatch.setattr(Capture, "read", read)
    with Session(ModelConfig(estimator="landmarks"), paints=False) as session:
        session.observables.notices.connect(lambda notice: told.append(notice.text))
        session.open("0")
        qtbot.waitUntil(
            lambda: session.shown is not None and session.shown.model is not None, timeout=TIMEOUT
        )
        session.start_recording(RecordFiles.named(tmp_path / "take", ("video", "jsonl")))
        recorded = session.observables.recording
        qtbot.waitUntil(lambda: recorded.value.frames > 10, timeout=TIMEOUT)
        device.unplugged.set()
        qtbot.waitUntil(lambda: any("Reconnecting" in text for text in told), timeout=TIMEOUT)
        before = recorded.value.frames
        device.unplugged.clear()
        qtbot.waitUntil(lambda: recorded.value.frames > before + 10, timeout=TIMEOUT)
        session.stop_recording()
        session.wait_idle()
        qtbot.waitUntil(
            lambda: not (recorded.value.active or recorded.value.saving), timeout=TIMEOUT
        )
    frames = read_results(tmp_path / "take.jsonl").frames
    assert len(frames) > before + 10
    with av.open(str(tmp_path / "take.mp4")) as video:
        assert sum(1 for _ in video.decode(video=0)) >= len(frames) - 1


def test_a_busy_camera_is_told(qtbot, window, device):
    device.held = 1  # another program has it
    qtbot.mouseClick(window.sources_panel.cameras.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(
        lambda: "another program may be using it" in window.banner.text, timeout=TIMEOUT
    )
    assert window.banner.property("level") == "error"
    device.held = 0
    qtbot.mouseClick(window.sources_panel.cameras.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.camera_view.picture is not None, timeout=TIMEOUT)


@pytest.mark.skipif(not Path("/dev").exists(), reason="Linux only")
def test_no_permission_says_what_to_do(qtbot, window, monkeypatch, tmp_path):
    (tmp_path / "video0").touch()
    monkeypatch.setattr(open_module, "CameraSource", partial(CameraSource, cameras=lambda: [DESK]))
    monkeypatch.setattr(camera_module, "DEVICES", tmp_path)
    monkeypatch.setattr(camera_module.os, "access", lambda path, mode: False)
    qtbot.mouseClick(window.sources_panel.cameras.start_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: "group 'video'" in window.banner.text, timeout=TIMEOUT)


def test_mirror_is_in_the_panel_too(qtbot, window):
    qtbot.mouseClick(window.sources_panel.mirror_switch, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.session.observables.view.value.mirror, timeout=TIMEOUT)
    qtbot.waitUntil(window.top_bar.mirror_button.isChecked, timeout=TIMEOUT)


@pytest.mark.parametrize(
    ("spec", "parts"),
    [
        ("0", ("0", None, None)),
        ("0@640x480", ("0", (640, 480), None)),
        ("12@640x480@59.94", ("12", (640, 480), 59.94)),
        ("camera:My @Cam@1280x720@30", ("camera:My @Cam", (1280, 720), 30.0)),
        ("clip@640x480.mp4", ("clip@640x480.mp4", None, None)),
        ("folder@640x480", ("folder@640x480", None, None)),
    ],
)
def test_modes_in_specifications(spec, parts):
    assert split_mode(spec) == parts


def test_the_mode_of_a_specification_reaches_the_camera(device):
    with open_source("camera:desk@160x120@15") as source:
        assert source.size == (160, 120)
        assert source.fps == 15
