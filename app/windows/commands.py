# SPDX-License-Identifier: GPL-3.0-or-later
"""What the menus and shortcuts of the main window do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from ..calibrations import Calibrations
from ..config import SPEEDS, LiveChoice, ModelConfig, RecordChoice, ViewState
from ..languages import LANGUAGES
from ..panels.pages import PAGES
from ..panels.sources_panel import SourcesPanel
from ..session import Session
from ..session_types import FAILURE_S, Notice
from ..shell import Shell
from ..theme import ThemeChoice
from ..wording import tr
from .actions import shortcut_groups
from .calibration_dialog import CalibrationDialog
from .dialogs import AboutDialog, LogDialog, RecentLog, ShortcutsDialog
from .opening import Opening
from .view_commands import ViewCommands

_SNAPSHOT_FILTERS = {
    ".png": "Picture (*.png)",
    ".obj": "Wavefront OBJ (*.obj)",
    ".ply": "Stanford PLY (*.ply)",
}


class Commands:
    """One method per command; ``handlers`` maps the keys of ``actions.COMMANDS`` to them."""

    def __init__(
        self,
        parent: QWidget,
        shell: Shell,
        session: Session,
        views: ViewCommands,
        opening: Opening,
        sources: SourcesPanel,
        calibrations: Calibrations,
        log: RecentLog,
    ) -> None:
        """``parent`` is the dialogs'; closing it ends the program."""
        self._parent = parent
        self._shell = shell
        self._session = session
        self._views = views
        self._opening = opening
        self._sources = sources
        self._calibrations = calibrations
        self._log = log

    def handlers(self) -> dict[str, Callable[[bool], object]]:
        parent, shell, session = self._parent, self._shell, self._session
        made: dict[str, Callable[[bool], object]] = {
            "open": lambda _: self._sources.choose_file(),
            "open_folder": lambda _: self._sources.choose_folder(),
            "open_url": lambda _: self.open_url(),
            "open_demo": lambda _: self._opening.open_demo(),
            "snapshot_png": lambda _: self.save_snapshot(".png"),
            "snapshot_obj": lambda _: self.save_snapshot(".obj"),
            "snapshot_ply": lambda _: self.save_snapshot(".ply"),
            "quit": lambda _: parent.close(),
            "play": lambda _: session.toggle_play(),
            "step_forward": lambda _: session.step(1),
            "step_back": lambda _: session.step(-1),
            "forward": lambda _: session.skip(1.0),
            "back": lambda _: session.skip(-1.0),
            "start": lambda _: session.seek(0.0),
            "end": lambda _: session.end(),
            "go_to_frame": lambda _: self.go_to_frame(),
            "mark_in": lambda _: session.mark_in(),
            "mark_out": lambda _: session.mark_out(),
            "clear_marks": lambda _: session.clear_marks(),
            "record_range": lambda _: session.record_range(),
            "loop": self.set_loop,
            "faster": lambda _: self.change_speed(1),
            "slower": lambda _: self.change_speed(-1),
            "record": lambda _: self.toggle_recording(),
            "sidebar": shell.show_sidebar,
            "full_screen": lambda _: self.toggle_full_screen(),
            "calibrate": lambda _: self.calibrate(),
            "theme_system": lambda _: self.choose_theme("system"),
            "theme_light": lambda _: self.choose_theme("light"),
            "theme_dark": lambda _: self.choose_theme("dark"),
            **{f"language_{key}": partial(self._choose_language, key) for key, _ in LANGUAGES},
            "reset": lambda _: self.ask_reset(),
            "shortcuts": lambda _: ShortcutsDialog(shortcut_groups(), parent).exec(),
            "log": lambda _: LogDialog(self._log, parent).exec(),
            "about": lambda _: AboutDialog(parent).exec(),
        }
        for page in PAGES:
            made[f"page_{page.key}"] = partial(self._turn_to, page.key)
        return {**made, **self._views.handlers()}

    def _turn_to(self, page: str, _: bool) -> None:
        self._shell.show_tab(page)

    def open_url(self) -> None:
        """Ask for a stream's address and open it."""
        prompt = tr("Address (http:// or rtsp://):").ljust(90)  # the dialog is as wide as this
        address, accepted = QInputDialog.getText(self._parent, tr("Open a stream"), prompt)
        if accepted and address.strip():
            self._shell.open_source(address.strip())

    def go_to_frame(self) -> None:
        """Ask for a frame's (or picture's) number and show it."""
        info = self._session.observables.source.value
        if info is None or info.is_live or not info.frame_count:
            return
        thing = tr("Picture") if info.pictures else tr("Frame")
        now = self._session.observables.playback.value.index + 1
        number, accepted = QInputDialog.getInt(
            self._parent,
            tr("Go to"),
            tr("{thing}, 1 to {last}:", thing=thing, last=info.frame_count),
            now,
            1,
            info.frame_count,
        )
        if accepted:
            self._session.pause()
            self._session.show_frame(number - 1)

    def calibrate(self) -> None:
        """Measure the lens of the open source; its calibration is used at once and from now on."""
        info = self._session.observables.source.value
        if info is None:
            text = tr("Open the camera first, then calibrate it.")
            self._shell.banner.show_notice(Notice("model", text, "warning", FAILURE_S))
            return
        file = self._calibrations.file_for(info.name)
        dialog = CalibrationDialog(self._session, self._shell.theme, file, self._parent)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.saved.connect(self.use_calibration)
        dialog.open()

    def use_calibration(self, file: Path) -> None:
        """Use the camera calibration in ``file``, which may have changed."""
        model = self._session.observables.model.value
        if model.calibration == file:
            self._session.set_model(replace(model, calibration=None))
        self._session.set_model(replace(model, calibration=file))

    def save_snapshot(self, kind: str) -> None:
        """Ask where to save this frame and save it."""
        folder = self._session.observables.record_choice.value.folder
        name, _ = QFileDialog.getSaveFileName(
            self._parent,
            tr("Save this frame"),
            str(folder / f"frame{kind}"),
            tr(_SNAPSHOT_FILTERS[kind]),
        )
        if name:
            file = Path(name)
            self._session.snapshot(kind, file if file.suffix else file.with_suffix(kind))

    def set_loop(self, loop: bool) -> None:
        self._session.set_loop(loop)
        self._shell.settings.set("playback/loop", loop)

    def change_speed(self, steps: int) -> None:
        """The next faster or slower speed."""
        speed = self._session.observables.playback.value.speed
        nearest = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - speed))
        self._session.set_speed(SPEEDS[min(max(nearest + steps, 0), len(SPEEDS) - 1)])

    def toggle_recording(self) -> None:
        self._shell.check("record", self._session.observables.recording.value.active)
        self._session.toggle_recording()

    def toggle_full_screen(self) -> None:
        self._shell.show_full_screen(not self._parent.isFullScreen())

    def choose_theme(self, choice: ThemeChoice) -> None:
        self._shell.theme.choose(choice)
        self._shell.settings.set("theme", choice)
        for name in ("system", "light", "dark"):
            self._shell.check(f"theme_{name}", name == choice)

    def _choose_language(self, choice: str, _: bool) -> None:
        """Another language from the next start on: what is on the screen is written already."""
        self._shell.settings.set("language", choice)
        self._shell.show_language(choice)
        text = tr("The language changes when the app is started again.")
        self._shell.banner.show_notice(Notice("language", text, seconds=6.0))

    def ask_reset(self) -> None:
        """Reset everything after a question."""
        answer = QMessageBox.question(
            self._parent,
            tr("Reset all settings"),
            tr(
                "Forget window layout, view, model, recording choices and recent sources? "
                "Takes, clips and calibrations stay."
            ),
            defaultButton=QMessageBox.StandardButton.No,
        )
        if answer == QMessageBox.StandardButton.Yes:
            self.reset()

    def reset(self) -> None:
        """Back to how the app first started."""
        shell, session = self._shell, self._session
        shell.settings.reset()
        self.choose_theme("system")
        session.set_view(ViewState())
        session.set_model(ModelConfig())
        session.live.choose(LiveChoice())
        session.set_record_choice(
            RecordChoice(folder=session.observables.record_choice.value.folder)
        )
        session.set_loop(True)
        session.set_speed(1.0)
        shell.start_over()
