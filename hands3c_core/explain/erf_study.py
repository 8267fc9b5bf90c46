"""Receptive fields of several networks side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError
from hands3c_core.explain.maps import available_kinds
from hands3c_core.explain.receptive_field import (
    ReceptiveField,
    attention_field,
    random_network,
    receptive_field,
)
from hands3c_core.models import HandS3C
from hands3c_core.models.network import HandNetwork
from hands3c_core.models.registry import ABLATION

#: What the rows of the paper's ablation are called in its figure of receptive fields.
_PANELS: Final = {
    "baseline": "FPN (no attention)",
    "+ self-attention": "Self-attention",
    "+ SSA": "SSA",
    "+ SSCA": "SSCA",
}
#: Crops of a given side, px.
Crops = Callable[[int], NDArray[np.uint8]]
#: Called with the number of passes done and of all passes.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ErfStudy:
    """The receptive fields of several networks."""

    fields: list[ReceptiveField]
    """Of the whole networks."""
    modules: list[ReceptiveField | None]
    """Of their attention modules alone, None where there is none."""


def panel_title(name: str) -> str:
    """What a network is called in the figure: as in the paper's if it is of the ablation."""
    for networks in ABLATION.values():
        for row, network in networks.items():
            if network == name:
                return _PANELS[row]
    return name


def study_random(
    names: Sequence[str],
    crops: NDArray[np.uint8],
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> ErfStudy:
    """Networks of published form with fresh weights; backbone and pyramid are the same in all.

    Args:
        names: for ``build_model``.
        crops: (N, S, S, 3) uint8 RGB.
        seed: of the weights.
        progress: see ``Progress``.

    Raises:
        UserError: a name is unknown or of another family, or none is given.
    """
    if not names:
        raise UserError("No network is named: name at least one.")
    networks = [random_network(name, crops, input_size=crops.shape[1], seed=seed) for name in names]
    fields: list[ReceptiveField] = []
    modules: list[ReceptiveField | None] = []
    passes = [1 + bool(available_kinds(network)) for network in networks]
    steps = _Steps(progress, sum(passes) * len(crops))
    for network in networks:
        title = panel_title(network.name)
        fields.append(receptive_field(network, crops, title=title, progress=steps))
        modules.append(_module(network, crops, title, steps))
    return ErfStudy(fields, modules)


def study_trained(
    networks: Sequence[HandNetwork], crops: Crops, *, progress: Progress | None = None
) -> ErfStudy:
    """Networks with their own weights. If none is without attention, the map that enters the first
    one's attention comes first: the pyramid's, in a network trained with attention behind it.

    Args:
        networks: of the HandS3C family.
        crops: gives crops of a side, since the networks' input sizes may differ.
        progress: see ``Progress``.

    Raises:
        UserError: a network is of another family, or ``crops`` raises it.
    """
    family = [network for network in networks if isinstance(network, HandS3C)]
    if not family or len(family) < len(networks):
        raise UserError("Receptive fields are for the HandS3C family; choose its weights.")
    fields: list[ReceptiveField] = []
    modules: list[ReceptiveField | None] = []
    with_before = all(available_kinds(network) for network in family)
    seen = [crops(network.input_size) for network in family]
    passes = [1 + bool(available_kinds(network)) for network in family]
    total = sum(count * len(pixels) for count, pixels in zip(passes, seen, strict=True))
    steps = _Steps(progress, total + with_before * len(seen[0]))
    if with_before:
        title = "FPN (before attention)"
        fields.append(
            receptive_field(family[0], seen[0], title=title, place="before", progress=steps)
        )
        modules.append(None)
    for network, pixels in zip(family, seen, strict=True):
        title = panel_title(network.name)
        fields.append(receptive_field(network, pixels, title=title, progress=steps))
        modules.append(_module(network, pixels, title, steps))
    return ErfStudy(fields, modules)


def _module(
    network: HandS3C, crops: NDArray[np.uint8], title: str, steps: _Steps
) -> ReceptiveField | None:
    if not available_kinds(network):
        return None
    return attention_field(network, crops, title=f"{title}: attention alone", progress=steps)


class _Steps:
    """Adds the passes of successive fields up; each reports its own from the start."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = self._last = 0

    def __call__(self, done: int) -> None:
        self._done += done - self._last if done > self._last else done
        self._last = done
        if self._progress is not None:
            self._progress(self._done, self._total)
