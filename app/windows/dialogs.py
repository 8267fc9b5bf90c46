# SPDX-License-Identifier: GPL-3.0-or-later
"""The shortcut list, the about box and the log viewer."""

from __future__ import annotations

import logging
import platform
import re
import sys
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from PyQt6.QtCore import PYQT_VERSION_STR, QT_VERSION_STR, QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import (
    QApplication,
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

import hands3c_core

from ..views.controls import heading, muted
from ..wording import tr

#: Name and password in an address: they have no place in a bug report.
_PASSWORD = re.compile(r"//[^/@\s]+@")
_ROOT = Path(__file__).resolve().parents[2]
_Groups = Sequence[tuple[str, Sequence[tuple[str, str]]]]
#: Columns of the list of shortcuts.
_COLUMNS = 3
#: What a shortcut does is told in lines no longer than this, px: other languages take more room,
#: and all columns are to fit on a small screen.
_WIDEST = 200


class RecentLog(logging.Handler):
    """Keeps the newest log lines for the log viewer."""

    def __init__(self, lines: int = 1000) -> None:
        super().__init__()
        self._lines: deque[str] = deque(maxlen=lines)
        self.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.append(_PASSWORD.sub("//…@", self.format(record)))

    def text(self) -> str:
        return "\n".join(self._lines)


def machine_facts() -> str:
    """Versions and machine, for a bug report."""
    names = ("numpy", "torch", "mediapipe", "open3d-cpu", "open3d", "av", "opencv-python-headless")
    lines = [
        f"HandS3C Live {version()}",
        f"Python {sys.version.split()[0]} on {platform.platform()} ({platform.machine()})",
        f"Qt {QT_VERSION_STR}, PyQt {PYQT_VERSION_STR}, {QApplication.platformName()}",
    ]
    for name in names:
        try:
            lines.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return "\n".join(lines)


def version() -> str:
    """The installed version, or what the checkout is."""
    with suppress(metadata.PackageNotFoundError):
        return metadata.version("hands3c-live")
    return f"{hands3c_core.__version__} (checkout)"


class ShortcutsDialog(QDialog):
    """All keyboard shortcuts and mouse gestures."""

    def __init__(self, groups: _Groups, parent: QWidget | None = None) -> None:
        """``groups`` are (title, [(keys, what they do)])."""
        super().__init__(parent)
        self.setWindowTitle(tr("Keyboard and mouse"))
        page = QWidget()
        columns = QHBoxLayout(page)
        columns.setContentsMargins(24, 20, 24, 20)
        columns.setSpacing(26)
        for groups_of_column in _in_columns(groups):
            columns.addLayout(_shortcut_column(groups_of_column))
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(page)
        close = QPushButton(tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        self._foot = QWidget()
        buttons = QHBoxLayout(self._foot)
        buttons.setContentsMargins(24, 8, 24, 16)
        buttons.addStretch(1)
        buttons.addWidget(close)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(area, 1)
        whole.addWidget(self._foot)
        self._page = page

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        # Only now the window's style sheet has told how much room keys and words need.
        for label in self._page.findChildren(QLabel):
            if label.wordWrap():
                label.setMinimumHeight(label.heightForWidth(_WIDEST))
        page, foot = self._page.sizeHint(), self._foot.sizeHint()
        wanted, screen = QSize(page.width() + 2, page.height() + foot.height() + 2), self.screen()
        if screen is not None:
            wanted = wanted.boundedTo(screen.availableSize() * 0.9)
        self.resize(wanted)
        self._centre(wanted)

    def _centre(self, size: QSize) -> None:
        """In the middle of the window it belongs to, but on the screen."""
        parent, screen = self.parentWidget(), self.screen()
        window = None if parent is None else parent.window()
        if window is None or screen is None:
            return
        place = QRect(QPoint(0, 0), size)
        place.moveCenter(window.frameGeometry().center())
        room = screen.availableGeometry()
        self.move(
            max(room.left(), min(place.left(), room.right() - place.width())),
            max(room.top(), min(place.top(), room.bottom() - place.height())),
        )


def _in_columns(groups: _Groups) -> list[_Groups]:
    """``groups`` in their order as columns of about the same length."""
    rows = sum(len(entries) + 1 for _, entries in groups)
    columns: list[list[tuple[str, Sequence[tuple[str, str]]]]] = [[]]
    filled = 0
    for group in groups:
        middle = filled + (len(group[1]) + 1) / 2
        if middle > rows * len(columns) / _COLUMNS and len(columns) < _COLUMNS:
            columns.append([])
        columns[-1].append(group)
        filled += len(group[1]) + 1
    return list(columns)


def _shortcut_column(groups: _Groups) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(14)
    grid.setVerticalSpacing(7)
    for title, entries in groups:
        grid.addWidget(heading(title), grid.rowCount(), 0, 1, 2)
        for keys, action in entries:
            key = QLabel(keys)
            key.setProperty("role", "key")
            what = QLabel(action)
            if what.fontMetrics().horizontalAdvance(action) > _WIDEST:
                what.setWordWrap(True)
                what.setFixedWidth(_WIDEST)
            row = grid.rowCount()
            grid.addWidget(key, row, 0, Qt.AlignmentFlag.AlignLeft)
            grid.addWidget(what, row, 1)
    grid.setRowStretch(grid.rowCount(), 1)
    return grid


class AboutDialog(QDialog):
    """What this is, its versions, and the licences of what it is made of."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About HandS3C Live"))
        self.resize(620, 520)
        title = QLabel("HandS3C Live")
        title.setProperty("role", "title")
        licences = QTextBrowser()
        licences.setOpenExternalLinks(True)
        licences.setMarkdown(_third_party())
        close = QPushButton(tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(10)
        column.addWidget(title)
        column.addWidget(
            QLabel(tr("Live textured 3D hand meshes. Version {version}.", version=version()))
        )
        column.addWidget(
            muted(
                tr(
                    "The app is free software under the GPL-3.0-or-later; the core library "
                    "(hands3c_core) is Apache-2.0. It comes without any warranty."
                )
            )
        )
        column.addWidget(licences, 1)
        column.addLayout(buttons)


class LogDialog(QDialog):
    """The newest log lines, with one button that copies all a bug report needs."""

    def __init__(self, log: RecentLog, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Log"))
        self.resize(720, 460)
        self._text = f"{machine_facts()}\n\n{log.text()}"
        view = QPlainTextEdit(self._text)
        view.setReadOnly(True)
        view.setAccessibleName(tr("Log"))
        end = view.verticalScrollBar()
        if end is not None:
            end.setValue(end.maximum())
        self.copy_button = QPushButton(tr("Copy for a bug report"))
        self.copy_button.setProperty("role", "primary")
        self.copy_button.clicked.connect(self._copy)
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy_button)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.addWidget(view, 1)
        column.addLayout(buttons)

    def _copy(self) -> None:
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self._text)
            self.copy_button.setText(tr("Copied"))


def _third_party() -> str:
    listing = _ROOT / "THIRD_PARTY.md"
    if listing.is_file():
        return listing.read_text(encoding="utf-8")
    return tr("See THIRD_PARTY.md in the source for every dependency and asset.")
