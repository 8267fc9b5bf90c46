# SPDX-License-Identifier: GPL-3.0-or-later
"""Fine-tuning on one's own hands: collects clips of the open source, labels them and trains, in
processes of their own that run the commands ``hands3c label`` and ``hands3c train``. No Qt.
"""

from __future__ import annotations

import csv
import importlib.util
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

import psutil

from hands3c_core.errors import UserError, unexpected
from hands3c_core.reading import read_json
from hands3c_core.weights import LANDMARKS, find_weights, read_card

from .observe import Disconnect, Observable
from .recording import RecordFiles, Recording
from .session import Session
from .session_types import Shown
from .wording import counted

log = logging.getLogger(__name__)

_POLL_S = 0.5
#: A process that is asked to stop writes a checkpoint first.
_GRACE_S = 20.0
_PRESET = "personal"
_BASE = "hands3c_lite"
#: Of a run's comparison: its key, what people call it, its unit.
_FIGURES = (
    ("mesh_2d_px", "mesh on the picture", "px"),
    ("bones_deg", "bones", "°"),
    ("pa_mpjpe_mm", "PA-MPJPE", "mm"),
)


class Phase(str, Enum):
    """What is being done."""

    IDLE = "idle"
    RECORDING = "recording"
    LABELLING = "labelling"
    TRAINING = "training"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_busy(self) -> bool:
        """Whether a process runs."""
        return self in (Phase.LABELLING, Phase.TRAINING)


@dataclass(frozen=True, slots=True)
class TrainingState:
    """Where fine-tuning stands."""

    phase: Phase = Phase.IDLE
    text: str = ""
    """One line for the user."""
    share: float | None = None
    """How far the phase is, 0 to 1; None if unknown."""
    stopping: bool = False
    """It was cancelled and is ending."""
    clips: tuple[Path, ...] = ()
    """Clips that were recorded, oldest first."""
    seconds: float = 0.0
    """Length of the recording in progress."""
    losses: tuple[tuple[float, float], ...] = ()
    """(minutes, loss) of the training."""
    weights: Path | None = None
    """The result."""
    outcome: tuple[str, ...] = ()
    """What it changed, in lines for people."""


class PersonalTraining:
    """Records clips, labels them, fine-tunes; ``state`` tells how far that is.

    Everything public may be called from any thread and returns at once.
    """

    def __init__(self, session: Session, folder: Path) -> None:
        """``folder`` is where clips, labels and runs are kept."""
        self._session = session
        self.folder = folder
        self.preset = _PRESET
        self.extra_options: tuple[str, ...] = ()
        """Further options of the training command."""
        self.state: Observable[TrainingState] = Observable(TrainingState(clips=self._clips()))
        self._recording: Recording | None = None
        self._stop_results: Disconnect | None = None
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._cancelled = threading.Event()

    def close(self) -> None:
        """Stop recording and end the process; blocks until that is done."""
        self.stop_recording(wait=True)
        self.cancel()
        if self._thread is not None:
            self._thread.join(_GRACE_S + 10)

    # ---------------------------------------------------------------------------------- clips

    def toggle_recording(self) -> None:
        if self._recording is None:
            self.start_recording()
        else:
            self.stop_recording()

    def start_recording(self) -> None:
        """Record the open source's frames into a new clip."""
        info = self._session.observables.source.value
        if self._recording is not None or self.state.value.phase.is_busy:
            return
        if info is None:
            self._say(text="Open a camera first, then record.")
            return
        name = f"clip-{datetime.now():%Y%m%d-%H%M%S}"
        self._recording = Recording(
            RecordFiles.named(self.folder / "clips" / name, ["raw"]),
            view=self._session.observables.view,
            fps=info.fps,
            source=info.name,
            on_finished=self._recorded,
        )
        self._stop_results = self._session.observables.results.connect(self._record)
        self._say(
            phase=Phase.RECORDING, text="Recording: show your hands in every pose.", share=None
        )

    def stop_recording(self, *, wait: bool = False) -> None:
        """Complete the clip."""
        recording, self._recording = self._recording, None
        if self._stop_results is not None:
            self._stop_results()
            self._stop_results = None
        if recording is not None:
            recording.finish()
            if wait:
                recording.join()

    def remove_clips(self) -> None:
        """Delete all clips and labels; finished runs stay."""
        if self.state.value.phase.is_busy or self._recording is not None:
            return
        for name in ("clips", "labels"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        self._say(phase=Phase.IDLE, text="", clips=self._clips(), losses=(), outcome=())

    def _record(self, shown: Shown) -> None:
        recording = self._recording
        if recording is None or shown.model is None:
            return
        recording.add(shown, jumped=False, wait=False)
        self._say(seconds=recording.state.seconds)

    def _recorded(self, recording: Recording) -> None:
        if recording is self._recording:  # it ended by itself
            self.stop_recording()
        text = recording.error or ("" if recording.take is not None else "Nothing was recorded.")
        self._say(phase=Phase.IDLE, text=text, clips=self._clips(), seconds=0.0)

    def _clips(self) -> tuple[Path, ...]:
        return tuple(sorted((self.folder / "clips").glob("*.raw.mp4")))

    # --------------------------------------------------------------------------------- training

    def missing(self) -> str:
        """What stands against training here, in one line that says what to do; '' if nothing."""
        if importlib.util.find_spec("lightning") is None:
            return "Training needs more packages: pip install 'hands3c-live[train]'"
        if self.start_weights() is None:
            return "There is no network to fine-tune: choose one in the Model panel first."
        return ""

    def start_weights(self) -> Path | None:
        """The weights to start from: those that run, else the shipped small ones."""
        chosen = self._session.observables.model.value.estimator
        if chosen != LANDMARKS and Path(chosen).is_file():
            return Path(chosen)
        return find_weights(_BASE)

    def start(self, minutes: float) -> None:
        """Label the clips and fine-tune on them for ``minutes``."""
        if self.state.value.phase.is_busy or self._recording is not None:
            return
        if not self._clips():
            self._say(text="Record a clip of your hands first: a minute or two, in every pose.")
            return
        missing, start = self.missing(), self.start_weights()
        if missing or start is None:
            self._say(phase=Phase.FAILED, text=missing)
            return
        self._cancelled.clear()
        self._say(phase=Phase.LABELLING, text="Labelling…", share=None, losses=(), outcome=())
        self._thread = threading.Thread(
            target=self._run, args=(start, minutes), name="hands3c-training", daemon=True
        )
        self._thread.start()

    def cancel(self) -> None:
        """Stop labelling or training; labels and checkpoints made so far stay."""
        with self._lock:
            busy = self.state.value.phase.is_busy and not self._cancelled.is_set()
            self._cancelled.set()
        if busy:  # the process writes a checkpoint before it ends, which takes seconds
            self._say(text="Stopping: what is done so far is kept…", share=None, stopping=True)

    def label_command(self) -> list[str]:
        """Labels all clips; those that are labelled are passed over."""
        clips = [str(clip) for clip in self._clips()]
        return _hands3c("label", *clips, "--out", str(self.folder / "labels"))

    def train_command(self, start: Path, run: Path, minutes: float) -> list[str]:
        """Fine-tunes ``start`` into the folder ``run``."""
        model, size = _network_of(start)
        return _hands3c(
            *("train", "--preset", self.preset, "--data", f"pseudo:{self.folder / 'labels'}"),
            *("--weights", str(start), "--model", model, "--input-size", str(size)),
            *("--max-minutes", f"{minutes:g}", "--out", str(run), "--log-every", "5"),
            *self.extra_options,
        )

    def _run(self, start: Path, minutes: float) -> None:
        run = self.folder / "runs" / f"personal-{datetime.now():%Y%m%d-%H%M%S}"
        try:
            self._do(self.label_command(), self._watch_labels)
            self._say(
                phase=Phase.TRAINING,
                text="Getting ready: the first time takes some minutes…",
                share=None,
            )
            command = self.train_command(start, run, minutes)
            self._do(command, lambda: self._watch_training(run, minutes))
            weights = run / "weights.safetensors"
            if not weights.exists():
                raise UserError(f"The training left no weights in {run}; its log has more.")
        except _CancelledError:
            self._say(phase=Phase.CANCELLED, text="Cancelled; the clips are kept.", share=None)
        except UserError as error:
            self._say(phase=Phase.FAILED, text=str(error), share=None)
        except Exception as error:
            text = unexpected(log, "Something went wrong", error)
            self._say(phase=Phase.FAILED, text=text, share=None)
        else:
            self._say(
                phase=Phase.DONE,
                text="Done: the new weights are ready.",
                share=1.0,
                weights=weights,
                losses=read_losses(run / "metrics.csv"),
                outcome=read_outcome(run / "before_after.json"),
            )

    def _do(self, command: list[str], watch: Callable[[], None]) -> None:
        """Run a command to its end, calling ``watch`` now and then."""
        self.folder.mkdir(parents=True, exist_ok=True)
        output = self.folder / "output.txt"
        log.info("running %s", " ".join(command))
        with output.open("wb") as file:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=_environment(),
                start_new_session=True,
            )
        with suppress(psutil.Error):  # the live picture comes first
            low = psutil.BELOW_NORMAL_PRIORITY_CLASS if sys.platform == "win32" else 10
            psutil.Process(process.pid).nice(low)
        try:
            while True:
                with suppress(subprocess.TimeoutExpired):
                    code = process.wait(_POLL_S)
                    break
                if self._cancelled.is_set():
                    raise _CancelledError
                watch()
        finally:
            _end(process)
        if code:
            raise UserError(_last_words(output))

    def _watch_labels(self) -> None:
        from hands3c_core.labelling import Progress

        with suppress(UserError, OSError):
            counts = Progress(self.folder / "labels").total()
            labels, frames = counted(counts.labels, "hand"), counted(counts.frames, "frame")
            self._say(text=f"Labelling: {labels} in {frames}…")

    def _watch_training(self, run: Path, minutes: float) -> None:
        losses = read_losses(run / "metrics.csv")
        if losses:
            share = min(losses[-1][0] / minutes, 1.0)
            text = f"Training: loss {losses[-1][1]:.3g} after {losses[-1][0]:.1f} min"
            self._say(text=text, share=share, losses=losses)

    def _say(self, **changes: Any) -> None:
        with self._lock:
            phase = changes.get("phase", self.state.value.phase)
            if not phase.is_busy:
                changes["stopping"] = False
            self.state.set(replace(self.state.value, **changes))


class _CancelledError(Exception):
    """The user has cancelled."""


def read_losses(file: Path) -> tuple[tuple[float, float], ...]:
    """(minutes, total loss) of the lines of a run's metrics.csv; broken lines are left out."""
    losses = []
    with suppress(OSError), file.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            with suppress(KeyError, TypeError, ValueError):
                losses.append((float(row["minutes"]), float(row["total"])))
    return tuple(losses)


def read_outcome(file: Path) -> tuple[str, ...]:
    """What a run's comparison of before and after says, in lines; empty if there is none."""
    lines = []
    try:
        for name, row in read_json(file).items():
            figures = [
                f"{title} {row['before'][key]:.1f} → {row['after'][key]:.1f} {unit}"
                for key, title, unit in _FIGURES
                if isinstance(row["before"].get(key), float)
                and isinstance(row["after"].get(key), float)
            ]
            lines.append(f"{name} ({row['samples']}): {', '.join(figures)}")
    except (UserError, KeyError, TypeError, AttributeError):
        return ()
    return tuple(lines)


def _network_of(weights: Path) -> tuple[str, int]:
    """Name and input size of the network in a file of weights."""
    card = read_card(weights)
    if card.model and card.input_size:
        return card.model, card.input_size
    from hands3c_core.models.checkpoints import read_header

    header = read_header(weights)
    try:
        return header["model"], int(header["input_size"])
    except (KeyError, ValueError):
        raise UserError(f"{weights.name} does not say which network it is of.") from None


def _hands3c(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "hands3c_core.cli", *arguments]


def _environment() -> dict[str, str]:
    """This process's, able to import what it imports, without its settings of threads."""
    root = str(Path(__file__).resolve().parents[1])
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    path = os.pathsep.join(filter(None, (root, kept.get("PYTHONPATH"))))
    return {**kept, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a process and its children to stop, then make them."""
    if process.poll() is None:
        _signal(process, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    if process.poll() is None:
        _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))
    process.wait()


def _signal(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.terminate()
        else:
            os.killpg(process.pid, number)


def _last_words(output: Path) -> str:
    """Why a command failed: the last line that it printed."""
    with suppress(OSError):
        lines = [line.strip() for line in output.read_text(errors="replace").splitlines()]
        told = [line for line in lines if line]
        errors = [line.removeprefix("error: ") for line in told if line.startswith("error: ")]
        for line in (*errors[-1:], *told[-1:]):
            log.warning("a command failed; its output ends with: %s", "\n".join(told[-20:]))
            return line[0].upper() + line[1:]
    return "The command failed without a word."
