"""What every dataset offers, and what happens when one of its images cannot be read."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np

from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data.sample import Annotation, HandSample, make_sample
from hands3c_core.errors import UserError
from hands3c_core.geometry import CropRule
from hands3c_core.types import UInt8

logger = logging.getLogger(__name__)

#: Samples in a row that may be unreadable before the whole dataset is called damaged.
_MOST_IN_A_ROW = 50


class CorruptSample(Exception):
    """One sample of a dataset cannot be read; the message says which and why."""


class HandDataset(ABC):
    """A sequence of samples, made on demand.

    ``dataset[i]`` never fails because of one damaged file: the next readable sample takes its
    place, the damaged one is noted in ``skipped`` and logged once. ``read(i)`` gives exactly sample
    i or raises ``CorruptSample``; evaluations use it and count. Datasets hold no open files and can
    be sent to worker processes (each worker then keeps its own ``skipped``).

    Set ``context`` above 1 to have that much more of the image around the crops: they become
    ``crop_size * context`` px a side at the same scale, for augmentation to cut from. Datasets
    without images around their crops do not look at it.

    Args:
        crop_size: side of the samples' crops, px.
    """

    kind: ClassVar[str]
    """Name in the registry."""
    lays_windows: ClassVar[bool] = False
    """Whether its windows are laid around joints or boxes, so that ``crop_rule`` says how; others
    have ready crops."""
    protocol: ClassVar[str] = "freihand"
    """The evaluation protocol of this benchmark, a key of ``evaluation.metrics.PROTOCOLS``."""

    def __init__(self, crop_size: int = CROP_SIZE) -> None:
        self.crop_size = crop_size
        self.context = 1.0
        self.crop_rule: CropRule = "box"
        """'box' or 'published'; see ``geometry.crop``."""
        self.crop_is_given = False
        """Whether the rule was asked for by name, so that no network's rule replaces it."""
        self.skipped: dict[str, str] = {}
        self.notes: list[str] = []

    def use_rule(self, rule: CropRule) -> None:
        """Lay windows as a network was trained with, unless another rule was asked for by name.
        Upright windows are cut from wider crops later, so that rule leaves the usual one."""
        if not self.crop_is_given:
            self.crop_rule = "published" if rule == "published" else "box"

    @abstractmethod
    def __len__(self) -> int:
        """Number of samples."""

    @abstractmethod
    def read(self, index: int) -> HandSample:
        """Sample ``index``, 0 <= index < len(self).

        Raises:
            CorruptSample: its image or labels are damaged.
        """

    def sessions(self) -> list[str] | None:
        """For each sample the clip or sitting that it comes from, where that is known: samples of
        one session stand together in the order of time and are alike, so what is held out for
        validation is taken by sessions, or by stretches of one."""
        return None

    def images_of(self) -> list[str] | None:
        """For each sample the image that it is cut from, where two samples can be the two hands of
        one; how far these are apart is then measured too."""
        return None

    def groups(self) -> list[str] | None:
        """For each sample the part of the data whose errors its benchmark also gives alone."""
        return None

    def __getitem__(self, index: int) -> HandSample:
        """Sample ``index``, or the next one that can be read.

        Raises:
            IndexError: there is no such sample.
            UserError: fifty samples in a row are damaged.
        """
        count = len(self)
        if not -count <= index < count:
            raise IndexError(index)
        for step in range(min(_MOST_IN_A_ROW, count)):
            try:
                return self.read((index + step) % count)
            except CorruptSample as error:
                self.note_skipped((index + step) % count, str(error))
        raise UserError(
            f"{self.kind}: {min(_MOST_IN_A_ROW, count)} samples in a row cannot be read "
            f"({next(reversed(self.skipped.values()))}); check the dataset's files."
        )

    def __iter__(self) -> Iterator[HandSample]:
        """All readable samples, each once."""
        for index in range(len(self)):
            try:
                yield self.read(index)
            except CorruptSample as error:
                self.note_skipped(index, str(error))

    def note_skipped(self, index: int, reason: str) -> None:
        """Count a sample that could not be read."""
        key = f"{self.kind}[{index}]"
        if key not in self.skipped:
            self.skipped[key] = reason
            logger.warning("skipped %s: %s", key, reason)

    def summary(self) -> str:
        """One line: name, number of samples, what was skipped and what is missing."""
        text = f"{self.kind}: {len(self)} samples"
        if self.skipped:
            text += f", {len(self.skipped)} skipped (first: {next(iter(self.skipped.values()))})"
        return "; ".join([text, *self.notes])


class AnnotatedDataset(HandDataset):
    """A dataset whose reader gives annotations; cropping is the same for all."""

    @abstractmethod
    def annotation(self, index: int) -> Annotation:
        """The labels of sample ``index`` and where its image is.

        Raises:
            CorruptSample: the labels are damaged.
        """

    def read(self, index: int) -> HandSample:
        """See ``HandDataset.read``."""
        annotation = self.annotation(index)
        source = annotation.image
        image = source if isinstance(source, np.ndarray) else read_image(source)
        try:
            return make_sample(annotation, image, self.crop_size, self.context, self.crop_rule)
        except ValueError as error:
            raise CorruptSample(f"{annotation.name}: {error}") from None


def read_image(path: Path) -> UInt8:
    """An image file as (H, W, 3) uint8 RGB.

    Raises:
        CorruptSample: the file is missing, truncated or no image.
    """
    try:
        content = np.fromfile(path, np.uint8)
    except OSError as error:
        raise CorruptSample(f"{path} cannot be read ({error.strerror})") from None
    # imread without a name: damaged files then raise nothing and print nothing.
    image = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if image is None or image.ndim != 3:
        raise CorruptSample(f"{path} is no image or damaged")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
