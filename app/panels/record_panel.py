# SPDX-License-Identifier: GPL-3.0-or-later
"""What a recording writes, where, and the takes made so far."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QGridLayout, QHBoxLayout, QPushButton, QWidget

from ..bridge import Bridge
from ..config import RECORD_KINDS, RecordChoice, SceneVideo
from ..session import Session
from ..session_types import Playback, RecordingState, State
from ..shell import Shell
from ..theme import Theme
from ..views.controls import ComboBox, ElidedLabel, IconButton, RecordButton, Switch, muted
from ..wording import counted, tr
from .page import Page
from .take_list import TakeList
from .transport import clock

#: Snapshot kinds: file suffix and label.
SNAPSHOTS = ((".obj", "OBJ mesh"), (".ply", "PLY mesh"), (".png", "Picture"))
#: Kinds that need no JSONL.
_VIDEOS = ("video", "raw")
_SCENES = (
    (SceneVideo.OFF, "3D view: not recorded"),
    (SceneVideo.SCENE, "3D view: as a video"),
    (SceneVideo.BOTH, "3D view and picture side by side"),
)


class RecordPanel(Page):
    """Choices of a recording, its progress, the list of takes, and snapshots."""

    record_asked = pyqtSignal()
    choice_asked = pyqtSignal(object)
    snapshot_asked = pyqtSignal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choice = RecordChoice()
        self._recording = RecordingState()
        self._waits = ""
        self.record_button = RecordButton(theme)
        self.record_button.clicked.connect(self._on_record)
        self.progress = muted(tr("Nothing recorded yet."))
        self.takes = TakeList(theme)
        self.take_list = self.takes.list
        self.reveal_button = self.takes.reveal_button
        self.add_group(tr("Record"), self.record_button, self.progress)
        self.scene_box = ComboBox(theme)
        self.scene_box.setAccessibleName(tr("3D view in recordings"))
        self.scene_box.setToolTip(
            tr("A video of the 3D view, as it is seen while it is on the stage, with each take")
        )
        for what, label in _SCENES:
            self.scene_box.addItem(tr(label), what)
        self.scene_box.activated.connect(lambda: self._ask(scene=self.scene_box.currentData()))
        self.add_group(
            tr("Files"), self._build_kinds(theme), self.scene_box, self._build_folder(theme)
        )
        self.add_group(tr("Takes"), self.takes)
        self.add_group(tr("Snapshot"), self._build_snapshots())
        self.show_choice(self._choice)

    def _build_kinds(self, theme: Theme) -> QWidget:
        kinds = QWidget()
        grid = QGridLayout(kinds)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(2)
        self.switches: dict[str, Switch] = {}
        for index, (kind, name, what) in enumerate(RECORD_KINDS):
            switch = Switch(tr(name), theme)
            switch.setToolTip(tr(what))
            switch.setAccessibleDescription(tr(what))
            switch.toggled.connect(partial(self._write, kind))
            grid.addWidget(switch, index // 2, index % 2)
            self.switches[kind] = switch
        return kinds

    def _build_folder(self, theme: Theme) -> QWidget:
        self.folder_label = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle)
        self.folder_label.setProperty("role", "muted")
        self.folder_button = IconButton("folder", tr("Choose the folder"), theme, role="chip")
        self.folder_button.clicked.connect(self._choose_folder)
        folder = QWidget()
        row = QHBoxLayout(folder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.folder_label, 1)
        row.addWidget(self.folder_button)
        return folder

    def _build_snapshots(self) -> QWidget:
        snapshots = QWidget()
        grid = QGridLayout(snapshots)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        self.snapshot_buttons: dict[str, QPushButton] = {}
        for index, (suffix, label) in enumerate(SNAPSHOTS):
            button = QPushButton(tr(label))
            button.setToolTip(tr("Save this frame as {kind}", kind=suffix[1:].upper()))
            button.clicked.connect(lambda _=False, kind=suffix: self.snapshot_asked.emit(kind))
            grid.addWidget(button, 0, index)
            self.snapshot_buttons[suffix] = button
        return snapshots

    def bind(self, session: Session, bridge: Bridge, shell: Shell) -> None:
        """See ``Page.bind``."""
        bridge.playback.connect(self.show_playback)
        bridge.recording.connect(self.show_recording)
        bridge.record_choice.connect(self.show_choice)
        bridge.takes.connect(self.takes.show_takes)
        bridge.deleted.connect(self.takes.show_deleted)
        bridge.export.connect(self.takes.show_export)
        self.record_asked.connect(session.toggle_recording)
        self.choice_asked.connect(session.set_record_choice)
        self.snapshot_asked.connect(session.snapshot)
        self.takes.open_asked.connect(shell.open_source)
        self.takes.rename_asked.connect(session.takes.rename)
        self.takes.delete_asked.connect(session.takes.delete)
        self.takes.undo_asked.connect(session.takes.undo_delete)
        self.takes.export_asked.connect(session.takes.export)
        self.takes.cancel_asked.connect(session.takes.cancel_export)

    def show_choice(self, choice: RecordChoice) -> None:
        """Show ``choice`` without asking for anything."""
        self._choice = choice
        derived = any(kind not in (*_VIDEOS, "jsonl") for kind in choice.kinds)
        for field, switch in self.switches.items():
            blocked = switch.blockSignals(True)
            # What the other formats are made of comes with them.
            switch.setChecked(field in choice.formats or (field == "jsonl" and derived))
            switch.blockSignals(blocked)
        self.scene_box.select_data(choice.scene)
        self._enable()
        folder = str(choice.folder.absolute())
        self.folder_label.setText(folder)
        self.folder_label.setToolTip(tr("Recordings and pictures go to {folder}", folder=folder))
        self.record_button.setEnabled(choice.any)

    def show_recording(self, state: RecordingState) -> None:
        """Show the recording in progress."""
        before, self._recording = self._recording, state
        self.record_button.show_recording(state.active)
        if before.active != state.active:
            self._enable()
        if state.active:
            lost = tr(", {count} left out", count=state.dropped) if state.dropped else ""
            frames = counted(state.frames, "frame")
            text = f"{clock(state.seconds)}  ·  {frames}{lost}"
            self.progress.setText(f"{text}\n{self._waits}" if self._waits else text)
        elif state.saving:
            self.progress.setText(tr("Completing the files…"))
        elif before.active or before.saving:
            self.progress.setText(tr("Ready."))

    def show_playback(self, playback: Playback) -> None:
        """A recording of a picture that stands still waits."""
        still = playback.state in (State.PAUSED, State.ENDED)
        waits = tr("Paused: press Space and it goes on.") if still else ""
        if waits != self._waits:
            self._waits = waits
            if self._recording.active:
                self.show_recording(self._recording)

    def _enable(self) -> None:
        idle = not self._recording.active
        derived = any(kind not in (*_VIDEOS, "jsonl") for kind in self._choice.kinds)
        for kind, switch in self.switches.items():
            switch.setEnabled(idle and not (kind == "jsonl" and derived))
        self.folder_button.setEnabled(idle)
        self.scene_box.setEnabled(idle)

    def _on_record(self) -> None:
        # The button shows what the session says, not what was clicked.
        self.record_button.show_recording(not self.record_button.isChecked())
        self.record_asked.emit()

    def _choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("Folder for recordings"))
        if name:
            self._ask(folder=Path(name))

    def _write(self, kind: str, on: bool) -> None:
        self._ask(formats=self._choice.writing(**{kind: on}).formats)

    def _ask(self, **changes: object) -> None:
        self._choice = replace(self._choice, **changes)  # type: ignore[arg-type]
        self.choice_asked.emit(self._choice)
