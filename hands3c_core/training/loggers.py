"""Where a run's losses go besides its own tables."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from lightning.pytorch.loggers import Logger, TensorBoardLogger

from hands3c_core.errors import UserError


def make_logger(kind: str, folder: Path) -> Logger | bool:
    """Lightning's logger of a name.

    Args:
        kind: 'tensorboard', 'csv' (metrics.csv alone, which every run writes) or 'wandb'.
        folder: the run directory.

    Raises:
        UserError: the logger's package is not installed.
    """
    if kind == "csv":
        return False
    if kind == "wandb":
        if importlib.util.find_spec("wandb") is None:
            raise UserError(
                "--logger wandb needs Weights & Biases: pip install 'hands3c-live[wandb]'."
            )
        from lightning.pytorch.loggers import WandbLogger

        return WandbLogger(name=folder.name, project="hands3c", save_dir=str(folder))
    return TensorBoardLogger(str(folder), name="tensorboard", version="")
