# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds what a ``ModelConfig`` names: the pipeline, the hand model and its meshes for drawing.

The heavy imports (torch, MediaPipe) happen in here, on the loader's thread, so that the window
appears before them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.config import ModelConfig

if TYPE_CHECKING:
    from hands3c_core.estimators import Estimator
    from hands3c_core.hand_model import HandModelData
    from hands3c_core.pipeline import HandMeshPipeline
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
    """Build the pipeline of ``config``; takes seconds the first time.

    Raises:
        UserError: a file it names is missing or wrong, or a setting is out of range.
    """
    from hands3c_core.hand_model import load_hand_model
    from hands3c_core.hand_model.shipped import skin_texture_path
    from hands3c_core.pipeline import HandMeshPipeline

    hand = load_hand_model(config.hand_model)
    estimator: Estimator | str = config.estimator
    if config.estimator != "landmarks":
        estimator, hand = load_network(config.estimator, hand)
    pipeline = HandMeshPipeline(
        estimator,
        hand_model=hand,
        camera=config.calibration,
        fov_deg=config.fov_deg,
        smoothing=config.smoothing,
    )
    _ = pipeline.estimator  # built now, not within the first frame
    texture = skin_texture_path() if hand.vt is not None else None
    return LoadedModel(config, pipeline, hand, pipeline.render_mesh, texture)


def load_network(weights: str, hand: HandModelData) -> tuple[Estimator, HandModelData]:
    """An estimator with these weights in the fastest runtime, and the hand that it poses.

    That is ``hand`` if it has the mean pose that the weights were trained with, so that their poses
    mean the same on it; otherwise the weights' own.

    Raises:
        UserError: the file is missing, damaged or of another network.
    """
    from hands3c_core.estimators import NetworkEstimator
    from hands3c_core.models import load_weights
    from hands3c_core.runtime import make_runtime

    network = load_weights(weights)
    if np.allclose(network.hand.hands_mean, hand.hands_mean, atol=1e-4):
        network.set_hand(hand)
    return NetworkEstimator(make_runtime(network), heatmaps=False), network.hand


def needs_rebuild(old: ModelConfig, new: ModelConfig) -> bool:
    """Whether going from ``old`` to ``new`` takes more than ``tune``."""
    return (old.estimator, old.hand_model) != (new.estimator, new.hand_model)


def tune(model: LoadedModel, config: ModelConfig) -> LoadedModel:
    """``model`` with the lens and smoothing of ``config``; on the thread that runs the pipeline.

    Raises:
        UserError: the calibration cannot be read; the pipeline stays as it was.
    """
    pipeline = model.pipeline
    if config.calibration != model.config.calibration:
        pipeline.camera = config.calibration
    pipeline.fov_deg = config.fov_deg
    pipeline.smoothing = config.smoothing
    return replace(model, config=config)
