"""Finished weights with a card that says what they are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hands3c_core.atomic import write_atomically
from hands3c_core.models import HandNetwork, save_weights
from hands3c_core.training.config import TrainConfig
from hands3c_core.training.presets import Preset
from hands3c_core.training.run_folder import git_revision

#: Names in the run directory.
WEIGHTS, CARD = "weights.safetensors", "weights.json"


def export_weights(
    model: HandNetwork,
    folder: Path,
    config: TrainConfig,
    preset: tuple[str, Preset],
    figures: Mapping[str, Any],
) -> Path:
    """Write the network as float16 safetensors, readable by ``models.load_weights``, and its card.

    Args:
        model: with the weights to be shipped.
        folder: where; the card stands beside the weights.
        config: of the run.
        preset: its name and the recipe as it was followed.
        figures: what the run knows: steps, samples, minutes, validation errors, ...

    Returns:
        The weights' path.

    Raises:
        UserError: the files cannot be written.
    """
    name, recipe = preset
    path = folder / WEIGHTS
    # Of the data only the names: paths are nobody else's concern.
    data = [part.partition(":")[0].partition("?")[0] for part in config.data.split(",")]
    save_weights(model, path, {"data": ", ".join(data), "preset": name}, half=True)
    content = path.read_bytes()
    card = {
        "model": model.name,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "input_size": model.input_size,
        "hand_model": model.hand.name,
        "file": path.name,
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "data": data,
        "preset": name,
        "recipe": asdict(recipe),
        "weights_are": "moving average" if recipe.ema else "last step",
        "precision": config.precision,
        "git": git_revision(),
        **figures,
    }
    text = json.dumps(card, indent=2) + "\n"
    write_atomically(folder / CARD, text.encode())
    return path
