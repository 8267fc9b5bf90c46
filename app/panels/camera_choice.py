# SPDX-License-Identifier: GPL-3.0-or-later
"""The choice of a camera, its picture size and its frame rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from hands3c_core.sources import CameraInfo, CameraMode, split_mode, with_mode

from ..session_types import SourceInfo
from ..theme import Theme
from ..views.controls import ComboBox, IconButton, muted
from ..wording import tr

#: (width, height, frames/s) asked of a camera; 0 leaves that to the camera.
Mode = tuple[int, int, float]
_AUTOMATIC: Mode = (0, 0, 0.0)
#: Offered of a camera that does not say what it has.
_USUAL = tuple(
    CameraMode(*size, (60.0, 30.0, 15.0)) for size in ((1920, 1080), (1280, 720), (640, 480))
)


class CameraChoice(QWidget):
    """Lists cameras by name with the sizes and rates that each offers."""

    open_asked = pyqtSignal(str)
    refresh_asked = pyqtSignal()
    mode_chosen = pyqtSignal(str, object)
    """Name of a camera and the ``Mode`` to remember for it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cameras: tuple[CameraInfo, ...] = ()
        self._modes: dict[str, Mode] = {}
        self._open_spec = ""  # of the camera that is open, or that was asked for last
        self.camera_box = ComboBox(theme)
        self.camera_box.setAccessibleName(tr("Camera"))
        self.camera_box.setToolTip(tr("Cameras this computer has"))
        self.refresh_button = IconButton(
            "refresh", tr("Look for cameras again"), theme, role="chip"
        )
        self.start_button = QPushButton(tr("Start"))
        self.start_button.setToolTip(tr("Open the chosen camera"))
        self.size_box = ComboBox(theme)
        self.size_box.setAccessibleName(tr("Resolution"))
        self.size_box.setToolTip(
            tr("Picture size to ask the camera for; larger costs frames a second")
        )
        self.rate_box = ComboBox(theme)
        self.rate_box.setAccessibleName(tr("Frame rate"))
        self.rate_box.setToolTip(tr("Frames a second to ask the camera for"))
        for box in (self.camera_box, self.size_box, self.rate_box):
            box.setMinimumContentsLength(3)  # the column is narrow
        self.hint = muted(tr("Looking for cameras…"))
        first, second = QHBoxLayout(), QHBoxLayout()
        for row in (first, second):
            row.setContentsMargins(0, 0, 0, 0)
            row.setSpacing(6)
        first.addWidget(self.camera_box, 1)
        first.addWidget(self.refresh_button)
        first.addWidget(self.start_button)
        second.addWidget(self.size_box, 3)
        second.addWidget(self.rate_box, 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(first)
        column.addLayout(second)
        column.addWidget(self.hint)
        self.camera_box.activated.connect(self._fill_sizes)
        self.size_box.activated.connect(self._on_size)
        self.rate_box.activated.connect(self._on_rate)
        self.refresh_button.clicked.connect(self.refresh_asked)
        self.start_button.clicked.connect(self._start)
        self.show_cameras(())

    def show_cameras(self, cameras: Sequence[CameraInfo]) -> None:
        """List ``cameras``."""
        self._cameras = tuple(cameras)
        self.camera_box.clear()
        for camera in cameras:
            self.camera_box.addItem(camera.name, camera.index)
        found = bool(cameras)
        for widget in (self.camera_box, self.start_button, self.size_box, self.rate_box):
            widget.setEnabled(found)
        if not found:
            self.camera_box.addItem(tr("No camera found"), None)
        self.hint.setText(tr("Plug one in and press refresh."))
        self.hint.setVisible(not found)
        self._fill_sizes()

    def show_modes(self, modes: Mapping[str, Mode]) -> None:
        """Take over what was chosen earlier, by the cameras' names."""
        self._modes = dict(modes)
        self._fill_sizes()

    def show_source(self, info: SourceInfo | None) -> None:
        """Remember what is open: a new mode of the open camera takes effect at once, also of one
        that is still being opened."""
        self._open_spec = split_mode(info.spec)[0] if info is not None and info.is_live else ""
        chosen = self._chosen
        running = chosen is not None and self._open_spec == chosen.spec
        self.start_button.setText(tr("Restart") if running else tr("Start"))

    def spec_of(self, camera: CameraInfo) -> str:
        """What opens ``camera`` in the mode chosen for it."""
        width, height, rate = self._modes.get(camera.name, _AUTOMATIC)
        return with_mode(camera.spec, (width, height) if width and height else None, rate or None)

    @property
    def _chosen(self) -> CameraInfo | None:
        index = self.camera_box.currentData()
        return next((camera for camera in self._cameras if camera.index == index), None)

    @property
    def _size(self) -> tuple[int, int]:
        # Texts, since Qt does not compare tuples by value.
        width, _, height = str(self.size_box.currentData() or "0x0").partition("x")
        return int(width), int(height)

    def _fill_sizes(self) -> None:
        self.size_box.clear()
        self.size_box.addItem(tr("Automatic size"), "0x0")
        camera = self._chosen
        for mode in _modes_of(camera):
            self.size_box.addItem(f"{mode.width} × {mode.height}", f"{mode.width}x{mode.height}")
        width, height, _ = self._modes.get(camera.name if camera else "", _AUTOMATIC)
        self.size_box.setCurrentIndex(max(0, self.size_box.findData(f"{width}x{height}")))
        self._fill_rates()

    def _fill_rates(self) -> None:
        self.rate_box.clear()
        self.rate_box.addItem(tr("Any rate"), 0.0)
        camera, size = self._chosen, self._size
        for mode in _modes_of(camera):
            if (mode.width, mode.height) == size:
                for rate in mode.fps:
                    self.rate_box.addItem(tr("{rate} fps", rate=f"{rate:g}"), float(rate))
        _, _, rate = self._modes.get(camera.name if camera else "", _AUTOMATIC)
        self.rate_box.setCurrentIndex(max(0, self.rate_box.findData(rate)))
        self.rate_box.setEnabled(self.rate_box.count() > 1)

    def _on_size(self) -> None:
        self._choose((*self._size, 0.0))
        self._fill_rates()

    def _on_rate(self) -> None:
        self._choose((*self._size, float(self.rate_box.currentData())))

    def _choose(self, mode: Mode) -> None:
        camera = self._chosen
        if camera is None or self._modes.get(camera.name, _AUTOMATIC) == mode:
            return
        self._modes[camera.name] = mode
        self.mode_chosen.emit(camera.name, mode)
        if camera.spec == self._open_spec:
            self._start()

    def _start(self) -> None:
        camera = self._chosen
        if camera is not None:
            self._open_spec = camera.spec
            self.open_asked.emit(self.spec_of(camera))


def _modes_of(camera: CameraInfo | None) -> tuple[CameraMode, ...]:
    return () if camera is None else camera.modes or _USUAL
