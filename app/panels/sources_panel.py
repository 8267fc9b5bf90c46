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

from hands3c_core.sources import CameraInfo, split_mode

from ..bridge import Bridge
from ..icons import icon
from ..session import Session
from ..session_types import SourceInfo
from ..shell import Shell
from ..theme import Theme
from ..views.controls import Switch, muted
from ..wording import counted, tr
from .camera_choice import CameraChoice
from .page import Page

VIDEO_FILTER = (
    "Videos, pictures and takes (*.mp4 *.mov *.mkv *.webm *.avi *.m4v *.mpg *.png *.jpg *.jpeg "
    "*.bmp *.webp *.jsonl *.npz);;All files (*)"
)


def symbol_of(spec: str) -> str:
    """The icon that fits a source."""
    if "\n" in spec:
        return "images"
    if "://" in spec:
        return "link"
    if Path(spec).is_dir():
        return "images"
    if split_mode(spec)[0].isdecimal() or not Path(spec).suffix:
        return "camera"
    return "film"


def short_name(spec: str) -> str:
    """The part of a source's specification that tells it from others."""
    first, *others = spec.splitlines() or [spec]
    if others:
        return tr("{name} and {count} more", name=Path(first).name, count=len(others))
    camera, size, _ = split_mode(spec)
    if camera.isdecimal():
        mode = f" ({size[0]} × {size[1]})" if size else ""
        return tr("Camera {name}", name=f"{camera}{mode}")
    return spec if "://" in spec else (Path(spec).name or spec)


class SourcesPanel(Page):
    """Asks for sources by their specification; shows the open one and the recent ones."""

    open_asked = pyqtSignal(str)
    mirror_asked = pyqtSignal(bool)
    clear_recent_asked = pyqtSignal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._recent: tuple[str, ...] = ()
        self.current_label = QLabel(tr("Nothing open"))
        self.current_label.setWordWrap(True)
        self.facts_label = muted(tr("Open a camera, a file or a stream."))
        self.cameras = CameraChoice(theme)
        self.cameras.open_asked.connect(self.open_asked)
        self.mirror_switch = Switch(tr("Mirror picture (selfie view)"), theme)
        self.mirror_switch.setToolTip(tr("Flips the picture on screen, never the data (M)"))
        self.mirror_switch.clicked.connect(self.mirror_asked)
        self.file_button = QPushButton(tr("Open file…"))
        self.file_button.setToolTip(
            tr("Open a video or picture (Ctrl+O), or drop it on the window")
        )
        self.file_button.clicked.connect(self.choose_file)
        self.folder_button = QPushButton(tr("Image folder…"))
        self.folder_button.setToolTip(tr("Look through a folder of pictures (Ctrl+Shift+O)"))
        self.folder_button.clicked.connect(self.choose_folder)
        self.demo_button = QPushButton(tr("Bundled clip"))
        self.demo_button.setToolTip(tr("Open the clip that comes with the app"))
        files = QWidget()
        grid = QGridLayout(files)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(6)
        grid.addWidget(self.file_button, 0, 0)
        grid.addWidget(self.folder_button, 0, 1)
        grid.addWidget(self.demo_button, 1, 0, 1, 2)
        self.url_edit = QLineEdit()
        self.url_edit.setPlaceholderText(tr("http:// or rtsp:// address"))
        self.url_edit.setAccessibleName(tr("Stream address"))
        self.url_edit.setClearButtonEnabled(True)
        self.url_edit.returnPressed.connect(self._open_url)
        self.url_button = QPushButton(tr("Connect"))
        self.url_button.setToolTip(tr("Open the stream"))
        self.url_button.clicked.connect(self._open_url)
        stream = QWidget()
        line = QHBoxLayout(stream)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(6)
        line.addWidget(self.url_edit, 1)
        line.addWidget(self.url_button)
        self.recent_list = QListWidget()
        self.recent_list.setAccessibleName(tr("Recent sources"))
        self.recent_list.setIconSize(QSize(16, 16))
        self.recent_list.setMinimumHeight(110)
        self.recent_list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.recent_list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.recent_list.itemActivated.connect(self._open_recent)
        self.recent_list.itemClicked.connect(self._open_recent)
        self.clear_button = QPushButton(tr("Clear list"))
        self.clear_button.setProperty("role", "link")
        self.clear_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.clear_button.clicked.connect(self.clear_recent_asked)
        self.add_group(tr("Open now"), self.current_label, self.facts_label)
        self.add_group(tr("Camera"), self.cameras, self.mirror_switch)
        self.add_group(tr("File"), files)
        self.add_group(tr("Stream"), stream)
        self.add_group(tr("Recent"), self.recent_list, self.clear_button)
        theme.changed.connect(self._fill_recent)
        self.show_recent(())

    def bind(self, session: Session, bridge: Bridge, shell: Shell) -> None:
        """See ``Page.bind``."""
        bridge.source.connect(self.show_source)
        bridge.view.connect(lambda view: self.show_mirror(view.mirror))
        bridge.cameras.connect(self._show_cameras)
        self.cameras.refresh_asked.connect(session.find_cameras)
        self.cameras.mode_chosen.connect(shell.settings.set_camera_mode)
        self.open_asked.connect(shell.open_source)
        self.mirror_asked.connect(lambda on: shell.change_view(mirror=on))
        self.demo_button.clicked.connect(lambda: shell.run("open_demo"))

        def remember(info: SourceInfo | None) -> None:
            if info is not None and not info.is_bundled:
                self.show_recent(shell.settings.add_recent(info.spec))

        def forget() -> None:
            shell.settings.clear_recent()
            self.show_recent(())

        bridge.source.connect(remember)
        self.clear_recent_asked.connect(forget)

    def _show_cameras(self, cameras: tuple[CameraInfo, ...] | None) -> None:
        if cameras is not None:  # None while they are looked for
            self.cameras.show_cameras(cameras)

    def show_source(self, info: SourceInfo | None) -> None:
        """Show the open source."""
        self.cameras.show_source(info)
        if info is None:
            self.current_label.setText(tr("Nothing open"))
            self.facts_label.setText(tr("Open a camera, a file or a stream."))
            return
        self.current_label.setText(info.name)
        facts = [f"{info.width} × {info.height}"]
        if info.pictures:
            facts.append(counted(len(info.pictures), "picture"))
        elif info.fps > 0:
            facts.append(tr("{rate} frames/s", rate=f"{info.fps:.4g}"))
        if info.duration and not info.pictures:
            facts.append(f"{info.duration:.1f} s")
        if info.is_live:
            facts.append("live")
        self.facts_label.setText("  ·  ".join(facts))

    def show_mirror(self, on: bool) -> None:
        """Show whether the picture is mirrored."""
        self.mirror_switch.setChecked(on)

    def show_recent(self, specs: Sequence[str]) -> None:
        """List what was open lately, newest first."""
        self._recent = tuple(specs)
        self._fill_recent()

    def choose_file(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, tr("Open a video, a picture or a take"), "", VIDEO_FILTER
        )
        if name:
            self.open_asked.emit(name)

    def choose_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, tr("Open a folder of pictures"))
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
            item = QListWidgetItem(tr("Nothing yet"))
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            self.recent_list.addItem(item)

    def _open_url(self) -> None:
        address = self.url_edit.text().strip()
        if address:
            self.open_asked.emit(address)

    def _open_recent(self, item: QListWidgetItem) -> None:
        spec = item.data(Qt.ItemDataRole.UserRole)
        if spec:
            self.open_asked.emit(str(spec))
