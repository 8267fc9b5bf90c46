"""Turn a recorded take (JSONL) into other formats."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import tyro

from hands3c_core.command import STOPPED as STOPPED_CODE
from hands3c_core.errors import UserError
from hands3c_core.export_formats import known_formats

if TYPE_CHECKING:
    Kind = str
else:
    Kind = Literal[tuple(known_formats())]


@dataclass(frozen=True)
class Options:
    """Turn a recorded take (JSONL) into other formats.

    Ctrl-C stops and leaves no half-written file.
    """

    take: Annotated[Path, tyro.conf.Positional]
    """The take's .jsonl, or any other file of the take beside it."""
    to: Annotated[
        tuple[Kind, ...],
        tyro.conf.arg(
            metavar="KIND ...",
            help="; ".join(f"{kind}: {made.about}" for kind, made in known_formats().items()),
        ),
    ]
    out: Path | None = None
    """Folder to write to; beside the take unless given."""
    hand_model: str | None = None
    """Name or path of the hand model the take was made with, if it is not one of ours."""
    check: bool = False
    """Have what was written read by other programs: gltf-validator, bvhio, trimesh, pyarrow, USD's
    validators, rerun. Those that are not installed are skipped; code 1 where one finds a fault."""


def run(options: Options) -> int:
    """Find the take, convert, report; returns the exit code."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    from hands3c_core.export import Cancelled, convert_take

    stopped: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: stopped.append(number))
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn())
    try:
        with Progress(*columns, transient=True) as progress:
            task = progress.add_task(options.take.stem, total=1.0)
            done = convert_take(
                log_of(options.take),
                options.to,
                out=options.out,
                hand_model=options.hand_model,
                progress=lambda share: progress.update(task, completed=share),
                cancelled=lambda: bool(stopped),
            )
    except Cancelled:
        print("Stopped; no half-written file is left.", file=sys.stderr)
        return STOPPED_CODE
    finally:
        signal.signal(signal.SIGINT, before)
    if done.truncated:
        print("The take was cut off (a crash?): its last, incomplete frame is left out.")
    for file in done.files:
        print(f"Wrote {file}")
    print(f"{done.frames} frames.")
    return check(done.files, tuple(dict.fromkeys(options.to))) if options.check else 0


def check(files: Sequence[Path], kinds: Sequence[str]) -> int:
    """Report what other programs say of ``files``; returns the exit code."""
    from hands3c_core.export.check import check_export

    code = 0
    for file, kind in zip(files, kinds, strict=True):
        found = check_export(file, kind)
        print(f"{found.outcome:8} {file.name}: {found.about} ({found.reader})")
        code = 1 if found.outcome == "wrong" else code
    return code


def log_of(take: Path) -> Path:
    """The take's ``.jsonl``.

    Raises:
        UserError: there is none.
    """
    if take.suffix.lower() == ".jsonl":
        return take
    log = take.with_name(take.name.removesuffix(".mp4").removesuffix(".raw")).with_suffix(".jsonl")
    if not log.exists():
        raise UserError(f"{take} has no {log.name} beside it: exports are made from that.")
    return log
