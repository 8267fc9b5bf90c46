"""How far the mesh of each runtime is from the network's own in float32, on real crops."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from hands3c_core.benchmark.network_tables import table
from hands3c_core.errors import UserError
from hands3c_core.models import HandNetwork
from hands3c_core.models.crop_files import IMAGE_SUFFIXES, read_crops
from hands3c_core.runtime import make_runtime, runtime_choices

#: How far any vertex may be: of an exact runtime, and of one in half precision, in mm.
EXACT_MM: Final = 0.05
HALF_MM: Final = 0.5
#: Crops a pass; all runtimes take two.
_BATCH: Final = 2


@dataclass(frozen=True, slots=True)
class Deviation:
    """Distances between a runtime's vertices and those of float32, in mm."""

    runtime: str
    crops: int
    mean: float
    """Over all vertices of all crops."""
    median: float
    """Of the crops' farthest vertices."""
    percentile_95: float
    """Of the crops' farthest vertices."""
    largest: float
    """The farthest vertex of all."""
    limit: float
    """How far a vertex may be."""
    within: float
    """Share of the crops with no vertex beyond the limit."""


def check_precision(
    model: HandNetwork,
    crops: np.ndarray,
    *,
    compiled: bool = False,
    progress: Callable[[str, int], None] | None = None,
) -> list[Deviation]:
    """Compare runtimes with the network in eager float32.

    Args:
        model: with trained weights: random ones say nothing about half precision.
        crops: (N, S, S, 3) uint8 RGB, S = ``model.input_size``.
        compiled: also 'compiled', which takes minutes to prepare.
        progress: called with a runtime's name and how many crops are done.

    Raises:
        UserError: there are no crops.
    """
    if not len(crops):
        raise UserError("There are no crops to compare runtimes on.")
    left_out = ("eager",) if compiled else ("eager", "compiled")
    choices = runtime_choices(model.parameter.device)
    names = [c.name for c in choices if not c.problem and c.name not in left_out]
    say = progress or (lambda name, done: None)
    expected = _vertices(model, crops, "eager", say)
    return [
        _deviation(name, _vertices(model, crops, name, say), expected, exact="-" not in name)
        for name in names
    ]


def crop_files(folder: Path, count: int) -> list[Path]:
    """Up to ``count`` images of a folder, evenly spread over them in order of name.

    Raises:
        UserError: the folder does not exist or has no images.
    """
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}: name one with images of right hands.")
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in IMAGE_SUFFIXES)
    if not files:
        raise UserError(f"{folder} has no images: name a folder with crops of right hands.")
    picked = np.linspace(0, len(files) - 1, min(count, len(files)))
    return [files[number] for number in picked.round().astype(int)]


def read_folder(folder: Path, count: int, size: int) -> np.ndarray:
    """Up to ``count`` crops of a folder, (N, size, size, 3) RGB.

    Raises:
        UserError: see ``crop_files``, or a file is damaged or not square.
    """
    return read_crops(crop_files(folder, count), size).images


def as_markdown(deviations: Sequence[Deviation], name: str) -> str:
    """A table for docs/performance.md."""
    head = (
        *("runtime", "mean, mm", "median crop's farthest", "95th percentile", "farthest of all"),
        "crops within the limit",
    )
    rows = [
        (
            d.runtime,
            *(f"{value:.4f}" for value in (d.mean, d.median, d.percentile_95, d.largest)),
            f"{100 * d.within:.1f} % ({d.limit:g} mm)",
        )
        for d in deviations
    ]
    count = deviations[0].crops if deviations else 0
    title = f"**Vertices against eager float32** ({name}, {count} crops; mm)"
    return "\n".join([title, "", *table(head, rows)])


def _vertices(
    model: HandNetwork, crops: np.ndarray, name: str, progress: Callable[[str, int], None]
) -> Tensor:
    runtime = make_runtime(model, name)
    parts = []
    for start in range(0, len(crops), _BATCH):
        parts.append(runtime.predict(crops[start : start + _BATCH]).vertices.cpu())
        progress(name, min(start + _BATCH, len(crops)))
    return torch.cat(parts)


def _deviation(name: str, vertices: Tensor, expected: Tensor, *, exact: bool) -> Deviation:
    distances = 1e3 * (vertices - expected).norm(dim=-1)
    farthest = distances.amax(dim=1)
    limit = EXACT_MM if exact else HALF_MM
    return Deviation(
        runtime=name,
        crops=len(vertices),
        mean=float(distances.mean()),
        median=float(farthest.median()),
        percentile_95=float(farthest.quantile(0.95)),
        largest=float(farthest.max()),
        limit=limit,
        within=float((farthest <= limit).float().mean()),
    )
