#!/usr/bin/env python3
"""Label the hands of your own videos or images, to train on them (pseudo:FOLDER)."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hands3c_core.errors import UserError
from hands3c_core.labelling import (
    Clip,
    Counts,
    LabelSettings,
    Progress,
    draw_labels,
    find_clips,
    label_clips,
)

#: Exit code of a program that the user has stopped.
_STOPPED = 130


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


def main(options: Options) -> int:
    """Label, draw, count; returns the exit code."""
    clips = find_clips(options.inputs)
    try:
        with Bar(
            TextColumn("{task.description}"),
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

            progress = label_clips(clips, options.out, options.settings, report)
            for clip in clips:
                task = tasks[clip.name]
                done = bar.tasks[task].completed or 1
                bar.update(task, completed=done, total=done)
    except KeyboardInterrupt:
        finish(options.out, Progress(options.out), "Stopped. The same command goes on.")
        return _STOPPED
    finish(options.out, progress, f"Now: scripts/train.py --preset personal {usage(options.out)}")
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


if __name__ == "__main__":
    try:
        sys.exit(main(tyro.cli(Options)))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(_STOPPED)
