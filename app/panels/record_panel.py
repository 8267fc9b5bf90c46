# SPDX-License-Identifier: GPL-3.0-or-later
"""What a recording writes, where, and the takes made so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QWidget,
)

from app.config import RecordChoice
from app.icons import icon
from app.panels.page import Page
from app.panels.transport import clock
from app.session_types import RecordingState, Take
from app.theme import Theme
from app.views.controls import IconButton, RecordButton, Switch, muted

#: Snapshot kinds: file suffix and label.
SNAPSHOTS = ((".obj", "OBJ mesh"), (".ply", "PLY mesh"), (".png", "Picture"))


def size_text(size: int) -> str:
    """``size`` bytes in the unit people read."""
    amount = float(size)
    for unit in ("B", "kB", "MB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if amount >= 10 or unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.2f} GB"


class RecordPanel(Page):
    """Choices of a recording, its progress, snapshots, and the list of takes."""

    record_asked = pyqtSignal()
    choice_asked = pyqtSignal(object)
    snapshot_asked = pyqtSignal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._choice = RecordChoice()
        self._takes: tuple[Take, ...] = ()
        self.record_button = RecordButton(theme)
        self.record_button.clicked.connect(self._on_record)
        self.progress = muted("Nothing recorded yet.")
        self.switches: dict[str, Switch] = {}
        for field, label, tip in (
            ("video", "Annotated video (MP4)", "The picture with its overlay, H.264"),
            ("glb", "Animated hands (GLB)", "Skinned, textured hands for Blender and the web"),
            ("jsonl", "Parameters (JSONL)", "Pose, shape, joints and camera of every frame"),
        ):
            switch = Switch(label, theme)
            switch.setToolTip(tip)
            switch.toggled.connect(lambda on, name=field: self._ask(**{name: on}))
            self.switches[field] = switch
        self.folder_label = muted()
        self.folder_button = IconButton("folder", "Choose the folder", theme, role="chip")
        self.folder_button.clicked.connect(self._choose_folder)
        folder = QWidget()
        row = QHBoxLayout(folder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.folder_label, 1)
        row.addWidget(self.folder_button)
        snapshots = QWidget()
        grid = QGridLayout(snapshots)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        self.snapshot_buttons: dict[str, QPushButton] = {}
        for index, (suffix, label) in enumerate(SNAPSHOTS):
            button = QPushButton(label)
            button.setToolTip(f"Save this frame as {suffix[1:].upper()}")
            button.clicked.connect(lambda _=False, kind=suffix: self.snapshot_asked.emit(kind))
            grid.addWidget(button, 0, index)
            self.snapshot_buttons[suffix] = button
        self.take_list = QListWidget()
        self.take_list.setAccessibleName("Takes")
        self.take_list.setIconSize(QSize(18, 18))
        self.take_list.setMinimumHeight(140)
        self.take_list.itemActivated.connect(lambda item: self._reveal(item))
        self.reveal_button = QPushButton("Show in folder")
        self.reveal_button.setToolTip("Open the folder of the chosen take")
        self.reveal_button.clicked.connect(lambda: self._reveal(self.take_list.currentItem()))
        self.add_group("Record", self.record_button, self.progress)
        self.add_group("Files", *self.switches.values(), folder)
        self.add_group("Snapshot", snapshots)
        self.add_group("Takes", self.take_list, self.reveal_button)
        theme.changed.connect(self._fill_takes)
        self.show_choice(self._choice)
        self._fill_takes()

    def show_choice(self, choice: RecordChoice) -> None:
        """Show ``choice`` without asking for anything."""
        self._choice = choice
        for field, switch in self.switches.items():
            blocked = switch.blockSignals(True)
            switch.setChecked(getattr(choice, field))
            switch.blockSignals(blocked)
        self.folder_label.setText(f"to {choice.folder.name or choice.folder}")
        self.folder_label.setToolTip(str(choice.folder.absolute()))
        self.record_button.setEnabled(choice.any)

    def show_recording(self, state: RecordingState) -> None:
        """Show the recording in progress."""
        self.record_button.show_recording(state.active)
        for switch in self.switches.values():
            switch.setEnabled(not state.active)
        self.folder_button.setEnabled(not state.active)
        if state.active:
            lost = f", {state.dropped} left out" if state.dropped else ""
            self.progress.setText(f"{clock(state.seconds)}  ·  {state.frames} frames{lost}")
        elif self._takes:
            self.progress.setText("Ready.")

    def show_takes(self, takes: Sequence[Take]) -> None:
        """List ``takes``, newest first."""
        self._takes = tuple(takes)
        self._fill_takes()

    def _fill_takes(self) -> None:
        self.take_list.clear()
        self.reveal_button.setEnabled(bool(self._takes))
        if not self._takes:
            item = QListWidgetItem("Your takes appear here")
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.take_list.addItem(item)
            return
        for take in self._takes:
            kinds = " ".join(file.suffix[1:] for file in take.files)
            text = (
                f"{take.name}\n{clock(take.seconds)}  ·  {size_text(take.size_bytes)}  ·  {kinds}"
            )
            item = QListWidgetItem(icon("film", self._theme.palette.muted), text)
            item.setData(Qt.ItemDataRole.UserRole, str(take.files[0].parent) if take.files else "")
            item.setToolTip("\n".join(str(file) for file in take.files))
            self.take_list.addItem(item)
        self.take_list.setCurrentRow(0)

    def _reveal(self, item: QListWidgetItem | None) -> None:
        folder = item.data(Qt.ItemDataRole.UserRole) if item is not None else ""
        if folder:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _on_record(self) -> None:
        # The button shows what the session says, not what was clicked.
        self.record_button.show_recording(not self.record_button.isChecked())
        self.record_asked.emit()

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Folder for recordings")
        if name:
            self._ask(folder=Path(name))

    def _ask(self, **changes: object) -> None:
        self.choice_asked.emit(replace(self._choice, **changes))  # type: ignore[arg-type]
