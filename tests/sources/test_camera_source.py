"""Webcams, with stand-ins for the device and for Linux's files and ioctls."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.sources import CameraInfo, CameraSource, SourceLostError
from hands3c_core.sources import camera as camera_module
from hands3c_core.sources.camera_list import CameraMode, list_v4l2


class FakeCapture:
    """A capture device that gives ``good`` pictures and then none."""

    def __init__(self, good: int = 1000, size: tuple[int, int] = (64, 48)) -> None:
        self.left = good
        self.size = size
        self.settings: list[tuple[int, float]] = []
        self.released = False

    def isOpened(self) -> bool:
        return not self.released

    def read(self) -> tuple[bool, Any]:
        if self.left <= 0:
            return False, None
        self.left -= 1
        return True, np.full((self.size[1], self.size[0], 3), (10, 20, 30), np.uint8)

    def set(self, prop: int, value: float) -> bool:
        self.settings.append((prop, value))
        return True

    def get(self, prop: int) -> float:
        return 30.0 if prop == cv2.CAP_PROP_FPS else 0.0

    def release(self) -> None:
        self.released = True


CAMERAS = [CameraInfo(0, "Front Camera"), CameraInfo(2, "USB Cam"), CameraInfo(4, "USB Cam HD")]


def make(camera: int | str, *captures: FakeCapture, **options: Any) -> tuple[CameraSource, list]:
    opened: list[int] = []
    left = list(captures)

    def open_capture(index: int) -> FakeCapture:
        opened.append(index)
        return left.pop(0)

    source = CameraSource(
        camera,
        open_capture=open_capture,
        cameras=lambda: CAMERAS,
        lost_after=0.05,
        start_timeout=0.05,
        **options,
    )
    return source, opened


def test_frames_are_rgb_and_stamped() -> None:
    capture = FakeCapture()
    source, opened = make(2, capture)
    with source:
        frames = [source.read() for _ in range(5)]
        assert opened == [2]
        assert (source.name, source.size, source.fps) == ("USB Cam", (64, 48), 30.0)
        assert source.is_live
        assert source.duration is None
    assert [f.index for f in frames if f] == [0, 1, 2, 3, 4]
    assert np.all(np.diff([f.timestamp for f in frames if f]) >= 1e-3 - 1e-9)
    assert frames[0] is not None
    assert frames[0].image[0, 0].tolist() == [30, 20, 10]
    assert capture.released


def test_size_and_rate_are_asked_for_in_mjpeg() -> None:
    capture = FakeCapture()
    source, _ = make(0, capture, size=(1280, 720), fps=60)
    source.close()
    asked = dict(capture.settings)
    assert asked[cv2.CAP_PROP_FRAME_WIDTH] == 1280
    assert asked[cv2.CAP_PROP_FRAME_HEIGHT] == 720
    assert asked[cv2.CAP_PROP_FPS] == 60
    assert capture.settings[0] == (cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))


@pytest.mark.parametrize(
    ("name", "index"), [("usb cam", 2), ("USB Cam HD", 4), ("hd", 4), ("front", 0)]
)
def test_names(name: str, index: int) -> None:
    source, opened = make(name, FakeCapture())
    source.close()
    assert opened == [index]


def test_a_missing_name_lists_what_there_is() -> None:
    with pytest.raises(UserError, match=r"0 \(Front Camera\), 2 \(USB Cam\)"):
        make("Microscope")


def test_a_busy_camera_is_a_user_error() -> None:
    silent = FakeCapture(good=0)
    with pytest.raises(UserError, match="another program"):
        make(0, silent)
    assert silent.released


def test_loss_and_reopening() -> None:
    first, second = FakeCapture(good=3), FakeCapture(size=(32, 24))
    source, opened = make("usb cam", first, second)
    frames = [source.read() for _ in range(3)]
    with pytest.raises(SourceLostError, match="plugged in"):
        source.read()
    source.reopen()
    frames.append(source.read())
    assert first.released
    assert opened == [2, 2]
    assert source.size == (32, 24)
    assert [f.index for f in frames if f] == [0, 1, 2, 3]
    assert np.all(np.diff([f.timestamp for f in frames if f]) > 0)
    source.close()
    source.close()
    assert second.released


@pytest.mark.skipif(camera_module.sys.platform != "linux", reason="checks Linux's device files")
def test_missing_and_forbidden_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(camera_module, "DEVICES", tmp_path)
    with pytest.raises(UserError, match="plug in a camera"):
        camera_module.check_device(0, "camera 0")
    (tmp_path / "video0").touch()
    camera_module.check_device(0, "camera 0")
    monkeypatch.setattr(camera_module.os, "access", lambda *_: False)
    with pytest.raises(UserError, match="group 'video'"):
        camera_module.check_device(0, "camera 0")


class FakeV4l2:
    """Answers V4L2's ioctls as a camera with two formats would."""

    FORMATS = (
        (b"YUYV", {(640, 480): [(1, 30), (1, 15)], (1280, 720): [(1, 10)]}),
        (b"MJPG", {(640, 480): [(1, 30)], (1280, 720): [(1, 30), (1001, 60000)]}),
    )

    def __init__(self, capabilities: int = 0x84A00001, own: int = 0x04200001) -> None:
        self.capabilities = capabilities, own

    def __call__(self, handle: int, request: int, data: bytearray) -> int:
        assert request >> 8 & 0xFF == ord("V")
        assert request >> 16 & 0x3FFF == len(data)
        number = request & 0xFF
        index, *key = struct.unpack_from("=4I", data)
        if number == 0:
            struct.pack_into("=2I", data, 84, *self.capabilities)
        elif number == 2:
            data[44:48] = self._at(list(self.FORMATS), index)[0]
        elif number == 74:
            sizes = dict(self.FORMATS)[struct.pack("=I", key[0])]
            struct.pack_into("=3I", data, 8, 1, *self._at(list(sizes), index))
        else:
            assert number == 75
            sizes = dict(self.FORMATS)[struct.pack("=I", key[0])]
            rates = sizes[key[1], key[2]]
            struct.pack_into("=3I", data, 16, 1, *self._at(rates, index))
        return 0

    @staticmethod
    def _at(values: list, index: int) -> Any:
        if index >= len(values):
            raise OSError(22, "Invalid argument")
        return values[index]


@pytest.mark.skipif(camera_module.sys.platform == "win32", reason="V4L2 is Linux's")
def test_linux_cameras_with_names_sizes_and_rates(tmp_path: Path) -> None:
    system, devices = tmp_path / "sys", tmp_path / "dev"
    devices.mkdir()
    for number, name, index in ((10, "Second", 0), (2, "First: First", 0), (3, "First: First", 1)):
        folder = system / f"video{number}"
        folder.mkdir(parents=True)
        (folder / "name").write_text(name + "\n")
        (folder / "index").write_text(f"{index}\n")
        (devices / folder.name).touch()
    cameras = list_v4l2(system, devices, FakeV4l2())
    assert [(c.index, c.name, c.spec) for c in cameras] == [
        (2, "First: First", "2"),
        (10, "Second", "10"),
    ]
    assert cameras[0].modes == (
        CameraMode(1280, 720, (59.94, 30.0, 10.0)),
        CameraMode(640, 480, (30.0, 15.0)),
    )
    assert cameras[0].resolutions == ((1280, 720), (640, 480))
    # A device that only outputs, or only carries metadata, is no camera.
    assert list_v4l2(system, devices, FakeV4l2(own=0x04A00000)) == []
    # One that cannot be asked is still listed.
    (devices / "video2").unlink()
    (devices / "video2").mkdir()
    assert list_v4l2(system, devices, FakeV4l2())[0] == CameraInfo(2, "First: First")
    assert list_v4l2(tmp_path / "none", devices) == []
