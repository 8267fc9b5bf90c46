"""Pictures as a webcam that video calls can choose. Needs the package pyvirtualcam and, on Linux,
the kernel module v4l2loopback, elsewhere OBS's virtual camera."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from typing import Any

from hands3c_core.errors import UserError
from hands3c_core.export.video import fitted
from hands3c_core.types import UInt8

_HELP = {
    "linux": "load one with: sudo modprobe v4l2loopback (package v4l2loopback-dkms)",
    "darwin": "install OBS and start its virtual camera once",
    "win32": "install OBS, which brings one",
}


def require_virtual_camera() -> None:
    """Raise UserError if the package is not installed."""
    if find_spec("pyvirtualcam") is None:
        raise UserError(
            "the virtual camera needs the package pyvirtualcam: pip install pyvirtualcam"
        )


class VirtualCamera:
    """A webcam that shows what it is given. Use it on one thread.

    Args:
        size: (width, height) of its pictures, px; others are scaled to fit, centred on black.
        fps: its nominal frame rate.

    Raises:
        UserError: the package or a loopback device is not there.
    """

    def __init__(self, size: tuple[int, int], fps: float) -> None:
        require_virtual_camera()
        import pyvirtualcam

        self._size = size
        try:
            self._camera: Any = pyvirtualcam.Camera(size[0], size[1], fps)
        except Exception as error:  # RuntimeError, or whatever a backend raises
            told = f"{error}".strip().splitlines() or ["unknown"]
            raise UserError(
                f"there is no virtual camera to write to ({told[-1].strip()}): "
                f"{_HELP.get(sys.platform, 'install one')}"
            ) from error

    @property
    def device(self) -> str:
        """What video calls list it as."""
        return str(self._camera.device)

    def send(self, image: UInt8) -> None:
        """Show ``image`` (H, W, 3) RGB uint8."""
        self._camera.send(fitted(image, *self._size))

    def close(self) -> None:
        self._camera.close()
