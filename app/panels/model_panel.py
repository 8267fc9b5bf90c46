# SPDX-License-Identifier: GPL-3.0-or-later
"""Which estimator and hand model run, how they are smoothed, and the camera's field of view."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import QTimer, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QPushButton, QWidget

from app.config import ESTIMATORS, HAND_MODELS, ModelConfig
from app.panels.page import Page
from app.theme import Theme
from app.views.controls import ComboBox, SliderRow, muted

#: Dragging a slider asks for a new model at most this often, ms.
_SETTLE_MS = 120


class ModelPanel(Page):
    """Shows a ``ModelConfig`` and emits the whole new one; changes take effect live."""

    model_asked = pyqtSignal(object)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = ModelConfig()
        self._wanted: ModelConfig | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._send)
        self.estimator_box = ComboBox(theme)
        self.estimator_box.setAccessibleName("Estimator")
        self.estimator_box.setToolTip("What turns landmarks and pixels into a mesh")
        for name, label in ESTIMATORS:
            self.estimator_box.addItem(label, name)
        self.weights_button = QPushButton("Use a network…")
        self.weights_button.setToolTip(
            "Choose a network's weights: .safetensors, or a published snapshot_*.pth.tar"
        )
        self.note = muted()
        self.hand_box = ComboBox(theme)
        self.hand_box.setAccessibleName("Hand model")
        self.hand_box.setToolTip("The mesh's density; poses and shapes mean the same in each")
        for name, label in HAND_MODELS:
            self.hand_box.addItem(label, name)
        self.mano_button = QPushButton("Use my MANO files…")
        self.mano_button.setToolTip("Choose a MANO_RIGHT.pkl, the zip or the folder of both")
        self.smoothing_row = SliderRow(
            "Smoothing", 0.0, 1.0, 0.05, lambda v: "off" if v < 0.01 else f"{v * 100:.0f} %"
        )
        self.smoothing_row.setToolTip("Steadier hands against quicker response")
        self.fov_row = SliderRow("Field of view", 30.0, 120.0, 1.0, lambda v: f"{v:.0f}°")
        self.fov_row.setToolTip("Horizontal field of view of the camera: sets depth and size")
        self.calibration_button = QPushButton("Load calibration…")
        self.calibration_button.setToolTip("Use a calibrated camera instead of a field of view")
        self.calibration_note = muted()
        self.add_group("Estimator", self.estimator_box, self.weights_button, self.note)
        self.add_group("Hand model", self.hand_box, self.mano_button)
        self.add_group("Motion", self.smoothing_row)
        self.add_group("Lens", self.fov_row, self.calibration_button, self.calibration_note)
        self.estimator_box.activated.connect(
            lambda: self._ask(estimator=self.estimator_box.currentData())
        )
        self.hand_box.activated.connect(lambda: self._ask(hand_model=self.hand_box.currentData()))
        self.smoothing_row.changed.connect(lambda value: self._ask(smoothing=round(value, 2)))
        self.fov_row.changed.connect(lambda value: self._ask(fov_deg=value))
        self.weights_button.clicked.connect(self._choose_weights)
        self.mano_button.clicked.connect(self._choose_mano)
        self.calibration_button.clicked.connect(self._choose_calibration)
        self.show_model(self._model)

    def show_model(self, model: ModelConfig) -> None:
        """Show ``model`` without asking for anything."""
        self._model = model
        self._wanted = None
        self._settle.stop()
        self.note.setText(f"{model.note}.")
        _select(self.estimator_box, model.estimator)
        _select(self.hand_box, model.hand_model)
        self.smoothing_row.set_value(model.smoothing)
        self.fov_row.set_value(model.fov_deg)
        calibrated = model.calibration is not None
        self.fov_row.setEnabled(not calibrated)
        self.calibration_button.setText("Remove calibration" if calibrated else "Load calibration…")
        self.calibration_note.setText(model.calibration.name if model.calibration else "")
        self.calibration_note.setVisible(calibrated)

    def _ask(self, **changes: object) -> None:
        self._wanted = replace(self._wanted or self._model, **changes)  # type: ignore[arg-type]
        self._settle.start()

    def _send(self) -> None:
        if self._wanted is not None:
            wanted, self._wanted = self._wanted, None
            self._model = wanted
            self.model_asked.emit(wanted)

    def _choose_weights(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Network weights", "", "Weights (*.safetensors *.tar *.pth);;All files (*)"
        )
        if name:
            self._ask(estimator=name)

    def _choose_mano(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "MANO model", "", "MANO (*.pkl *.zip *.npz);;All files (*)"
        )
        if name:
            self._ask(hand_model=name)

    def _choose_calibration(self) -> None:
        if self._model.calibration is not None:
            self._ask(calibration=None)
            return
        name, _ = QFileDialog.getOpenFileName(
            self, "Camera calibration", "", "Calibration (*.json *.yaml *.yml *.npz);;All files (*)"
        )
        if name:
            self._ask(calibration=Path(name))


def _select(box: ComboBox, name: str) -> None:
    """Select what is called ``name``; a file that the box does not hold yet joins it."""
    if box.findData(name) < 0:
        box.addItem(Path(name).name, name)
    box.select_data(name)
