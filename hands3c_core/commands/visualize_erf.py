"""Show how much of the crop a network's feature map depends on: effective receptive fields."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hands3c_core.atomic import check_place
from hands3c_core.errors import UserError


@dataclass(frozen=True)
class Options:
    """Show how much of the crop a network's feature map depends on: effective receptive fields."""

    weights: tuple[Path, ...] = ()
    """Trained weights, one panel for each file; without any, networks with random weights."""
    networks: tuple[str, ...] = ("baseline", "self_attention", "ssa", "hands3c")
    """Networks with random weights: names of the registry."""
    crops: tuple[Path, ...] = ()
    """Hand crops: images, folders of images, .npy or .npz; by default hands of --source."""
    source: str | None = None
    """Video or pictures to cut hands from; by default the bundled clip."""
    images: int = 32
    """Crops to average over."""
    input_size: int = 256
    """Side of the crops for networks with random weights, px."""
    seed: int = 0
    """Of the random weights."""
    out: Path = Path("erf.png")
    """The figure to write (.png, .webp, .jpg)."""
    json: Path | None = None
    """Also write the table, and what it was made with, to this file."""
    csv: Path | None = None
    """Also write the table to this file."""


def run(options: Options) -> None:
    """Measure, print the table, write the figure."""
    check_place(options.out)
    check_place(options.csv)
    check_place(options.json)
    if options.images < 1:
        raise UserError("--images must be at least 1.")
    import numpy as np
    from rich.progress import Progress

    from hands3c_core.assets import asset_path
    from hands3c_core.atomic import write_atomically
    from hands3c_core.benchmark.report import write_json
    from hands3c_core.explain.drawing import save_figure
    from hands3c_core.explain.erf_figure import as_csv, as_rows, as_text, erf_figure
    from hands3c_core.explain.erf_study import study_random, study_trained
    from hands3c_core.explain.hands import find_crops, gather_crops
    from hands3c_core.models import load_weights

    source = options.source or str(asset_path("demo.mp4"))

    def crops(size: int) -> np.ndarray:
        if options.crops:
            return gather_crops(options.crops, size, options.images)
        return find_crops(source, size, options.images)

    with Progress(transient=True) as bar:
        task = bar.add_task("gradients", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        if options.weights:
            networks = [load_weights(file) for file in options.weights]
            study = study_trained(networks, crops, progress=progress)
            made = "weights: " + ", ".join(file.name for file in options.weights)
        else:
            study = study_random(
                options.networks, crops(options.input_size), seed=options.seed, progress=progress
            )
            made = f"random weights, seed {options.seed}, {options.input_size}-px crops"
    where = "given crops" if options.crops else Path(source).name
    rows = as_rows(study.fields, study.modules)
    print(as_text(rows))
    figure = erf_figure(study.fields, study.modules, f"{made}; hands of {where}")
    save_figure(figure, options.out)
    print(f"Wrote {options.out} ({made}).")
    if options.csv is not None:
        write_atomically(options.csv, as_csv(rows).encode())
    if options.json is not None:
        write_json({"made_with": made, "images_of": where, "rows": rows}, options.json)
