"""Label the hands of your own videos or images, to train on them (pseudo:FOLDER)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from hands3c_core.batch.engine import EngineName, make_engine
from hands3c_core.command import STOPPED as STOPPED_CODE
from hands3c_core.labelling import (
    Clip,
    Counts,
    LabelSettings,
    Progress,
    draw_labels,
    find_clips,
    label_clips,
)


@dataclass(frozen=True)
class Options:
    """Label the hands of your own videos or images, to train on them (pseudo:FOLDER).

    The landmark estimator labels; Ctrl+C keeps what is done, and the same command goes on.
    """

    inputs: Annotated[tuple[Path, ...], tyro.conf.Positional]
    """Videos, folders of images, images."""
    out: Path
    """Folder for images and labels; one that holds labels is added to."""
    settings: Annotated[LabelSettings, tyro.conf.arg(name="")] = field(
        default_factory=LabelSettings
    )
    """What is labelled."""
    workers: int | None = None
    """Clips at once; as many as there are cores unless given. The labels are the same."""
    engine: EngineName = "local"
    """'ray' labels on a Ray cluster (pip install 'hands3c-live[cluster]')."""
    ray_address: str | None = None
    """Of a cluster that runs: 'auto', HOST:PORT, ray://HOST:PORT; one on this machine unless
    given."""


def run(options: Options) -> int:
    """Label, draw, count; returns the exit code."""
    clips = find_clips(options.inputs)
    engine = make_engine(options.engine, workers=options.workers, address=options.ray_address)
    try:
        with Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[counts]}"),
            console=Console(stderr=True),
        ) as bar:
            tasks = {clip.name: bar.add_task(clip.name, total=None, counts="") for clip in clips}

            def report(clip: Clip, done: int, total: int | None, counts: Counts) -> None:
                text = f"{counts.labels} hands, {counts.without_hand} frames without"
                bar.update(tasks[clip.name], completed=done, total=total, counts=text)

            progress = label_clips(clips, options.out, options.settings, report, engine)
            for clip in clips:
                task = tasks[clip.name]
                done = bar.tasks[task].completed or 1
                bar.update(task, completed=done, total=done)
    except KeyboardInterrupt:
        finish(options.out, Progress(options.out), "Stopped. The same command goes on.")
        return STOPPED_CODE
    finish(options.out, progress, f"Now: hands3c train --preset personal {usage(options.out)}")
    return 0


def finish(out: Path, progress: Progress, last_line: str) -> None:
    """Draw and count what there is."""
    counts = progress.total()
    for line in counts.lines():
        print(line)
    if counts.labels:
        print(f"wrote {draw_labels(out)}: look at it before you train")
    print(last_line)


def usage(out: Path) -> str:
    """The labels as train.py takes them."""
    return f"--data pseudo:{out}"
