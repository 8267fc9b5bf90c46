"""LeRobot data sets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hands3c_core.batch.inputs import Clip


def is_dataset(folder: Path) -> bool:
    """Whether a folder is a LeRobot data set."""
    return (folder / "meta" / "info.json").is_file()


def episodes_of(folder: Path) -> Iterator[Clip]:
    raise NotImplementedError
