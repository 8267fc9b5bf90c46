# SPDX-License-Identifier: GPL-3.0-or-later
"""The camera picture with its overlay: aspect-correct, sharp on high-DPI, mirrored at will."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import (
    QColor,
    QFont,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PyQt6.QtWidgets import QWidget

from app.session_types import Picture
from app.theme import Theme
from app.views.stage_frame import StageFrame, image_of
from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.types import Hand

#: Distance within which a joint answers to the pointer, logical pixels.
_HOVER_RADIUS = 12.0


class CameraView(StageFrame):
    """Shows the newest ``Picture``. Labels are drawn here so that they stay readable mirrored."""

    full_screen_asked = pyqtSignal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__("Camera", "camera", theme, parent)
        self.picture: Picture | None = None
        self._labels = True
        self._image: QImage | None = None
        self._pointer: QPointF | None = None
        self.setMouseTracking(True)

    def set_picture(self, picture: Picture | None) -> None:
        """Show ``picture``; None shows the hint."""
        self.picture = picture
        self._image = image_of(picture.display) if picture is not None else None
        self.update()

    def set_labels(self, visible: bool) -> None:
        """Show or hide each hand's side and confidence."""
        self._labels = visible
        self.update()

    def image_rect(self) -> QRectF:
        """Where the picture is painted, logical pixels."""
        if self.picture is None:
            return QRectF(self.rect())
        height, width = self.picture.image.shape[:2]
        scale = min(self.width() / width, self.height() / height)
        size = (width * scale, height * scale)
        return QRectF((self.width() - size[0]) / 2, (self.height() - size[1]) / 2, *size)

    def to_view(self, u: float, v: float) -> QPointF:
        """Position in the widget of pixel (u, v) of the true, unmirrored frame."""
        assert self.picture is not None
        place = self.image_rect()
        height, width = self.picture.image.shape[:2]
        across = (u + 0.5) / width
        if self.picture.mirrored:
            across = 1.0 - across
        return QPointF(
            place.x() + across * place.width(), place.y() + (v + 0.5) / height * place.height()
        )

    def joint_at(self, position: QPointF) -> tuple[Hand, int] | None:
        """The hand and joint index under ``position``, if any."""
        if self.picture is None:
            return None
        best: tuple[float, Hand, int] | None = None
        for hand in self.picture.result.hands:
            for index, (u, v) in enumerate(hand.joints_2d):
                away = self.to_view(float(u), float(v)) - position
                distance = (away.x() ** 2 + away.y() ** 2) ** 0.5
                if distance <= _HOVER_RADIUS and (best is None or distance < best[0]):
                    best = (distance, hand, index)
        return None if best is None else (best[1], best[2])

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        self.clip(painter)
        if self._image is None or self.picture is None:
            self.paint_hint(painter)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            place = self.image_rect()
            ratio = self.devicePixelRatioF()
            exact = (
                abs(self._image.width() - place.width() * ratio) < 1.5
                and abs(self._image.height() - place.height() * ratio) < 1.5
            )
            if exact:
                # Drawn for this size already: copied pixel by pixel, which takes under 1 ms.
                self._image.setDevicePixelRatio(ratio)
                corner = QPointF(round(place.x() * ratio) / ratio, round(place.y() * ratio) / ratio)
                painter.drawImage(corner, self._image)
            else:
                self._image.setDevicePixelRatio(1.0)
                painter.drawImage(place, self._image)
            if self._labels:
                for hand in self.picture.result.hands:
                    self._paint_label(painter, hand)
            self._paint_hover(painter)
            self.paint_chip(painter, "Camera · mirrored" if self.picture.mirrored else "Camera")
        self.paint_edge(painter)

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None:
            self._pointer = a0.position()
            self.update()

    def leaveEvent(self, a0: object) -> None:
        self._pointer = None
        self.update()

    def mouseDoubleClickEvent(self, a0: QMouseEvent | None) -> None:
        self.full_screen_asked.emit()

    def _paint_label(self, painter: QPainter, hand: Hand) -> None:
        corners = [self.to_view(float(u), float(v)) for u, v in hand.joints_2d]
        middle = (min(p.x() for p in corners) + max(p.x() for p in corners)) / 2
        top = min(p.y() for p in corners)
        side = "Right" if hand.is_right else "Left"
        text = f"{side}  {hand.confidence * 100:.0f} %"
        font = QFont(self.font())
        font.setPixelSize(12)
        font.setBold(True)
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(text) + 16
        place = QRectF(middle - width / 2, top - 40, width, 22)
        inside = self.image_rect().adjusted(6, 36, -6, -6)
        place.moveLeft(min(max(place.x(), inside.left()), inside.right() - width))
        place.moveTop(max(place.y(), inside.top()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(10, 12, 15, 175))
        painter.drawRoundedRect(place, 7, 7)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_hover(self, painter: QPainter) -> None:
        found = self.joint_at(self._pointer) if self._pointer is not None else None
        if found is None:
            return
        hand, index = found
        at = self.to_view(*(float(value) for value in hand.joints_2d[index]))
        painter.setPen(QColor("#ffffff"))
        painter.setBrush(QColor(self._theme.palette.accent))
        painter.drawEllipse(at, 5, 5)
        x, y, z = (float(value) * 100 for value in hand.joints_3d[index])
        text = f"{JOINT_NAMES[index]}   x {x:+.1f}  y {y:+.1f}  z {z:.1f} cm"
        painter.setFont(QFont(self.font()))
        width = painter.fontMetrics().horizontalAdvance(text) + 18
        place = QRectF(at.x() + 12, at.y() - 12, width, 26)
        if place.right() > self.width() - 6:
            place.moveRight(at.x() - 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(10, 12, 15, 215))
        painter.drawRoundedRect(place, 7, 7)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
