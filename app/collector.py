# SPDX-License-Identifier: GPL-3.0-or-later
"""Python's garbage collector, kept from stopping the picture.

A full collection looks at every object there is, with Python's lock held: with torch, Open3D and
MediaPipe loaded these are 350,000, and nobody draws, fits or decodes for 0.2 to 0.4 s. All but a
few of them live for as long as the program does. So nothing is collected while a model is loaded,
and afterwards what is there is left out of all further collections (``gc.freeze``).
"""

from __future__ import annotations

import gc
import threading

from PyQt6.QtCore import QObject, QTimer

from hands3c_core.free_memory import trim_heap

from .bridge import Bridge
from .model_status import ModelStatus

#: After the model the 3D view opens, which brings objects of its own.
_SETTLED_MS = 4000


class CalmCollector(QObject):
    """Watches a session's models come; for the window's own process only, since it changes Python's
    collector for all of it.

    Args:
        bridge: tells of the model, in the GUI thread.
        parent: whose end is this one's, too.
    """

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._has_settled = False
        self._trim: threading.Thread | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.settle)
        bridge.model_status.connect(self._on_status)
        self._rest()

    def _rest(self) -> None:
        gc.disable()

    def _on_status(self, status: ModelStatus) -> None:
        if status.loading:
            self._timer.stop()
            self._rest()
        else:
            self._timer.start(_SETTLED_MS)

    def settle(self) -> None:
        """Leave out what is there. A model that was replaced is let go first, for which everything
        has to be looked at once."""
        if self._has_settled:
            gc.unfreeze()
            gc.collect()
        self._has_settled = True
        gc.freeze()
        gc.enable()
        # What the loading freed goes back to the system; for some 10 ms, without Python's lock.
        self._trim = threading.Thread(target=trim_heap, name="hands3c-trim", daemon=True)
        self._trim.start()

    def end(self) -> None:
        """As before, for whoever uses this process next."""
        self._timer.stop()
        if self._trim is not None:
            self._trim.join()
        gc.unfreeze()
        gc.enable()
