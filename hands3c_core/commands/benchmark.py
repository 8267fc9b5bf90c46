"""Time the live path (--pipeline), the network (--network) and the window (--ui) here, and see how
far each runtime's meshes are from float32 (--precision) and what smoothing does (--motion)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hands3c_core.atomic import check_place
from hands3c_core.command import progress_bar
from hands3c_core.errors import UserError
from hands3c_core.threads import configure_threads

#: The package of the window: as it is installed, and in a checkout.
_WINDOWS = ("hands3c_live", "app")


@dataclass(frozen=True)
class Options:
    """Time the parts of HandS3C Live on this machine."""

    pipeline: bool = False
    """The live path on a video, stage by stage, with one hand and with two."""
    ui: bool = False
    """The window: from a frame's arrival to its overlay on screen, and the gaps in its event loop.
    Without a display it is drawn off screen."""
    motion: bool = False
    """A rendered hand of known motion: jitter at rest and lag of every smoothing."""
    source: Path | None = None
    """Video for --pipeline and --ui; by default the bundled clip."""
    seconds: float = 20.0
    """How long --ui measures."""
    estimator: str = "auto"
    """For --pipeline, --ui and --motion: auto, landmarks, hands3c_lite, hands3c or a file of
    weights."""
    frames: int = 300
    """Frames of --pipeline that count, after the warm-up."""
    network: bool = False
    """The selective scans and the whole network, every kernel and runtime side by side."""
    precision: Path | None = None
    """Folder with images of single right hands (left ones mirrored), cut square: how far the
    vertices of every runtime are from the network's own in float32."""
    crops: int = 300
    """Images of --precision, evenly spread over the folder."""
    json: Path | None = None
    """Also write everything measured to this file."""
    markdown: Path | None = None
    """Also write the tables of --network and --precision to this file."""
    plot: Path | None = None
    """Draw what reports in this folder (--json) say of the releases, into releases.svg there."""
    rounds: int = 15
    """Timed passes of every variant of the network; the slow baseline gets a fifth of them."""
    compiled: bool = False
    """--network: also torch.compile, which takes minutes to prepare."""
    weights: Path | None = None
    """Weights of the network; by default fresh ones for --network, which take the same time, and
    the shipped ones for --precision."""


def run(options: Options) -> None:
    """Run the parts that were asked for."""
    check_place(options.json)
    check_place(options.markdown)
    parts = (options.pipeline, options.network, options.ui, options.motion, options.precision)
    if not any(parts) and options.plot is None:
        raise UserError(
            "Nothing to do: give --pipeline, --network, --ui, --motion, --precision FOLDER or "
            "--plot FOLDER."
        )
    report: dict[str, Any] = {}
    tables: list[str] = []
    if options.pipeline:
        report["pipeline"] = _pipeline(options)
    if options.ui:
        report["ui"] = _ui(options)
    if options.motion:
        report["motion"] = _motion(options)
    if options.network:
        report["network"], text = _network(options)
        tables.append(text)
    if options.precision is not None:
        report["precision"], text = _precision(options, options.precision)
        tables.append(text)
    if options.markdown is not None:
        from hands3c_core.atomic import write_atomically

        write_atomically(options.markdown, "\n\n".join([*tables, ""]).encode())
        print(f"Tables: {options.markdown}")
    if options.json is not None and report:
        from hands3c_core.benchmark.report import about_this_run, write_json

        write_json({"about": about_this_run()} | report, options.json)
        print(f"Everything measured: {options.json}")
    if options.plot is not None:
        from hands3c_core.benchmark.releases import draw_reports

        draw_reports(options.plot, picture := options.plot / "releases.svg")
        print(f"Releases side by side: {picture}")


def _pipeline(options: Options) -> list[dict[str, Any]]:
    from rich.console import Console
    from rich.progress import TaskID

    from hands3c_core.assets import asset_path
    from hands3c_core.benchmark.pipeline import benchmark_pipeline
    from hands3c_core.benchmark.pipeline_table import as_table

    source = options.source or asset_path("demo.mp4")
    reports = []
    with progress_bar(transient=True) as bar:
        for hands in (1, 2):
            task = bar.add_task(f"{source.name}, up to {hands} hands", total=None)

            def progress(done: int, total: int, task: TaskID = task) -> None:
                bar.update(task, completed=done, total=total)

            reports.append(
                benchmark_pipeline(
                    source,
                    frames=options.frames,
                    max_hands=hands,
                    estimator=options.estimator,
                    progress=progress,
                )
            )
    Console().print(as_table(reports))
    return reports


def _motion(options: Options) -> dict[str, Any]:
    from rich.console import Console

    from hands3c_core.benchmark.motion import as_table, benchmark_motion

    with progress_bar(transient=True) as bar:
        task = bar.add_task("A hand of known motion", total=None)
        report = benchmark_motion(
            options.estimator,
            lambda done, total: bar.update(task, completed=done, total=total),
        )
    Console().print(as_table(report))
    return report


def _ui(options: Options) -> dict[str, Any]:
    """The window measures itself, in a process of its own: nothing here knows Qt."""
    from hands3c_core.assets import asset_path

    configure_threads(side_by_side=True)  # in the environment, which the other process gets
    package = next(filter(find_spec, _WINDOWS), None)
    if package is None:
        raise UserError("--ui needs the window: pip install 'hands3c-live[app]'.")
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "ui.json"
        words = [options.source or asset_path("demo.mp4"), options.seconds, options.estimator]
        command = [sys.executable, "-m", f"{package}.benchmark", *map(str, words), str(figures)]
        root = str(Path(__file__).resolve().parents[2])  # a checkout may be used from anywhere
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        done = subprocess.run(command, env=os.environ | {"PYTHONPATH": path}, check=False)
        if done.returncode:
            raise UserError("the window could not be measured; see above.")
        return dict(json.loads(figures.read_text()))


def _network(options: Options) -> tuple[dict[str, Any], str]:
    from hands3c_core.benchmark.network import benchmark_network
    from hands3c_core.benchmark.network_tables import as_markdown
    from hands3c_core.models import load_weights

    report = benchmark_network(
        rounds=options.rounds,
        baseline_rounds=max(1, options.rounds // 5),
        model=None if options.weights is None else load_weights(options.weights),
        compiled=options.compiled,
    )
    print(text := as_markdown(report))
    return report, text


def _precision(options: Options, folder: Path) -> tuple[list[dict[str, Any]], str]:
    from dataclasses import asdict

    from hands3c_core.benchmark.precision import as_markdown, check_precision, read_folder
    from hands3c_core.models import load_weights

    model = load_weights(options.weights or _shipped_weights())
    crops = read_folder(folder, options.crops, model.input_size)
    with progress_bar(transient=True) as bar:
        task = bar.add_task("", total=len(crops))
        deviations = check_precision(
            model,
            crops,
            compiled=options.compiled,
            progress=lambda name, done: bar.update(task, description=name, completed=done),
        )
    print(text := as_markdown(deviations, model.name))
    return [asdict(deviation) for deviation in deviations], text


def _shipped_weights() -> Path:
    from hands3c_core.weights import LANDMARKS, default_estimator, find_weights

    name = default_estimator("cpu")
    file = None if name == LANDMARKS else find_weights(name)
    if file is None:
        raise UserError("No weights come with this version: name a file with --weights.")
    return file
