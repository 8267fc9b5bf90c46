#!/usr/bin/env python3
"""Train a network of the HandS3C family, or go on with a run (``--resume RUN_DIRECTORY``)."""

from __future__ import annotations

import sys
from pathlib import Path

import tyro

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hands3c_core.errors import UserError
from hands3c_core.threads import configure_threads


def main(arguments: list[str]) -> None:
    """Read the settings, train."""
    configure_threads()  # before torch
    from hands3c_core.training.config import TrainConfig, parse_arguments

    resume, rest, defaults = parse_arguments(arguments)
    config = tyro.cli(TrainConfig, args=rest, default=defaults, prog="train.py")
    try:
        from hands3c_core.training.run import train
    except ModuleNotFoundError as error:
        raise UserError(
            f"{error.name} is missing: pip install -r requirements-train.txt."
        ) from None
    try:
        result = train(config, resume)
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
            print(f"in the app: python -m app --estimator {result.weights}")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("Stopped; --resume RUN_DIRECTORY goes on from the last checkpoint.", file=sys.stderr)
        sys.exit(130)
