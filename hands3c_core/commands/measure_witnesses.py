"""Measure how the witnesses of a hand err, by which Automatic weighs them."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from hands3c_core.atomic import check_place, write_atomically
from hands3c_core.command import progress_bar
from hands3c_core.errors import UserError


@dataclass(frozen=True)
class Options:
    """Measure how detector, second witness and network err, and write the file that Automatic
    weighs them by."""

    renders: str
    """Renders with exact truth, cropped widely: synthetic:FOLDER, made for example with
    render_dataset --render.size 256 --render.crop-scale-low 2.0 --render.crop-scale-high 2.6."""
    photographs: str
    """Real crops; their labels are not looked at: pseudo:FOLDER."""
    weights: str = "hands3c_lite"
    """The network: shipped weights by name, or a file."""
    limit: int = 1500
    """Most samples of each."""
    out: Path = Path("witnesses.npz")
    """Where the statistics are written; the shipped ones are assets/witnesses.npz."""


def run(options: Options) -> None:
    """Look, measure, write."""
    check_place(options.out)
    from hands3c_core.data import open_data
    from hands3c_core.detect.landmark_network import DEPTH_SCALE, LandmarkNetwork
    from hands3c_core.estimators.choose import make_network_witness
    from hands3c_core.estimators.landmarks_skeleton import HandSkeleton
    from hands3c_core.evaluation.witness_errors import depth_scale, look_at, measure
    from hands3c_core.hand_model import load_hand_model

    network = make_network_witness(options.weights, load_hand_model("hand_mid"))
    second, skeleton = LandmarkNetwork(), HandSkeleton(network.hand)
    seen = []
    for spec in (options.renders, options.photographs):
        dataset = open_data(spec)
        with progress_bar(console=Console(stderr=True), transient=True) as progress:
            update = partial(progress.update, progress.add_task(spec, total=None))
            table = look_at(dataset, second, network, skeleton, options.limit, update)
        seen.append(table)
        print(f"{spec}: {len(seen[-1].angles)} hands, {seen[-1].missed} not found")
    renders, photographs = seen
    if renders.truth is None:
        raise UserError(f"{options.renders} has no exact truth: give renders.")
    print(f"depths of the second witness are too flat by {depth_scale(renders):.2f} ", end="")
    print(f"(landmark_network.DEPTH_SCALE is {DEPTH_SCALE:g})")
    arrays = measure(renders, photographs, skeleton.markers)
    for name in ("image", "depth"):
        print(f"{name}: " + ", ".join(f"{100 * value:.1f} %" for value in arrays[name].mean(1)))
    buffer = io.BytesIO()
    tables: dict[str, Any] = {name: np.asarray(values) for name, values in arrays.items()}
    np.savez(buffer, **tables)
    write_atomically(options.out, buffer.getvalue())
    print(f"wrote {options.out}")
