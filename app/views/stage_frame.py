# SPDX-License-Identifier: GPL-3.0-or-later
"""The rounded frame both views are painted in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRect, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPen, QResizeEvent
from PyQt6.QtWidgets import QWidget

from ..icons import draw_icon
from ..theme import Theme

CORNER = 10.0


def image_of(pixels: NDArray[np.uint8]) -> QImage:
    """(H, W, 4) BGRA pixels as a QImage that shares their memory: keep the array while it lives."""
    height, width = pixels.shape[:2]
    stride = int(pixels.strides[0])
    data: Any = pixels.data  # PyQt takes any buffer, its stubs only bytes
    return QImage(data, width, height, stride, QImage.Format.Format_RGB32)


class StageFrame(QWidget):
    """Base of the views: rounded background, centred hint, corner title."""

    pixel_size_changed = pyqtSignal(int, int)
    """Size of the widget in device pixels."""

    def __init__(
        self, title: str, symbol: str, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._title = title
        self._symbol = symbol
        self._theme = theme
        self.hint = ""
        self.covered = QRectF()
        """What another view hides of this one, logical pixels."""
        self.setMinimumSize(160, 120)
        self.setAccessibleName(title)
        theme.changed.connect(self.update)

    def set_hint(self, hint: str) -> None:
        """The line shown in the middle while there is nothing to show."""
        if hint != self.hint:
            self.hint = hint
            self.update()

    def set_covered(self, place: QRect) -> None:
        """Another view lies over ``place`` of this one."""
        if QRectF(place) != self.covered:
            self.covered = QRectF(place)
            self.update()

    def pixel_size(self) -> tuple[int, int]:
        """Size in device pixels."""
        ratio = self.devicePixelRatioF()
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self.pixel_size_changed.emit(*self.pixel_size())

    def clip(self, painter: QPainter) -> None:
        """Fill the frame's background and clip to its rounded corners."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = QPainterPath()
        path.addRoundedRect(QRectF(self.rect()), CORNER, CORNER)
        painter.setClipPath(path)
        painter.fillPath(path, QColor(self._theme.palette.stage))

    def paint_hint(self, painter: QPainter) -> None:
        """Symbol and hint in the middle of an empty frame."""
        center = QRectF(self.rect()).center()
        draw_icon(
            painter,
            self._symbol,
            QRectF(center.x() - 20, center.y() - 44, 40, 40),
            self._theme.palette.stage_text,
        )
        painter.setPen(QColor(self._theme.palette.stage_text))
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        area = QRectF(16, center.y() + 8, self.width() - 32, self.height() / 2 - 16)
        painter.drawText(area, int(flags), self.hint)

    def paint_chip(self, painter: QPainter, text: str, *, right: bool = False) -> None:
        """A small dark label in an upper corner."""
        font = QFont(self.font())
        font.setPixelSize(11)
        font.setBold(True)
        painter.setFont(font)
        width = painter.fontMetrics().horizontalAdvance(text) + 18
        left = self.width() - width - 10 if right else 10
        place = QRectF(left, 10, width, 22)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(10, 12, 15, 165))
        painter.drawRoundedRect(place, 11, 11)
        painter.setPen(QColor("#eef1f4"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)

    def paint_edge(self, painter: QPainter) -> None:
        """The frame's outline, accented while it has the keyboard focus."""
        palette = self._theme.palette
        painter.setClipping(False)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        color = palette.accent if self.hasFocus() else palette.border
        painter.setPen(QPen(QColor(color), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), CORNER, CORNER)
