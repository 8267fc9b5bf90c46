# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks how large a picture of the 3D view is to be, and whether it has a background."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from ..scene_state import Still
from ..theme import Theme
from ..views.controls import ComboBox, Switch, muted
from ..wording import tr

#: Sizes on offer, px; (0, 0) is the view's own.
SIZES = ((0, 0), (1280, 720), (1920, 1080), (2560, 1440), (3840, 2160), (2160, 2160))
_LEAST, _MOST = 64, 4096


class StillDialog(QDialog):
    """Emits ``wanted`` with the ``Still`` to save."""

    wanted = pyqtSignal(object)

    def __init__(
        self, theme: Theme, view: tuple[int, int], file: Path, parent: QWidget | None = None
    ) -> None:
        """
        Args:
            theme: colours of the controls.
            view: the 3D view's size, device pixels.
            file: where to save, unless another place is chosen.
            parent: window it belongs to.
        """
        super().__init__(parent)
        self.setWindowTitle(tr("Save the 3D view"))
        self._file = file
        self.size_box = ComboBox(theme)
        self.size_box.setAccessibleName(tr("Size"))
        self.size_box.setSizeAdjustPolicy(ComboBox.SizeAdjustPolicy.AdjustToContents)
        for size in SIZES:
            text = (
                f"{size[0]} × {size[1]}"
                if size[0]
                else tr("As seen ({size})", size=f"{view[0]} × {view[1]}")
            )
            self.size_box.addItem(text, size)
        self.size_box.addItem(tr("Other…"), None)
        self.size_box.currentIndexChanged.connect(self._show_size)
        self.width_box, self.height_box = _pixels(tr("Width")), _pixels(tr("Height"))
        self.width_box.setValue(view[0])
        self.height_box.setValue(view[1])
        own = QWidget()
        row = QHBoxLayout(own)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.width_box)
        row.addWidget(self.height_box)
        self._own = own
        self.cut_out_switch = Switch(tr("Transparent background"), theme)
        self.cut_out_switch.setToolTip(tr("The hands alone, without ground and background"))
        self.save_button = QPushButton(tr("Save…"))
        self.save_button.setProperty("role", "primary")
        self.save_button.clicked.connect(self._save)
        cancel = QPushButton(tr("Cancel"))
        cancel.clicked.connect(self.reject)
        form = QFormLayout()
        form.addRow(tr("Size"), self.size_box)
        form.addRow("", own)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self.save_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(12)
        column.addLayout(form)
        column.addWidget(self.cut_out_switch)
        column.addWidget(
            muted(tr("What is in the middle stays there; the sides follow the shape."))
        )
        column.addLayout(buttons)
        self._show_size()

    def _show_size(self) -> None:
        self._own.setVisible(self.size_box.currentData() is None)

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, tr("Save the 3D view"), str(self._file), tr("Picture (*.png)")
        )
        if not name:
            return
        file = Path(name)
        size = self.size_box.currentData()
        if size is None:
            size = (self.width_box.value(), self.height_box.value())
        self.wanted.emit(
            Still(
                file if file.suffix.lower() == ".png" else Path(f"{file}.png"),
                size if size[0] else None,
                self.cut_out_switch.isChecked(),
            )
        )
        self.accept()


def _pixels(name: str) -> QSpinBox:
    box = QSpinBox()
    box.setRange(_LEAST, _MOST)
    box.setSuffix(" px")
    box.setAccessibleName(name)
    return box
