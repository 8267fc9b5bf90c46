# SPDX-License-Identifier: GPL-3.0-or-later
"""A view in which joints can be pointed at and clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QPoint, QPointF, QRectF, Qt, pyqtSignal
from PyQt6.QtGui import QFont, QMouseEvent, QPainter
from PyQt6.QtWidgets import QWidget

from ..theme import Theme
from .joint_info import (
    JointPlaces,
    JointRef,
    JointSelection,
    find_joint,
    joint_lines,
    nearest_joint,
    paint_joints,
)
from .stage_frame import StageFrame

if TYPE_CHECKING:
    from hands3c_core.hand_model import HandModelData

#: A press that moves less than this before its release is a click, logical pixels.
_CLICK_SLACK = 4.0


class JointFrame(StageFrame):
    """Tells ``selection`` what the pointer is over and what was clicked, and paints what it holds.

    Subclasses say where the joints are (``joint_places``) and call ``paint_joint_info``.
    """

    menu_asked = pyqtSignal(QPoint)
    """The user asks for what can be done here, at this place of the screen."""

    def __init__(
        self,
        title: str,
        symbol: str,
        theme: Theme,
        selection: JointSelection,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(title, symbol, theme, parent)
        self.selection = selection
        self._pressed: QPointF | None = None
        self._right_pressed: QPointF | None = None
        self.setMouseTracking(True)
        selection.changed.connect(self.update)
        selection.changed.connect(self._describe)

    def joint_places(self) -> JointPlaces:
        """Where each hand's 21 joints are in the widget; None for one that cannot be seen."""
        raise NotImplementedError

    def hand_model(self) -> HandModelData | None:
        """The model that the hands' poses are for."""
        raise NotImplementedError

    def joint_at(self, position: QPointF) -> JointRef | None:
        """The joint under ``position``, if any."""
        return nearest_joint(self.joint_places(), position)

    def paint_joint_info(self, painter: QPainter, beside: QRectF | None = None) -> None:
        """Mark and name the selected joints; the held one's words keep clear of ``beside``, which
        is painted in the lower left corner."""
        if self.selection.hovered is None and self.selection.pinned is None:
            return
        font = QFont(self.font())
        font.setPixelSize(12)
        area = QRectF(self.rect()).adjusted(6, 6, -6, -6)
        places, model = self.joint_places(), self.hand_model()
        taken = [rect for rect in (beside, self.covered) if rect is not None]
        paint_joints(painter, area, font, places, self.selection, self, model, taken)

    def _describe(self) -> None:
        """Tell screen readers what the held joint is."""
        held = find_joint(self.joint_places(), self.selection.pinned)
        lines = joint_lines(held[0], held[2].joint, self.hand_model()) if held else []
        self.setAccessibleDescription("; ".join(lines))

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None and a0.button() == Qt.MouseButton.LeftButton:
            self._pressed = a0.position()
        elif a0 is not None and a0.button() == Qt.MouseButton.RightButton:
            self._right_pressed = a0.position()

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is None:
            return
        if self._pressed is not None and _far(a0.position(), self._pressed):
            self._pressed = None
        if not a0.buttons():
            self.selection.hover(self.joint_at(a0.position()), self)

    def mouseReleaseEvent(self, a0: QMouseEvent | None) -> None:
        right, self._right_pressed = self._right_pressed, None
        if a0 is not None and a0.button() == Qt.MouseButton.RightButton:
            if right is not None and not _far(a0.position(), right):  # a longer way moves the view
                self.menu_asked.emit(a0.globalPosition().toPoint())
            return
        pressed, self._pressed = self._pressed, None
        if a0 is not None and pressed is not None and not _far(a0.position(), pressed):
            self.selection.click(self.joint_at(a0.position()))

    def mouseDoubleClickEvent(self, a0: QMouseEvent | None) -> None:
        self._pressed = None  # its release is no click of its own

    def leaveEvent(self, a0: object) -> None:
        self.selection.hover(None)


def _far(one: QPointF, other: QPointF) -> bool:
    return (one - other).manhattanLength() > _CLICK_SLACK
