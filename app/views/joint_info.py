# SPDX-License-Identifier: GPL-3.0-or-later
"""The joint under the pointer, or the one that was clicked: shared by both views."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QPointF, QRectF, QSizeF, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from hands3c_core.conventions import FINGER_COLORS, JOINT_NAMES
from hands3c_core.types import Hand

from ..wording import joint_title, tr

if TYPE_CHECKING:
    from hands3c_core.hand_model import HandModelData

#: Distance within which a joint answers to the pointer, logical pixels.
HOVER_RADIUS = 12.0
_LINE = 18.0
#: A label with a joint's full name takes at most this share of a view's width.
_FULL_NAME_SHARE = 0.62
_PAD = 10.0


@dataclass(frozen=True, slots=True)
class JointRef:
    """One joint of one tracked hand."""

    track_id: int
    is_right: bool
    joint: int
    """0..20."""


class JointSelection(QObject):
    """Which joint is pointed at and which is held; both views show both."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.hovered: JointRef | None = None
        self.hovered_in: object = None
        """The view with the pointer over ``hovered``."""
        self.pinned: JointRef | None = None

    def hover(self, ref: JointRef | None, view: object = None) -> None:
        """The pointer is over ``ref`` in ``view``."""
        if (ref, view) != (self.hovered, self.hovered_in):
            self.hovered, self.hovered_in = ref, view
            self.changed.emit()

    def click(self, ref: JointRef | None) -> None:
        """Hold ``ref``; the same joint again, or none, lets go."""
        wanted = None if ref == self.pinned else ref
        if wanted != self.pinned:
            self.pinned = wanted
            self.changed.emit()


#: Where each hand's 21 joints are in a view; None for one that cannot be seen.
JointPlaces = Sequence[tuple[Hand, Sequence["QPointF | None"]]]


def nearest_joint(places: JointPlaces, position: QPointF) -> JointRef | None:
    """The joint whose place in a view is nearest to ``position``, if it is near enough."""
    best, found = HOVER_RADIUS, None
    for hand, points in places:
        for joint, point in enumerate(points):
            if point is None:
                continue
            distance = math.hypot(point.x() - position.x(), point.y() - position.y())
            if distance <= best:
                best, found = distance, JointRef(hand.track_id, hand.is_right, joint)
    return found


def find_joint(
    places: JointPlaces, ref: JointRef | None
) -> tuple[Hand, Sequence[QPointF | None], JointRef] | None:
    """The hand that ``ref`` is of, its joints' places and ``ref``; None if it is not in view.

    After a jump tracks are counted anew: then it is the hand of the same side.
    """
    if ref is None:
        return None
    same_side = [(hand, points) for hand, points in places if hand.is_right == ref.is_right]
    same_side.sort(key=lambda entry: entry[0].track_id != ref.track_id)
    return (*same_side[0], ref) if same_side else None


def joint_lines(
    hand: Hand, joint: int, model: HandModelData | None, *, short: bool = False
) -> list[str]:
    """What is said of a joint: its name and side, its position in mm, its angles in degrees."""
    side = tr("right") if hand.is_right else tr("left")
    name = joint_title(joint, short=short)
    x, y, z = (_signed(float(value) * 1000.0) for value in hand.joints_3d[joint])
    lines = [f"{name}, {side}", f"x {x}   y {y}   z {z} mm"]
    if model is not None:
        from hands3c_core.hand_model.joint_angles import ANGLE_JOINTS, ANGLES, joint_angles

        if joint in ANGLE_JOINTS:
            angles = joint_angles(hand.pose, model)[ANGLE_JOINTS.index(joint)]
            parts = [
                f"{tr(name)} {_signed(angle)}°" for name, angle in zip(ANGLES, angles, strict=True)
            ]
            lines.append("   ".join(parts))
    return lines


def _signed(value: float) -> str:
    """A whole number with a true minus sign, and none before 0."""
    return f"{round(value):d}".replace("-", "\u2212")


def paint_joints(
    painter: QPainter,
    area: QRectF,
    font: QFont,
    places: JointPlaces,
    selection: JointSelection,
    view: object,
    model: HandModelData | None,
    taken: Sequence[QRectF] = (),
) -> None:
    """Mark the held and the pointed-at joint in ``view`` and say what they are, inside ``area``.

    The held one is described in the lower right corner, where the text can be read while the hand
    moves, above what is ``taken`` by others; the pointed-at one beside the pointer.
    """
    covered = list(taken)
    for wanted in (selection.pinned, selection.hovered):
        found = find_joint(places, wanted)
        point = found[1][found[2].joint] if found else None
        if found is None or point is None:
            continue
        hand, points, ref = found
        held = wanted is selection.pinned
        if ref == selection.pinned and not held:
            continue
        _paint_mark(painter, point, ref, held=held)
        if held or view is selection.hovered_in:
            label = _fitting_label(hand, ref, model, font, area.width(), full=held)
            if label is not None:
                place = _corner(label, area) if held else _beside(label, area, point, points)
                place = _clear_of(place, area, covered)
                covered.append(place)
                _paint_label(painter, place, label)


@dataclass(frozen=True, slots=True)
class _Label:
    lines: list[str]
    fonts: list[QFont]
    width: float
    """Of the widest line."""

    @property
    def size(self) -> QSizeF:
        return QSizeF(self.width + 2 * _PAD, len(self.lines) * _LINE + 10)


def _fitting_label(
    hand: Hand, ref: JointRef, model: HandModelData | None, font: QFont, width: float, *, full: bool
) -> _Label | None:
    """The label, with the full name if asked for and there is room; None if a view of this width
    has no room at all."""
    bold = QFont(font)
    bold.setBold(True)
    for short in (False, True) if full else (True,):
        lines = joint_lines(hand, ref.joint, model, short=short)
        fonts = [bold, *[font] * (len(lines) - 1)]
        widths = [
            QFontMetricsF(face).horizontalAdvance(line)
            for face, line in zip(fonts, lines, strict=True)
        ]
        label = _Label(lines, fonts, max(widths))
        if label.size.width() <= width * (1.0 if short else _FULL_NAME_SHARE):
            return label
    return None


def _corner(label: _Label, area: QRectF) -> QRectF:
    place = QRectF(QPointF(0, 0), label.size)
    place.moveBottomRight(area.bottomRight())
    return place


def _clear_of(place: QRectF, area: QRectF, taken: Sequence[QRectF]) -> QRectF:
    """``place``, moved up from what is ``taken``, or down where there is no room above."""
    for rect in sorted(taken, key=lambda rect: -rect.top()):
        if place.intersects(rect):
            place.moveBottom(rect.top() - 6)
    if place.top() < area.top() and taken:
        place.moveTop(max(rect.bottom() for rect in taken) + 6)
    return place


def _beside(
    label: _Label, area: QRectF, point: QPointF, points: Sequence[QPointF | None]
) -> QRectF:
    """Beside a joint at ``point``, on the side away from the rest of the hand at ``points``."""
    place = QRectF(QPointF(0, 0), label.size)
    seen = [other.x() for other in points if other is not None]
    on_left = point.x() < sum(seen) / len(seen)
    place.moveTop(point.y() - place.height() / 2)
    if on_left:
        place.moveRight(point.x() - 14)
    else:
        place.moveLeft(point.x() + 14)
    # Near the edge it rather covers the hand than leaves the view.
    place.moveLeft(max(min(place.left(), area.right() - place.width()), area.left()))
    place.moveTop(max(min(place.top(), area.bottom() - place.height()), area.top()))
    return place


def _paint_mark(painter: QPainter, point: QPointF, ref: JointRef, *, held: bool) -> None:
    color = FINGER_COLORS.get(JOINT_NAMES[ref.joint][:-1], (255, 255, 255))
    painter.setBrush(QColor(*color))
    painter.setPen(QPen(QColor("#101216"), 4.0 if held else 3.0))
    painter.drawEllipse(point, 6.0, 6.0)
    painter.setPen(QPen(QColor("#ffffff"), 2.0 if held else 1.0))
    painter.drawEllipse(point, 6.0, 6.0)


def _paint_label(painter: QPainter, place: QRectF, label: _Label) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(10, 12, 15, 215))
    painter.drawRoundedRect(place, 8, 8)
    painter.setPen(QColor("#ffffff"))
    for number, (face, line) in enumerate(zip(label.fonts, label.lines, strict=True)):
        painter.setFont(face)
        row = QRectF(place.x() + _PAD, place.y() + 5 + number * _LINE, label.width + 2, _LINE)
        painter.drawText(row, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, line)
