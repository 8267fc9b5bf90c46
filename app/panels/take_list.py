# SPDX-License-Identifier: GPL-3.0-or-later
"""The takes: length, size and formats of each, and what can be done with the chosen one."""

from __future__ import annotations

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QObject, QPoint, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QInputDialog,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from ..config import RECORD_KINDS
from ..icons import icon
from ..reveal import reveal
from ..session_types import ExportState, Take
from ..theme import Theme
from ..views.controls import IconButton, muted
from ..wording import tr
from .transport import clock

#: What can be made of a take later.
_EXPORTS = tuple(entry for entry in RECORD_KINDS if entry[0] not in ("video", "raw", "jsonl"))


def size_text(size: int) -> str:
    """``size`` bytes in the unit people read."""
    amount = float(size)
    for unit in ("B", "kB", tr("MB")):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.2f} GB"


def formats_text(take: Take) -> str:
    """'mp4 raw jsonl': what there is of a take."""
    ends = (file.name.removeprefix(take.name).lstrip("._") for file in take.files)
    return " ".join(end.removesuffix(".mp4") for end in ends)


class TakeList(QWidget):
    """Asks for things to be done with takes; shows those that are there."""

    open_asked = pyqtSignal(str)
    rename_asked = pyqtSignal(object, str)
    delete_asked = pyqtSignal(object)
    undo_asked = pyqtSignal()
    export_asked = pyqtSignal(object, object)
    cancel_asked = pyqtSignal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._takes: tuple[Take, ...] = ()
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Takes"))
        self.list.setIconSize(QSize(18, 18))
        self.list.setMinimumHeight(150)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.itemActivated.connect(lambda _: self._activate())
        self.list.currentRowChanged.connect(lambda _: self._enable())
        self.list.customContextMenuRequested.connect(self._show_context_menu)
        self.list.installEventFilter(self)
        self.open_button = IconButton("play", tr("Play this take"), theme)
        self.open_button.setToolTip(tr("Play the video of this take and find its hands anew"))
        self.replay_button = IconButton(
            "hand", tr("Replay the hands as they were recorded, without computing them"), theme
        )
        self.replay_button.clicked.connect(self._replay)
        self.reveal_button = IconButton("folder", tr("Show in folder"), theme)
        self.rename_button = IconButton("pencil", tr("Rename this take"), theme)
        self.delete_button = IconButton("trash", tr("Delete this take (Del)"), theme)
        self.export_button = QPushButton(tr("Export…"))
        self.export_button.setToolTip(tr("Make other formats of this take"))
        self.open_button.clicked.connect(self._open)
        self.reveal_button.clicked.connect(self._reveal)
        self.rename_button.clicked.connect(self._rename)
        self.delete_button.clicked.connect(self._delete)
        self.export_button.clicked.connect(self._show_export_menu)
        self.export_menu = self._build_export_menu()
        self.undo_button = QPushButton()
        self.undo_button.setProperty("role", "link")
        self.undo_button.clicked.connect(self.undo_asked)
        self.undo_button.hide()
        self._build_progress(theme)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(2)
        for button in (
            self.replay_button,
            self.open_button,
            self.reveal_button,
            self.rename_button,
            self.delete_button,
        ):
            buttons.addWidget(button)
        buttons.addStretch(1)
        buttons.addWidget(self.export_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.list)
        column.addLayout(buttons)
        column.addWidget(self.undo_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self.progress)
        theme.changed.connect(self._fill)
        self._fill()

    def _build_progress(self, theme: Theme) -> None:
        self.progress = QWidget()
        self.progress_label = muted()
        self.progress_bar = QProgressBar()
        self.progress_bar.setRange(0, 100)
        self.progress_bar.setTextVisible(False)
        self.progress_bar.setObjectName("slimProgress")
        self.progress_bar.setAccessibleName(tr("Export"))
        self.cancel_button = IconButton("close", tr("Stop the export"), theme)
        self.cancel_button.clicked.connect(self.cancel_asked)
        row = QHBoxLayout()
        row.addWidget(self.progress_bar, 1)
        row.addWidget(self.cancel_button)
        column = QVBoxLayout(self.progress)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.progress_label)
        column.addLayout(row)
        self.progress.hide()

    def _build_export_menu(self) -> QMenu:
        menu = QMenu(tr("Export"), self)
        menu.setToolTipsVisible(True)
        for kind, name, what in _EXPORTS:
            action = menu.addAction(name)
            assert action is not None
            action.setToolTip(what)
            action.triggered.connect(lambda _=False, chosen=kind: self._export((chosen,)))
        menu.addSeparator()
        everything = menu.addAction(tr("All of these"))
        assert everything is not None
        kinds = tuple(kind for kind, _, _ in _EXPORTS)
        everything.triggered.connect(lambda: self._export(kinds))
        return menu

    # ---------------------------------------------------------------------------------- showing

    @property
    def current(self) -> Take | None:
        """The chosen take."""
        row = self.list.currentRow()
        return self._takes[row] if 0 <= row < len(self._takes) else None

    def show_takes(self, takes: Sequence[Take]) -> None:
        """List ``takes``, newest first; the chosen one stays chosen."""
        self._takes = tuple(takes)
        self._fill()

    def show_deleted(self, name: str) -> None:
        """Offer to bring the take ``name`` back; '' offers nothing."""
        self.undo_button.setText(tr("Undo: bring {name} back", name=name))
        self.undo_button.setVisible(bool(name))

    def show_export(self, state: ExportState) -> None:
        """Show how far an export is."""
        self.progress.setVisible(state.active)
        names = [name for kind, name, _ in RECORD_KINDS if kind in state.kinds]
        self.progress_label.setText(f"{state.take}: {', '.join(names)}")
        self.progress_bar.setValue(round(100 * state.fraction))

    def _fill(self) -> None:
        before = self.list.currentItem()
        chosen = before.data(Qt.ItemDataRole.UserRole) if before is not None else None
        first = self.list.item(0)
        newest = first.data(Qt.ItemDataRole.UserRole) if first is not None else None
        self.list.clear()
        if not self._takes:
            item = QListWidgetItem(tr("Your takes appear here"))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.list.addItem(item)
        row = 0
        for index, take in enumerate(self._takes):
            facts = (clock(take.seconds), size_text(take.size_bytes), formats_text(take))
            text = f"{take.name}\n{'  ·  '.join(facts)}"
            item = QListWidgetItem(icon("film", self._theme.palette.muted), text)
            key = str(take.files[0])
            item.setData(Qt.ItemDataRole.UserRole, key)
            item.setToolTip("\n".join(str(file) for file in take.files))
            self.list.addItem(item)
            # A take that was just made is chosen; otherwise the choice stays where it was.
            if key == chosen and str(self._takes[0].files[0]) == newest:
                row = index
        self.list.setCurrentRow(row if self._takes else -1)
        self._enable()

    def _enable(self) -> None:
        take = self.current
        for button in (self.reveal_button, self.rename_button, self.delete_button):
            button.setEnabled(take is not None)
        self.open_button.setEnabled(_video_of(take) is not None)
        self.replay_button.setEnabled(take is not None and take.log is not None)
        self.export_button.setEnabled(take is not None and take.log is not None)

    # ----------------------------------------------------------------------------------- asking

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        """The Delete key on the list."""
        if isinstance(a1, QKeyEvent) and a1.key() == Qt.Key.Key_Delete:
            if a1.type() == QEvent.Type.KeyPress:
                self._delete()
            return True
        return super().eventFilter(a0, a1)

    def _activate(self) -> None:
        """A take's hands, or else its video."""
        if self.replay_button.isEnabled():
            self._replay()
        else:
            self._open()

    def _replay(self) -> None:
        take = self.current
        if take is not None and take.log is not None:
            self.open_asked.emit(str(take.log))

    def _open(self) -> None:
        video = _video_of(self.current)
        if video is not None:
            self.open_asked.emit(video)
        else:
            self._reveal()

    def _reveal(self) -> None:
        if self.current is not None:
            reveal(self.current.files)

    def _rename(self) -> None:
        take = self.current
        if take is None:
            return
        name, accepted = QInputDialog.getText(
            self, tr("Rename a take"), tr("Name of all its files:"), text=take.name
        )
        if accepted and name.strip() and name.strip() != take.name:
            self.rename_asked.emit(take, name.strip())

    def _delete(self) -> None:
        if self.current is not None:
            self.delete_asked.emit(self.current)

    def _export(self, kinds: tuple[str, ...]) -> None:
        if self.current is not None:
            self.export_asked.emit(self.current, kinds)

    def _show_export_menu(self) -> None:
        self.export_menu.popup(self.export_button.mapToGlobal(QPoint(0, 0)))

    def _show_context_menu(self, place: QPoint) -> None:
        if self.current is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for text, button in (
            (tr("Replay the hands"), self.replay_button),
            (tr("Play the video"), self.open_button),
            (tr("Show in folder"), self.reveal_button),
            (tr("Rename…"), self.rename_button),
            (tr("Delete"), self.delete_button),
        ):
            action = menu.addAction(text)
            assert action is not None
            action.setEnabled(button.isEnabled())
            action.triggered.connect(button.click)
        menu.popup(self.list.mapToGlobal(place))


def _video_of(take: Take | None) -> str | None:
    """What of a take can be played: as it came rather than with its overlay."""
    videos = [file for file in take.files if file.suffix == ".mp4"] if take is not None else []
    videos.sort(key=lambda file: not file.name.endswith(".raw.mp4"))
    return str(videos[0]) if videos else None
