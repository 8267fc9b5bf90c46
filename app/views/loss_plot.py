# SPDX-License-Identifier: GPL-3.0-or-later
"""A small plot of a training's loss over minutes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QWidget

from ..theme import Theme
from ..wording import tr

_MARGIN = 34.0


class LossPlot(QWidget):
    """The loss, lightly drawn, and its moving average over it; the loss axis is logarithmic."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._losses: tuple[tuple[float, float], ...] = ()
        self.setAccessibleName(tr("Loss over minutes"))
        self.setMinimumHeight(130)
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(280, 130)

    def show_losses(self, losses: Sequence[tuple[float, float]]) -> None:
        """Plot (minutes, loss) pairs."""
        kept = tuple((t, loss) for t, loss in losses if loss > 0 and math.isfinite(loss))
        if kept != self._losses:
            self._losses = kept
            self.update()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self._theme.palette
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QColor(palette.border))
        painter.setBrush(QColor(palette.raised))
        painter.drawRoundedRect(frame, 8, 8)
        font = QFont(self.font())
        font.setPixelSize(10)
        painter.setFont(font)
        painter.setPen(QColor(palette.muted))
        if len(self._losses) < 2:
            painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, tr("The loss appears here"))
            return
        place = frame.adjusted(_MARGIN, 10, -10, -20)
        times = [t for t, _ in self._losses]
        logs = [math.log10(loss) for _, loss in self._losses]
        low, high = min(logs), max(max(logs), min(logs) + 0.05)
        span = max(times[-1], 1e-6)

        def at(t: float, value: float) -> QPointF:
            return QPointF(
                place.x() + place.width() * t / span,
                place.bottom() - place.height() * (value - low) / (high - low),
            )

        for value, align in (
            (high, Qt.AlignmentFlag.AlignTop),
            (low, Qt.AlignmentFlag.AlignBottom),
        ):
            label = QRectF(frame.x(), place.y() - 6, _MARGIN - 5, place.height() + 12)
            painter.drawText(label, align | Qt.AlignmentFlag.AlignRight, f"{10**value:.3g}")
        below = QRectF(place.x(), place.bottom() + 3, place.width(), 14)
        painter.drawText(
            below, Qt.AlignmentFlag.AlignRight, tr("{count} min", count=f"{times[-1]:.1f}")
        )
        painter.drawText(below, Qt.AlignmentFlag.AlignLeft, "0")
        faint = QColor(palette.accent)
        faint.setAlpha(80)
        painter.setPen(QPen(faint, 1))
        painter.drawPolyline(QPolygonF([at(t, v) for t, v in zip(times, logs, strict=True)]))
        painter.setPen(QPen(QColor(palette.accent), 2))
        smooth = _smoothed(logs)
        painter.drawPolyline(QPolygonF([at(t, v) for t, v in zip(times, smooth, strict=True)]))


def _smoothed(values: Sequence[float]) -> list[float]:
    """The exponential moving average over about a tenth of the values."""
    share = 2 / (max(len(values) / 10, 1) + 1)
    result = [values[0]]
    for value in values[1:]:
        result.append(result[-1] + share * (value - result[-1]))
    return result
