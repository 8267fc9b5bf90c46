"""Training and validation data of a run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import lightning.pytorch as L
import numpy as np
from torch.utils.data import DataLoader

from hands3c_core.data import (
    PRESETS,
    Augmenter,
    HandDataset,
    HandSample,
    MixtureDataset,
    dataset_names,
    open_data,
    open_spec,
    parse_specs,
)
from hands3c_core.data.augment import UPRIGHT_CONTEXT
from hands3c_core.errors import UserError
from hands3c_core.geometry import CropRule
from hands3c_core.hand_model import HandModelData
from hands3c_core.training.batches import (
    Collate,
    Tickets,
    TrainingSamples,
    parameter_family,
    start_worker,
)
from hands3c_core.training.config import TrainConfig
from hands3c_core.training.holdout import Indices, hold_out
from hands3c_core.training.presets import Preset
from hands3c_core.training.self_labels import SelfLabelled

#: Most samples of a validation.
VALIDATION_SAMPLES = 512


class Part(HandDataset):
    """Some of another dataset's samples.

    Args:
        dataset: the samples.
        indices: which of them.
    """

    def __init__(self, dataset: HandDataset, indices: Sequence[int] | Indices) -> None:
        super().__init__(dataset.crop_size)
        self.dataset = dataset
        self.indices = np.asarray(indices)

    kind: ClassVar[str] = "part"

    def __len__(self) -> int:
        return len(self.indices)

    def read(self, index: int) -> HandSample:
        """See ``HandDataset.read``."""
        return self.dataset.read(int(self.indices[index]))

    def summary(self) -> str:
        """The whole dataset's summary, and how much of it this is."""
        return "; ".join([f"{len(self)} of {self.dataset.summary()}", *self.notes])


def open_split(
    text: str,
    crop_size: int,
    context: float,
    holdout: float,
    val_context: float = 1.0,
    crop_rule: CropRule = "box",
) -> tuple[HandDataset, HandDataset | None]:
    """Datasets for training and validation from one spec.

    Of every dataset about ``holdout`` is kept for validation, see ``holdout.hold_out``.

    Args:
        text: see ``data.open_data``.
        crop_size: side of the crops, px.
        context: of the training data; see ``data.open_data``.
        holdout: share for validation; 0 for none.
        val_context: of the validation data.
        crop_rule: see ``data.open_data``.

    Raises:
        UserError: the data cannot be opened, or a dataset is too small to be split.
    """
    if not holdout:
        return open_data(text, crop_size, context, crop_rule), None
    specs = parse_specs(text, dataset_names())
    training: list[HandDataset] = []
    validation: list[HandDataset] = []
    for spec in specs:
        # Opened twice: validation has another context, and shares nothing that workers change.
        whole, plain = open_spec(spec, crop_size), open_spec(spec, crop_size)
        whole.context, plain.context = context, val_context
        whole.use_rule(crop_rule)
        plain.use_rule(crop_rule)
        held = hold_out(whole, holdout)
        training.append(Part(whole, held.training))
        validation.append(Part(plain, held.validation))
        training[-1].notes.append(f"held out for validation: {held.note}")
    weights = [spec.weight for spec in specs]
    return _mixed(training, weights), _mixed(validation, weights)


def with_defaults(text: str, defaults: Sequence[tuple[str, str, str]]) -> str:
    """The datasets that ``text`` names, with options that hold where it says nothing.

    Args:
        text: see ``data.open_data``.
        defaults: name of a dataset, option, value; others of its datasets keep theirs.
    """
    if not defaults:
        return text
    specs = []
    for spec in parse_specs(text, dataset_names()):
        usual = {option: value for name, option, value in defaults if name == spec.name}
        specs.append(replace(spec, options=usual | spec.options))
    return ",".join(spec.text() for spec in specs)


class HandDataModule(L.LightningDataModule):
    """Data of a run.

    Args:
        config: the run.
        preset: its recipe.
        hand: the network's hand model.
        crop_size: side of the network's crops, px.
        data: what to train on, where it is not just what ``config`` says.
        crop_rule: how the network's windows are laid; upright ones are laid around the labels.

    Raises:
        UserError: the data cannot be opened or is empty, or the augmentation is unknown.
    """

    def __init__(
        self,
        config: TrainConfig,
        preset: Preset,
        hand: HandModelData,
        crop_size: int,
        data: str | None = None,
        crop_rule: CropRule = "box",
    ) -> None:
        super().__init__()
        if preset.augment not in PRESETS:
            raise UserError(f"--augment {preset.augment}: choose from {', '.join(PRESETS)}.")
        upright = crop_rule == "upright"
        options = replace(PRESETS[preset.augment], upright=upright)
        augments = preset.augment != "none" or upright
        augmenter = Augmenter(options, crop_size) if augments else None
        plain = replace(PRESETS["none"], upright=True)
        unchanged = Augmenter(plain, crop_size) if upright else None
        context = UPRIGHT_CONTEXT if upright else options.context if augmenter else 1.0
        holdout = 0.0 if config.val else preset.holdout
        val_context = context if upright else 1.0
        chosen = with_defaults(data or config.data, preset.data_defaults)
        training, validation = open_split(
            chosen, crop_size, context, holdout, val_context, crop_rule
        )
        if config.val:
            held_out = with_defaults(config.val, preset.data_defaults)
            validation = open_data(held_out, crop_size, val_context, crop_rule)
        for dataset in filter(None, (training, validation)):
            if not len(dataset):
                raise UserError(f"{dataset.kind} has no samples.")
        if preset.labels == "landmarks":
            training = SelfLabelled(training)
        self.train_set = TrainingSamples(training, augmenter, config.seed)
        self.validation = validation
        """All that is held out, or None."""
        self.val_set = None if validation is None else TrainingSamples(_thin(validation), unchanged)
        self.collate = Collate(parameter_family(hand))
        self.batch_size, self.seed = preset.batch_size, config.seed
        self.workers = default_workers() if config.workers is None else config.workers

    def validation_parts(self) -> dict[str, HandDataset]:
        """What is held out, by dataset."""
        whole = self.validation
        parts = whole.datasets if isinstance(whole, MixtureDataset) else [whole] if whole else []
        named: dict[str, HandDataset] = {}
        for part in parts:
            kind = getattr(part, "dataset", part).kind
            named[kind if kind not in named else f"{kind} {len(named) + 1}"] = part
        return named

    @property
    def samples(self) -> int:
        """Training samples in an epoch."""
        return len(self.train_set)

    def train_dataloader(self) -> DataLoader:
        """Endless; goes on after the steps that the trainer has done."""
        trainer = self.trainer
        assert trainer is not None
        if self.batch_size % trainer.world_size:
            raise UserError(
                f"--batch-size {self.batch_size} cannot be shared by {trainer.world_size} "
                "processes: use a multiple."
            )
        tickets = Tickets(
            self.samples,
            self.batch_size,
            self.seed,
            trainer.global_rank,
            trainer.world_size,
            start=trainer.global_step,
        )
        return DataLoader(
            self.train_set,
            batch_sampler=tickets,
            num_workers=self.workers,
            collate_fn=self.collate,
            pin_memory=trainer.num_devices > 0 and trainer.strategy.root_device.type == "cuda",
            persistent_workers=self.workers > 0,
            worker_init_fn=start_worker,
            prefetch_factor=4 if self.workers else None,
        )

    def val_dataloader(self) -> DataLoader | list:
        """Every process has its share of the samples; in the training processes themselves, so
        that the workers' cores are not shared."""
        if self.val_set is None:
            return []
        assert self.trainer is not None
        count, world = len(self.val_set), self.trainer.world_size
        # As many for each: processes wait for each other after every batch.
        own = list(range(self.trainer.global_rank, count, world))[: max(count // world, 1)]
        size = max(1, min(self.batch_size // world, 32))
        return DataLoader(
            self.val_set,
            batch_size=size,
            sampler=own or [0],
            collate_fn=self.collate,
            num_workers=0,
        )


def default_workers() -> int:
    """Processes for loading: the cores this process may use less one, at least 1, at most 8."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min(8, cores - 1))


def _thin(dataset: HandDataset) -> HandDataset:
    """At most ``VALIDATION_SAMPLES``, evenly over the dataset."""
    count = len(dataset)
    if count <= VALIDATION_SAMPLES:
        return dataset
    # Drawn, since every second sample of a mixture may be of one part.
    chosen = np.random.default_rng(0).permutation(count)[:VALIDATION_SAMPLES]
    return Part(dataset, np.sort(chosen))


def _mixed(datasets: list[HandDataset], weights: list[float]) -> HandDataset:
    return datasets[0] if len(datasets) == 1 else MixtureDataset(datasets, weights)
