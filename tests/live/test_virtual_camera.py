"""The virtual camera, with a stand-in for the device and with none."""

from __future__ import annotations

import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.live import virtual_camera
from hands3c_core.live.virtual_camera import VirtualCamera


class Device:
    """pyvirtualcam.Camera, as far as we use it."""

    made: ClassVar[list[Device]] = []

    def __init__(self, width: int, height: int, fps: float) -> None:
        self.size, self.fps, self.frames = (width, height), fps, []
        self.device, self.closed = "/dev/video9", False
        Device.made.append(self)

    def send(self, image: np.ndarray) -> None:
        assert image.shape == (self.size[1], self.size[0], 3)
        assert image.dtype == np.uint8
        assert image.flags.c_contiguous
        self.frames.append(image.copy())

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def device(monkeypatch):
    module = types.ModuleType("pyvirtualcam")
    module.__spec__ = ModuleSpec("pyvirtualcam", None)
    module.Camera = Device
    Device.made = []
    monkeypatch.setitem(sys.modules, "pyvirtualcam", module)
    return Device


def test_pictures_arrive_at_the_cameras_size(device):
    camera = VirtualCamera((64, 48), 25.0)
    assert camera.device == "/dev/video9"
    camera.send(np.full((48, 64, 3), 90, np.uint8))
    camera.send(np.full((48, 32, 3), 200, np.uint8))  # narrower: black at the sides
    camera.close()
    (made,) = device.made
    assert made.fps == 25.0
    assert made.closed
    assert (made.frames[0] == 90).all()
    assert made.frames[1][24, 32].tolist() == [200, 200, 200]
    assert made.frames[1][24, 2].tolist() == [0, 0, 0]


def test_without_the_package_it_is_one_line(monkeypatch):
    monkeypatch.setattr(virtual_camera, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install pyvirtualcam"):
        VirtualCamera((64, 48), 25.0)


def test_without_a_device_it_is_one_line():
    pytest.importorskip("pyvirtualcam", reason="pyvirtualcam is not installed")
    if list(Path("/dev").glob("video*")):
        pytest.skip("this machine has video devices")
    with pytest.raises(UserError, match="no virtual camera") as told:
        VirtualCamera((64, 48), 25.0)
    assert "\n" not in str(told.value)
