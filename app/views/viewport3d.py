# SPDX-License-Identifier: GPL-3.0-or-later
"""The 3D view: paints what the scene worker renders and turns mouse and keys into camera moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
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

from ..config import ViewState
from ..scene_state import Rendering, SceneLook, Still
from ..scene_worker import SceneWorker
from ..session_types import Shown
from ..theme import Palette, Theme
from ..wording import tr
from ..workers import Latest
from .joint_frame import JointFrame
from .joint_info import JointPlaces, JointSelection
from .stage_frame import image_of

if TYPE_CHECKING:
    from hands3c_core.hand_model import HandModelData

_DEGREES_PER_NOTCH = 120.0
_NOT_AVAILABLE = "The 3D view is not available on this machine."


class Viewport3D(JointFrame):
    """Orbit: left drag. Pan: right, middle or Shift drag. Zoom: wheel. Reset: double click."""

    failed = pyqtSignal(str)
    saved = pyqtSignal(object, str)
    """A still's file and what went wrong with it ('' for nothing)."""
    _image_ready = pyqtSignal()

    def __init__(
        self, theme: Theme, selection: JointSelection | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(tr("3D view"), "cube", theme, selection or JointSelection(), parent)
        self._newest: Latest[Rendering] = Latest()
        self._rendering: Rendering | None = None
        self._image: QImage | None = None
        self._last = QPointF()
        self._has_failed = False
        self.on_rendering: Callable[[Rendering], None] | None = None
        """Gets every rendering, on the scene's thread."""
        self.images = 0
        """How many renderings were received."""
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        queued = Qt.ConnectionType.QueuedConnection
        self._image_ready.connect(self._take_image, queued)  # type: ignore[call-arg]
        self.worker = SceneWorker(self._on_image, self.failed.emit, self.saved.emit)
        self.failed.connect(self._on_failed)
        theme.changed.connect(self._apply_theme)
        self._apply_theme()

    def trace_result(self, shown: Shown) -> None:
        """Add these hands to the trails. Any thread."""
        self.worker.trace(shown)

    def show_result(self, shown: Shown) -> None:
        """Show these hands next. Any thread."""
        self.worker.show(shown)

    def set_view(self, view: ViewState) -> None:
        """Show what ``view`` says."""
        self.worker.configure(view=view)

    def image(self) -> QImage | None:
        """The newest rendering."""
        return self._image

    def save_still(self, still: Still) -> None:
        """Write what is seen to a PNG file; ``saved`` tells when that is done."""
        if self._has_failed:
            self.saved.emit(still.file, _NOT_AVAILABLE)
        else:
            self.worker.save_still(still)

    def turn_around(self, file: Path) -> bool:
        """Turn once around and write a video of it, or end a turn; whether one began. ``saved``
        tells when it is done."""
        if self.worker.is_turning:
            self.worker.turn(None)
            return False
        if self._has_failed:
            self.saved.emit(file, _NOT_AVAILABLE)
            return False
        self.worker.turn(file)
        return True

    def joint_places(self) -> JointPlaces:
        rendering, image = self._rendering, self._image
        if rendering is None or rendering.shown is None or image is None:
            return ()
        place = self._image_rect(image)
        scale = place.width() / image.width()

        def seen(u: float, v: float) -> QPointF | None:
            if math.isnan(u):
                return None
            return QPointF(place.x() + (u + 0.5) * scale, place.y() + (v + 0.5) * scale)

        hands = rendering.shown.result.hands
        return [
            (hand, [seen(float(u), float(v)) for u, v, _ in joints])
            for hand, joints in zip(hands, rendering.joints, strict=False)
        ]

    def hand_model(self) -> HandModelData | None:
        shown = self._rendering.shown if self._rendering is not None else None
        return shown.model.hand if shown is not None and shown.model is not None else None

    def clear(self) -> None:
        """Back to the hint."""
        self._image = self._rendering = None
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
                painter.drawImage(self._image_rect(self._image), self._image)
            self.paint_joint_info(painter)
            self.paint_chip(painter, tr("3D view"))
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
        super().mousePressEvent(a0)
        if a0 is not None:
            self._last = a0.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:
        super().mouseReleaseEvent(a0)
        self.setCursor(Qt.CursorShape.OpenHandCursor)

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        super().mouseMoveEvent(a0)
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
        super().mouseDoubleClickEvent(a0)
        self.worker.reset_view()

    def wheelEvent(self, a0: QWheelEvent | None) -> None:
        if a0 is not None:
            self.worker.zoom(a0.angleDelta().y() / _DEGREES_PER_NOTCH)
            a0.accept()

    def _on_image(self, rendering: Rendering) -> None:
        if self.on_rendering is not None:
            self.on_rendering(rendering)
        if self._newest.put(rendering):
            self._image_ready.emit()

    def _take_image(self) -> None:
        rendering = self._newest.take()
        if rendering is not None:
            self._rendering, self._image = rendering, image_of(rendering.pixels)
            self.images += 1
            self.update()

    def _on_failed(self, text: str) -> None:
        self._image = self._rendering = None
        self._has_failed = True
        self.set_hint(_NOT_AVAILABLE)
        self.setToolTip(text)

    def _apply_theme(self) -> None:
        self.worker.configure(look=scene_look(self._theme.palette))

    def _image_rect(self, image: QImage) -> QRectF:
        """Where a rendering is painted, logical pixels: it covers the frame, its aspect kept."""
        scale = max(self.width() / image.width(), self.height() / image.height())
        if (image.width(), image.height()) == self.pixel_size():
            scale = 1.0 / self.devicePixelRatioF()
            return QRectF(0, 0, image.width() * scale, image.height() * scale)
        width, height = image.width() * scale, image.height() * scale
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)


def scene_look(palette: Palette) -> SceneLook:
    """The colours around the hands under a theme."""
    return SceneLook(
        background=_rgb(palette.stage),
        grid=_rgb(palette.scene_grid),
        outline=_rgb(palette.scene_outline),
        wires=(_rgb(palette.wire_left), _rgb(palette.wire_right)),
    )


def _rgb(color: str) -> tuple[float, float, float]:
    made = QColor(color)
    return made.redF(), made.greenF(), made.blueF()
