# SPDX-License-Identifier: GPL-3.0-or-later
"""The common frame of the sidebar's pages."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from ..bridge import Bridge
from ..session import Session
from ..shell import Shell
from ..views.controls import GroupHeading, divider


class Page(QScrollArea):
    """A scrolling column of titled groups, each of which can be folded away."""

    groups_folded = pyqtSignal(list)
    """The user folded or unfolded a group: the numbers of those that are folded."""

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
        self._groups: list[tuple[GroupHeading, QWidget]] = []

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
        head, group = GroupHeading(title), QWidget()
        column = QVBoxLayout(group)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(self._column.spacing())
        for widget in widgets:
            column.addWidget(widget)
        head.toggled.connect(group.setVisible)
        head.clicked.connect(lambda: self.groups_folded.emit(self.folded_groups()))
        self.add(head)
        self.add(group)
        self._groups.append((head, group))

    def folded_groups(self) -> list[int]:
        """Which groups are folded away, from 0 on."""
        return [number for number, (head, _) in enumerate(self._groups) if not head.isChecked()]

    def fold_groups(self, numbers: Sequence[object]) -> None:
        """Fold these groups away, and no others."""
        for number, (head, _) in enumerate(self._groups):
            head.setChecked(number not in numbers)
