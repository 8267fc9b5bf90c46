"""What a run writes down while it goes: metrics as CSV, curves as PNG, skipped samples."""

from __future__ import annotations

import csv
import logging
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightning.pytorch as L

from hands3c_core.atomic import write_atomically
from hands3c_core.training.batches import TrainingBatch
from hands3c_core.training.curves import draw_curves
from hands3c_core.training.module import HandTraining
from hands3c_core.training.run_length import RunLength

METRICS, VALIDATION, CURVES = "metrics.csv", "validation.csv", "curves.png"
#: Columns of metrics.csv before and after the terms of the loss.
HEAD = ("step", "epoch", "minutes", "learning_rate", "total")
FIGURES = ("gradient_norm", "attention_gradient", "attention_update")
TAIL = (*FIGURES, "samples_per_s", "wait_share", "step_ms", "load_ms", "augment_ms")
VALIDATION_COLUMNS = ("step", "minutes", "mpjpe_mm", "pa_mpjpe_mm", "pa_pseudo_mm", "joints_2d")

log = logging.getLogger(__name__)


class Recorder(L.Callback):
    """Writes a line to metrics.csv every few steps and to validation.csv after each validation.

    Put it last among the callbacks: what follows it counts as waiting for data.

    ``wait_share`` is the share of the time between two lines spent waiting for data, ``step_ms``
    the rest for each step (validation and checkpoints excluded from both), ``load_ms`` and
    ``augment_ms`` the work per sample in the loading processes, beside the training.

    Args:
        folder: the run directory.
        length: the run's clock.
        every: steps between two lines.
    """

    def __init__(self, folder: Path, length: RunLength, every: int = 10) -> None:
        self.folder, self.length, self.every = folder, length, every
        self.skipped: dict[str, None] = {}
        self.validation: dict[str, float] = {}
        """Figures of the newest validation."""
        self._reset()
        self._batch_ended = 0.0
        self._aside = 0.0

    def _reset(self) -> None:
        self._since = time.perf_counter()
        self._wait = self._excluded = 0.0
        self._steps = self._samples = 0
        self._work = {"load": 0.0, "augment": 0.0}

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Forget lines after the step that the run goes on from."""
        if trainer.is_global_zero:
            for name in (METRICS, VALIDATION):
                keep_until(self.folder / name, trainer.global_step)
        self._reset()
        self._batch_ended = time.perf_counter()

    def on_train_batch_start(
        self, trainer: L.Trainer, pl_module: L.LightningModule, batch: TrainingBatch, *args: Any
    ) -> None:
        """The wait is over."""
        self._wait += time.perf_counter() - self._batch_ended
        for name, seconds in batch.timing.items():
            self._work[name.partition(" ")[0]] += seconds
        for reason in batch.skipped:
            if reason not in self.skipped:
                self.skipped[reason] = None
                log.warning("skipped a sample: %s", reason)
        self._samples += len(batch.samples)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, *args: Any
    ) -> None:
        """Write a line when it is time."""
        self._steps += 1
        if trainer.global_step % self.every == 0:
            assert isinstance(pl_module, HandTraining)
            losses = {
                name: float(trainer.strategy.reduce(term, reduce_op="mean"))
                for name, term in pl_module.last_losses.items()
            }
            if trainer.is_global_zero:
                self._write(trainer, losses, pl_module.last_figures)
            self._reset()
        self._batch_ended = time.perf_counter()

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Validation is no part of a step."""
        self._aside = time.perf_counter()

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write the figures and draw the curves."""
        self._excluded += time.perf_counter() - self._aside
        figures = trainer.callback_metrics
        self.validation = {
            name: float(figures[f"val/{name}"])
            for name in VALIDATION_COLUMNS[2:]
            if f"val/{name}" in figures
        }
        if trainer.is_global_zero and self.validation:
            row = {"step": trainer.global_step, "minutes": self.length.elapsed / 60}
            append(self.folder / VALIDATION, VALIDATION_COLUMNS, row | self.validation)
            _say(f"validation at step {trainer.global_step}: " + _listed(self.validation))
            self.draw()
        self._batch_ended = time.perf_counter()

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw the curves and say what was skipped."""
        if trainer.is_global_zero:
            self.draw()
            if self.skipped:
                _say(f"{len(self.skipped)} samples could not be read; see the warnings above.")

    def draw(self) -> None:
        """Draw curves.png from the two tables."""
        metrics = read(self.folder / METRICS)
        terms = [name for name in metrics if name == "total" or name not in (*HEAD, *TAIL)]
        draw_curves(metrics, read(self.folder / VALIDATION), self.folder / CURVES, terms)

    def _write(
        self, trainer: L.Trainer, losses: dict[str, float], figures: dict[str, float]
    ) -> None:
        span = time.perf_counter() - self._since - self._excluded
        step = trainer.global_step
        samples = max(self._samples, 1)
        row = (
            losses
            | figures
            | {
                "step": step,
                "epoch": self.length.epoch(step),
                "minutes": self.length.step_ended / 60,
                "learning_rate": max(group["lr"] for group in trainer.optimizers[0].param_groups),
                "samples_per_s": samples * trainer.world_size / span,
                "wait_share": self._wait / span,
                "step_ms": 1000 * (span - self._wait) / max(self._steps, 1),
                "load_ms": 1000 * self._work["load"] / samples,
                "augment_ms": 1000 * self._work["augment"] / samples,
            }
        )
        terms = (name for name in losses if name != "total")
        append(self.folder / METRICS, (*HEAD, *terms, *TAIL), row)
        if not sys.stderr.isatty():  # where no progress bar can be drawn
            shown = ("total", "samples_per_s", "wait_share", "attention_update")
            _say(f"step {step}: " + _listed({name: row[name] for name in shown if name in row}))


def append(path: Path, columns: tuple[str, ...], row: Mapping[str, float]) -> None:
    """Add a line to a CSV file, with the names above the first."""
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, restval="")
        if is_new:
            writer.writeheader()
        writer.writerow({name: f"{value:.7g}" for name, value in row.items() if name in columns})


def read(path: Path) -> dict[str, list[float]]:
    """The columns of a CSV file; NaN where a line is broken off or a figure missing."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: [_number(row.get(name)) for row in rows] for name in (rows[0] if rows else ())}


def keep_until(path: Path, step: int) -> None:
    """Drop the lines of a CSV file after a step, and a last line that was broken off."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = lines[:1] + [
        line
        for line in lines[1:]
        if line.endswith("\n") and _number(line.partition(",")[0]) <= step
    ]
    write_atomically(path, "".join(kept).encode())


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return float("nan")


def _listed(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in figures.items())


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
