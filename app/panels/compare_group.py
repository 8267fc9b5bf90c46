# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether two estimators are compared, and which is the second."""

from __future__ import annotations

from PyQt6.QtWidgets import QVBoxLayout, QWidget

from ..bridge import Bridge
from ..compare import CompareState, comparable
from ..config import ModelConfig
from ..session import Session
from ..theme import Theme
from ..views.controls import ComboBox, Switch, muted
from ..wording import estimator_title, tr


class CompareGroup(QWidget):
    """Follows a session's comparison by itself once it is bound to one."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.switch = Switch(tr("Compare two estimators"), theme)
        self.switch.setToolTip(
            tr("Another estimator on the same picture, right of a line that can be dragged (W)")
        )
        self.box = ComboBox(theme)
        self.box.setToolTip(tr("The second estimator (Shift+W for the next)"))
        self.box.setAccessibleName(tr("The second estimator"))
        self.note = muted()
        self._first = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for widget in (self.switch, self.box, self.note):
            column.addWidget(widget)

    def bind(self, session: Session, bridge: Bridge) -> None:
        """Show and change what ``session`` compares."""
        comparison = session.compare
        self.switch.clicked.connect(comparison.toggle)
        self.box.activated.connect(lambda: comparison.choose(estimator=self.box.currentData()))
        bridge.compare.connect(self._show)
        bridge.model.connect(self._show_model)
        self._show_model(session.observables.model.value)
        self._show(comparison.state.value)

    def _show_model(self, model: ModelConfig) -> None:
        if model.estimator == self._first:
            return
        self._first = model.estimator
        now = self.box.currentData()
        self.box.clear()
        for name in comparable(model.estimator):
            self.box.addItem(estimator_title(name), name)
        self.box.select_data(now)

    def _show(self, state: CompareState) -> None:
        self.switch.setChecked(state.on)
        if self.box.findData(state.estimator) < 0:
            self.box.addItem(estimator_title(state.estimator), state.estimator)
        self.box.select_data(state.estimator)
        title = estimator_title(state.estimator)
        self.note.setText(
            tr("Loading {what}…", what=title)
            if state.loading
            else tr(
                "Left of the line is the estimator of the Model page, which alone is recorded. "
                "Off: how far its joints are from the detector's landmarks."
            )
        )
        self.note.setVisible(state.on)
