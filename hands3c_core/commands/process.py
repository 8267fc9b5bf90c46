"""Turn many videos and photographs into hands, on this machine or a cluster."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from hands3c_core.batch.settings import clip_kinds
from hands3c_core.command import STOPPED as STOPPED_CODE
from hands3c_core.conventions import DEFAULT_FOV_DEG
from hands3c_core.device import Device
from hands3c_core.errors import UserError
from hands3c_core.export_formats import EXPORT_FORMATS
from hands3c_core.weights import AUTO, Precision

if TYPE_CHECKING:
    from hands3c_core.batch import Progress

    Kind = str
else:
    Kind = Literal[clip_kinds()]

STOPPED = "Stopped. What is done is kept: the same command with --resume goes on."


@dataclass(frozen=True)
class Options:
    """Turn many videos and photographs into hands, on this machine or a cluster.

    Each clip gets a folder of its own in OUT/clips, whole or not at all. Clips that cannot be read
    are passed over and listed with their reason in OUT/summary.html.

    Ctrl+C keeps what is done; the same command with --resume goes on.
    """

    inputs: Annotated[tuple[str, ...], tyro.conf.Positional]
    """Videos, photographs, folders, patterns ('clips/**/*.mp4'), @list.txt, LeRobot data sets."""
    out: Path
    """Folder of the run."""
    to: Annotated[tuple[Kind, ...], tyro.conf.arg(metavar="KIND ...")] = ("jsonl",)
    """What to write of each clip: jsonl (always), mp4 (annotated video), or what 'hands3c export'
    makes: npz, csv, parquet, glb, bvh, ..."""
    workers: int | None = None
    """Clips at once; as many as there are cores unless given. Each gets its share of the cores."""
    engine: Literal["local", "ray"] = "local"
    """'ray' works on a Ray cluster (pip install 'hands3c-live[cluster]')."""
    ray_address: str | None = None
    """Of a cluster that runs: 'auto', HOST:PORT, ray://HOST:PORT; one on this machine unless
    given."""
    gpus_per_worker: float = 0.0
    """Share of a GPU that each Ray worker is given, for --device cuda."""
    lerobot: Path | None = None
    """The only input is a LeRobot data set: also write it to this folder, with hands as further
    columns."""
    resume: bool = False
    """Go on in OUT: only clips that are missing or have changed are done."""
    offline: bool = True
    """Use the whole clip: one shape for each hand, smoothing without lag, gaps under 0.3 s filled.
    --no-offline does it frame by frame, as the live picture does."""
    estimator: str = AUTO
    """auto, landmarks, the name of shipped weights, or a file of weights."""
    hand_model: str = "hand_mid"
    """hand_mid (1500 vertices), hand_mano778, hand_high (6573), or your own MANO file or folder."""
    device: Device = "auto"
    """Where a network runs."""
    precision: Precision = "full"
    """Arithmetic of a network."""
    smoothing: float = 0.5
    """0 (off) to 1 (strong)."""
    max_hands: int = 2
    """Most hands in a frame."""
    every: int = 1
    """Take every n-th frame."""
    from_: Annotated[float, tyro.conf.arg(name="from")] = 0.0
    """Seconds to leave out at the beginning of each clip."""
    until: float | None = None
    """Seconds of each clip at which to stop."""
    fov: float = DEFAULT_FOV_DEG
    """Horizontal field of view of the cameras, degrees."""
    calibration: Path | None = None
    """Calibration file of the camera, instead of --fov."""
    segment: float = 120.0
    """Longer clips are cut into segments of about this many seconds, which workers share."""
    overlap: float = 6.0
    """Seconds of what is before it that a segment sees."""


def run(options: Options) -> int:
    """Process; returns the exit code, 1 if a clip failed."""
    from hands3c_core.batch import BatchConfig, make_engine, process
    from hands3c_core.pipeline_config import PipelineConfig

    config = BatchConfig(
        PipelineConfig(
            estimator=options.estimator,
            device=options.device,
            precision=options.precision,
            hand_model=options.hand_model,
            smoothing=options.smoothing,
            fov_deg=options.fov,
            calibration=options.calibration,
            max_hands=options.max_hands,
        ),
        formats=options.to,
        offline=options.offline,
        every=options.every,
        start=options.from_,
        end=options.until,
        segment_s=options.segment,
        overlap_s=options.overlap,
    ).check()
    engine = make_engine(
        options.engine,
        workers=options.workers,
        address=options.ray_address,
        gpus=options.gpus_per_worker,
    )
    if options.lerobot is not None:
        check_lerobot(options)
    with Display() as display:
        progress = process(
            options.inputs,
            options.out,
            config,
            engine=engine,
            resume=options.resume,
            watch=display.show,
        )
    if options.lerobot is not None:
        from hands3c_core.batch.lerobot_out import annotate

        print(f"Wrote {annotate(options.inputs[0], options.out, options.lerobot)}")
    return report(progress, options.out)


def check_lerobot(options: Options) -> None:
    """Raise UserError if no data set can be written."""
    from hands3c_core.batch.lerobot import is_dataset

    if len(options.inputs) != 1 or not is_dataset(Path(options.inputs[0])):
        raise UserError("--lerobot needs one LeRobot data set (with meta/info.json) as the input.")
    EXPORT_FORMATS["parquet"].require()


def report(progress: Progress, out: Path) -> int:
    """Say what was done; returns the exit code."""
    for name, reason in progress.failures:
        print(f"Failed: {name}: {reason}")
    kept = f", {progress.kept} were there already" if progress.kept else ""
    rate = progress.frames / progress.seconds if progress.seconds else 0.0
    print(
        f"{progress.done} of {progress.clips} clips done{kept}, {len(progress.failures)} failed; "
        f"{progress.frames:,} frames in {progress.seconds:.0f} s ({rate:.1f} a second)."
    )
    print(f"Look at {out / 'summary.html'}; open one in the app: hands3c show {out}")
    return 1 if progress.failures else 0


class Display:
    """Bars: the run's, and one for each worker."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
        from rich.progress import Progress as Bars

        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            console=Console(stderr=True),
            transient=True,
        )
        self._run = self._bars.add_task("Clips", total=None, note="")
        self._workers: dict[int, int] = {}
        self._due = 0.0

    def __enter__(self) -> Display:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def show(self, progress: Progress) -> None:
        """Draw how far the run is."""
        note = f"{progress.frames / progress.seconds:.0f} frames/s" if progress.frames else ""
        if progress.left_s is not None:
            left = time.strftime("%H:%M:%S", time.gmtime(progress.left_s))
            days = int(progress.left_s // 86400)
            note += f", {f'{days} d ' if days else ''}{left} left"
        if progress.failures:
            note += f", {len(progress.failures)} failed"
        self._bars.update(self._run, total=progress.clips, completed=progress.finished, note=note)
        for number, (clip, done, total) in progress.workers.items():
            if number not in self._workers:
                self._workers[number] = self._bars.add_task("", total=None, note="")
            self._bars.update(
                self._workers[number],  # type: ignore[arg-type]
                description=f"  {number + 1}: {clip[:40]}",
                completed=done,
                total=total,
                visible=True,
            )
        for number, bar in self._workers.items():
            if number not in progress.workers:
                self._bars.update(bar, visible=False)  # type: ignore[arg-type]


__all__ = ["STOPPED", "STOPPED_CODE", "Display", "Options", "report", "run"]
