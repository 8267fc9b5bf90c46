"""Fine-tuning on one's own hands: what comes before the training and after it."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from hands3c_core.assets import weights_path
from hands3c_core.errors import UserError
from hands3c_core.geometry import CropRule
from hands3c_core.models import HandNetwork, load_weights
from hands3c_core.training.before_after import compare, comparison_table, write_comparison
from hands3c_core.training.config import TrainConfig
from hands3c_core.training.data_module import HandDataModule
from hands3c_core.training.presets import Preset
from hands3c_core.training.rehearsal import SAMPLES, with_rehearsal


def starting_weights(config: TrainConfig, preset: Preset) -> Path | None:
    """The file of weights that a run starts from, None for fresh ones.

    Raises:
        UserError: the preset's shipped weights are not there.
    """
    if config.weights is not None or preset.weights is None:
        return config.weights
    try:
        return weights_path(preset.weights)
    except UserError:
        raise UserError(
            f"this preset fine-tunes weights/{preset.weights}, which is not there: "
            "name other weights with --weights FILE."
        ) from None


def training_data(
    config: TrainConfig, preset: Preset, input_size: int, rule: CropRule = "box"
) -> str:
    """The data of a run, with what is mixed in against forgetting.

    Raises:
        UserError: the data is not understood, or the synthetic samples cannot be stored.
    """
    if not preset.rehearsal:
        return config.data
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("rendering hands to rehearse (once)", total=SAMPLES)
        return with_rehearsal(
            config.data, preset.rehearsal, input_size, lambda count: bar.advance(task, count), rule
        )


def before_and_after(start: Path, network: HandNetwork, data: HandDataModule, folder: Path) -> str:
    """Measure and draw what a run has changed on what it held out; returns the figures as text.

    Args:
        start: the weights that it started from.
        network: the result, on the CPU.
        data: of the run.
        folder: the run directory, for ``before_after.json`` and ``before_after.png``.

    Raises:
        UserError: a file cannot be read or written.
    """
    parts = data.validation_parts()
    if not parts:
        return ""
    before = load_weights(start, hand=network.hand)
    rows = compare(before, network, parts)
    if not rows:
        return ""
    write_comparison(folder, rows, before, network, parts[rows[0].name])
    return comparison_table(rows)
