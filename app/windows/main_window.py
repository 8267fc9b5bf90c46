# SPDX-License-Identifier: GPL-3.0-or-later
"""The main window: views, transport and sidebar, and what connects them to a session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QEvent, QObject, QSize, Qt
from PyQt6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QKeyEvent
from PyQt6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QMainWindow,
    QStatusBar,
    QVBoxLayout,
    QWidget,
)

from app.bridge import Bridge
from app.config import Layout, ModelConfig, RecordChoice, ViewState
from app.options import bundled_clip
from app.panels.model_panel import ModelPanel
from app.panels.record_panel import RecordPanel
from app.panels.sources_panel import SourcesPanel
from app.panels.transport import TransportBar, clock
from app.panels.view_panel import ViewPanel
from app.session import Session
from app.session_types import (
    ModelStatus,
    Notice,
    Picture,
    Playback,
    RecordingState,
    SourceInfo,
    State,
)
from app.settings import Settings
from app.theme import Theme
from app.views.banner import Banner
from app.views.camera_view import CameraView
from app.views.controls import ElidedLabel
from app.views.hud import Hud
from app.views.stage import Stage
from app.views.viewport3d import Viewport3D
from app.windows.actions import Actions
from app.windows.bars import Sidebar, TopBar
from app.windows.commands import Commands
from app.windows.dialogs import RecentLog
from hands3c_core.errors import UserError


class MainWindow(QMainWindow):
    """Widgets subscribe to the session's outlets through the bridge and call the session; they
    keep no state of their own that the session has."""

    default_size = QSize(1320, 820)

    def __init__(
        self,
        session: Session,
        settings: Settings,
        theme: Theme,
        log: RecentLog | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.session = session
        self.settings = settings
        self.theme = theme
        self._closed = False
        self._waiting_for_cameras = False
        self._trying_camera = False
        self.setWindowTitle("HandS3C Live")
        self.setAcceptDrops(True)
        self.resize(self.default_size)
        self.setMinimumSize(640, 480)
        self._build()
        self.commands = Commands(self, log or RecentLog())
        self.actions_ = Actions(self, self.commands.handlers())
        self._tame_focus()
        self.bridge = Bridge(session, self)
        self._connect()
        self._restore()
        self._stop_results = session.outlets.results.connect(self.viewport.show_result)
        session.find_cameras()

    # ------------------------------------------------------------------------------ building

    def _build(self) -> None:
        theme = self.theme
        self.camera_view = CameraView(theme)
        self.viewport = Viewport3D(theme)
        self.stage = Stage(self.camera_view, self.viewport)
        self.banner = Banner(theme)
        self.transport = TransportBar(theme)
        self.sources_panel = SourcesPanel(theme)
        self.view_panel = ViewPanel(theme)
        self.model_panel = ModelPanel(theme)
        self.record_panel = RecordPanel(theme)
        self.top_bar = TopBar(theme)
        self.sidebar = Sidebar(
            theme,
            {
                "source": self.sources_panel,
                "view": self.view_panel,
                "model": self.model_panel,
                "record": self.record_panel,
            },
        )
        center = QWidget()
        center.setObjectName("stage")
        column = QVBoxLayout(center)
        column.setContentsMargins(12, 12, 12, 10)
        column.setSpacing(10)
        column.addWidget(self.banner)
        column.addWidget(self.stage, 1)
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

    def _tame_focus(self) -> None:
        """Buttons take the focus from the Tab key only; there the space bar presses them, while
        elsewhere it plays and pauses."""
        for button in self.findChildren(QAbstractButton):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.installEventFilter(self)

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

    # ------------------------------------------------------------------------------ connecting

    def _connect(self) -> None:
        session, bridge = self.session, self.bridge
        bridge.source.connect(self._show_source)
        bridge.playback.connect(self._show_playback)
        bridge.stats.connect(self.hud.show_stats)
        bridge.view.connect(self._show_view)
        bridge.model.connect(self._show_model)
        bridge.model_status.connect(self._show_model_status)
        bridge.recording.connect(self._show_recording)
        bridge.record_choice.connect(self._show_record_choice)
        bridge.takes.connect(self.record_panel.show_takes)
        bridge.cameras.connect(self._show_cameras)
        bridge.picture.connect(self._show_picture)
        bridge.notice.connect(self._show_notice)
        self.camera_view.pixel_size_changed.connect(session.set_display_size)
        self.camera_view.full_screen_asked.connect(self.commands.toggle_full_screen)
        self.viewport.failed.connect(self._show_scene_failure)
        self.transport.play_asked.connect(session.toggle_play)
        self.transport.step_asked.connect(session.step)
        self.transport.seek_asked.connect(session.seek)
        self.transport.loop_asked.connect(self.commands.set_loop)
        self.transport.speed_asked.connect(session.set_speed)
        self.sources_panel.open_asked.connect(self.open_source)
        self.sources_panel.refresh_asked.connect(session.find_cameras)
        self.sources_panel.clear_recent_asked.connect(self._clear_recent)
        self.sources_panel.demo_button.clicked.connect(self.commands.open_demo)
        self.view_panel.view_asked.connect(session.set_view)
        self.view_panel.preset_asked.connect(self.viewport.worker.set_preset)
        self.view_panel.reset_asked.connect(self.viewport.worker.reset_view)
        self.model_panel.model_asked.connect(session.set_model)
        self.record_panel.record_asked.connect(session.toggle_recording)
        self.record_panel.choice_asked.connect(session.set_record_choice)
        self.record_panel.snapshot_asked.connect(session.snapshot)
        self.top_bar.open_button.clicked.connect(self.sources_panel.choose_file)
        self.top_bar.layout_choice.chosen.connect(lambda picked: self.change_view(layout=picked))
        self.top_bar.mirror_button.clicked.connect(lambda on: self.change_view(mirror=on))
        self.top_bar.snapshot_button.clicked.connect(lambda: session.snapshot(".png"))
        self.top_bar.record_button.clicked.connect(self._on_record_clicked)
        self.top_bar.sidebar_button.clicked.connect(self.show_sidebar)
        self.sidebar.tabs.chosen.connect(self.show_tab)

    def change_view(self, **changes: object) -> None:
        """Ask for the current view with ``changes``."""
        view = replace(self.session.outlets.view.value, **changes)  # type: ignore[arg-type]
        self.session.set_view(view)

    def open_source(self, spec: str) -> None:
        """Open ``spec``; it joins the recent sources once it is open."""
        self.session.open(spec, is_bundled=_is_bundled(spec))

    def open_at_start(self, spec: str | None) -> None:
        """Open ``spec``, or the first camera, or the bundled clip with a banner saying so."""
        if spec is not None:
            self.open_source(spec)
        else:
            self._waiting_for_cameras = True
            self._show_hint()
            if self.session.outlets.cameras.value is not None:
                self._open_first(self.session.outlets.cameras.value)

    def _open_first(self, cameras: tuple[tuple[str, str], ...]) -> None:
        self._waiting_for_cameras = False
        if cameras:
            self._trying_camera = True
            self.open_source(cameras[0][0])
        else:
            self._open_demo_instead("No camera found")

    def _open_demo_instead(self, reason: str) -> None:
        if self.commands.open_demo():
            text = f"{reason}, so this is the bundled clip. Plug a camera in, or open a file."
            self.banner.show_notice(Notice("hint", text))

    def _show_notice(self, notice: Notice) -> None:
        if notice.key == "source" and notice.level == "error" and self._trying_camera:
            self._trying_camera = False
            self._open_demo_instead(notice.text.rstrip("."))
        else:
            self.banner.show_notice(notice)

    # ---------------------------------------------------------------------------------- showing

    def _show_source(self, info: SourceInfo | None) -> None:
        self.sources_panel.show_source(info)
        self.transport.show_source(info)
        if info is None:
            return
        self._trying_camera = False
        self.setWindowTitle(f"{info.name} – HandS3C Live")
        self.top_bar.source_label.setText(info.name)
        self.top_bar.source_label.setToolTip(info.spec)
        if not info.is_bundled:
            if self.banner.notice is not None and self.banner.notice.key == "hint":
                self.banner.dismiss()
            self.sources_panel.show_recent(self.settings.add_recent(info.spec))

    def _show_playback(self, playback: Playback) -> None:
        self.transport.show_playback(playback)
        self.actions_.check("loop", playback.loop)
        self._show_hint()

    def _show_hint(self) -> None:
        """What the camera view says while it has no picture."""
        outlets = self.session.outlets
        state = outlets.playback.value.state
        if state is State.OPENING:
            hint = "Opening…"
        elif state is State.EMPTY and self._waiting_for_cameras:
            hint = "Looking for a camera…"
        elif state is State.EMPTY:
            hint = "Open a camera, a file or a stream, or drop one here."
        else:
            hint = "Loading the hand model…" if outlets.model_status.value.loading else "No picture"
        self.camera_view.set_hint(hint)

    def _show_view(self, view: ViewState) -> None:
        self.view_panel.show_view(view)
        self.viewport.set_view(view)
        self.stage.set_layout_choice(view.layout)
        self.top_bar.layout_choice.set_value(view.layout)
        self.top_bar.mirror_button.setChecked(view.mirror)
        self.camera_view.set_labels(view.labels)
        for key in ("mesh", "skeleton", "boxes", "labels", "mirror", "scene_follow", "scene_grid"):
            self.actions_.check(key, getattr(view, key))
        for choice in Layout:
            self.actions_.check(f"layout_{choice.value}", choice is view.layout)
        self.settings.save_view(view)

    def _show_model(self, model: ModelConfig) -> None:
        self.model_panel.show_model(model)

    def _show_model_status(self, status: ModelStatus) -> None:
        if status.ready and not status.loading:
            self.settings.save_model(self.session.outlets.model.value)
        loading = "Loading the hand model…"
        self.note_label.setText(loading if status.loading else status.note)
        self.note_label.setToolTip(status.note)
        self.viewport.set_hint(loading if status.loading else "The hands appear here.")
        self._show_hint()

    def _show_recording(self, state: RecordingState) -> None:
        self.record_panel.show_recording(state)
        self.top_bar.record_button.show_recording(state.active)
        if state.active:
            self.top_bar.record_button.setText(clock(state.seconds))
        self.actions_.check("record", state.active)

    def _show_record_choice(self, choice: RecordChoice) -> None:
        self.record_panel.show_choice(choice)
        self.top_bar.record_button.setEnabled(choice.any)
        self.settings.save_record(choice)

    def _show_cameras(self, cameras: tuple[tuple[str, str], ...] | None) -> None:
        if cameras is None:
            return
        self.sources_panel.show_cameras(cameras)
        if self._waiting_for_cameras:
            self._open_first(cameras)

    def _show_picture(self, picture: Picture) -> None:
        self.camera_view.set_picture(picture)
        self.session.displayed(picture)

    def _show_scene_failure(self, text: str) -> None:
        self.banner.show_notice(Notice("scene", text, "warning"))

    def _on_record_clicked(self) -> None:
        # The button shows what the session says, not what was clicked.
        self.top_bar.record_button.show_recording(self.session.outlets.recording.value.active)
        self.session.toggle_recording()

    def _clear_recent(self) -> None:
        self.settings.clear_recent()
        self.sources_panel.show_recent(())

    # --------------------------------------------------------------------------- window's own

    def show_tab(self, key: str) -> None:
        """Turn the sidebar to a page."""
        self.sidebar.show_page(key)
        self.settings.set("window/tab", key)
        self.show_sidebar(True)

    def show_sidebar(self, on: bool) -> None:
        self.sidebar.setVisible(on)
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
        if on:
            self.showFullScreen()
        else:
            self.showNormal()
        self.actions_.check("full_screen", on)

    def _restore(self) -> None:
        geometry = self.settings.get_bytes("window/geometry")
        if not geometry.isEmpty():
            self.restoreGeometry(geometry)
        self.sources_panel.show_recent(self.settings.recent())
        tab = self.settings.get("window/tab", "source")
        sidebar = self.settings.get("window/sidebar", True)
        self.show_tab(tab if tab in self.sidebar.pages else "source")
        self.show_sidebar(sidebar)
        for choice in ("system", "light", "dark"):
            self.actions_.check(f"theme_{choice}", choice == self.theme.choice)

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        data = a0.mimeData() if a0 is not None else None
        if a0 is not None and data is not None and (data.hasUrls() or data.hasText()):
            a0.acceptProposedAction()

    def dropEvent(self, a0: QDropEvent | None) -> None:
        data = a0.mimeData() if a0 is not None else None
        if a0 is None or data is None:
            return
        if data.hasUrls():
            url = data.urls()[0]
            self.open_source(url.toLocalFile() if url.isLocalFile() else url.toString())
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
            self.hide()  # the threads may take a moment to finish their files
            self._stop_results()
            self.viewport.shutdown()
            self.session.close()
            self.bridge.close()
        super().closeEvent(a0)


def _is_bundled(spec: str) -> bool:
    try:
        return Path(spec).resolve() == bundled_clip().resolve()
    except (UserError, OSError):
        return False
