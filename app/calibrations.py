# SPDX-License-Identifier: GPL-3.0-or-later
"""The calibrations made in the app, one file a camera, and when they are used."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from .config import ModelConfig
from .session_types import SourceInfo


class Calibrations:
    """A folder of calibration files named after their cameras."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def file_for(self, camera: str) -> Path:
        """Where the calibration of the camera of this name is, or would be."""
        plain = re.sub(r"[^\w. -]+", "_", camera).strip(" .") or "camera"
        return self.folder / f"{plain}.json"

    def fit(self, model: ModelConfig, source: SourceInfo) -> ModelConfig:
        """``model`` with the calibration for ``source``: a live source with one of its own gets it,
        one that belongs to another camera goes. What the user loaded from elsewhere stays."""
        current = model.calibration
        ours = current is not None and current.parent == self.folder
        own = self.file_for(source.name)
        if source.is_live and own.exists() and (ours or current is None):
            return replace(model, calibration=own)
        return replace(model, calibration=None) if ours and current != own else model
