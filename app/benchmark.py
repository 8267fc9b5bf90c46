# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast the window is: from a frame's arrival to its overlay on screen, and how free its event
loop stays. Run by ``hands3c benchmark --ui``."""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from PyQt6.QtCore import QEventLoop, QObject, QSettings, Qt, QTimer
from PyQt6.QtWidgets import QApplication

from hands3c_core.benchmark.loopback_camera import loopback_camera
from hands3c_core.command import run
from hands3c_core.errors import UserError

from .collector import CalmCollector
from .config import ModelConfig, RecordChoice, ViewState
from .options import has_display
from .session import Session
from .session_types import Picture
from .settings import Settings
from .theme import Theme
from .windows.main_window import MainWindow

#: Wait this long for the first picture: the first start compiles kernels and measures runtimes.
_START_S = 180.0
_WARM_UP_S = 5.0
#: A gap longer than this in the GUI thread delays a 60 Hz frame.
_FRAME_MS = 16.7


class Clocks(QObject):
    """Measures a window: latencies of its pictures and gaps between turns of its event loop."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self.latencies_ms: list[float] = []
        self.gaps_ms: list[float] = []
        self.hands = 0
        self._window = window
        self._running = False
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        window.camera_view.painted.connect(self._on_painted)

    def start(self) -> None:
        self._running = True
        self._last = time.perf_counter()
        self._timer.start(1)

    def stop(self) -> None:
        self._running = False
        self._timer.stop()

    def _on_painted(self, picture: Picture) -> None:
        # What was painted reaches the screen when this turn of the event loop ends.
        QTimer.singleShot(0, lambda: self._on_screen(picture))

    def _on_screen(self, picture: Picture) -> None:
        if self._running:
            self.latencies_ms.append((time.monotonic() - picture.arrived_at) * 1e3)
            self.hands += len(picture.result.hands)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.gaps_ms.append((now - self._last) * 1e3)
        self._last = now


def benchmark_ui(
    clip: str | Path,
    *,
    seconds: float = 20.0,
    fps: float = 30.0,
    model: ModelConfig | None = None,
    size: tuple[int, int] = (1320, 820),
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Measure the window on a clip that a loopback camera sends.

    A frame arrives when it has been received and decoded; it is on screen when the event loop turn
    that painted it ends.

    Args:
        clip: the video to send.
        seconds: how long to measure, after a warm-up.
        fps: pictures a second that the camera sends.
        model: what turns frames into hands; the app's default if None.
        size: of the window, logical px.
        progress: is told what is being done.

    Raises:
        UserError: the clip cannot be read, or no picture appears.
    """
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    with ExitStack() as stack:
        progress("starting the camera")
        url = stack.enter_context(loopback_camera(clip, fps))
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        store = QSettings(str(scratch / "s.ini"), QSettings.Format.IniFormat)
        theme = Theme(application, "dark")
        stack.callback(theme.close)
        session = Session(
            model, ViewState(), RecordChoice(folder=scratch / "takes"), picture_first=True
        )
        window = MainWindow(session, Settings(store), theme)
        stack.callback(window.close)
        collector = CalmCollector(window.bridge, window)  # as in the app
        stack.callback(collector.end)
        window.resize(*size)
        window.show()
        window.open_source(url)
        clocks = Clocks(window)
        progress("loading the model")
        ready = session.observables.model_status
        _wait(lambda: ready.value.ready and window.camera_view.picture is not None)
        progress("warming up")
        _spin(_WARM_UP_S)
        progress("measuring")
        dropped = session.observables.stats.value.dropped
        cpu = psutil.Process().cpu_times()
        by_thread = thread_seconds()
        clocks.start()
        started = time.monotonic()
        _spin(seconds)
        clocks.stop()
        span = time.monotonic() - started
        used = psutil.Process().cpu_times()
        spent = thread_seconds()
        pictures = max(1, len(clocks.latencies_ms))
        stats = session.observables.stats.value
        return {
            "platform": application.platformName(),
            "machine": f"{platform.machine()}, {psutil.cpu_count()} cores",
            "window": list(size),
            "clip": Path(clip).name,
            "meshes": ready.value.note,
            "seconds": round(span, 1),
            "sent_fps": fps,
            "shown_fps": round(len(clocks.latencies_ms) / span, 2),
            "dropped": stats.dropped - dropped,
            "hands_a_picture": round(clocks.hands / max(1, len(clocks.latencies_ms)), 2),
            "cores_used": round((used.user + used.system - cpu.user - cpu.system) / span, 2),
            "cpu_ms_a_picture": {
                name: round(1e3 * (seconds - by_thread.get(name, 0.0)) / pictures, 2)
                for name, seconds in sorted(spent.items())
            },
            "memory_mb": round(stats.memory_mb),
            "latency_ms": _summary(clocks.latencies_ms),
            "gui_gap_ms": {
                **_summary(clocks.gaps_ms),
                "max": round(max(clocks.gaps_ms, default=0.0), 1),
                "share_of_time_over_16_ms": round(_long_share(clocks.gaps_ms), 4),
            },
            "stages_ms": {name: round(ms, 2) for name, ms in stats.stages_ms.items()},
        }


#: What the app's threads do, by name; the rest belongs to libraries.
_WORK = {
    "MainThread": "window",
    "hands3c-source": "decode",
    "hands3c-ahead": "follow",
    "hands3c-engine": "estimate",
    "hands3c-painter": "overlay",
    "hands3c-scene": "3D view",
    "hands3c-recording": "encode",
}


def thread_seconds() -> dict[str, float]:
    """Processor seconds that this process has used so far, by what they were used for. Unlike the
    time that a stage takes, they hardly depend on what else the machine does."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    spent: dict[str, float] = defaultdict(float)
    for thread in psutil.Process().threads():
        work = _WORK.get(names.get(thread.id, ""), "libraries and others")
        spent[work] += thread.user_time + thread.system_time
    return dict(spent)


def as_lines(report: dict[str, Any]) -> list[str]:
    """A report of ``benchmark_ui`` for people."""
    latency, gap = report["latency_ms"], report["gui_gap_ms"]
    return [
        f"{report['clip']} at {report['sent_fps']:g} frames/s on {report['platform']}, "
        f"{report['machine']}. {report['meshes']}.",
        f"arrival to screen: median {latency['median']:.1f} ms, 95 % under {latency['p95']:.1f} ms",
        f"shown: {report['shown_fps']:.1f} frames/s, {report['hands_a_picture']:.2f} hands each; "
        f"{report['dropped']} dropped; {report['cores_used']:.2f} cores, {report['memory_mb']} MB",
        "processor time a picture, ms: "
        + ", ".join(f"{name} {ms:.1f}" for name, ms in report["cpu_ms_a_picture"].items()),
        f"GUI event loop: gaps of {gap['median']:.1f} ms (median), 95 % under {gap['p95']:.1f} ms, "
        f"longest {gap['max']:.1f} ms; {100 * gap['share_of_time_over_16_ms']:.1f} % of the time "
        "in gaps over 16.7 ms",
    ]


def _summary(values: list[float]) -> dict[str, float]:
    if not values:
        raise UserError("No picture was shown while measuring: is the machine this busy?")
    return {
        "median": round(float(np.median(values)), 2),
        "p95": round(float(np.percentile(values, 95)), 2),
    }


def _long_share(gaps: Iterable[float]) -> float:
    kept = list(gaps)
    return sum(gap for gap in kept if gap > _FRAME_MS) / max(sum(kept), 1e-9)


def _spin(seconds: float) -> None:
    loop = QEventLoop()  # quitting the application would close its windows
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _START_S
    while not condition():
        if time.monotonic() > deadline:
            raise UserError("The window showed no picture within three minutes; see the log.")
        _spin(0.1)


def main(arguments: list[str]) -> int:
    """``CLIP SECONDS ESTIMATOR FILE``: measure, print, write the figures as JSON."""
    clip, seconds, estimator, file = arguments
    report = benchmark_ui(
        clip,
        seconds=float(seconds),
        model=ModelConfig(estimator),
        progress=lambda text: print(f"{text} …", file=sys.stderr),
    )
    print("\n".join(as_lines(report)))
    Path(file).write_text(json.dumps(report))
    return 0


if __name__ == "__main__":
    if not has_display():
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    run(lambda: main(sys.argv[1:]))
