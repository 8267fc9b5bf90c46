"""Which cameras this computer has, and what they offer.

Linux: names from /sys/class/video4linux and modes from the V4L2 API (kernel documentation,
"Video for Linux API", VIDIOC_QUERYCAP and VIDIOC_ENUM_*), without starting a camera. Windows and
macOS (untested): names as FFmpeg's dshow and avfoundation list them, in the order OpenCV counts.
"""

from __future__ import annotations

import errno
import logging
import os
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from av.error import FFmpegError

log = logging.getLogger(__name__)

SYSFS = Path("/sys/class/video4linux")
DEVICES = Path("/dev")

_READ, _WRITE = 2, 1
_CAPTURE = 1  # V4L2_BUF_TYPE_VIDEO_CAPTURE and V4L2_CAP_VIDEO_CAPTURE
_HAS_DEVICE_CAPS = 0x80000000
_DISCRETE = 1  # V4L2_FRMSIZE_TYPE_DISCRETE and V4L2_FRMIVAL_TYPE_DISCRETE
#: Offered of a camera with continuous sizes.
_COMMON_SIZES = ((640, 480), (800, 600), (1280, 720), (1920, 1080))

Ioctl = Callable[[int, int, bytearray], object]


@dataclass(frozen=True, slots=True)
class CameraMode:
    """A picture size a camera offers."""

    width: int
    """px."""
    height: int
    """px."""
    fps: tuple[float, ...] = ()
    """Frame rates offered at this size, highest first; empty if unknown."""


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """A camera of this computer."""

    index: int
    """What OpenCV opens it by (on Linux the N of /dev/videoN)."""
    name: str
    modes: tuple[CameraMode, ...] = ()
    """Largest first; empty if unknown."""

    @property
    def resolutions(self) -> tuple[tuple[int, int], ...]:
        """(width, height) of each mode, px, largest first; empty if unknown."""
        return tuple((mode.width, mode.height) for mode in self.modes)

    @property
    def spec(self) -> str:
        """What ``open_source`` opens this camera by."""
        return str(self.index)


def list_cameras() -> list[CameraInfo]:
    """The cameras of this computer, by index. Opens none of them for capture."""
    if sys.platform.startswith("linux"):
        return list_v4l2(SYSFS, DEVICES)
    return _list_by_ffmpeg("dshow" if sys.platform == "win32" else "avfoundation")


def list_v4l2(sysfs: Path, devices: Path, ioctl: Ioctl | None = None) -> list[CameraInfo]:
    """The capture devices of Linux.

    Args:
        sysfs: the folder with one ``videoN`` folder (with files ``name`` and ``index``) a device.
        devices: the folder with the device files.
        ioctl: ``fcntl.ioctl`` or a stand-in.
    """
    if ioctl is None:
        import fcntl

        ioctl = fcntl.ioctl
    cameras = []
    for folder in sysfs.glob("video*") if sysfs.is_dir() else ():
        number = folder.name.removeprefix("video")
        # A camera's further nodes (index 1, ...) carry metadata or other planes, not pictures.
        if not number.isdecimal() or _text(folder / "index") not in ("", "0"):
            continue
        modes = _modes_of(devices / folder.name, ioctl)
        if modes is not None:
            name = _text(folder / "name") or folder.name
            cameras.append(CameraInfo(int(number), name, modes))
    return sorted(cameras, key=lambda camera: camera.index)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _modes_of(device: Path, ioctl: Ioctl) -> tuple[CameraMode, ...] | None:
    """What the device offers; empty if it cannot be asked, None if it captures no video."""
    try:
        handle = os.open(device, os.O_RDWR | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        return None if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO) else ()
    try:
        capability = bytearray(104)
        ioctl(handle, _request(_READ, 0, 104), capability)
        whole, own = struct.unpack_from("=II", capability, 84)
        if not (own if whole & _HAS_DEVICE_CAPS else whole) & _CAPTURE:
            return None
        rates: dict[tuple[int, int], set[float]] = {}
        for pixel_format in _formats(handle, ioctl):
            for size in _sizes(handle, ioctl, pixel_format):
                rates.setdefault(size, set()).update(_rates(handle, ioctl, pixel_format, *size))
        sizes = sorted(rates, key=lambda size: size[0] * size[1], reverse=True)
        return tuple(CameraMode(*size, tuple(sorted(rates[size], reverse=True))) for size in sizes)
    except OSError as error:
        log.debug("%s cannot be asked what it offers: %s", device, error)
        return ()
    finally:
        os.close(handle)


def _request(direction: int, number: int, size: int) -> int:
    """The number of an ioctl of V4L2 (type 'V')."""
    return direction << 30 | size << 16 | ord("V") << 8 | number


def _enumerate(ioctl: Ioctl, handle: int, number: int, size: int, *key: int) -> Iterator[bytearray]:
    """The answers of an enumerating ioctl: structs that begin with an index and then ``key``."""
    for index in range(256):
        answer = bytearray(size)
        struct.pack_into(f"={1 + len(key)}I", answer, 0, index, *key)
        try:
            ioctl(handle, _request(_READ | _WRITE, number, size), answer)
        except OSError:
            return
        yield answer


def _formats(handle: int, ioctl: Ioctl) -> list[int]:
    return [
        struct.unpack_from("=I", answer, 44)[0]
        for answer in _enumerate(ioctl, handle, 2, 64, _CAPTURE)
    ]


def _sizes(handle: int, ioctl: Ioctl, pixel_format: int) -> set[tuple[int, int]]:
    sizes = set()
    for answer in _enumerate(ioctl, handle, 74, 44, pixel_format):
        kind, a, b, _, c, d, _ = struct.unpack_from("=7I", answer, 8)
        if kind == _DISCRETE:
            sizes.add((a, b))
        else:  # from a to b wide, from c to d high
            fitting = [(w, h) for w, h in _COMMON_SIZES if a <= w <= b and c <= h <= d]
            return {*fitting, (b, d)}
    return sizes


def _rates(handle: int, ioctl: Ioctl, pixel_format: int, width: int, height: int) -> set[float]:
    rates = set()
    for answer in _enumerate(ioctl, handle, 75, 52, pixel_format, width, height):
        kind, numerator, denominator = struct.unpack_from("=3I", answer, 16)
        if numerator:  # frame intervals; of a range, its shortest comes first
            rates.add(round(denominator / numerator, 3))
        if kind != _DISCRETE:
            break
    return rates


def _list_by_ffmpeg(system: str) -> list[CameraInfo]:
    try:
        devices = av.enumerate_input_devices(system)
    except (FFmpegError, ValueError, AttributeError) as error:
        log.debug("%s lists no cameras: %s", system, error)
        return []
    cameras = [
        device
        for device in devices
        if "video" in device.media_types or not device.media_types
        if "capture screen" not in device.description.lower()
    ]
    return [CameraInfo(k, device.description or device.name) for k, device in enumerate(cameras)]
