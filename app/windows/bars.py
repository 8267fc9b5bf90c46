# SPDX-License-Identifier: GPL-3.0-or-later
"""The bar over the views and the sidebar beside them."""

from __future__ import annotations

from typing import TypeVar

from PyQt6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from ..config import Layout
from ..panels.page import Page
from ..panels.pages import PAGES
from ..theme import Theme
from ..views.controls import ElidedLabel, IconButton, RecordButton, Segmented
from ..wording import tr

P = TypeVar("P", bound=Page)

_SIDEBAR_WIDTH = 348
_LAYOUTS = (
    (Layout.SIDE_BY_SIDE, "", "side", "Side by side (F1)"),
    (Layout.CAMERA, "", "single", "Camera alone (F2)"),
    (Layout.SCENE, "", "cube", "3D view alone (F3)"),
    (Layout.PICTURE_IN_PICTURE, "", "pip", "Picture in picture (F4)"),
)


class TopBar(QFrame):
    """Open, the source's name, layout, mirror, snapshot, record, sidebar."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("topBar")
        self.open_button = IconButton(
            "open", tr("Open a file (Ctrl+O)"), theme, text=tr("Open"), role="chip"
        )
        self.source_label = ElidedLabel()
        self.source_label.setProperty("role", "muted")
        self.layout_choice = Segmented(
            [(value, label, symbol, tr(tip)) for value, label, symbol, tip in _LAYOUTS], theme
        )
        self.mirror_button = IconButton(
            "mirror", tr("Mirror the picture, selfie view (M)"), theme, checkable=True
        )
        self.snapshot_button = IconButton("snapshot", tr("Save this picture (Ctrl+P)"), theme)
        self.sidebar_button = IconButton("sidebar", tr("Sidebar (Ctrl+B)"), theme, checkable=True)
        self.record_button = RecordButton(theme)
        self.record_button.setMinimumWidth(112)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 7, 12, 7)
        row.setSpacing(8)
        row.addWidget(self.open_button)
        row.addSpacing(4)
        row.addWidget(self.source_label, 1)
        row.addWidget(self.layout_choice)
        row.addWidget(self.mirror_button)
        row.addSpacing(4)
        row.addWidget(self.snapshot_button)
        row.addWidget(self.record_button)
        row.addWidget(self.sidebar_button)


class Sidebar(QFrame):
    """Pages under a row of tabs."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("sidebar")
        self.setFixedWidth(_SIDEBAR_WIDTH)
        self.pages: dict[str, Page] = {entry.key: entry.make(theme) for entry in PAGES}
        self.tabs = Segmented(
            [(entry.key, tr(entry.label), "", tr(entry.tip)) for entry in PAGES],
            theme,
            stretch=True,
        )
        self._stack = QStackedWidget()
        for page in self.pages.values():
            self._stack.addWidget(page)
        top = QWidget()
        pad = QVBoxLayout(top)
        pad.setContentsMargins(14, 12, 14, 4)
        pad.addWidget(self.tabs)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)  # leave the border's pixel free
        column.setSpacing(0)
        column.addWidget(top)
        column.addWidget(self._stack, 1)

    def page(self, kind: type[P]) -> P:
        """The page of a class."""
        return next(page for page in self.pages.values() if isinstance(page, kind))

    @property
    def current(self) -> str:
        """The page on show."""
        return next(key for key, page in self.pages.items() if page is self._stack.currentWidget())

    def show_page(self, key: str) -> None:
        """Turn to a page."""
        self._stack.setCurrentWidget(self.pages[key])
        self.tabs.set_value(key)
