"""From samples of any dataset to batches of tensors."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset, Sampler

from hands3c_core.data import Augmenter, HandDataset, HandSample, MixtureDataset
from hands3c_core.data.batch import SampleBatch, collate
from hands3c_core.hand_model import SHIPPED, HandModelData

#: Parameters are comparable within a family only; see ``HandSample.parameter_model``.
_OURS, _MANO = "hands3c", "mano"


def parameter_family(hand: HandModelData) -> str:
    """'hands3c' for the shipped hands, which share their parameters, else 'mano'."""
    return _OURS if hand.name in SHIPPED else _MANO


@dataclass(slots=True)
class TrainingBatch:
    """A batch and what it took to make it."""

    samples: SampleBatch
    """Crops and labels."""
    timing: dict[str, float]
    """Seconds by name: 'load SOURCE' (reading or rendering) and 'augment'."""
    skipped: list[str]
    """Reasons of samples that could not be read on the way."""

    def to(self, device: torch.device | str, non_blocking: bool = False) -> TrainingBatch:
        """The batch on another device (called by Lightning)."""
        return replace(self, samples=self.samples.to(device, non_blocking))

    def pin_memory(self) -> TrainingBatch:
        """The batch in pinned memory (called by ``DataLoader``)."""
        return replace(self, samples=self.samples.pin_memory())


class Item(NamedTuple):
    """One sample of ``TrainingSamples``."""

    sample: HandSample
    source: str
    """The dataset's name."""
    load_s: float
    augment_s: float
    skipped: list[str]
    """Reasons of samples that could not be read on the way to this one."""


class TrainingSamples(Dataset):
    """Samples by ticket, augmented if asked for.

    Ticket t is sample t % N of epoch t // N: the same ticket is the same sample with the same
    changes in any worker of any process, so runs can be resumed at any ticket.

    Args:
        dataset: the samples; with ``data.augment.CONTEXT`` around the crops if they are augmented.
        augmenter: changes to make, or None.
        seed: of the changes.
    """

    def __init__(
        self,
        dataset: HandDataset,
        augmenter: Augmenter | None = None,
        seed: int = 0,
    ) -> None:
        self.dataset = dataset
        self.augmenter = augmenter
        self.seed = seed

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, ticket: int) -> Item:
        epoch, index = divmod(ticket, len(self.dataset))
        known = len(self.dataset.skipped)
        start = time.perf_counter()
        sample = self.dataset[index]
        loaded = time.perf_counter()
        if self.augmenter is not None:
            sample = self.augmenter(sample, np.random.default_rng((self.seed, epoch, index)))
        return Item(
            sample,
            _source(self.dataset, index),
            loaded - start,
            time.perf_counter() - loaded,
            list(self.dataset.skipped.values())[known:],
        )


class Tickets(Sampler[list[int]]):
    """Endless batches of tickets for one of several processes.

    Every epoch is another permutation that depends on the seed alone. Step k of all processes
    together takes positions k * size to (k + 1) * size of the endless sequence, whatever the number
    of processes, and each takes its part of them.

    Args:
        count: samples an epoch.
        size: batch size over all processes.
        seed: of the order.
        rank: number of this process.
        world: number of processes; must divide ``size``.
        start: steps to pass over, those of a run that is resumed.
        shuffle: False keeps the dataset's order.
    """

    def __init__(
        self,
        count: int,
        size: int,
        seed: int = 0,
        rank: int = 0,
        world: int = 1,
        start: int = 0,
        shuffle: bool = True,
    ) -> None:
        if size % world:
            raise ValueError(f"{size} samples a step cannot be shared by {world} processes")
        self.count, self.size, self.seed = count, size, seed
        self.rank, self.world, self.start, self.shuffle = rank, world, start, shuffle

    def __iter__(self) -> Iterator[list[int]]:
        own = self.size // self.world
        position = self.start * self.size + self.rank * own
        order_of, order = -1, np.empty(0, np.int64)
        while True:
            batch = []
            for place in range(position, position + own):
                epoch, offset = divmod(place, self.count)
                if epoch != order_of:
                    order_of, order = epoch, self._order(epoch)
                batch.append(epoch * self.count + int(order[offset]))
            yield batch
            position += self.size

    def _order(self, epoch: int) -> np.ndarray:
        if not self.shuffle:
            return np.arange(self.count)
        return np.random.default_rng((self.seed, epoch)).permutation(self.count)


class Collate:
    """Items as a batch, for ``DataLoader(collate_fn=...)``.

    Args:
        family: of the network's hand model; see ``parameter_family``.
    """

    def __init__(self, family: str) -> None:
        self.family = family

    def __call__(self, items: Sequence[Item]) -> TrainingBatch:
        """One batch of all items."""
        timing: dict[str, float] = {"augment": sum(item.augment_s for item in items)}
        for item in items:
            key = f"load {item.source}"
            timing[key] = timing.get(key, 0.0) + item.load_s
        skipped = [reason for item in items for reason in item.skipped]
        return TrainingBatch(collate([item.sample for item in items], self.family), timing, skipped)


def start_worker(_: int) -> None:
    """Settings of a worker process: it is one of several and needs no threads of its own."""
    cv2.setNumThreads(0)


def _source(dataset: HandDataset, index: int) -> str:
    if isinstance(dataset, MixtureDataset):
        dataset = dataset.datasets[dataset.locate(index)[0]]
    return getattr(dataset, "dataset", dataset).kind
