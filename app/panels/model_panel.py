# SPDX-License-Identifier: GPL-3.0-or-later
"""Which estimator and hand model run, on what, how hands are found and smoothed, and the lens."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import Qt, QTimer, pyqtSignal
from PyQt6.QtWidgets import QFileDialog, QFormLayout, QProgressBar, QPushButton, QWidget

from hands3c_core.weights import (
    AUTO,
    LANDMARKS,
    WeightsCard,
    default_estimator,
    shipped_weights,
)

from ..bridge import Bridge
from ..config import HAND_MODELS, ModelConfig
from ..model_status import ModelStatus
from ..session import Session
from ..session_types import SourceInfo
from ..shell import Shell
from ..theme import Theme
from ..views.controls import ComboBox, SliderRow, muted
from ..wording import estimator_title, tr
from .page import Page

#: Dragging a slider asks for a new model at most this often, ms.
_SETTLE_MS = 120
_DEVICES = (("auto", "Automatic"), ("cpu", "CPU"), ("cuda", "GPU (CUDA)"))
_PRECISIONS = (("full", "Full (float32)"), ("half", "Half (faster)"))
#: Field of ``ModelConfig``, label and tip of the detector's thresholds.
_THRESHOLDS = (
    ("detection_confidence", "Start a hand from", "Least score of a palm that starts a hand"),
    (
        "presence_confidence",
        "Keep a hand from",
        "Below this a followed hand is searched anew",
    ),
    ("tracking_confidence", "Follow from", "Least overlap of a hand's boxes from frame to frame"),
)


class ModelPanel(Page):
    """Shows a ``ModelConfig`` and emits the whole new one; changes take effect live."""

    model_asked = pyqtSignal(object)
    calibrate_asked = pyqtSignal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._model = ModelConfig()
        self._wanted: ModelConfig | None = None
        self._card: WeightsCard | None = None
        self._width = 0
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._send)
        self._build_estimator()
        self._build_hand()
        self._build_detector()
        self._build_lens()
        self.show_model(self._model)

    # ------------------------------------------------------------------------------- building

    def _build_estimator(self) -> None:
        self.estimator_box = ComboBox(self._theme)
        self.estimator_box.setAccessibleName(tr("Estimator"))
        self.estimator_box.setToolTip(tr("What turns landmarks and pixels into a mesh"))
        usual = default_estimator()
        self.estimator_box.addItem(tr("Automatic ({what})", what=estimator_title(usual)), AUTO)
        for name in shipped_weights():
            self.estimator_box.addItem(estimator_title(name), name)
        self.estimator_box.addItem(estimator_title(LANDMARKS), LANDMARKS)
        self.weights_button = QPushButton(tr("Use a network…"))
        self.weights_button.setToolTip(
            tr("Choose a network's weights: .safetensors, or a published snapshot_*.pth.tar")
        )
        self.note = muted()
        self.facts = muted()
        self.facts.setAccessibleName(tr("Facts about the weights"))
        self.loading_bar = QProgressBar()
        self.loading_bar.setObjectName("slimProgress")
        self.loading_bar.setRange(0, 0)
        self.loading_bar.setTextVisible(False)
        self.loading_bar.setAccessibleName(tr("Loading the model"))
        self.loading_bar.hide()
        self.facts_button = QPushButton()
        self.facts_button.setProperty("role", "link")
        self.facts_button.setCheckable(True)
        self.facts_button.setCursor(Qt.CursorShape.PointingHandCursor)
        self.facts_button.toggled.connect(self._show_facts)
        self.device_box = self._choice(tr("Device"), tr("Where a network runs"), _DEVICES)
        self.precision_box = self._choice(
            tr("Precision"), tr("Half precision where the machine computes with it"), _PRECISIONS
        )
        self.add_group(
            tr("Estimator"),
            self.estimator_box,
            self.weights_button,
            self.loading_bar,
            self.note,
            self.facts,
            self.facts_button,
            _rows((tr("Device"), self.device_box), (tr("Precision"), self.precision_box)),
        )
        self.estimator_box.activated.connect(
            lambda: self._ask(estimator=self.estimator_box.currentData())
        )
        self.device_box.activated.connect(lambda: self._ask(device=self.device_box.currentData()))
        self.precision_box.activated.connect(
            lambda: self._ask(precision=self.precision_box.currentData())
        )
        self.weights_button.clicked.connect(self._choose_weights)

    def _build_hand(self) -> None:
        self.hand_box = ComboBox(self._theme)
        self.hand_box.setAccessibleName(tr("Hand model"))
        self.hand_box.setToolTip(tr("The mesh's density; poses and shapes mean the same in each"))
        for name, label in HAND_MODELS:
            self.hand_box.addItem(tr(label), name)
        self.mano_button = QPushButton(tr("Use my MANO files…"))
        self.mano_button.setToolTip(tr("Choose a MANO_RIGHT.pkl, the zip or the folder of both"))
        self.smoothing_row = SliderRow(
            tr("Smoothing"), 0.0, 1.0, 0.05, lambda v: tr("off") if v < 0.01 else f"{v * 100:.0f} %"
        )
        self.smoothing_row.setToolTip(tr("Steadier hands against quicker response"))
        self.add_group(tr("Hand model"), self.hand_box, self.mano_button)
        self.add_group(tr("Motion"), self.smoothing_row)
        self.hand_box.activated.connect(lambda: self._ask(hand_model=self.hand_box.currentData()))
        self.mano_button.clicked.connect(self._choose_mano)
        self.smoothing_row.changed.connect(lambda value: self._ask(smoothing=round(value, 2)))

    def _build_detector(self) -> None:
        counts = tuple((count, f"{count}") for count in (1, 2))
        self.hands_box = self._choice(tr("Most hands"), tr("How many hands are looked for"), counts)
        self.hands_box.activated.connect(lambda: self._ask(max_hands=self.hands_box.currentData()))
        self.threshold_rows: dict[str, SliderRow] = {}
        for name, label, tip in _THRESHOLDS:
            row = SliderRow(tr(label), 0.1, 0.9, 0.05, lambda value: f"{value * 100:.0f} %")
            row.setToolTip(tr(tip))
            row.changed.connect(lambda value, field=name: self._ask(**{field: round(value, 2)}))
            self.threshold_rows[name] = row
        self.add_group(
            tr("Detector"), _rows((tr("Most hands"), self.hands_box)), *self.threshold_rows.values()
        )

    def _build_lens(self) -> None:
        self.fov_row = SliderRow(tr("Field of view"), 30.0, 120.0, 1.0, self._fov_text)
        self.fov_row.setToolTip(tr("Horizontal field of view of the camera: sets depth and size"))
        self.calibrate_button = QPushButton(tr("Calibrate with a chessboard…"))
        self.calibrate_button.setToolTip(tr("Measure the lens of the open source, once per camera"))
        self.calibrate_button.setEnabled(False)
        self.calibration_button = QPushButton(tr("Load calibration…"))
        self.calibration_button.setToolTip(tr("Use a calibrated camera instead of a field of view"))
        self.calibration_note = muted()
        self.add_group(
            tr("Lens"),
            self.fov_row,
            self.calibrate_button,
            self.calibration_button,
            self.calibration_note,
        )
        self.fov_row.changed.connect(lambda value: self._ask(fov_deg=value))
        self.calibrate_button.clicked.connect(self.calibrate_asked)
        self.calibration_button.clicked.connect(self._choose_calibration)

    def _choice(self, name: str, tip: str, entries: tuple[tuple[object, str], ...]) -> ComboBox:
        box = ComboBox(self._theme)
        box.setAccessibleName(name)
        box.setToolTip(tip)
        for value, label in entries:
            box.addItem(tr(label), value)
        return box

    # -------------------------------------------------------------------------------- showing

    def show_model(self, model: ModelConfig) -> None:
        """Show ``model`` without asking for anything."""
        self._model = model
        self._wanted = None
        self._settle.stop()
        _select(self.estimator_box, model.estimator)
        _select(self.hand_box, model.hand_model)
        self.device_box.select_data(model.device)
        self.precision_box.select_data(model.precision)
        self.hands_box.select_data(model.max_hands)
        self.smoothing_row.set_value(model.smoothing)
        for name, row in self.threshold_rows.items():
            row.set_value(getattr(model, name))
        self.fov_row.set_value(model.fov_deg)
        calibrated = model.calibration is not None
        self.fov_row.setEnabled(not calibrated)
        self.calibration_button.setText(
            tr("Remove calibration") if calibrated else tr("Load calibration…")
        )
        self.calibration_note.setText(model.calibration.stem if model.calibration else "")
        self.calibration_note.setVisible(calibrated)

    def show_status(self, status: ModelStatus) -> None:
        """Show what runs and what is known of its weights."""
        note = f"{status.note}." if status.note else ""
        if status.loading:
            until = "\n" + tr("Until then: {note}", note=note) if note else ""
            what = status.coming or tr("the model")
            note = tr("Loading {what}: a large one takes a while.", what=what) + until
        self.note.setText(note)
        self.loading_bar.setVisible(status.loading)
        # The facts are of what runs, not of what is being loaded.
        self._card = None if status.loading else status.card
        self._show_facts()
        on_network = status.card is not None or status.loading
        self.device_box.setEnabled(on_network)
        self.precision_box.setEnabled(on_network)

    def _show_facts(self) -> None:
        """The card in short, or all of it."""
        card, whole = self._card, self.facts_button.isChecked()
        lines = [] if card is None else card.facts() if whole else _in_short(card)
        self.facts.setText(("\n\n" if whole else "\n").join(lines))
        self.facts.setVisible(bool(lines))
        self.facts_button.setText(tr("Less") if whole else tr("More about these weights"))
        self.facts_button.setVisible(card is not None and card.facts() != _in_short(card))

    def bind(self, session: Session, bridge: Bridge, shell: Shell) -> None:
        """See ``Page.bind``."""
        bridge.source.connect(self.show_source)
        bridge.model.connect(self.show_model)
        bridge.model_status.connect(self.show_status)
        self.model_asked.connect(session.set_model)
        self.calibrate_asked.connect(lambda: shell.run("calibrate"))

    def show_source(self, info: SourceInfo | None) -> None:
        """The open source gives the focal length its pixels and can be calibrated."""
        self._width = info.width if info is not None else 0
        self.calibrate_button.setEnabled(info is not None)
        self.fov_row.set_value(self._model.fov_deg)

    def _fov_text(self, degrees: float) -> str:
        if not self._width:
            return f"{degrees:.0f}°"
        focal = 0.5 * self._width / math.tan(math.radians(degrees) / 2)
        return f"{degrees:.0f}°  ·  f {focal:.0f} px"

    # --------------------------------------------------------------------------------- asking

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
            self,
            tr("Network weights"),
            "",
            tr("Weights (*.safetensors *.tar *.pth);;All files (*)"),
        )
        if name:
            self._ask(estimator=name)

    def _choose_mano(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, tr("MANO model"), "", tr("MANO (*.pkl *.zip *.npz);;All files (*)")
        )
        if name:
            self._ask(hand_model=name)

    def _choose_calibration(self) -> None:
        if self._model.calibration is not None:
            self._ask(calibration=None)
            return
        name, _ = QFileDialog.getOpenFileName(
            self,
            tr("Camera calibration"),
            "",
            tr("Calibration (*.json *.yaml *.yml *.npz);;All files (*)"),
        )
        if name:
            self._ask(calibration=Path(name))


def _in_short(card: WeightsCard) -> list[str]:
    """What weights are and how good they are, in a line each."""
    figures = card.joint_errors().items()
    # A figure, what it is of and its unit stay on one line.
    said = (f"{tr(kind)} {mm:.0f} mm".replace(" ", "\N{NO-BREAK SPACE}") for kind, mm in figures)
    errors = ", ".join(said)
    good = tr("Typical error of a joint: {errors}", errors=errors) if errors else ""
    return list(filter(None, (card.heading(), good)))


def _rows(*entries: tuple[str, QWidget]) -> QWidget:
    """Labelled widgets under each other."""
    made = QWidget()
    form = QFormLayout(made)
    form.setContentsMargins(0, 0, 0, 0)
    form.setHorizontalSpacing(12)
    for label, widget in entries:
        form.addRow(label, widget)
    return made


def _select(box: ComboBox, name: str) -> None:
    """Select what is called ``name``; a file that the box does not hold yet joins it."""
    if box.findData(name) < 0:
        box.addItem(Path(name).name, name)
    box.select_data(name)
