# SPDX-License-Identifier: GPL-3.0-or-later
"""Carries the session's callbacks, which come from any thread, to the GUI thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QObject, Qt, pyqtSignal

from .observe import Disconnect, Observable
from .session import Session
from .session_types import Notice


class Bridge(QObject):
    """Re-emits what the session says, in the GUI thread, the newest value of each topic only.

    However busy the GUI thread is, at most one wake-up waits in its queue. Notices are the
    exception: every one is delivered.
    """

    source = pyqtSignal(object)
    playback = pyqtSignal(object)
    stats = pyqtSignal(object)
    view = pyqtSignal(object)
    model = pyqtSignal(object)
    model_status = pyqtSignal(object)
    record_choice = pyqtSignal(object)
    recording = pyqtSignal(object)
    takes = pyqtSignal(object)
    deleted = pyqtSignal(object)
    export = pyqtSignal(object)
    live = pyqtSignal(object)
    live_choice = pyqtSignal(object)
    picture = pyqtSignal(object)
    notice = pyqtSignal(object)
    cameras = pyqtSignal(object)
    training = pyqtSignal(object)
    compare = pyqtSignal(object)
    _wake = pyqtSignal()

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = threading.Lock()
        self._newest: dict[str, Any] = {}
        self._notices: list[Notice] = []
        self._awake = False
        queued = Qt.ConnectionType.QueuedConnection
        self._wake.connect(self._deliver, queued)  # type: ignore[call-arg]
        observables = session.observables
        self._disconnects: list[Disconnect] = [
            observables.source.connect(self._topic("source")),
            observables.playback.connect(self._topic("playback")),
            observables.stats.connect(self._topic("stats")),
            observables.view.connect(self._topic("view")),
            observables.model.connect(self._topic("model")),
            observables.model_status.connect(self._topic("model_status")),
            observables.recording.connect(self._topic("recording")),
            observables.record_choice.connect(self._topic("record_choice")),
            observables.takes.connect(self._topic("takes")),
            observables.deleted.connect(self._topic("deleted")),
            observables.export.connect(self._topic("export")),
            observables.live.connect(self._topic("live")),
            observables.live_choice.connect(self._topic("live_choice")),
            observables.cameras.connect(self._topic("cameras")),
            session.compare.state.connect(self._topic("compare")),
            observables.pictures.connect(self._topic("picture")),
            observables.notices.connect(self._on_notice),
        ]

    def watch(self, name: str, value: Observable[Any]) -> None:
        """Carry a value that is not the session's own, as the signal ``name``."""
        self._disconnects.append(value.connect(self._topic(name)))

    def close(self) -> None:
        """Deliver nothing more."""
        for disconnect in self._disconnects:
            disconnect()
        with self._lock:
            self._newest.clear()
            self._notices.clear()

    def _topic(self, name: str) -> Callable[[Any], None]:
        def post(value: Any) -> None:
            with self._lock:
                self._newest[name] = value
            self._ring()

        return post

    def _on_notice(self, notice: Notice) -> None:
        with self._lock:
            self._notices.append(notice)
        self._ring()

    def _ring(self) -> None:
        with self._lock:
            if self._awake:
                return
            self._awake = True
        self._wake.emit()

    def _deliver(self) -> None:
        with self._lock:
            newest, self._newest = self._newest, {}
            notices, self._notices = self._notices, []
            self._awake = False
        for name, value in newest.items():
            getattr(self, name).emit(value)
        for notice in notices:
            self.notice.emit(notice)
