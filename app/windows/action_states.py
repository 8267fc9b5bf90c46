# SPDX-License-Identifier: GPL-3.0-or-later
"""Which menu entries are checked and enabled: what the session says of them."""

from __future__ import annotations

from ..bridge import Bridge
from ..compare import CompareState
from ..config import TOGGLES, Layout, NetworkMap, ViewState
from ..history import History
from ..model_status import ModelStatus
from ..panels.view_panel import map_reason
from ..wording import tr
from .actions import Actions


class ActionStates:
    """Keeps the menus' entries as the session is; all of it runs in the GUI thread."""

    def __init__(self, actions: Actions, history: History, bridge: Bridge) -> None:
        self._actions = actions
        self._history = history
        bridge.playback.connect(lambda playback: actions.check("loop", playback.loop))
        bridge.recording.connect(lambda state: actions.check("record", state.active))
        bridge.view.connect(self._show_view)
        bridge.compare.connect(self._show_comparison)
        bridge.model_status.connect(self._show_maps)
        for said in (bridge.view, bridge.model, bridge.record_choice, bridge.takes):
            said.connect(self._show_history)

    def _show_view(self, view: ViewState) -> None:
        for toggle in TOGGLES:
            self._actions.check(toggle.field, getattr(view, toggle.field))
        for layout in Layout:
            self._actions.check(f"layout_{layout.value}", layout is view.layout)
        for choice in NetworkMap:
            if choice is not NetworkMap.NONE:
                self._actions.check(f"map_{choice.value}", choice is view.network_map)

    def _show_comparison(self, state: CompareState) -> None:
        self._actions.check("compare", state.on)
        for key in ("wipe_left", "wipe_right"):
            self._actions[key].setEnabled(state.on)

    def _show_history(self, _: object) -> None:
        """Enable undo and redo where there is something to take back or make again."""
        for key, name, title in (
            ("undo", tr("&Undo"), self._history.undo_title),
            ("redo", tr("&Redo"), self._history.redo_title),
        ):
            self._actions[key].setEnabled(bool(title))
            self._actions[key].setText(f"{name}: {title}" if title else name)

    def _show_maps(self, status: ModelStatus) -> None:
        """Enable the maps that the estimator can give, and say why not the others."""
        reason = map_reason(status)
        for choice in NetworkMap:
            if choice is not NetworkMap.NONE:
                action = self._actions[f"map_{choice.value}"]
                action.setEnabled(choice.value in status.maps)
                action.setToolTip(action.text() if choice.value in status.maps else reason)
