# SPDX-License-Identifier: GPL-3.0-or-later
"""The colour bar of a network's map, painted over a view."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QLinearGradient, QPainter

from app.session_types import MapLegend

_WIDTH, _HEIGHT, _BAR = 184.0, 56.0, 9.0
#: Stops of the gradient: as many as make it look like the table.
_STOPS = 16


def paint_legend(painter: QPainter, area: QRectF, font: QFont, legend: MapLegend) -> QRectF:
    """Paint ``legend`` into the lower left corner of ``area``; returns where."""
    place = QRectF(
        area.left() + 10, area.bottom() - _HEIGHT - 10, min(_WIDTH, area.width() - 20), _HEIGHT
    )
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(10, 12, 15, 190))
    painter.drawRoundedRect(place, 8, 8)
    inner = place.adjusted(10, 6, -10, -6)
    bar = QRectF(inner.x(), inner.y() + 19, inner.width(), _BAR)
    gradient = QLinearGradient(QPointF(bar.left(), 0), QPointF(bar.right(), 0))
    last = len(legend.colors) - 1
    for stop in range(_STOPS + 1):
        red, green, blue = (int(value) for value in legend.colors[round(last * stop / _STOPS)])
        gradient.setColorAt(stop / _STOPS, QColor(red, green, blue))
    painter.setBrush(gradient)
    painter.drawRoundedRect(bar, 3, 3)
    painter.setPen(QColor("#ffffff"))
    face = QFont(font)
    face.setPixelSize(11)
    face.setBold(True)
    painter.setFont(face)
    title = painter.fontMetrics().elidedText(
        legend.title, Qt.TextElideMode.ElideRight, int(inner.width())
    )
    painter.drawText(inner, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft, title)
    face.setBold(False)
    painter.setFont(face)
    painter.drawText(inner, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignLeft, legend.low)
    painter.drawText(inner, Qt.AlignmentFlag.AlignBottom | Qt.AlignmentFlag.AlignRight, legend.high)
    return place
