"""Show what a network attends to in a picture or video: maps, hidden attention, Grad-CAM."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from hands3c_core.atomic import check_place
from hands3c_core.command import progress_bar
from hands3c_core.errors import UserError

if TYPE_CHECKING:
    from hands3c_core.geometry import CropRule
    from hands3c_core.models import HandS3C
    from hands3c_core.models.network import HandNetwork
    from hands3c_core.types import UInt8

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
    models: tuple[str, ...] = ()
    """Several networks side by side on the picture's surest hand: files of weights, shipped names,
    or names of the registry with random weights, such as baseline self_attention ssa hands3c."""
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

    if options.models:
        compare(options)
        return
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


def compare(options: Options) -> None:
    """Draw several networks' features of one hand side by side."""
    if options.weights is not None or options.network is not None:
        raise UserError("Give --models, or --weights or --network, not both.")
    from hands3c_core.conventions import CROP_SIZE
    from hands3c_core.explain.drawing import save_figure
    from hands3c_core.explain.grad_cam import joint_number
    from hands3c_core.explain.hands import find_crops
    from hands3c_core.explain.side_by_side import Candidate, side_by_side

    joint = joint_number(options.joint)

    @functools.cache
    def crops(rule: CropRule) -> UInt8:
        return find_crops(options.source, CROP_SIZE, _SETTLING, is_crop=options.is_crop, rule=rule)

    rows = []
    with progress_bar(transient=True) as bar:
        for name in bar.track(options.models, description="networks"):
            network, note = _candidate(name, crops("box"), options.seed)
            rows.append((Candidate(Path(name).stem, network, note), crops(network.crop_rule)[0]))
    out = options.out or Path("attention.png")
    save_figure(side_by_side(rows, joint), out)
    print(f"Wrote {out}: " + "; ".join(f"{it.label} ({it.note})" for it, _ in rows) + ".")


def _candidate(name: str, crops: UInt8, seed: int) -> tuple[HandS3C, str]:
    """A network by the name of its weights or its own, and where its weights are from."""
    from hands3c_core.explain.receptive_field import random_network
    from hands3c_core.models import HandS3C, load_weights
    from hands3c_core.weights import shipped_weights

    shipped = shipped_weights().get(name)
    if shipped is None and not Path(name).suffix:
        return random_network(name, crops, seed=seed), f"random weights, seed {seed}"
    network = load_weights(shipped or name)
    if not isinstance(network, HandS3C):
        raise UserError(f"{name} has no feature map before its heads; choose another network.")
    return network, "trained"


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
