"""The paper's ablation, networks that differ in their attention alone, or any others of the
registry: trained alike and measured side by side."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from hands3c_core.atomic import write_atomically
from hands3c_core.conventions import CROP_SIZE
from hands3c_core.data import HandDataset, open_data
from hands3c_core.errors import UserError
from hands3c_core.evaluation import MeanHandPredictor, NetworkPredictor, Predictor, evaluate
from hands3c_core.hand_model import load_hand_model
from hands3c_core.models import build_model, load_weights
from hands3c_core.models.pretrained import set_backbone
from hands3c_core.models.registry import ABLATION, DEFAULT_HAND, canonical_name
from hands3c_core.reading import Fields, read_json
from hands3c_core.training.checkpointing import FOLDER, checkpoints_of
from hands3c_core.training.config import TrainConfig, read_config
from hands3c_core.training.data_module import open_split
from hands3c_core.training.export import CARD

#: Names in the folder of an ablation and in that of one of its runs.
SETTINGS, TABLE, RESULT = "ablation.json", "ablation.md", "result.json"
MEAN_RESULT = "mean_hand.json"
#: Minutes between validations: seldom, since every run is measured at its end.
_VAL_MINUTES = 30.0
#: Row of what is measured without any training.
MEAN_HAND = "mean hand, no network"
#: Columns of the paper's Table 4 and some more: key of a result, heading, factor, decimals.
COLUMNS: Final = (
    ("params", "Params (M)", 1e-6, 2),
    ("flops", "FLOPs (G)", 1e-9, 2),
    ("pa_mpjpe_mm", "PA-MPJPE (mm)", 1.0, 2),
    ("pa_mpvpe_mm", "PA-MPVPE (mm)", 1.0, 2),
    ("f5", "F@5", 1.0, 3),
    ("f15", "F@15", 1.0, 3),
    ("mpjpe_mm", "MPJPE (mm)", 1.0, 1),
    ("joints_2d_share", "2D (% of crop)", 100.0, 1),
    ("steps", "steps", 1.0, 0),
    ("minutes", "minutes", 1.0, 1),
)


@dataclass(frozen=True)
class AblationSettings:
    """Train the paper's variants (no attention, self-attention, SSA, SSCA), or other networks,
    alike and compare them.

    Finished runs are not done again, stopped ones go on.
    """

    data: str
    """What to train on, as for train.py."""
    out: Path
    """Folder for the runs and the table; an earlier one is gone on with."""
    size: Literal["full", "lite", "tiny"] = "lite"
    """The paper's networks, or the small ones; tiny is for trying this out."""
    models: tuple[str, ...] = ()
    """These networks instead of the ablation's, such as hands3c sar smr."""
    val: str | None = None
    """What to measure on, as for train.py; by default what is held out of the data."""
    holdout: float = 0.05
    """Share of the data that is held out where --val is not given."""
    max_minutes: float | None = None
    """Minutes of training for each variant and seed."""
    max_steps: int | None = None
    """Steps of training for each variant and seed, instead of minutes."""
    seeds: tuple[int, ...] = (0,)
    """Of start, order and augmentation; each variant is trained once with each."""
    preset: str = "webcam"
    """The recipe."""
    batch_size: int = 32
    """Samples a step."""
    learning_rate: float | None = None
    """Instead of the preset's."""
    augment: str | None = None
    """Instead of the preset's."""
    input_size: int | None = None
    """Side of the crop, px, instead of the networks' own."""
    backbone: Path | None = None
    """Pretrained backbone that each starts from, as for train.py."""
    precision: Literal["32", "bf16", "fp16"] = "32"
    """Arithmetic of the forward pass."""
    workers: int | None = None
    """Processes that load data."""
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    """Where to train."""
    limit: int | None = 2000
    """Most samples that are measured."""

    def check(self) -> AblationSettings:
        """The settings themselves.

        Raises:
            UserError: there is not one budget, or no seed.
        """
        if (self.max_minutes is None) == (self.max_steps is None):
            raise UserError("give one budget for all variants: --max-minutes or --max-steps.")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise UserError("--seeds needs one or more different numbers.")
        if self.val is None and not 0 < self.holdout < 1:
            raise UserError("without --val, --holdout must be a share above 0 and below 1.")
        if len(set(self.networks().values())) < len(self.models):
            raise UserError("--models names a network twice.")
        return self

    def networks(self) -> dict[str, str]:
        """Network of each row of the table.

        Raises:
            UserError: no network has one of the names.
        """
        if self.models:
            return {name: name for name in map(canonical_name, self.models)}
        return dict(ABLATION[self.size])

    def runs(self) -> Iterator[tuple[str, str, int]]:
        """Row of the table, network and seed of each run, seed by seed."""
        for seed in self.seeds:
            for row, model in self.networks().items():
                yield row, model, seed

    def train_config(self, model: str, seed: int, out: Path) -> TrainConfig:
        """One run."""
        return TrainConfig(
            data=self.data,
            model=model,
            preset=self.preset,
            val=self.val,
            holdout=self.holdout,
            rehearsal=0.0,
            max_minutes=self.max_minutes,
            max_steps=self.max_steps,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            augment=self.augment,
            input_size=self.input_size,
            backbone=self.backbone,
            out=out,
            precision=self.precision,
            workers=self.workers,
            accelerator=self.accelerator,
            val_minutes=_VAL_MINUTES,
            seed=seed,
        )


def run_ablation(
    settings: AblationSettings, say: Callable[[str], None] = print
) -> dict[str, list[dict[str, Any]]]:
    """Train and measure every variant; what a folder holds already is not done again.

    A run that was stopped goes on from its last checkpoint. The table of what is finished is
    written after each run.

    Args:
        settings: of all variants.
        say: takes a line about each run as it begins.

    Returns:
        For each row of the table the figures of its finished runs, one for each seed.

    Raises:
        UserError: a setting is wrong, or the folder holds an ablation with other settings.
    """
    # Here: it needs Lightning, which reading results does not.
    from hands3c_core.training.run import train

    settings, out = settings.check(), settings.out
    _claim(settings)
    if not (out / MEAN_RESULT).exists():
        _write(out / MEAN_RESULT, measure_mean_hand(settings))
    runs = list(settings.runs())
    for number, (row, model, seed) in enumerate(runs, start=1):
        folder = out / f"{model}-seed{seed}"
        title = f"{number}/{len(runs)} {row} ({model}, seed {seed})"
        if (folder / RESULT).exists():
            say(f"{title}: finished before")
            continue
        say(title)
        config = settings.train_config(model, seed, folder)
        started = bool(checkpoints_of(folder / FOLDER))
        result = train(read_config(folder) if started else config, folder if started else None)
        _write(folder / RESULT, measure(settings, result.weights) | _run_facts(result.weights))
        write_atomically(out / TABLE, (ablation_table(finished(settings)) + "\n").encode())
    return finished(settings)


def measure(settings: AblationSettings, weights: Path) -> dict[str, Any]:
    """Figures of trained weights on what was held out (see ``Evaluation.report``): the network's
    own, before poses are brought to the heatmaps, which would hide part of what differs."""
    predictor = NetworkPredictor(load_weights(weights), refine=False)
    return _measure(settings, _validation(settings, predictor.input_size), predictor)


def measure_mean_hand(settings: AblationSettings) -> dict[str, Any]:
    """The same of the mean hand, which says what the figures of the networks are worth."""
    dataset = _validation(settings, CROP_SIZE)
    predictor = MeanHandPredictor(load_hand_model(DEFAULT_HAND), dataset)
    return _measure(settings, dataset, predictor)


def _measure(
    settings: AblationSettings, dataset: HandDataset, predictor: Predictor
) -> dict[str, Any]:
    protocol = getattr(dataset, "dataset", dataset).protocol  # that of the whole data
    report = evaluate(dataset, predictor, protocol=protocol, limit=settings.limit).report()
    pixels = report["joints_2d_px"]
    return report | {"joints_2d_share": None if pixels is None else pixels / CROP_SIZE}


def _run_facts(weights: Path) -> dict[str, Any]:
    """How long a run was, from its card."""
    path = weights.parent / CARD
    card = Fields(read_json(path), str(path))
    return {"steps": card.integer("steps", 0, 1 << 53), "minutes": card.number("minutes", 0.0)}


def _write(path: Path, figures: dict[str, Any]) -> None:
    write_atomically(path, (json.dumps(figures, indent=1) + "\n").encode())


def finished(settings: AblationSettings) -> dict[str, list[dict[str, Any]]]:
    """For each row of the table the figures of its finished runs."""
    table: dict[str, list[dict[str, Any]]] = {row: [] for row in settings.networks()}
    files = [
        (row, settings.out / f"{model}-seed{seed}" / RESULT) for row, model, seed in settings.runs()
    ]
    for row, path in [*files, (MEAN_HAND, settings.out / MEAN_RESULT)]:
        if path.exists():
            try:
                figures = Fields(read_json(path), str(path))
                for key in (key for key, *_ in COLUMNS if figures.values.get(key) is not None):
                    figures.number(key)
            except UserError as error:
                raise UserError(f"{error} Remove it to measure again.") from None
            table.setdefault(row, []).append(dict(figures.values))
    return table


def ablation_table(table: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """Table 4 of what is finished, as Markdown: means over the seeds, with their deviation where
    there are several."""
    heads = ["", *(heading for _, heading, *_ in COLUMNS)]
    lines = [heads, ["---"] * len(heads)]
    for row, results in table.items():
        cells = [
            _cell([result.get(key) for result in results], factor, decimals)
            for key, _, factor, decimals in COLUMNS
        ]
        lines.append([row, *cells])
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "\n".join(
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        + " |"
        for line in lines
    )


def _cell(values: Sequence[float | None], factor: float, decimals: int) -> str:
    known = [factor * value for value in values if value is not None]
    if not known:
        return "-"
    mean = sum(known) / len(known)
    text = f"{mean:.{decimals}f}"
    spread = math.sqrt(sum((value - mean) ** 2 for value in known) / max(len(known) - 1, 1))
    return f"{text} ± {spread:.{decimals}f}" if spread > 0 else text


def _validation(settings: AblationSettings, size: int) -> HandDataset:
    if settings.val is not None:
        return open_data(settings.val, size)
    _, held = open_split(settings.data, size, 1.0, settings.holdout)
    assert held is not None
    return held


def _claim(settings: AblationSettings) -> None:
    """Record the settings in a new folder, or check that they are those of an old one."""
    out = settings.out
    path = out / SETTINGS
    values = {k: v for k, v in dataclasses.asdict(settings).items() if k != "out"}
    now = json.loads(json.dumps(values, default=str))
    if path.exists():
        try:
            before = Fields(read_json(path), str(path)).values
        except UserError as error:
            raise UserError(f"{error} Choose another --out.") from None
        # More seeds and networks may be added, workers and the place change nothing.
        free = ("seeds", "models", "workers", "accelerator")
        changed = [key for key in now if key not in free and before.get(key) != now[key]]
        if changed:
            raise UserError(
                f"{out} holds an ablation with another --{changed[0].replace('_', '-')} "
                f"({before.get(changed[0])}, not {now[changed[0]]}): choose another --out."
            )
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UserError(f"{out} is not empty: choose another --out.")
    else:
        # Networks, crop sizes and data that cannot be: before the first run, not in the third.
        network = None
        for model in settings.networks().values():
            network = build_model(model, input_size=settings.input_size)
            if settings.backbone is not None:
                set_backbone(network, settings.backbone)
        assert network is not None
        _validation(settings, network.input_size)
    write_atomically(path, (json.dumps(now, indent=1) + "\n").encode())
