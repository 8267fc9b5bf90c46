# SPDX-License-Identifier: GPL-3.0-or-later
"""The main window: views, transport and sidebar, and what connects them to a session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QEvent, QObject, QSize, Qt
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QDialog,
    QHBoxLayout,
    QMainWindow,
    QStatusBar,
    QVBoxLayout,
    QWidget,
)

from ..bridge import Bridge
from ..calibrations import Calibrations
from ..curves import Curves
from ..history import History
from ..icons import window_icon
from ..languages import LANGUAGES, as_language
from ..panels.live_panel import LivePanel
from ..panels.model_panel import ModelPanel
from ..panels.record_panel import RecordPanel
from ..panels.sources_panel import SourcesPanel
from ..panels.train_panel import TrainPanel
from ..panels.transport import TransportBar
from ..panels.view_panel import ViewPanel
from ..scene_recording import SceneRecorder
from ..session import Session
from ..session_types import SourceInfo
from ..settings import Settings
from ..theme import Theme, style_sheet
from ..training import PersonalTraining
from ..views.banner import Banner
from ..views.camera_view import CameraView
from ..views.controls import ElidedLabel
from ..views.curve_view import CurveView
from ..views.filmstrip import Filmstrip
from ..views.hud import Hud
from ..views.joint_info import JointSelection
from ..views.stage import Stage
from ..views.viewport3d import Viewport3D
from .action_states import ActionStates
from .actions import Actions
from .bars import Sidebar, TopBar
from .binding import (
    bind_calibrations,
    bind_camera,
    bind_curves,
    bind_filmstrip,
    bind_groups,
    bind_origin,
    bind_settings,
    bind_stage,
    bind_top_bar,
    bind_transport,
    bind_viewport,
)
from .commands import Commands
from .dialogs import RecentLog
from .opening import Opening, is_bundled
from .view_commands import ViewCommands


class MainWindow(QMainWindow):
    """Widgets subscribe to the session's observables through the bridge and call the session; they
    keep no state of their own that the session has."""

    default_size = QSize(1320, 820)

    def __init__(
        self,
        session: Session,
        settings: Settings,
        theme: Theme,
        log: RecentLog | None = None,
        parent: QWidget | None = None,
        data_folder: Path | None = None,
    ) -> None:
        """``data_folder`` is where large files of the user are kept; by default the settings'."""
        super().__init__(parent)
        self.session = session
        self.settings = settings
        self.theme = theme
        self._closed = False
        self._was_maximized = False
        self.calibrations = Calibrations(settings.folder / "calibrations")
        self.training = PersonalTraining(session, (data_folder or settings.folder) / "personal")
        self.setWindowTitle("HandS3C Live")
        self.setWindowIcon(window_icon())
        self.setAcceptDrops(True)
        self.resize(self.default_size)
        self.setMinimumHeight(440)  # the least width is what the bars and the sidebar need
        self._build()
        theme.changed.connect(self._dress)
        self._dress()
        self.history = History(session)
        sources, camera = self.sources_panel, self.camera_view
        self.opening = Opening(self, session, sources, camera)
        views = ViewCommands(self, self, session, camera, self.viewport, self.history)
        self.commands = Commands(
            self, self, session, views, self.opening, sources, self.calibrations, log or RecentLog()
        )
        self.actions_ = Actions(self, self.commands.handlers())
        self._tame_focus()
        self.bridge = Bridge(session, self)
        self._bind()
        self._restore()
        # The 3D view draws after the overlay, not beside it: cores may be few, and the overlay is
        # what people compare with the hand they move.
        self._disconnect_views = (
            session.observables.results.connect(self.viewport.trace_result),
            session.observables.results.connect(self.curve_view.take),
            session.observables.painted.connect(self.viewport.show_result),
        )
        self.scene_recorder = SceneRecorder(session.observables, session.takes.refresh)
        self.viewport.on_rendering = self.scene_recorder.take
        session.look_around()

    # ------------------------------------------------------------------------------ building

    def _build(self) -> None:
        theme = self.theme
        joints = JointSelection(self)
        self.camera_view = CameraView(theme, joints)
        self.viewport = Viewport3D(theme, joints)
        self.stage = Stage(self.camera_view, self.viewport)
        self.banner = Banner(theme)
        self.filmstrip = Filmstrip(theme)
        self.curve_view = CurveView(theme, Curves())
        self.transport = TransportBar(theme)
        self.top_bar = TopBar(theme)
        self.sidebar = Sidebar(theme)
        self.sources_panel = self.sidebar.page(SourcesPanel)
        self.view_panel = self.sidebar.page(ViewPanel)
        self.model_panel = self.sidebar.page(ModelPanel)
        self.record_panel = self.sidebar.page(RecordPanel)
        self.live_panel = self.sidebar.page(LivePanel)
        self.train_panel = self.sidebar.page(TrainPanel)
        center = QWidget()
        center.setObjectName("stage")
        column = QVBoxLayout(center)
        column.setContentsMargins(12, 12, 12, 10)
        column.setSpacing(10)
        column.addWidget(self.stage, 1)
        column.addWidget(self.curve_view)
        column.addWidget(self.filmstrip)
        column.addWidget(self.transport)
        body = QWidget()
        row = QHBoxLayout(body)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(center, 1)
        row.addWidget(self.sidebar)
        whole = QWidget()
        rows = QVBoxLayout(whole)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self.top_bar)
        rows.addWidget(body, 1)
        self.setCentralWidget(whole)
        self.banner.lie_over(self.stage)
        self._build_status()

    def _build_status(self) -> None:
        bar = QStatusBar()
        bar.setSizeGripEnabled(False)
        self.setStatusBar(bar)
        self.note_label = ElidedLabel()
        self.hud = Hud(self.theme)
        self.note_label.setContentsMargins(12, 0, 0, 0)
        bar.addWidget(self.note_label, 1)
        bar.addPermanentWidget(self.hud)

    def _bind(self) -> None:
        session, bridge, actions = self.session, self.bridge, self.actions_
        bind_transport(self.transport, session, bridge, self)
        bind_curves(self.curve_view, session, bridge)
        bind_filmstrip(self.filmstrip, session, bridge)
        bind_camera(self.camera_view, session, bridge, self, actions)
        bind_viewport(self.viewport, bridge, self, actions)
        self.opening.bind(bridge)
        bind_stage(self.stage, bridge, self)
        bind_top_bar(self.top_bar, session, bridge, self)
        bind_calibrations(self.calibrations, session, bridge, self)
        bind_origin(self.note_label, session, bridge)
        bridge.stats.connect(self.hud.show_stats)
        bridge.source.connect(self._show_title)
        self.action_states = ActionStates(actions, self.history, bridge)
        bind_settings(session, bridge, self)
        for page in self.sidebar.pages.values():
            page.bind(session, bridge, self)
        bind_groups(self.sidebar.pages, self.settings)
        self.train_panel.bind_training(self.training, session, bridge)
        self.sidebar.tabs.chosen.connect(self.show_tab)

    def _show_title(self, info: SourceInfo | None) -> None:
        if info is not None:
            self.setWindowTitle(f"{info.name} – HandS3C Live")

    def _tame_focus(self) -> None:
        """Buttons take the focus from the Tab key only; there the space bar presses them, while
        elsewhere it plays and pauses."""
        for button in self.findChildren(QAbstractButton):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.installEventFilter(self)
        self.stage.setFocus()

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        if (
            a1 is not None
            and a1.type() == QEvent.Type.ShortcutOverride
            and isinstance(a1, QKeyEvent)
            and a1.key() == Qt.Key.Key_Space
        ):
            a1.accept()
            return True
        return super().eventFilter(a0, a1)

    def change_view(self, **changes: object) -> None:
        """Ask for the current view with ``changes``."""
        view = replace(self.session.observables.view.value, **changes)  # type: ignore[arg-type]
        self.session.set_view(view)

    def open_source(self, spec: str) -> None:
        """Open ``spec``; it joins the recent sources once it is open."""
        self.stage.setFocus()
        self.session.open(spec, is_bundled=is_bundled(spec))

    def run(self, command: str) -> None:
        """Do what the menu entry ``command`` does."""
        self.actions_[command].trigger()

    def check(self, command: str, on: bool) -> None:
        """Show the state of a checkable menu entry."""
        self.actions_.check(command, on)

    def open_at_start(self, spec: str | None) -> None:
        """Open ``spec``, or the first camera, or the bundled clip."""
        self.opening.open_at_start(spec)

    # --------------------------------------------------------------------------- window's own

    def _dress(self) -> None:
        self.setStyleSheet(style_sheet(self.theme.palette))

    def show_tab(self, key: str) -> None:
        """Turn the sidebar to a page."""
        self.sidebar.show_page(key)
        self.settings.set("window/tab", key)
        self.show_sidebar(True)

    def show_sidebar(self, on: bool) -> None:
        self.sidebar.setVisible(on)
        if not on:
            self.stage.setFocus()
        self.top_bar.sidebar_button.setChecked(on)
        self.actions_.check("sidebar", on)
        self.settings.set("window/sidebar", on)

    def show_full_screen(self, on: bool) -> None:
        """The views alone on the whole screen, or everything again."""
        bar, status = self.menuBar(), self.statusBar()
        assert bar is not None
        assert status is not None
        for widget in (bar, status, self.top_bar):
            widget.setVisible(not on)
        self.sidebar.setVisible(not on and self.top_bar.sidebar_button.isChecked())
        self.stage.setFocus()  # or Qt gives it to a button, which would then take the space bar
        if on:
            self._was_maximized = self.isMaximized()
            self.showFullScreen()
        elif self._was_maximized:
            self.showMaximized()
        else:
            self.showNormal()
        self.actions_.check("full_screen", on)

    def show_language(self, choice: str) -> None:
        """Check the menu entry of the chosen language."""
        for key, _ in LANGUAGES:
            self.actions_.check(f"language_{key}", key == as_language(choice))

    def start_over(self) -> None:
        """Look as at the first start."""
        self.history.clear()
        self.sources_panel.show_recent(())
        self.sources_panel.cameras.show_modes({})
        self.stage.set_split(0.0)
        if self.isFullScreen():
            self.show_full_screen(False)
        self.show_tab("source")
        self.resize(self.default_size)

    def _restore(self) -> None:
        geometry = self.settings.get_bytes("window/geometry")
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)
        self.sources_panel.show_recent(self.settings.recent())
        self.sources_panel.cameras.show_modes(self.settings.camera_modes())
        self.stage.set_split(self.settings.get("window/split", 0.0))
        tab = self.settings.get("window/tab", "source")
        sidebar = self.settings.get("window/sidebar", True)
        self.show_tab(tab if tab in self.sidebar.pages else "source")
        self.show_sidebar(sidebar)
        for choice in ("system", "light", "dark"):
            self.actions_.check(f"theme_{choice}", choice == self.theme.choice)
        self.show_language(self.settings.get("language", "system"))

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        data = a0.mimeData() if a0 is not None else None
        if a0 is not None and data is not None and (data.hasUrls() or data.hasText()):
            a0.acceptProposedAction()

    def dropEvent(self, a0: QDropEvent | None) -> None:
        data = a0.mimeData() if a0 is not None else None
        if a0 is None or data is None:
            return
        if data.hasUrls():
            urls = data.urls()
            self.opening.open_dropped(
                [url.toLocalFile() if url.isLocalFile() else url.toString() for url in urls]
            )
        elif "://" in data.text():
            self.open_source(data.text().strip())
        a0.acceptProposedAction()

    def keyPressEvent(self, a0: QKeyEvent | None) -> None:
        if a0 is not None and a0.key() == Qt.Key.Key_Escape and self.isFullScreen():
            self.show_full_screen(False)
        else:
            super().keyPressEvent(a0)

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        if not self._closed:
            self._closed = True
            if not self.isFullScreen():
                self.settings.set_bytes("window/geometry", self.saveGeometry())
            self.settings.sync()
            for dialog in self.findChildren(QDialog):
                dialog.reject()
            self.hide()  # the threads may take a moment to finish their files
            for disconnect in self._disconnect_views:
                disconnect()
            self.history.close()
            self.filmstrip.shutdown()
            self.viewport.shutdown()
            self.training.close()
            self.session.close()
            self.scene_recorder.close()
            self.bridge.close()
        super().closeEvent(a0)
