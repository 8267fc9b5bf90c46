"""Show what a network attends to in a picture or video: maps, hidden attention, Grad-CAM."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from hands3c_core.atomic import check_place
from hands3c_core.command import progress_bar
from hands3c_core.errors import UserError

if TYPE_CHECKING:
    from hands3c_core.models.network import HandNetwork

#: Crops that set the batch norms of a network with random weights.
_SETTLING = 16


@dataclass(frozen=True)
class Options:
    """Show what a network attends to in a picture or video: maps, hidden attention, Grad-CAM."""

    source: Annotated[str, tyro.conf.Positional]
    """A picture, a video or a folder of pictures."""
    weights: Path | None = None
    """Trained weights; by default the shipped ones, and random ones where none ship."""
    network: str | None = None
    """A network with random weights instead: a name of the registry."""
    out: Path | None = None
    """The figure (.png, .webp, .jpg) or video (.mp4); by default attention.png or attention.mp4."""
    joint: str = "index4"
    """The joint whose Grad-CAM is shown: a name or a number, 0 to 20."""
    query: tuple[float, float] | None = None
    """Pixel (x y) of the network's crop whose hidden attention is shown; by default the joint's."""
    direction: Literal["rows", "columns", "rows-reversed", "columns-reversed"] = "rows"
    """Scan order whose hidden attention is shown beside that of all four."""
    details: bool = True
    """The second row of panels; without it a video takes a third of the time."""
    hands: int = 2
    """Most hands."""
    is_crop: bool = False
    """The pictures are crops of a right hand already: search no hand."""
    start: float = 0.0
    """Where in a video to begin, seconds."""
    frames: int | None = None
    """Frames of a video; 1 makes a figure."""
    seed: int = 0
    """Of the random weights."""


def run(options: Options) -> None:
    """Load or make the network, draw, say what was written."""
    check_place(options.out)

    from hands3c_core.explain.attention_study import StudyOptions, study_attention
    from hands3c_core.explain.grad_cam import joint_number
    from hands3c_core.explain.hand_sheet import SheetOptions
    from hands3c_core.explain.hidden_attention import DIRECTION_NAMES

    sheet = SheetOptions(
        joint_number(options.joint),
        options.query,
        DIRECTION_NAMES.index(options.direction),
        options.details,
    )
    network, note = _network(options)
    study = StudyOptions(sheet, options.hands, options.is_crop, options.start, options.frames, note)
    with progress_bar(transient=True) as bar:
        task = bar.add_task(network.name, total=None)
        done = study_attention(
            network,
            options.source,
            options.out or _default_name(options),
            study,
            lambda frames, total: bar.update(task, completed=frames, total=total),
        )
    print(f"Wrote {done.path}: {done.frames} frames, {done.hands} hands; {note}.")


def _network(options: Options) -> tuple[HandNetwork, str]:
    """The network and where its weights are from."""
    from hands3c_core.conventions import CROP_SIZE
    from hands3c_core.explain.hands import find_crops
    from hands3c_core.explain.receptive_field import random_network
    from hands3c_core.models import load_weights
    from hands3c_core.weights import shipped_weights

    if options.weights is not None and options.network is not None:
        raise UserError("Give --weights or --network (which has random weights), not both.")
    weights = options.weights
    if options.network is None:
        weights = weights or next(iter(shipped_weights().values()), None)
    if weights is not None:
        return load_weights(weights), f"weights {weights.name}"
    crops = find_crops(options.source, CROP_SIZE, _SETTLING, is_crop=options.is_crop)
    network = random_network(options.network or "hands3c", crops, seed=options.seed)
    return network, f"{network.name} with random weights (seed {options.seed}): it knows nothing"


def _default_name(options: Options) -> Path:
    from hands3c_core.sources import open_source

    with open_source(options.source) as source:
        is_still = source.frame_count == 1 or options.frames == 1
    return Path("attention.png" if is_still else "attention.mp4")
