# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage: camera picture and 3D view side by side, one alone, or one inside the other."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from app.config import Layout

_GAP = 10
#: Below this width over height the two views are stacked.
_STACK_ASPECT = 1.15


class Stage(QWidget):
    """Holds the two views in the chosen layout; narrow stages stack them."""

    def __init__(self, camera: QWidget, scene: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stage")
        self._camera = camera
        self._scene = scene
        self._layout_choice = Layout.SIDE_BY_SIDE
        self._splitter = QSplitter(Qt.Orientation.Horizontal)
        self._splitter.setHandleWidth(_GAP)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(camera)
        self._splitter.addWidget(scene)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._splitter)

    @property
    def layout_choice(self) -> Layout:
        return self._layout_choice

    def set_layout_choice(self, choice: Layout) -> None:
        """Arrange the views."""
        if choice is self._layout_choice:
            return
        self._layout_choice = choice
        floating = choice is Layout.PICTURE_IN_PICTURE
        if floating:
            self._scene.setParent(self)
        elif self._scene.parent() is not self._splitter:
            self._splitter.addWidget(self._scene)
        self._camera.setVisible(choice is not Layout.SCENE)
        self._scene.setVisible(choice is not Layout.CAMERA)
        self._place()
        if floating:
            self._scene.raise_()
        elif choice is Layout.SIDE_BY_SIDE:
            self._splitter.setSizes([1000, 1000])

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._place()

    def _place(self) -> None:
        stacked = self.width() < self.height() * _STACK_ASPECT
        self._splitter.setOrientation(
            Qt.Orientation.Vertical if stacked else Qt.Orientation.Horizontal
        )
        if self._layout_choice is Layout.PICTURE_IN_PICTURE:
            width = min(400, max(180, round(self.width() * 0.28)))
            height = width * 3 // 4
            self._scene.setGeometry(
                self.width() - width - 14, self.height() - height - 14, width, height
            )
