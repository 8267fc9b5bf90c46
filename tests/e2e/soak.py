"""Leaves the window running on a looping clip and on a bad camera, and reports what grew.

    xvfb-run -a -s "-screen 0 1600x1000x24" python tests/e2e/soak.py --minutes 20 --json soak.json

Each of the two runs lasts ``--minutes``. The camera (a loopback MJPEG stream) hangs up, stalls and
changes its picture size. Memory and frames a second are compared between the first and the last
fifth of a run, after a warm-up; the exit code is 1 where memory grew by 5 %, frames a second fell
by 10 %, an error was logged, a thread or child process was left over, or where the camera did not
go and come back and change its size at least once.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from hands3c_core.threads import configure_threads  # noqa: E402

configure_threads(side_by_side=True)

import psutil  # noqa: E402
from PyQt6.QtCore import QEventLoop, QSettings, QTimer  # noqa: E402
from PyQt6.QtWidgets import QApplication  # noqa: E402

from app.config import ModelConfig, RecordChoice  # noqa: E402
from app.session import Session  # noqa: E402
from app.session_types import State  # noqa: E402
from app.settings import Settings  # noqa: E402
from app.theme import Theme  # noqa: E402
from app.windows.main_window import MainWindow  # noqa: E402
from hands3c_core.assets import asset_path  # noqa: E402
from hands3c_core.benchmark.loopback_camera import Faults, loopback_camera  # noqa: E402

MEMORY_GROWTH, FPS_LOSS = 0.05, 0.10


class Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(record.getMessage())


class Watch:
    """Takes a sample of the process every second."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._process = psutil.Process()
        self._started = time.monotonic()
        self.samples: list[dict[str, float]] = []
        self._timer = QTimer()
        self._timer.timeout.connect(self._sample)
        self._timer.start(1000)

    def stop(self) -> None:
        self._timer.stop()

    def _sample(self) -> None:
        stats = self._session.observables.stats.value
        shown = self._session.shown
        self.samples.append(
            {
                "width": shown.result.frame.image.shape[1] if shown is not None else 0,
                "files": open_files(self._process),
                "t": round(time.monotonic() - self._started, 1),
                "rss_mb": self._process.memory_info().rss / 1e6,
                "fps": stats.fps,
                "latency_ms": stats.latency_ms or 0.0,
                "threads": self._process.num_threads(),
                "children": len(self._process.children(recursive=True)),
                "zombies": zombies(self._process),
                "playing": self._session.observables.playback.value.state is State.PLAYING,
            }
        )


def open_files(process: psutil.Process) -> int:
    """Open files, pipes and sockets; 0 where the system does not tell."""
    count = getattr(process, "num_fds", None)
    return int(count()) if count is not None else 0


def zombies(process: psutil.Process) -> int:
    count = 0
    for child in process.children(recursive=True):
        try:
            count += child.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            continue
    return count


def spin(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(round(seconds * 1000), loop.quit)
    loop.exec()


def soak(kind: str, seconds: float, estimator: str, clip: Path, warm_up: float) -> dict[str, Any]:
    """One run of ``seconds`` on ``kind``: 'clip' or 'camera'."""
    errors = Errors()
    logging.getLogger().addHandler(errors)
    threading.excepthook = lambda given: errors.found.append(f"thread: {given.exc_value!r}")
    sys.excepthook = lambda kind, error, trace: errors.found.append(repr(error))
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    notices: list[str] = []

    started = time.monotonic()

    def count(notice: Any) -> None:
        if notice.key == "connection":
            told = notice.text or "back"
            notices.append(f"{time.monotonic() - started:.1f} s: {told}")

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        spec = str(clip)
        if kind == "camera":
            spec = stack.enter_context(loopback_camera(clip, 30.0, Faults(every_s=12.0, seed=1)))
        theme = Theme(application, "dark")
        session = Session(ModelConfig(estimator), record=RecordChoice(folder=folder))
        session.observables.notices.connect(count)
        store = QSettings(str(folder / "s.ini"), QSettings.Format.IniFormat)
        window = MainWindow(session, Settings(store), theme)
        window.show()
        session.set_loop(True)
        window.open_source(spec)
        while session.shown is None or not session.observables.model_status.value.ready:
            spin(0.2)
        print(f"{kind}: {session.observables.model_status.value.note}", file=sys.stderr)
        spin(warm_up)
        watch = Watch(session)
        spin(seconds)
        watch.stop()
        window.close()
        spin(0.5)
        theme.close()
    logging.getLogger().removeHandler(errors)
    gc.collect()
    left = [t.name for t in threading.enumerate() if t.name.startswith("hands3c")]
    return report(kind, watch.samples, errors.found, notices, left)


def report(
    kind: str,
    samples: list[dict[str, float]],
    errors: list[str],
    notices: list[str],
    threads_left: list[str],
) -> dict[str, Any]:
    fifth = max(1, len(samples) // 5)
    first, last = samples[:fifth], samples[-fifth:]

    def median(part: list[dict[str, float]], name: str) -> float:
        return round(statistics.median(sample[name] for sample in part), 2)

    memory = [median(part, "rss_mb") for part in (first, last)]
    # While the camera stalls there are no frames; only the seconds with frames count.
    moving = [[s for s in part if s["fps"] > 1 and s["playing"]] or part for part in (first, last)]
    fps = [median(part, "fps") for part in moving]
    growth = memory[1] / memory[0] - 1
    loss = 1 - fps[1] / max(fps[0], 1e-6)
    # A run from which nobody can tell start and end is no soak.
    problems = []
    if growth > MEMORY_GROWTH:
        problems.append(f"memory grew by {100 * growth:.1f} %")
    if loss > FPS_LOSS:
        problems.append(f"frames a second fell by {100 * loss:.1f} %")
    if errors:
        problems.append(f"{len(errors)} errors were logged")
    if samples[-1]["zombies"] or threads_left:
        problems.append("threads or processes were left over")
    files = [median(part, "files") for part in (first, last)]
    if files[1] > files[0] + 8:
        problems.append(f"open files went from {files[0]:.0f} to {files[1]:.0f}")
    widths = sorted({int(sample["width"]) for sample in samples if sample["width"]})
    back = sum(notice.endswith(": back") for notice in notices)
    if kind == "camera" and (not back or len(widths) < 2):
        problems.append("the camera was not bad enough: no loss or no change of size was seen")
    return {
        "run": kind,
        "seconds": samples[-1]["t"],
        "memory_mb": {"first": memory[0], "last": memory[1], "growth": round(growth, 4)},
        "fps": {"first": fps[0], "last": fps[1], "loss": round(loss, 4)},
        "latency_ms": {
            "first": median(moving[0], "latency_ms"),
            "last": median(moving[1], "latency_ms"),
        },
        "threads": {"first": median(first, "threads"), "last": median(last, "threads")},
        "files": {"first": files[0], "last": files[1]},
        "widths": widths,
        "came_back": back,
        "zombies": max(sample["zombies"] for sample in samples),
        "threads_left": threads_left,
        "notices": notices[-60:],
        "errors": errors[:20],
        "problems": problems,
        "samples": [
            {name: round(float(value), 1) for name, value in sample.items()}
            for sample in samples[:: max(1, len(samples) // 120)]
        ],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20.0, help="length of each run")
    parser.add_argument("--only", choices=("clip", "camera"))
    parser.add_argument("--estimator", default="auto")
    parser.add_argument("--clip", type=Path, default=None)
    parser.add_argument("--warm-up", type=float, default=120.0, help="seconds that do not count")
    parser.add_argument("--json", type=Path, default=None)
    given = parser.parse_args()
    clip = given.clip or asset_path("demo.mp4")
    runs = []
    for kind in (given.only,) if given.only else ("clip", "camera"):
        runs.append(soak(kind, given.minutes * 60, given.estimator, clip, given.warm_up))
        print(json.dumps({k: v for k, v in runs[-1].items() if k != "samples"}, indent=2))
    if given.json is not None:
        given.json.write_text(json.dumps(runs, indent=1))
    return 1 if any(run["problems"] for run in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
