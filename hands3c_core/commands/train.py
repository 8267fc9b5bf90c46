"""Train a network of the HandS3C family, or go on with a run (``--resume RUN_DIRECTORY``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hands3c_core.command import parse_arguments as read_words

if TYPE_CHECKING:
    from hands3c_core.training.config import TrainConfig

STOPPED = "Stopped; --resume RUN_DIRECTORY goes on from the last checkpoint."


@dataclass(frozen=True)
class Options:
    """A run: new, or gone on with."""

    config: TrainConfig
    resume: Path | None
    """Run directory to go on with."""


def parse(arguments: list[str], program: str) -> Options:
    """Read the settings; ``--resume DIRECTORY`` takes those of that run first."""
    from hands3c_core.training.config import TrainConfig, parse_arguments

    resume, rest, defaults = parse_arguments(arguments)
    return Options(read_words(TrainConfig, rest, prog=program, default=defaults), resume)


def run(options: Options) -> None:
    """Train."""
    from hands3c_core.training.run import train

    try:
        result = train(options.config, options.resume)
    except SystemExit:  # so Lightning ends the program on Ctrl+C
        raise KeyboardInterrupt from None
    if result.is_first:
        print(f"{result.steps} steps done; weights: {result.weights}")
        for name, value in result.validation.items():
            print(f"  {name} {value:.3f}")
        if result.comparison:
            print("before -> after, on what was held out:")
            print(result.comparison)
            print(f"drawn in {result.folder / 'before_after.png'}")
            print(f"in the app: hands3c-live --estimator {result.weights}")
