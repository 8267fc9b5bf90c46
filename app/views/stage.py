# SPDX-License-Identifier: GPL-3.0-or-later
"""The stage: camera picture and 3D view side by side, one alone, or one inside the other."""

from __future__ import annotations

from PyQt6.QtCore import QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QResizeEvent
from PyQt6.QtWidgets import QSplitter, QSplitterHandle, QWidget

from ..arrangement import arrange
from ..config import Layout
from ..wording import tr
from .stage_frame import StageFrame

_GAP = 10
#: Place of the splitter's handle is told in shares of this.
_SHARES = 1000


class _Border(QSplitterHandle):
    """The border between the two views."""

    def mouseDoubleClickEvent(self, a0: QMouseEvent | None) -> None:
        splitter = self.splitter()
        assert isinstance(splitter, _Splitter)
        splitter.fit_asked.emit()


class _Splitter(QSplitter):
    fit_asked = pyqtSignal()
    """The border was double-clicked."""

    def createHandle(self) -> QSplitterHandle:
        border = _Border(self.orientation(), self)
        border.setToolTip(tr("Drag to divide, double-click to fit the picture"))
        return border


class Stage(QWidget):
    """Holds the two views in the chosen layout. Side by side, they follow the picture's shape so
    that it fills its pane (``app.arrangement``), until the user moves the border between them; a
    double click on it lets them follow again."""

    split_moved = pyqtSignal(float)
    """The user dragged the border: the first view's share of the stage, 0 to 1; 0 lets the views
    follow the picture."""

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
        self._split: float | None = None
        self._aspect = 4 / 3
        self._splitter = _Splitter(self)
        self._splitter.setHandleWidth(_GAP)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(camera)
        self._splitter.addWidget(scene)
        self._splitter.splitterMoved.connect(self._on_split)
        self._splitter.fit_asked.connect(self._let_follow)

    @property
    def layout_choice(self) -> Layout:
        return self._layout_choice

    @property
    def split(self) -> float | None:
        """The first view's share of the stage that the user chose; None while the views follow the
        picture."""
        return self._split

    def set_split(self, share: float) -> None:
        """Give the first view this share of the stage; 0 lets the views follow the picture."""
        self._split = min(max(share, 0.1), 0.9) if share > 0 else None
        self._place()

    def set_aspect(self, aspect: float) -> None:
        """The camera picture's width over its height."""
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

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._place()

    def _order(self) -> tuple[StageFrame, StageFrame]:
        views = self._camera, self._scene
        return (views[1], views[0]) if self._swapped else views

    def minimumSizeHint(self) -> QSize:
        return self._splitter.minimumSizeHint()

    def _let_follow(self) -> None:
        self.set_split(0.0)
        self.split_moved.emit(0.0)

    def _on_split(self) -> None:
        sizes = self._splitter.sizes()
        if self._layout_choice is Layout.SIDE_BY_SIDE and sum(sizes) > 0:
            self._split = sizes[0] / sum(sizes)
            self._place()
            self.split_moved.emit(self._split)

    def _place(self) -> None:
        inset = QRect()
        if self._layout_choice is Layout.SIDE_BY_SIDE:
            self._divide()
        else:
            self._splitter.setGeometry(self.rect())
        first, second = self._order()
        if self._layout_choice is Layout.PICTURE_IN_PICTURE:
            width = min(400, max(180, round(self.width() * 0.28)))
            height = width * 3 // 4
            inset = QRect(self.width() - width - 14, self.height() - height - 14, width, height)
            second.setGeometry(inset)
        first.set_covered(inset)
        second.set_covered(QRect())

    def _divide(self) -> None:
        """Both views along a border, in the middle of the stage."""
        chosen = self._split
        if chosen is not None and self._swapped:
            chosen = 1 - chosen  # it is the first view's
        made = arrange(self.width(), self.height(), self._aspect, _GAP, chosen)
        way = Qt.Orientation.Vertical if made.stacked else Qt.Orientation.Horizontal
        if way is not self._splitter.orientation():
            self._splitter.setOrientation(way)
            self.updateGeometry()
        whole = self.rect()
        size = (made.across, whole.height()) if made.stacked else (whole.width(), made.across)
        place = QRect(0, 0, *size)
        place.moveCenter(whole.center())
        self._splitter.setGeometry(place)
        share = round(_SHARES * (1 - made.share if self._swapped else made.share))
        self._splitter.setSizes([share, _SHARES - share])
