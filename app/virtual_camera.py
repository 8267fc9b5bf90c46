# SPDX-License-Identifier: GPL-3.0-or-later
"""The annotated picture as a webcam, on a thread of its own: the newest wins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hands3c_core.errors import UserError
from hands3c_core.live.virtual_camera import VirtualCamera, require_virtual_camera

from .observables import Observables
from .painter import Painter
from .session_types import Notice, Shown
from .workers import RenderThread

if TYPE_CHECKING:
    from .observe import Disconnect

_FALLBACK_FPS = 30.0


class CameraFeed:
    """Shows every result, as recorded videos have it, to whoever watches the virtual camera.

    Raises:
        UserError: pyvirtualcam is not installed. That no device is there is told as a notice, with
            the first picture.
    """

    def __init__(self, observables: Observables) -> None:
        require_virtual_camera()
        self._out = observables
        self._painter: Painter | None = None
        self._camera: VirtualCamera | None = None
        self._failed = False
        self._thread: RenderThread[Shown] = RenderThread("hands3c-virtual-camera", self._show)
        self._stop: Disconnect = observables.results.connect(self._thread.post)

    def close(self) -> None:
        """Take the camera away."""
        self._stop()
        self._thread.close()
        if self._camera is not None:
            self._camera.close()
            self._camera = None

    def _show(self, shown: Shown) -> None:
        if self._failed:
            return
        painter = self._painter = self._painter or Painter()
        image = painter.annotate(shown, self._out.view.value, labels=True)
        if self._camera is None:
            source = self._out.source.value
            fps = source.fps if source is not None and source.fps else _FALLBACK_FPS
            try:
                self._camera = VirtualCamera((image.shape[1], image.shape[0]), fps)
            except UserError as error:
                self._failed = True
                text = f"{str(error)[:1].upper()}{str(error)[1:]}."
                self._out.notices.emit(Notice("virtual-camera", text, "error"))
                return
        self._camera.send(image)
