# SPDX-License-Identifier: GPL-3.0-or-later
"""The line between two estimators' pictures, which can be dragged, and their numbers."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QPainter, QPen

from ..session_types import Figures, SecondPicture
from ..wording import tr

#: How near to the line a press takes it, logical pixels.
_REACH = 9.0
#: Share of the picture per press of a key.
WIPE_STEP = 0.05
_MARGIN, _PAD, _LINE = 8.0, 8.0, 15.0


class Wipe:
    """Where the line is: left of it is the first estimator's picture, right of it the second's."""

    def __init__(self) -> None:
        self.share = 0.5
        """Of the visible picture's width, from the left."""
        self.is_held = False

    def x(self, seen: QRectF) -> float:
        """Where the line is in a widget that shows the picture in ``seen``, logical pixels."""
        return seen.x() + self.share * seen.width()

    def is_at(self, place: QPointF, seen: QRectF) -> bool:
        """Whether a press at ``place`` takes the line."""
        return abs(place.x() - self.x(seen)) <= _REACH and seen.top() <= place.y() <= seen.bottom()

    def move_to(self, x: float, seen: QRectF) -> None:
        """Put the line to ``x``, logical pixels."""
        self.move(((x - seen.x()) / max(seen.width(), 1.0)) - self.share)

    def move(self, by: float) -> None:
        """Move the line by a share of the picture; it stays in it."""
        self.share = min(max(self.share + by, 0.0), 1.0)

    def second_side(self, seen: QRectF) -> QRectF:
        """Where the second estimator's picture is seen."""
        x = self.x(seen)
        return QRectF(x, seen.top(), seen.right() - x, seen.height())

    def paint(self, painter: QPainter, seen: QRectF, second: SecondPicture, top: float) -> None:
        """The line, its handle, and each side's numbers below ``top``."""
        x = self.x(seen)
        painter.setPen(QPen(QColor(0, 0, 0, 120), 4))
        painter.drawLine(QPointF(x, seen.top()), QPointF(x, seen.bottom()))
        painter.setPen(QPen(QColor("#ffffff"), 2))
        painter.drawLine(QPointF(x, seen.top()), QPointF(x, seen.bottom()))
        knob = QPointF(x, seen.top() + 0.82 * seen.height())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(10, 12, 15, 200))
        painter.drawEllipse(knob, 13, 13)
        painter.setPen(QPen(QColor("#ffffff"), 2))
        for side in (-1, 1):
            tip = knob + QPointF(side * 8, 0)
            painter.drawLine(tip, tip + QPointF(-side * 4, -4))
            painter.drawLine(tip, tip + QPointF(-side * 4, 4))
        first, other = second.figures
        _paint_card(painter, figure_lines(first), seen.left() + _MARGIN, top, right=False)
        lines = figure_lines(other)
        if second.apart_px is not None:
            lines.append(tr("{px} px apart", px=f"{second.apart_px:.1f}"))
        _paint_card(painter, lines, seen.right() - _MARGIN, top, right=True)


def figure_lines(figures: Figures) -> list[str]:
    """What is said of one side: name, agreement with the detector, time, confidence."""
    lines = [figures.title]
    if figures.error_px is not None and figures.error_share is not None:
        lines.append(
            tr(
                "{px} px ({share} %) off",
                px=f"{figures.error_px:.1f}",
                share=f"{figures.error_share * 100:.1f}",
            )
        )
    else:
        lines.append(tr("No hand found"))
    if figures.ms is not None:
        lines.append(f"{figures.ms:.0f} ms")
    if figures.confidence is not None:
        lines.append(tr("confidence {value}", value=f"{figures.confidence:.2f}"))
    if figures.stand_ins:
        lines.append(
            tr("{count} of {all} by landmarks", count=figures.stand_ins, all=figures.hands)
        )
    return lines


def _paint_card(painter: QPainter, lines: list[str], x: float, top: float, *, right: bool) -> None:
    """Lines on dark, from ``x`` on, or up to it."""
    font = QFont(painter.font())
    font.setPixelSize(11)
    font.setBold(False)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    bold = QFont(font)
    bold.setBold(True)
    width = max(metrics.horizontalAdvance(line) for line in lines) * 1.08 + 2 * _PAD
    height = len(lines) * _LINE + _PAD
    place = QRectF(x - width if right else x, top, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(10, 12, 15, 175))
    painter.drawRoundedRect(place, 7, 7)
    painter.setPen(QColor("#eef1f4"))
    for row, line in enumerate(lines):
        painter.setFont(bold if row == 0 else font)
        area = QRectF(place.x() + _PAD, place.y() + _PAD / 2 + row * _LINE, width - 2 * _PAD, _LINE)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, line)
