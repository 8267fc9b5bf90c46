# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds what a ``ModelConfig`` names: the pipeline, the hand model and its meshes for drawing.

The heavy imports (torch, MediaPipe) happen in here, on the loader's thread, so that the window
appears before them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hands3c_core.weights import (
    AUTO,
    LANDMARKS,
    NAMES,
    WeightsCard,
    find_weights,
    read_card,
    shipped_weights,
)

from .config import ModelConfig
from .maps import available_maps
from .model_status import ModelStatus
from .wording import tr

if TYPE_CHECKING:
    from hands3c_core.detect import HandDetector
    from hands3c_core.estimators.base import MapSource
    from hands3c_core.hand_model import HandModelData
    from hands3c_core.pipeline import HandMeshPipeline
    from hands3c_core.render import MeshTemplate, SkinTones


def _skin_tones() -> SkinTones:
    from hands3c_core.render import SkinTones

    return SkinTones()


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
    note: str = ""
    """One line saying where the meshes come from."""
    card: WeightsCard | None = None
    """What is known of the network's weights; None of the landmark estimator."""
    tones: SkinTones = field(default_factory=_skin_tones)
    """Of the hands that it finds: measured once a picture for all who draw them."""

    @property
    def status(self) -> ModelStatus:
        """What is said of it while it runs."""
        maps = available_maps(self.map_source)
        return ModelStatus(ready=True, note=self.note, maps=maps, card=self.card)

    @property
    def map_source(self) -> MapSource | None:
        """Where the network's maps come from; None if the estimator gives none."""
        from hands3c_core.estimators.base import map_source

        return map_source(self.pipeline.estimator)


def load_model(
    config: ModelConfig,
    progress: Callable[[str], None] | None = None,
    detector: HandDetector | None = None,
) -> LoadedModel:
    """Build the pipeline of ``config``; takes seconds the first time.

    Args:
        config: what to build.
        progress: called with what is about to be done, in plain words.
        detector: of the model that runs, which this one is to go on with; None for a new one.

    Raises:
        UserError: a file it names is missing or wrong, or a setting is out of range.
    """
    from hands3c_core.estimators.choose import resolve
    from hands3c_core.hand_model.shipped import skin_texture_path
    from hands3c_core.pipeline import HandMeshPipeline

    choice = resolve(config.estimator, config.device)
    pipeline = HandMeshPipeline.of(config, progress=progress, detector=detector)
    hand = pipeline.hand_model
    texture = skin_texture_path() if hand.vt is not None else None
    card = weights_card(choice)
    note = estimator_note(
        card, chosen=config.estimator == choice, fitted=pipeline.estimator.name == AUTO
    )
    return LoadedModel(config, pipeline, hand, pipeline.render_mesh, texture, note, card)


def model_title(config: ModelConfig) -> str:
    """What is said of ``config`` while it is being loaded: quick, reads no file."""
    if config.estimator == LANDMARKS:
        return tr("the landmark estimator")
    choice = config.estimator
    if choice == AUTO:
        return tr("the usual estimator")
    file = find_weights(choice) if choice in NAMES else Path(choice)
    size = ""
    if file is not None and file.is_file():
        size = f" ({file.stat().st_size / 1e6:.0f} MB)"
    return tr(
        "the network {name}", name=f"{choice if choice in NAMES else Path(choice).name}{size}"
    )


def is_network(config: ModelConfig) -> bool:
    """Whether ``config`` leads to a network; torch may be asked for a GPU."""
    from hands3c_core.estimators.choose import resolve

    return resolve(config.estimator, config.device) != LANDMARKS


def weights_card(choice: str) -> WeightsCard | None:
    """The card of the weights called ``choice`` or in that file; None of the landmark estimator."""
    if choice == LANDMARKS:
        return None
    file = find_weights(choice) if choice in NAMES else Path(choice)
    return WeightsCard(choice) if file is None else read_card(file)


def estimator_note(card: WeightsCard | None, *, chosen: bool, fitted: bool = False) -> str:
    """What is said wherever meshes are shown or written.

    Args:
        card: of the network's weights; None of the landmark estimator.
        chosen: the user chose it, rather than leaving the choice to the program.
        fitted: the network is only one witness of the fit.
    """
    if card is not None:
        trial = tr(", which is experimental") if card.experimental else ""
        if fitted:
            return (
                tr("Meshes are fitted to landmarks and the network {name}", name=card.name) + trial
            )
        return tr("Meshes come from the network {name}", name=card.name) + trial
    if chosen or shipped_weights():
        return tr("Meshes come from the landmark estimator")
    return tr("Meshes come from the landmark estimator; no trained network is installed")


def needs_rebuild(old: ModelConfig, new: ModelConfig) -> bool:
    """Whether going from ``old`` to ``new`` takes more than ``tune``."""
    return old.needs_rebuild(new)


def tune(model: LoadedModel, config: ModelConfig) -> LoadedModel:
    """``model`` with lens, smoothing and detector of ``config``; on the thread that runs the
    pipeline.

    Raises:
        UserError: the calibration cannot be read; the pipeline stays as it was.
    """
    pipeline = model.pipeline
    if config.calibration != model.config.calibration:
        pipeline.camera = config.calibration
    pipeline.detector.configure(**config.detector_settings())
    pipeline.fov_deg = config.fov_deg
    pipeline.smoothing = config.smoothing
    return replace(model, config=config)
