# SPDX-License-Identifier: GPL-3.0-or-later
"""The camera picture with its overlay: aspect-correct, sharp on high-DPI, mirrored at will."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from app.views.joint_frame import JointFrame
from app.views.joint_info import JointPlaces, JointSelection
from app.views.legend import paint_legend
from app.views.stage_frame import image_of
from hands3c_core.types import Hand

if TYPE_CHECKING:
    from hands3c_core.hand_model import HandModelData


class CameraView(JointFrame):
    """Shows the newest ``Picture``. Words are painted here so that they stay readable mirrored."""

    full_screen_asked = pyqtSignal()
    painted = pyqtSignal(object)
    """A ``Picture``, once, when it was painted for the first time."""

    def __init__(
        self, theme: Theme, selection: JointSelection | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__("Camera", "camera", theme, selection or JointSelection(), parent)
        self.picture: Picture | None = None
        self._labels = True
        self._is_new = False
        self._image: QImage | None = None

    def set_picture(self, picture: Picture | None) -> None:
        """Show ``picture``; None shows the hint."""
        self.picture = picture
        self._is_new = picture is not None
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

    def joint_places(self) -> JointPlaces:
        if self.picture is None:
            return ()
        return [
            (hand, [self.to_view(float(u), float(v)) for u, v in hand.joints_2d])
            for hand in self.picture.result.hands
        ]

    def hand_model(self) -> HandModelData | None:
        return self.picture.hand_model if self.picture is not None else None

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
                taken: list[QRectF] = []
                for hand in self.picture.result.hands:
                    taken.append(self._paint_label(painter, hand, taken))
            legend = None
            if self.picture.legend is not None:
                frame = QRectF(self.rect())
                legend = paint_legend(painter, frame, self.font(), self.picture.legend)
            self.paint_joint_info(painter, beside=legend)
            self.paint_chip(painter, "Camera · mirrored" if self.picture.mirrored else "Camera")
        self.paint_edge(painter)
        if self._is_new:
            self._is_new = False
            painter.end()
            self.painted.emit(self.picture)

    def mouseDoubleClickEvent(self, a0: QMouseEvent | None) -> None:
        super().mouseDoubleClickEvent(a0)
        self.full_screen_asked.emit()

    def _paint_label(self, painter: QPainter, hand: Hand, taken: list[QRectF]) -> QRectF:
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
        for other in taken:
            if place.intersects(other):
                place.moveTop(other.bottom() + 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(10, 12, 15, 175))
        painter.drawRoundedRect(place, 7, 7)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        return place
