"""Measure estimators on rendered benchmarks: plain, occluded, dark, blurred, two hands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from hands3c_core.atomic import check_place, write_atomically
from hands3c_core.command import progress_bar
from hands3c_core.errors import UserError
from hands3c_core.evaluation.difficulties import (
    DIFFICULTIES,
    every_estimator,
    render,
    score,
    table,
)
from hands3c_core.threads import available_cores


@dataclass(frozen=True)
class Options:
    """Measure estimators on rendered benchmarks: plain, occluded, dark, blurred, two hands."""

    out: Path
    """Folder for the pictures and the results; what is in it already is kept."""
    estimators: tuple[str, ...] = ()
    """Names or files of weights; every shipped one unless given."""
    only: Annotated[tuple[str, ...], tyro.conf.UseAppendAction] = ()
    """One of the benchmarks; may be given several times. All unless given."""
    count: int = 1000
    """Hands of each benchmark."""
    workers: int = available_cores()
    """Processes that render."""
    table: Path | None = None
    """Write the table to this Markdown file."""


def run(options: Options) -> None:
    """Render, measure, print."""
    check_place(options.table)
    if options.count < 1 or options.workers < 1:
        raise UserError("--count and --workers must be at least 1.")
    names = options.estimators or every_estimator()
    difficulties = options.only or tuple(DIFFICULTIES)
    scores = []
    with progress_bar(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)

        def tell(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        for difficulty in difficulties:
            render(options.out, difficulty, options.count, options.workers, tell)
            scores += [score(options.out, difficulty, it, options.count, tell) for it in names]
    made = table(scores, options.count)
    print(made)
    if options.table is not None:
        write_atomically(options.table, (made + "\n").encode())
        print(f"wrote {options.table}")
