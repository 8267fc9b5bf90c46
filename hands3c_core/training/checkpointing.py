"""Checkpoints that a kill at any moment cannot spoil."""

from __future__ import annotations

import logging
import time
import zipfile
from pathlib import Path
from typing import Any

import lightning.pytorch as L
import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.models.untrusted import read_torch_file
from hands3c_core.training.module import HandTraining

#: Folder in the run directory.
FOLDER = "checkpoints"
#: How many are kept: the newest, and one before it.
KEPT = 2

log = logging.getLogger(__name__)


class WholeCheckpoints(TorchCheckpointIO):
    """Writes beside the checkpoint's name, then renames; reads tensors and plain values only."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        """Write a checkpoint; it appears whole or not at all, even if the machine fails."""
        write_atomically(path, lambda temporary: torch.save(checkpoint, temporary))

    def load_checkpoint(
        self, path: Any, map_location: Any = None, weights_only: bool | None = True
    ) -> dict[str, Any]:
        """Read a checkpoint; nothing in it is run. Raises ``UserError`` for a damaged one."""
        return read_torch_file(Path(path))


class PeriodicCheckpoint(L.Callback):
    """A checkpoint every so many minutes, at the end, and when the user interrupts.

    Args:
        folder: where.
        minutes: between two.
    """

    def __init__(self, folder: Path, minutes: float) -> None:
        self.folder = folder
        self.interval = 60 * minutes
        self._last = time.monotonic()
        self._saved_step = -1

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Count from now; a first run has a checkpoint to be resumed from at once."""
        self._last = time.monotonic()
        if trainer.global_step == 0:
            self.save(trainer)

    def on_train_batch_end(
        self, trainer: L.Trainer, pl_module: L.LightningModule, *args: Any
    ) -> None:
        """Save when it is time; the first process's clock decides."""
        due = time.monotonic() - self._last >= self.interval
        if trainer.world_size > 1:
            due = trainer.strategy.broadcast(due)
        if due:
            self._check_sanity(trainer, pl_module)
            self.save(trainer)
            self._last = time.monotonic()

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save the end."""
        self._check_sanity(trainer, pl_module)
        self.save(trainer)

    def on_exception(
        self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException
    ) -> None:
        """Keep what was reached when the user presses Ctrl+C; saving needs all processes, so only
        where there is one."""
        if isinstance(exception, KeyboardInterrupt) and trainer.world_size == 1:
            self.save(trainer)

    def save(self, trainer: L.Trainer) -> None:
        """Write the checkpoint of this step and remove old ones."""
        step = trainer.global_step
        if step == self._saved_step:
            return
        trainer.save_checkpoint(self.folder / f"step_{step:08d}.ckpt")
        self._saved_step = step
        if trainer.is_global_zero:
            for path in checkpoints_of(self.folder)[KEPT:]:
                path.unlink(missing_ok=True)

    def _check_sanity(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        assert isinstance(module, HandTraining)
        total = module.last_losses.get("total")
        if total is None:
            return
        if not bool(torch.isfinite(trainer.strategy.reduce(total, reduce_op="mean"))):
            raise UserError(
                f"The loss is no finite number at step {trainer.global_step}: lower the learning "
                "rate or use --precision 32, and resume from the last checkpoint."
            )


def checkpoints_of(folder: Path) -> list[Path]:
    """Checkpoints in a folder, newest first; half-written ones have other names."""
    return sorted(folder.glob("step_*.ckpt"), reverse=True)


def newest_checkpoint(run: Path) -> Path:
    """The newest checkpoint of a run directory whose every byte is as it was written.

    Raises:
        UserError: there is none.
    """
    for path in checkpoints_of(run / FOLDER):
        if is_whole(path):
            return path
        log.warning("%s is damaged and passed over", path)
    raise UserError(f"{run} has no whole checkpoint; start a new run.")


def is_whole(path: Path) -> bool:
    """Whether a checkpoint's table of contents and the checksum of every part are right."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
