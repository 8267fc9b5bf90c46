"""Several datasets as one, each with its share of the samples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from hands3c_core.data.dataset import HandDataset
from hands3c_core.data.sample import HandSample
from hands3c_core.errors import UserError


class MixtureDataset(HandDataset):
    """Datasets interleaved in given shares.

    An epoch goes once through the dataset that is largest for its share and repeats or passes over
    the others evenly. The order is fixed; shuffle as with any dataset. Labels differ from sample to
    sample: ``HandSample.valid`` says which.

    Args:
        datasets: the parts, none empty.
        weights: their relative shares, above 0.

    Raises:
        UserError: a part is empty.
    """

    kind: ClassVar[str] = "mixture"

    def __init__(self, datasets: Sequence[HandDataset], weights: Sequence[float]) -> None:
        if not datasets or len(datasets) != len(weights):
            raise ValueError("a mixture needs datasets and as many weights")
        for dataset in datasets:
            if not len(dataset):
                raise UserError(f"{dataset.kind} has no samples; leave it out of the mixture.")
        super().__init__(datasets[0].crop_size)
        self.datasets = list(datasets)
        self.shares = np.asarray(weights, np.float64) / np.sum(weights)
        total = max(
            round(len(part) / share) for part, share in zip(datasets, self.shares, strict=True)
        )
        self._parts = _interleave(self.shares, total)
        # How often each part came before position i: the position within that part.
        self._positions = np.zeros(total, np.int64)
        for number in range(len(datasets)):
            here = self._parts == number
            self._positions[here] = np.arange(int(here.sum()))

    def __len__(self) -> int:
        return len(self._parts)

    def locate(self, index: int) -> tuple[int, int]:
        """Number of the part and index in it of sample ``index``."""
        part = int(self._parts[index])
        count = len(self.datasets[part])
        lap, position = divmod(int(self._positions[index]), count)
        wanted = int((self._parts == part).sum())
        if wanted < count:  # a part that is not exhausted is thinned evenly
            return part, position * count // wanted
        return part, (position + lap) % count

    def read(self, index: int) -> HandSample:
        """See ``HandDataset.read``."""
        part, position = self.locate(index)
        return self.datasets[part].read(position)

    def summary(self) -> str:
        """One line for each part."""
        lines = [
            f"{share:.0%} {dataset.summary()}"
            for share, dataset in zip(self.shares, self.datasets, strict=True)
        ]
        return "\n".join([*lines, super().summary()])


def _interleave(shares: np.ndarray, total: int) -> np.ndarray:
    """Numbers of the parts (total,), spread so that every stretch holds close to the shares."""
    # Part p takes its k-th turn at time (k + 1/2) / share: merge these times.
    # Rounded up, since rounded counts may add up to less than the whole.
    counts = np.ceil(shares * total).astype(int)
    times = [(np.arange(n) + 0.5) / share for n, share in zip(counts, shares, strict=True)]
    parts = np.repeat(np.arange(len(shares)), counts)
    return parts[np.argsort(np.concatenate(times), kind="stable")][:total]
