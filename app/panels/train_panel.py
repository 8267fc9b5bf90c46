# SPDX-License-Identifier: GPL-3.0-or-later
"""Fine-tuning the network on one's own hands: record, label and train, use the result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QWidget,
)

from ..bridge import Bridge
from ..messages import in_users_language
from ..session import Session
from ..theme import Theme
from ..training import PersonalTraining, Phase, TrainingState
from ..views.controls import RecordButton, SliderRow, muted
from ..views.loss_plot import LossPlot
from ..wording import counted, tr
from .page import Page
from .transport import clock


class TrainPanel(Page):
    """Shows a ``TrainingState`` and asks for what to do next."""

    record_asked = pyqtSignal()
    remove_asked = pyqtSignal()
    start_asked = pyqtSignal(float)
    """Minutes of training."""
    cancel_asked = pyqtSignal()
    use_asked = pyqtSignal(object)
    """Path of the new weights."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = TrainingState()
        self.record_button = RecordButton(
            theme, tr("Record a clip of your hands from the open source"), tr("Complete this clip")
        )
        self.record_button.clicked.connect(self._on_record)
        self.clips_label = muted()
        self.remove_button = QPushButton(tr("Remove all clips"))
        self.remove_button.setProperty("role", "link")
        self.remove_button.clicked.connect(self.remove_asked)
        self.minutes_row = SliderRow(
            tr("Training time"), 1.0, 60.0, 1.0, lambda v: tr("{count} min", count=f"{v:.0f}")
        )
        self.minutes_row.setToolTip(tr("Longer fits your hands better, up to a point"))
        self.minutes_row.set_value(12.0)
        self.start_button = QPushButton(tr("Label and train"))
        self.start_button.setProperty("role", "primary")
        self.start_button.setToolTip(tr("Runs in a process of its own; the picture goes on"))
        self.start_button.clicked.connect(lambda: self.start_asked.emit(self.minutes_row.value))
        self.cancel_button = QPushButton(tr("Cancel"))
        self.cancel_button.setToolTip(tr("Stop; the clips and labels are kept"))
        self.cancel_button.clicked.connect(self.cancel_asked)
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.start_button, 1)
        row.addWidget(self.cancel_button)
        self.progress = QProgressBar()
        self.progress.setAccessibleName(tr("Progress"))
        self.progress.setTextVisible(False)
        self.text_label = QLabel()
        self.text_label.setWordWrap(True)
        self.plot = LossPlot(theme)
        self.outcome_label = muted(tr("Before and after are compared here."))
        self.use_button = QPushButton(tr("Use the new weights"))
        self.use_button.setToolTip(tr("Switch to them now; the Model panel switches back"))
        self.use_button.clicked.connect(self._on_use)
        self.add_group(
            tr("Your hands"),
            muted(
                tr(
                    "Record a minute or two of your hands in many poses and places. Nothing leaves "
                    "this computer."
                )
            ),
            self.record_button,
            self.clips_label,
            self.remove_button,
        )
        self.add_group(
            tr("Fine-tune"), self.minutes_row, buttons, self.progress, self.text_label, self.plot
        )
        self.add_group(tr("Result"), self.outcome_label, self.use_button)
        self.show_state(self._state)

    def bind_training(self, training: PersonalTraining, session: Session, bridge: Bridge) -> None:
        """As ``Page.bind``, for the training itself."""

        def remove() -> None:
            question = tr("Delete all clips recorded for training, and their labels?")
            answer = QMessageBox.question(self.window(), tr("Remove all clips"), question)
            if answer == QMessageBox.StandardButton.Yes:
                training.remove_clips()

        def use(weights: Path) -> None:
            model = session.observables.model.value
            session.set_model(replace(model, estimator=str(weights)))

        bridge.watch("training", training.state)
        bridge.training.connect(self.show_state)
        self.record_asked.connect(training.toggle_recording)
        self.remove_asked.connect(remove)
        self.start_asked.connect(training.start)
        self.cancel_asked.connect(training.cancel)
        self.use_asked.connect(use)

    def show_state(self, state: TrainingState) -> None:
        """Show where things stand."""
        self._state = state
        recording, busy = state.phase is Phase.RECORDING, state.phase.is_busy
        self.record_button.show_recording(recording)
        self.record_button.setEnabled(not busy)
        count = len(state.clips)
        clips = counted(count, "clip") if count else tr("No clip yet")
        self.clips_label.setText(
            tr("Recording {time}", time=clock(state.seconds)) if recording else clips
        )
        self.remove_button.setVisible(bool(count))
        self.remove_button.setEnabled(not busy and not recording)
        self.start_button.setEnabled(bool(count) and not busy and not recording)
        self.cancel_button.setEnabled(busy and not state.stopping)
        self.progress.setVisible(busy)
        self.progress.setRange(0, 0 if busy and state.share is None else 1000)
        self.progress.setValue(round(1000 * (state.share or 0.0)))
        self.text_label.setText(in_users_language(state.text))
        self.text_label.setVisible(bool(state.text))
        self.plot.show_losses(state.losses)
        if state.outcome:
            self.outcome_label.setText("\n".join(state.outcome))
        self.use_button.setEnabled(state.weights is not None and not busy)

    def _on_record(self) -> None:
        # The button shows what is the case, not what was clicked.
        self.record_button.show_recording(self._state.phase is Phase.RECORDING)
        self.record_asked.emit()

    def _on_use(self) -> None:
        weights: Path | None = self._state.weights
        if weights is not None:
            self.use_asked.emit(weights)
