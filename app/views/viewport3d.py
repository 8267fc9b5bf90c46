# SPDX-License-Identifier: GPL-3.0-or-later
"""The 3D view: paints what the scene worker renders and turns mouse and keys into camera moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QHideEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QShowEvent,
    QWheelEvent,
)
from PyQt6.QtWidgets import QWidget

from app.config import ViewState
from app.scene_worker import SceneWorker
from app.session_types import Shown
from app.theme import Theme
from app.views.stage_frame import StageFrame, image_of
from app.workers import Latest

_DEGREES_PER_NOTCH = 120.0


class Viewport3D(StageFrame):
    """Orbit: left drag. Pan: right, middle or Shift drag. Zoom: wheel. Reset: double click."""

    failed = pyqtSignal(str)
    _image_ready = pyqtSignal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("3D view", "cube", theme, parent)
        self._newest: Latest[NDArray[np.uint8]] = Latest()
        self._pixels: NDArray[np.uint8] | None = None
        self._image: QImage | None = None
        self._last = QPointF()
        self.images = 0
        """How many renderings were received."""
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        queued = Qt.ConnectionType.QueuedConnection
        self._image_ready.connect(self._take_image, queued)  # type: ignore[call-arg]
        self.worker = SceneWorker(self._on_image, self.failed.emit)
        self.failed.connect(self._on_failed)

    def show_result(self, shown: Shown) -> None:
        """Show these hands next. Any thread."""
        self.worker.show(shown)

    def set_view(self, view: ViewState) -> None:
        self.worker.configure(view=view)

    def image(self) -> QImage | None:
        """The newest rendering."""
        return self._image

    def clear(self) -> None:
        """Back to the hint."""
        self._image = self._pixels = None
        self.update()

    def shutdown(self) -> None:
        """End the worker; blocks until its OpenGL context is gone."""
        self.worker.close()
        self._newest.close()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        self.clip(painter)
        if self._image is None:
            self.paint_hint(painter)
        else:
            ratio = self.devicePixelRatioF()
            if (self._image.width(), self._image.height()) == self.pixel_size():
                self._image.setDevicePixelRatio(ratio)
                painter.drawImage(QPointF(0, 0), self._image)
            else:  # between a resize and the next rendering: keep the aspect, fill the frame
                self._image.setDevicePixelRatio(1.0)
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                painter.drawImage(self._covering(self._image), self._image)
            self.paint_chip(painter, "3D view")
        self.paint_edge(painter)

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self.worker.configure(size=self.pixel_size())

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self.worker.configure(visible=True, size=self.pixel_size())

    def hideEvent(self, a0: QHideEvent | None) -> None:
        super().hideEvent(a0)
        self.worker.configure(visible=False)

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None:
            self._last = a0.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is None:
            return
        moved = a0.position() - self._last
        self._last = a0.position()
        buttons = a0.buttons()
        shifted = bool(a0.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        ratio = self.devicePixelRatioF()
        if buttons & (Qt.MouseButton.RightButton | Qt.MouseButton.MiddleButton) or (
            buttons & Qt.MouseButton.LeftButton and shifted
        ):
            self.worker.pan(moved.x() * ratio, moved.y() * ratio)
        elif buttons & Qt.MouseButton.LeftButton:
            self.worker.orbit(moved.x(), moved.y())

    def mouseDoubleClickEvent(self, a0: QMouseEvent | None) -> None:
        self.worker.reset_view()

    def wheelEvent(self, a0: QWheelEvent | None) -> None:
        if a0 is not None:
            self.worker.zoom(a0.angleDelta().y() / _DEGREES_PER_NOTCH)
            a0.accept()

    def _on_image(self, pixels: NDArray[np.uint8]) -> None:
        if self._newest.put(pixels):
            self._image_ready.emit()

    def _take_image(self) -> None:
        pixels = self._newest.take()
        if pixels is not None:
            self._pixels, self._image = pixels, image_of(pixels)
            self.images += 1
            self.update()

    def _on_failed(self, text: str) -> None:
        self._image = self._pixels = None
        self.set_hint("The 3D view is not available on this machine.")
        self.setToolTip(text)

    def _covering(self, image: QImage) -> QRectF:
        scale = max(self.width() / image.width(), self.height() / image.height())
        width, height = image.width() * scale, image.height() * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)
