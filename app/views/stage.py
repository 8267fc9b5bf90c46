# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage: camera picture and 3D view side by side, one alone, or one inside the other."""

from __future__ import annotations

from PyQt6.QtCore import QRect, Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from app.config import Layout
from app.views.stage_frame import StageFrame

_GAP = 10
#: Below this width over height the two views are stacked.
_STACK_ASPECT = 1.15
#: So much wider the picture must become for the views to be stacked in a wider stage.
_STACK_GAIN = 1.25
#: Place of the splitter's handle is told in shares of this.
_SHARES = 1000


class Stage(QWidget):
    """Holds the two views in the chosen layout; they are stacked where that makes
    the picture larger."""

    split_moved = pyqtSignal(float)
    """The user dragged the border: the first view's share of the stage, 0 to 1."""

    def __init__(
        self, camera: StageFrame, scene: StageFrame, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("stage")
        # The keyboard belongs to the stage: it leaves every key to the window's commands.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._camera = camera
        self._scene = scene
        self._layout_choice = Layout.SIDE_BY_SIDE
        self._swapped = False
        self._split = 0.5
        self._aspect = 4 / 3
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(_GAP)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(camera)
        self._splitter.addWidget(scene)
        self._splitter.splitterMoved.connect(self._on_split)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._splitter)

    @property
    def layout_choice(self) -> Layout:
        return self._layout_choice

    @property
    def split(self) -> float:
        """The first view's share of the stage when both stand side by side."""
        return self._split

    def set_split(self, share: float) -> None:
        """Give the first view this share of the stage."""
        self._split = min(max(share, 0.1), 0.9)
        self._apply_split()

    def set_aspect(self, aspect: float) -> None:
        """The camera picture's width over its height: where it is much larger over the 3D view than
        beside it, the views are stacked."""
        if aspect > 0:
            self._aspect = aspect
            self._place()

    def arrange(self, choice: Layout, *, swapped: bool = False) -> None:
        """Arrange the views; ``swapped`` puts the 3D view first, or in picture in picture makes it
        the large one."""
        if (choice, swapped) == (self._layout_choice, self._swapped):
            return
        self._layout_choice, self._swapped = choice, swapped
        first, second = self._order()
        floating = choice is Layout.PICTURE_IN_PICTURE
        if first.parent() is not self._splitter or self._splitter.indexOf(first) != 0:
            self._splitter.insertWidget(0, first)
        if floating:
            second.setParent(self)
        elif second.parent() is not self._splitter:
            self._splitter.addWidget(second)
        self._camera.setVisible(choice is not Layout.SCENE)
        self._scene.setVisible(choice is not Layout.CAMERA)
        self._place()
        if floating:
            second.raise_()
        elif choice is Layout.SIDE_BY_SIDE:
            self._apply_split()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._place()

    def _order(self) -> tuple[StageFrame, StageFrame]:
        views = self._camera, self._scene
        return (views[1], views[0]) if self._swapped else views

    def _apply_split(self) -> None:
        share = round(_SHARES * self._split)
        self._splitter.setSizes([share, _SHARES - share])

    def _on_split(self) -> None:
        sizes = self._splitter.sizes()
        if self._layout_choice is Layout.SIDE_BY_SIDE and sum(sizes) > 0:
            self._split = sizes[0] / sum(sizes)
            self.split_moved.emit(self._split)

    def _is_stacked(self) -> bool:
        width, height = self.width(), self.height()
        beside = min(width / 2, height * self._aspect)
        above = min(width, height / 2 * self._aspect)
        return width < height * _STACK_ASPECT or above > _STACK_GAIN * beside

    def _place(self) -> None:
        self._splitter.setOrientation(
            Qt.Orientation.Vertical if self._is_stacked() else Qt.Orientation.Horizontal
        )
        first, second = self._order()
        inset = QRect()
        if self._layout_choice is Layout.PICTURE_IN_PICTURE:
            width = min(400, max(180, round(self.width() * 0.28)))
            height = width * 3 // 4
            inset = QRect(self.width() - width - 14, self.height() - height - 14, width, height)
            second.setGeometry(inset)
        first.set_covered(inset)
        second.set_covered(QRect())
