# SPDX-License-Identifier: GPL-3.0-or-later
"""Where frames come from: cameras, files, image folders, streams, and what was open lately."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QWidget,
)

from app.icons import icon
from app.panels.page import Page
from app.session_types import SourceInfo
from app.theme import Theme
from app.views.controls import ComboBox, IconButton, muted

VIDEO_FILTER = (
    "Videos and pictures (*.mp4 *.mov *.mkv *.webm *.avi *.m4v *.mpg *.png *.jpg *.jpeg *.bmp "
    "*.webp);;All files (*)"
)


def symbol_of(spec: str) -> str:
    """The icon that fits a source."""
    if "://" in spec:
        return "link"
    if Path(spec).is_dir():
        return "images"
    if spec.isdigit() or not Path(spec).suffix:
        return "camera"
    return "film"


def short_name(spec: str) -> str:
    """The part of a source's specification that tells it from others."""
    return spec if "://" in spec else (Path(spec).name or spec)


class SourcesPanel(Page):
    """Asks for sources by their specification; shows the open one and the recent ones."""

    open_asked = pyqtSignal(str)
    refresh_asked = pyqtSignal()
    clear_recent_asked = pyqtSignal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._recent: tuple[str, ...] = ()
        self.current_label = QLabel("Nothing open")
        self.current_label.setWordWrap(True)
        self.facts_label = muted("Open a camera, a file or a stream.")
        self.camera_box = ComboBox(theme)
        self.camera_box.setAccessibleName("Camera")
        self.camera_box.setToolTip("Cameras this computer has")
        self.refresh_button = IconButton("refresh", "Look for cameras again", theme, role="chip")
        self.refresh_button.clicked.connect(self.refresh_asked)
        self.camera_button = QPushButton("Start")
        self.camera_button.setToolTip("Open the chosen camera")
        self.camera_button.clicked.connect(self._open_camera)
        cameras = QWidget()
        row = QHBoxLayout(cameras)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        row.addWidget(self.camera_box, 1)
        row.addWidget(self.refresh_button)
        row.addWidget(self.camera_button)
        self.camera_hint = muted("Looking for cameras…")
        self.file_button = QPushButton("Open file…")
        self.file_button.setToolTip("Open a video or picture (Ctrl+O), or drop it on the window")
        self.file_button.clicked.connect(self.choose_file)
        self.folder_button = QPushButton("Image folder…")
        self.folder_button.setToolTip("Open a folder of pictures as a clip (Ctrl+Shift+O)")
        self.folder_button.clicked.connect(self.choose_folder)
        self.demo_button = QPushButton("Bundled clip")
        self.demo_button.setToolTip("Open the clip that comes with the app")
        files = QWidget()
        grid = QGridLayout(files)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        grid.addWidget(self.file_button, 0, 0)
        grid.addWidget(self.folder_button, 0, 1)
        grid.addWidget(self.demo_button, 1, 0, 1, 2)
        self.url_edit = QLineEdit()
        self.url_edit.setPlaceholderText("http:// or rtsp:// address")
        self.url_edit.setAccessibleName("Stream address")
        self.url_edit.setClearButtonEnabled(True)
        self.url_edit.returnPressed.connect(self._open_url)
        self.url_button = QPushButton("Connect")
        self.url_button.setToolTip("Open the stream")
        self.url_button.clicked.connect(self._open_url)
        stream = QWidget()
        line = QHBoxLayout(stream)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        line.addWidget(self.url_edit, 1)
        line.addWidget(self.url_button)
        self.recent_list = QListWidget()
        self.recent_list.setAccessibleName("Recent sources")
        self.recent_list.setIconSize(QSize(16, 16))
        self.recent_list.setMinimumHeight(110)
        self.recent_list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.recent_list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.recent_list.itemActivated.connect(self._open_recent)
        self.recent_list.itemClicked.connect(self._open_recent)
        self.clear_button = QPushButton("Clear list")
        self.clear_button.setProperty("role", "link")
        self.clear_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clear_button.clicked.connect(self.clear_recent_asked)
        self.add_group("Open now", self.current_label, self.facts_label)
        self.add_group("Camera", cameras, self.camera_hint)
        self.add_group("File", files)
        self.add_group("Stream", stream)
        self.add_group("Recent", self.recent_list, self.clear_button)
        theme.changed.connect(self._fill_recent)
        self.show_cameras(())
        self.show_recent(())

    def show_source(self, info: SourceInfo | None) -> None:
        """Show the open source."""
        if info is None:
            self.current_label.setText("Nothing open")
            self.facts_label.setText("Open a camera, a file or a stream.")
            return
        self.current_label.setText(info.name)
        facts = [f"{info.width} × {info.height}"]
        if info.fps > 0:
            facts.append(f"{info.fps:.4g} frames/s")
        if info.duration:
            facts.append(f"{info.duration:.1f} s")
        if info.is_live:
            facts.append("live")
        self.facts_label.setText("  ·  ".join(facts))

    def show_cameras(self, cameras: Sequence[tuple[str, str]]) -> None:
        """List ``cameras`` as (specification, name)."""
        self.camera_box.clear()
        for spec, name in cameras:
            self.camera_box.addItem(name, spec)
        found = bool(cameras)
        self.camera_box.setEnabled(found)
        self.camera_button.setEnabled(found)
        if not found:
            self.camera_box.addItem("No camera found", "")
        self.camera_hint.setText("Plug one in and press refresh.")
        self.camera_hint.setVisible(not found)

    def show_recent(self, specs: Sequence[str]) -> None:
        """List what was open lately, newest first."""
        self._recent = tuple(specs)
        self._fill_recent()

    def choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Open a video or picture", "", VIDEO_FILTER)
        if name:
            self.open_asked.emit(name)

    def choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Open a folder of pictures")
        if name:
            self.open_asked.emit(name)

    def _fill_recent(self) -> None:
        self.recent_list.clear()
        for spec in self._recent:
            item = QListWidgetItem(
                icon(symbol_of(spec), self._theme.palette.muted), short_name(spec)
            )
            item.setToolTip(spec)
            item.setData(Qt.ItemDataRole.UserRole, spec)
            self.recent_list.addItem(item)
        self.clear_button.setVisible(bool(self._recent))
        if not self._recent:
            item = QListWidgetItem("Nothing yet")
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.recent_list.addItem(item)

    def _open_camera(self) -> None:
        spec = self.camera_box.currentData()
        if spec:
            self.open_asked.emit(str(spec))

    def _open_url(self) -> None:
        address = self.url_edit.text().strip()
        if address:
            self.open_asked.emit(address)

    def _open_recent(self, item: QListWidgetItem) -> None:
        spec = item.data(Qt.ItemDataRole.UserRole)
        if spec:
            self.open_asked.emit(str(spec))
