# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends every result to those who listen live, on a thread of its own: the newest wins."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from hands3c_core.errors import UserError, unexpected

from .config import LiveChoice
from .observables import Observables
from .observe import Disconnect
from .session_types import LiveState, Notice, Shown
from .workers import RenderThread, TaskThread

if TYPE_CHECKING:
    from hands3c_core.live import LiveOut, Target

log = logging.getLogger(__name__)

_SAY_PERIOD_S = 0.5


class LiveSender:
    """Follows a ``LiveChoice``; ``observables.live`` tells what runs and who listens."""

    def __init__(self, observables: Observables, newest: Callable[[], Shown | None]) -> None:
        """``newest`` is the frame on show, for those who join while nothing moves."""
        self._out = observables
        # Ports and host names may take seconds: nothing else waits for them.
        self._tasks = TaskThread("hands3c-live-ports")
        self._newest = newest
        self._lock = threading.Lock()
        self._running: list[LiveOut] = []
        self._error = ""
        self._closed = False
        self._due = 0.0
        self._thread: RenderThread[Shown] | None = None
        self._stop_results: Disconnect | None = None

    def choose(self, choice: LiveChoice) -> None:
        """Switch to ``choice``; returns at once."""
        if choice != self._out.live_choice.value:
            self._out.live_choice.set(choice)
            self._tasks.post(lambda: self._follow(choice))

    def close(self) -> None:
        """Free the ports; blocks until that is done."""
        self._closed = True
        self._tasks.post(self._stop)
        self._tasks.close()

    # ------------------------------------------------------------------------- the ports' thread

    def _follow(self, choice: LiveChoice) -> None:
        if self._closed or choice is not self._out.live_choice.value:
            return  # a newer choice waits
        self._stop()
        errors = []
        targets = targets_of(choice)
        if targets:
            self._thread = RenderThread("hands3c-live", self._send)
            self._stop_results = self._out.results.connect(self._thread.post)
        for target in targets:
            from hands3c_core.live import LiveOut

            try:
                live = LiveOut(
                    [target],
                    on_change=self._clients_changed,
                    origins=choice.websocket_origins,
                )
            except UserError as error:
                errors.append(str(error))
                continue
            except Exception as error:
                errors.append(unexpected(log, f"Nothing is sent to {target.kind}", error))
                continue
            with self._lock:
                self._running.append(live)
            self._say()
        self._error = " ".join(errors)
        self._out.notices.emit(Notice("live", self._error, "error"))
        self._say()
        self._send_newest()

    def _stop(self) -> None:
        if self._stop_results is not None:
            self._stop_results()
            self._stop_results = None
        if self._thread is not None:
            self._thread.close()
            self._thread = None
        with self._lock:
            running, self._running = self._running, []
        for live in running:
            live.close()

    # -------------------------------------------------------------------------- any other thread

    def _send(self, shown: Shown) -> None:
        with self._lock:
            running = tuple(self._running)
        for live in running:
            live.send(shown.result, None if shown.model is None else shown.model.hand)
        now = time.monotonic()
        if now >= self._due:
            self._due = now + _SAY_PERIOD_S
            self._say()

    def _clients_changed(self) -> None:
        self._say()
        self._send_newest()

    def _send_newest(self) -> None:
        thread, shown = self._thread, self._newest()
        if thread is not None and shown is not None:
            thread.post(shown)

    def _say(self) -> None:
        with self._lock:
            states = [live.status for live in self._running]
        websocket = osc = vmc = rerun = ""
        for state in states:
            for target in state.targets:
                if target.kind == "ws":
                    websocket = page_address(target)
                elif target.kind == "osc":
                    osc = f"{target.host}:{target.port}"
                elif target.kind == "vmc":
                    vmc = f"{target.host}:{target.port}"
                else:
                    rerun = f"{target.host}:{target.port}"
        self._out.live.set(
            LiveState(
                websocket=websocket,
                osc=osc,
                vmc=vmc,
                rerun=rerun,
                clients=tuple(
                    (client.address, client.sent, client.skipped)
                    for state in states
                    for client in state.clients
                ),
                osc_frames=sum(state.osc_frames for state in states),
                vmc_frames=sum(state.vmc_frames for state in states),
                rerun_frames=sum(state.rerun_frames for state in states),
                error=self._error,
            )
        )


def targets_of(choice: LiveChoice) -> list[Target]:
    """What ``choice`` switches on."""
    if not (choice.websocket or choice.osc or choice.vmc or choice.rerun):
        return []
    from hands3c_core.live import Target

    targets = []
    if choice.websocket:
        targets.append(Target("ws", choice.websocket_host, choice.websocket_port))
    if choice.osc:
        targets.append(Target("osc", choice.osc_host, choice.osc_port))
    if choice.vmc:
        targets.append(Target("vmc", choice.vmc_host, choice.vmc_port))
    if choice.rerun:
        targets.append(Target("rerun", choice.rerun_host, choice.rerun_port))
    return targets


def page_address(target: Target) -> str:
    """The address under which a browser finds the page."""
    host = target.host
    if host in ("0.0.0.0", "::", ""):
        host = _own_address()
    return f"http://{f'[{host}]' if ':' in host else host}:{target.port}/"


def _own_address() -> str:
    """This computer's address in its network; nothing is sent to find it."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))  # an address kept for documentation
            return str(probe.getsockname()[0])
    except OSError:
        return socket.gethostname()
