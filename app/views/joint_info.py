# SPDX-License-Identifier: GPL-3.0-or-later
"""The joint under the pointer, or the one that was clicked: shared by both views."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from hands3c_core.conventions import FINGER_COLORS, JOINT_NAMES
from hands3c_core.joint_names import anatomical_name
from hands3c_core.types import Hand

if TYPE_CHECKING:
    from hands3c_core.hand_model import HandModelData

#: Distance within which a joint answers to the pointer, logical pixels.
HOVER_RADIUS = 12.0
_LINE = 18.0
_PAD = 10.0


@dataclass(frozen=True, slots=True)
class JointRef:
    """One joint of one tracked hand."""

    track_id: int
    joint: int
    """0..20."""


class JointSelection(QObject):
    """Which joint is pointed at and which is held; both views show both."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.hovered: JointRef | None = None
        self.pinned: JointRef | None = None

    def hover(self, ref: JointRef | None) -> None:
        """The pointer is over ``ref``."""
        if ref != self.hovered:
            self.hovered = ref
            self.changed.emit()

    def click(self, ref: JointRef | None) -> None:
        """Hold ``ref``; the same joint again, or none, lets go."""
        wanted = None if ref == self.pinned else ref
        if wanted != self.pinned:
            self.pinned = wanted
            self.changed.emit()


def nearest_joint(
    places: Sequence[tuple[Hand, Sequence[QPointF | None]]], position: QPointF
) -> JointRef | None:
    """The joint whose place in a view is nearest to ``position``, if it is near enough."""
    best, found = HOVER_RADIUS, None
    for hand, points in places:
        for joint, point in enumerate(points):
            if point is None:
                continue
            distance = math.hypot(point.x() - position.x(), point.y() - position.y())
            if distance <= best:
                best, found = distance, JointRef(hand.track_id, joint)
    return found


def joint_lines(hand: Hand, joint: int, model: HandModelData | None) -> list[str]:
    """What is said of a joint: its name and side, its position in mm, its angles in degrees."""
    side = "right" if hand.is_right else "left"
    x, y, z = (float(value) * 1000.0 for value in hand.joints_3d[joint])
    lines = [
        f"{anatomical_name(joint)}, {side}",
        f"x {x:+.0f}   y {y:+.0f}   z {z:.0f} mm",
    ]
    if model is not None:
        from hands3c_core.hand_model.joint_angles import ANGLE_JOINTS, ANGLES, joint_angles

        if joint in ANGLE_JOINTS:
            angles = joint_angles(hand.pose, model)[ANGLE_JOINTS.index(joint)]
            lines.append(
                "   ".join(
                    f"{name} {angle:+.0f}°" for name, angle in zip(ANGLES, angles, strict=True)
                )
            )
    return lines


def paint_joints(
    painter: QPainter,
    area: QRectF,
    font: QFont,
    places: Sequence[tuple[Hand, Sequence[QPointF | None]]],
    selection: JointSelection,
    model: HandModelData | None,
) -> None:
    """Mark the held and the pointed-at joint and say what they are, inside ``area``."""
    wanted = [selection.pinned]
    if selection.hovered != selection.pinned:
        wanted.append(selection.hovered)
    taken: list[QRectF] = []
    for ref in wanted:
        for hand, points in places:
            if ref is None or hand.track_id != ref.track_id:
                continue
            point = points[ref.joint]
            if point is not None:
                _paint_mark(painter, point, ref, held=ref == selection.pinned)
                lines = joint_lines(hand, ref.joint, model)
                taken.append(_paint_label(painter, area, font, point, lines, taken))


def _paint_mark(painter: QPainter, point: QPointF, ref: JointRef, *, held: bool) -> None:
    color = FINGER_COLORS.get(JOINT_NAMES[ref.joint][:-1], (255, 255, 255))
    painter.setBrush(QColor(*color))
    painter.setPen(QPen(QColor("#ffffff"), 2.0 if held else 1.0))
    painter.drawEllipse(point, 6.0 if held else 5.0, 6.0 if held else 5.0)


def _paint_label(
    painter: QPainter,
    area: QRectF,
    font: QFont,
    point: QPointF,
    lines: list[str],
    taken: list[QRectF],
) -> QRectF:
    bold = QFont(font)
    bold.setBold(True)
    fonts = [bold, *[font] * (len(lines) - 1)]
    width = max(
        QFontMetricsF(face).horizontalAdvance(line) for face, line in zip(fonts, lines, strict=True)
    )
    place = QRectF(0.0, 0.0, width + 2 * _PAD, len(lines) * _LINE + 10)
    place.moveTo(point.x() + 14, point.y() - place.height() / 2)
    if place.right() > area.right():
        place.moveRight(point.x() - 14)
    # In a narrow view the label rather covers the hand than leave it.
    place.moveLeft(max(min(place.left(), area.right() - place.width()), area.left()))
    place.moveTop(max(min(place.top(), area.bottom() - place.height()), area.top()))
    for other in taken:
        if place.intersects(other):
            place.moveTop(other.bottom() + 4)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(10, 12, 15, 225))
    painter.drawRoundedRect(place, 8, 8)
    painter.setPen(QColor("#ffffff"))
    for number, (face, line) in enumerate(zip(fonts, lines, strict=True)):
        painter.setFont(face)
        row = QRectF(place.x() + _PAD, place.y() + 5 + number * _LINE, width, _LINE)
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, line)
    return place
