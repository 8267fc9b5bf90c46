"""A training run from its settings to exported weights."""

from __future__ import annotations

import logging
import sys
import warnings
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import lightning.pytorch as L
import torch
from lightning.pytorch.callbacks import TQDMProgressBar
from torch import Tensor

from hands3c_core.errors import UserError
from hands3c_core.models import HandNetwork, build_model, load_weights
from hands3c_core.models.checkpoints import header_rule, is_safetensors, read_header
from hands3c_core.models.pretrained import set_backbone
from hands3c_core.models.registry import network_entry
from hands3c_core.models.s3c import S3C
from hands3c_core.models.widening import can_widen, widen
from hands3c_core.training.checkpointing import (
    FOLDER,
    PeriodicCheckpoint,
    WholeCheckpoints,
    newest_checkpoint,
)
from hands3c_core.training.config import TrainConfig, check_resumable, read_config, write_config
from hands3c_core.training.data_module import HandDataModule
from hands3c_core.training.distillation import Teacher, take_heads
from hands3c_core.training.ema import WeightAverage
from hands3c_core.training.export import export_weights
from hands3c_core.training.guided_start import start_fresh
from hands3c_core.training.loggers import make_logger
from hands3c_core.training.module import HandTraining
from hands3c_core.training.personal import before_and_after, starting_weights, training_data
from hands3c_core.training.presets import Preset
from hands3c_core.training.recorder import Recorder
from hands3c_core.training.run_folder import forget_run_folder, make_run_folder, write_environment
from hands3c_core.training.run_length import RunLength

_PRECISION = {"32": "32-true", "bf16": "bf16-mixed", "fp16": "16-mixed"}


@dataclass(frozen=True)
class RunResult:
    """What a run leaves behind."""

    folder: Path
    """The run directory."""
    weights: Path
    """The exported weights."""
    steps: int
    """Optimizer steps, earlier parts included."""
    validation: dict[str, float]
    """Figures of the last validation; empty without one."""
    is_first: bool = True
    """Whether this process is the first of the run's: the one to talk."""
    comparison: str = ""
    """Figures before and after, as text; empty unless the preset compares."""


def train(config: TrainConfig, resume: Path | None = None) -> RunResult:
    """Train, or go on with a run, until its end; then export the weights.

    Args:
        config: the run.
        resume: run directory to go on from its newest whole checkpoint.

    Raises:
        UserError: an argument, the data or a device is wrong, or the loss is no number any more.
    """
    try:
        return _train(config, resume)
    finally:
        forget_run_folder()


def _train(config: TrainConfig, resume: Path | None) -> RunResult:
    name, preset = config.recipe()
    if config.precision == "fp16" and config.accelerator == "cpu":
        raise UserError("fp16 trains on GPUs only; use --precision bf16 on the CPU.")
    checkpoint = None
    if resume is not None:
        check_resumable(read_config(resume), config)
        checkpoint = newest_checkpoint(resume)
    # Its notices say what this module has decided.
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    L.seed_everything(config.seed, verbose=False)
    network = make_network(config, preset, is_resumed=checkpoint is not None)
    teacher = Teacher.load(config.teacher) if config.teacher else None
    # A teacher may look closer than its student does.
    crop_size = max(network.input_size, teacher.network.input_size if teacher else 0)
    if preset.compares and crop_size != network.input_size:
        raise UserError(
            f"The preset {name} measures before and after at {network.input_size} px, where its "
            f"teacher needs {crop_size}; leave out --teacher."
        )
    samples = training_data(config, preset, crop_size, network.crop_rule)
    data = HandDataModule(config, preset, network.hand, crop_size, samples, network.crop_rule)
    folder = resume or make_run_folder(config.out, network.name)
    is_fresh = checkpoint is None and starting_weights(config, preset) is None
    if is_fresh:
        start_fresh(
            network,
            data.train_set,
            config.kinematic_minutes,
            has_trunk=config.backbone is not None,
        )
    length = RunLength(preset, config.max_steps, data.samples)
    average = WeightAverage(preset.ema) if preset.ema else None
    recorder = Recorder(folder, length, config.log_every)
    module = HandTraining(network, preset, teacher)
    trainer = _trainer(config, preset, folder, data, [length, average, recorder])
    if trainer.is_global_zero:
        write_config(config, folder)
        write_environment(folder)
        print(f"{folder}: {network.name}, preset {name}\n{data.train_set.dataset.summary()}")
    with warnings.catch_warnings():
        # Endless loaders with few workers are what we want here.
        warnings.filterwarnings("ignore", ".*does not have many workers.*")
        warnings.filterwarnings("ignore", ".*is not resumable.*")
        warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")
        trainer.fit(module, datamodule=data, ckpt_path=checkpoint, weights_only=True)
    if average is not None:
        average.load(module)
    figures = {
        "steps": trainer.global_step,
        "samples": trainer.global_step * preset.batch_size,
        "epochs": round(length.epoch(trainer.global_step), 3),
        "minutes": round(length.elapsed / 60, 2),
        "validation": recorder.validation,
        "skipped_samples": len(recorder.skipped),
    }
    weights = folder / "weights.safetensors"
    if trainer.is_global_zero:
        weights = export_weights(network.cpu(), folder, config, (name, preset), figures)
    comparison = ""
    start = starting_weights(config, preset)
    if trainer.is_global_zero and preset.compares and start is not None:
        comparison = before_and_after(start, load_weights(weights), data, folder)
    return RunResult(
        folder,
        weights,
        trainer.global_step,
        recorder.validation,
        trainer.is_global_zero,
        comparison,
    )


def make_network(config: TrainConfig, preset: Preset, *, is_resumed: bool = False) -> HandNetwork:
    """The network with the weights to start from.

    Raises:
        UserError: there is no such network or hand, or the weights are of another one.
    """
    entry = network_entry(config.model)
    size = config.input_size or (preset.input_size if entry.published else None)
    network = build_model(entry.name, input_size=size, hand=config.hand)
    if preset.refines:
        network.ask_to_refine()
    if preset.published_start:
        network.start_as_published()
    start = starting_weights(config, preset)
    _lay_windows(network, preset if entry.published else None, start)
    if is_resumed:
        return network
    if config.backbone is not None:
        set_backbone(network, config.backbone)
    if start is not None:
        start_from(network, start)
    if config.heads is not None:
        take_heads(network, load_weights(config.heads, hand=network.hand))
    return network


def _lay_windows(network: HandNetwork, preset: Preset | None, start: Path | None) -> None:
    """Have the network see windows by its recipe's rule, else by that of the weights it starts
    from."""
    rule = preset.crop if preset is not None else None
    if rule is None and start is not None and start.is_file():
        # A published checkpoint was trained with published windows.
        rule = header_rule(read_header(start)) if is_safetensors(start) else "published"
    if rule is not None:
        network.use_crop(rule)


def start_from(network: HandNetwork, weights: Path) -> None:
    """Give a network the weights in a file: its own; those of the same network without the
    attention module, which then begins as the identity; or those of a lite network with the same
    backbone, see ``models.widening``.

    Raises:
        UserError: they are of another network or size, or the file is damaged.
    """
    given = load_weights(weights, hand=network.hand)
    if can_widen(given, network):
        widen(given, network)
        return
    state: dict[str, Tensor] = given.state_dict()
    attention = getattr(network, "s3c", None)
    lacks_attention = attention is not None and given.name == f"{network.name}_plain"
    # Only attention is made for one size of the map; the other parts take any.
    own = network.state_dict()
    fits = all(name in own and own[name].shape == tensor.shape for name, tensor in state.items())
    if not fits or not (given.name == network.name or lacks_attention):
        raise UserError(
            f"{weights} is for {given.name} at {given.input_size} px, not {network.name} at "
            f"{network.input_size} px; set --model and --input-size."
        )
    network.load_state_dict(state, strict=not lacks_attention)
    if given.refines:
        network.ask_to_refine()
    if lacks_attention:
        assert isinstance(attention, S3C)
        attention.start_as_identity()


def _trainer(
    config: TrainConfig,
    preset: Preset,
    folder: Path,
    data: HandDataModule,
    callbacks: list[L.Callback | None],
) -> L.Trainer:
    world = config.devices * config.nodes
    saving = PeriodicCheckpoint(folder / FOLDER, config.checkpoint_minutes)
    # The checkpoint after the average it holds, the recorder last.
    *first, recorder = [callback for callback in callbacks if callback is not None]
    # Without a terminal the recorder prints lines instead.
    has_bar = sys.stderr.isatty()
    bars = [TQDMProgressBar(refresh_rate=5)] if has_bar else []
    try:
        return L.Trainer(
            accelerator=config.accelerator,
            devices=config.devices,
            num_nodes=config.nodes,
            strategy="ddp" if world > 1 else "auto",
            precision=_PRECISION[config.precision],  # type: ignore[arg-type]
            callbacks=[*first, saving, *bars, recorder],
            plugins=[WholeCheckpoints()],
            logger=make_logger(config.logger, folder),
            log_every_n_steps=config.log_every,
            max_epochs=-1,
            val_check_interval=_interval(config, data),
            check_val_every_n_epoch=None,
            limit_val_batches=1.0 if data.val_set is not None else 0,
            num_sanity_val_steps=0,
            gradient_clip_val=preset.clip_norm,
            enable_checkpointing=False,
            enable_model_summary=False,
            enable_progress_bar=has_bar,
            use_distributed_sampler=False,
            # torch has synchronised batch norms for GPUs only.
            sync_batchnorm=world > 1 and config.accelerator != "cpu" and torch.cuda.is_available(),
        )
    except (RuntimeError, ValueError, L.utilities.exceptions.MisconfigurationException) as error:
        first_line = (str(error).splitlines() or [""])[0]
        raise UserError(f"This machine cannot train so ({first_line}).") from None


def _interval(config: TrainConfig, data: HandDataModule) -> timedelta | int:
    """Time or steps between validations."""
    if config.devices * config.nodes == 1:
        return timedelta(minutes=config.val_minutes)
    # Processes must validate at the same step, which their clocks would not agree on.
    return max(1, data.samples // data.batch_size)
