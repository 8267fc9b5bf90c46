"""A table of the paper from a data set on disk: train, measure and print, in one command."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

import torch
import tyro

from hands3c_core.atomic import write_atomically
from hands3c_core.data import open_data
from hands3c_core.errors import UserError
from hands3c_core.evaluation import NetworkPredictor, evaluate
from hands3c_core.evaluation.published import PUBLISHED, Row
from hands3c_core.evaluation.tables import COLUMNS, comparison
from hands3c_core.models import HandNetwork, build_model, load_weights
from hands3c_core.reading import Fields, read_json
from hands3c_core.training.checkpointing import FOLDER, checkpoints_of
from hands3c_core.training.config import TrainConfig, read_config

RESULT: Final = "result.json"
TABLE: Final = "table.txt"
#: Bytes a parameter takes in a run's folder: two checkpoints of weights, their gradient's two
#: moments in Adam and the exported float16.
_BYTES_A_PARAMETER: Final = 2 * 3 * 4 + 2


@dataclass(frozen=True)
class Benchmark:
    """What a table of the paper needs."""

    table: str
    """Of the preprint, arXiv 2405.01066v1."""
    train: str
    """What is trained on; {data} and {mano} are filled in."""
    test: str


BENCHMARKS: Final = MappingProxyType(
    {
        "freihand": Benchmark(
            "Table 1",
            "freihand:{data}?split=train&versions=gs",
            "freihand:{data}?split=eval",
        ),
        "dexycb": Benchmark(
            "Table 2",
            "dexycb:{data}?split=train&setup=s0&hand=right&mano={mano}",
            "dexycb:{data}?split=test&setup=s0&hand=right&mano={mano}",
        ),
        "ho3d": Benchmark(
            "Table 3", "ho3d:{data}?split=train&mano={mano}", "ho3d:{data}?split=eval&mano={mano}"
        ),
    }
)


@dataclass(frozen=True)
class ReproduceSettings:
    """Train the paper's networks on a data set with its recipe, measure them, and print its table.

    What is finished is not done again, a stopped run goes on: the same command again.
    """

    table: Annotated[Literal["freihand", "dexycb", "ho3d"], tyro.conf.Positional]
    """Which benchmark."""
    data: Path
    """The data set's folder."""
    out: Path
    """Folder for runs and table."""
    mano: Path | None = None
    """MANO_RIGHT.pkl: the hand that is posed, and what DexYCB's and HO-3D's meshes are made of."""
    models: tuple[str, ...] = ("baseline", "self_attention", "ssa", "hands3c")
    """Networks of the registry."""
    epochs: float | None = None
    """Instead of the recipe's, to see that all is there."""
    precision: Literal["32", "bf16", "fp16"] = "32"
    """Arithmetic of the forward pass."""
    accelerator: Literal["auto", "cpu", "gpu"] = "auto"
    """Where to train."""
    workers: int | None = None
    """Processes that load data."""
    batch_size: int | None = None
    """Instead of the recipe's 64, which is for 24 GB of GPU memory."""
    limit: int | None = None
    """Measure this many samples."""
    seed: int = 0
    """Of start and order."""
    dry_run: bool = False
    """Say what would be done, how long it takes and how much disk, and do nothing."""

    def spec(self, text: str) -> str:
        """A data set as ``open_data`` takes it."""
        return text.format(data=self.data, mano=self.mano or "").removesuffix("&mano=")

    def config(self, model: str) -> TrainConfig:
        """One network's run."""
        return TrainConfig(
            data=self.spec(BENCHMARKS[self.table].train),
            model=model,
            preset=self.table,
            holdout=0.0,
            rehearsal=0.0,
            epochs=self.epochs,
            batch_size=self.batch_size,
            hand="hand_mano778" if self.mano is None else str(self.mano),
            out=self.out / model,
            precision=self.precision,
            workers=self.workers,
            accelerator=self.accelerator,
            seed=self.seed,
        )


@dataclass(frozen=True)
class Plan:
    """What one network's run takes."""

    model: str
    is_done: bool
    samples: int
    """In all epochs."""
    seconds: float
    """At the rate of one step, measured here."""
    disk: int
    """Bytes."""

    def line(self) -> str:
        """In words."""
        if self.is_done:
            return f"{self.model}: done"
        hours, disk = self.seconds / 3600, self.disk / 2**20
        return f"{self.model}: {self.samples:,} samples, about {hours:,.1f} h here, {disk:,.0f} MB"


def plans(settings: ReproduceSettings) -> list[Plan]:
    """What would be done.

    Raises:
        UserError: the data set is not there or not whole, or a network is not known.
    """
    _check(settings)
    found = []
    for model in settings.models:
        config = settings.config(model)
        _, preset = config.recipe()
        network = build_model(model, input_size=preset.input_size, hand=config.hand)
        count = len(open_data(config.data, network.input_size))
        samples = round(count * (preset.epochs or 1.0))
        done = (settings.out / model / RESULT).exists()
        size = sum(parameter.numel() for parameter in network.parameters())
        seconds = 0.0 if done else samples * _seconds_a_sample(network, settings.accelerator)
        found.append(Plan(model, done, samples, seconds, size * _BYTES_A_PARAMETER))
    return found


def _seconds_a_sample(network: HandNetwork, accelerator: str, batch: int = 4) -> float:
    """Of a training step, without loading data."""
    on_gpu = accelerator != "cpu" and torch.cuda.is_available()
    device = torch.device("cuda" if on_gpu else "cpu")
    network = network.to(device).train()
    side = network.input_size
    images = torch.rand(batch, 3, side, side, device=device)
    elapsed = 0.0
    for _ in range(2):  # the first one compiles and allocates
        begun = time.perf_counter()
        prediction = network(images)
        (prediction.joints_3d.square().sum() + prediction.vertices.square().sum()).backward()
        if on_gpu:
            torch.cuda.synchronize()
        elapsed = time.perf_counter() - begun
    return elapsed / batch


def reproduce(settings: ReproduceSettings, say: Callable[[str], None] = print) -> str:
    """Train and measure what is missing; returns the table, ours below the paper's.

    Args:
        settings: what to do.
        say: takes a line about each network as it begins.

    Raises:
        UserError: the data set is not there or not whole, a network is not known, or a result is
            damaged.
    """
    from hands3c_core.training.run import train  # it needs Lightning, a dry run does not

    _check(settings)
    for model in settings.models:
        folder = settings.out / model
        if (folder / RESULT).exists():
            say(f"{model}: done before")
            continue
        started = bool(checkpoints_of(folder / FOLDER))
        say(f"{model}: {'going on' if started else 'training'}")
        config = read_config(folder) if started else settings.config(model)
        weights = train(config, folder if started else None).weights
        figures = json.dumps(_measured(settings, weights), indent=1)
        write_atomically(folder / RESULT, (figures + "\n").encode())
    table = _table(settings)
    write_atomically(settings.out / TABLE, (table + "\n").encode())
    return table


def _check(settings: ReproduceSettings) -> None:
    if not settings.models or len(set(settings.models)) < len(settings.models):
        raise UserError("--models needs one or more different networks.")
    benchmark = BENCHMARKS[settings.table]
    for text in (benchmark.train, benchmark.test):
        open_data(settings.spec(text))  # what is missing is said before hours of training
    settings.out.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.out).free
    if free < 1 << 30:
        raise UserError(f"{settings.out} has {free >> 20} MB of room left: free a gigabyte.")


def _measured(settings: ReproduceSettings, weights: Path) -> dict[str, Any]:
    predictor = NetworkPredictor(load_weights(weights), refine=False)
    spec = settings.spec(BENCHMARKS[settings.table].test)
    data = open_data(spec, predictor.input_size, crop_rule=predictor.crop_rule)
    return evaluate(data, predictor, limit=settings.limit).report()


def _table(settings: ReproduceSettings) -> str:
    """The published rows and ours."""
    rows = list(PUBLISHED)
    report: dict[str, Any] = {}
    for model in settings.models:
        path = settings.out / model / RESULT
        fields = Fields(read_json(path), str(path))
        if report:
            known = {c.key: v for c in COLUMNS if (v := report.get(c.key)) is not None}
            rows.append(Row(settings.table, f"{report['estimator']} (ours)", known, "this run"))
        report = dict(fields.values) | {"estimator": model}
    return comparison(report, rows, settings.table)
