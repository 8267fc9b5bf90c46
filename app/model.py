# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds what a ``ModelConfig`` names: the pipeline, the hand model and its meshes for drawing.

The heavy imports (torch, MediaPipe) happen in here, on the loader's thread, so that the window
appears before them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.config import ModelConfig

if TYPE_CHECKING:
    from hands3c_core.pipeline import HandMeshPipeline

    from hands3c_core.hand_model import HandModelData
    from hands3c_core.render import MeshTemplate


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A ``ModelConfig`` ready to run."""

    config: ModelConfig
    pipeline: HandMeshPipeline
    hand: HandModelData
    """The right hand."""
    meshes: dict[bool, MeshTemplate]
    """Right and left template with skin, for drawing."""
    texture: Path | None
    """The skin image, if the hand has texture coordinates."""


def load_model(config: ModelConfig) -> LoadedModel:
    """Build the pipeline of ``config``.

    Raises:
        UserError: a file it names is missing or wrong.
    """
    from hands3c_core.pipeline import HandMeshPipeline

    from hands3c_core.hand_model import load_hand_model
    from hands3c_core.hand_model.shipped import skin_texture_path
    from hands3c_core.render import hand_meshes

    hand = load_hand_model(config.hand_model)
    texture = skin_texture_path() if hand.vt is not None else None
    pipeline = HandMeshPipeline(hand_model=hand)
    return LoadedModel(config, pipeline, hand, hand_meshes(hand, texture), texture)
