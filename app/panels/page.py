# SPDX-License-Identifier: GPL-3.0-or-later
"""The common frame of the sidebar's pages."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ..bridge import Bridge
from ..session import Session
from ..shell import Shell
from ..views.controls import divider, heading


class Page(QScrollArea):
    """A scrolling column of titled groups."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        inside.setObjectName("sidebarPage")
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(16, 14, 16, 16)
        self._column.setSpacing(8)
        self._column.addStretch(1)
        self.setWidget(inside)

    def bind(self, session: Session, bridge: Bridge, shell: Shell) -> None:
        """Show what ``session`` says, which ``bridge`` carries to this thread, and pass on what is
        asked for; what concerns the window is asked of ``shell``."""

    def add(self, widget: QWidget, stretch: int = 0) -> None:
        """Append ``widget``."""
        self._column.insertWidget(self._column.count() - 1, widget, stretch)

    def add_group(self, title: str, *widgets: QWidget) -> None:
        """Append a heading and the widgets under it, divided from what is above."""
        if self._column.count() > 1:
            self._column.insertSpacing(self._column.count() - 1, 6)
            self.add(divider())
            self._column.insertSpacing(self._column.count() - 1, 4)
        self.add(heading(title))
        for widget in widgets:
            self.add(widget)
