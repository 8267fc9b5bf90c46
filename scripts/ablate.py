#!/usr/bin/env python3
"""Train the paper's variants (no attention, self-attention, SSA, SSCA), or others, and compare."""

from __future__ import annotations

import sys
from pathlib import Path

import tyro

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hands3c_core.errors import UserError
from hands3c_core.threads import configure_threads

#: Exit code of a program that the user has stopped.
_STOPPED = 130


def main(arguments: list[str]) -> int:
    """Train what is missing, print the table; returns the exit code."""
    configure_threads()  # before torch
    try:
        from hands3c_core.training import ablation
    except ModuleNotFoundError as error:
        raise UserError(
            f"{error.name} is missing: pip install -r requirements-train.txt."
        ) from None
    settings = tyro.cli(ablation.AblationSettings, args=arguments, prog="ablate.py")
    try:
        table = ablation.run_ablation(settings)
    except (KeyboardInterrupt, SystemExit):  # Lightning ends the program on Ctrl+C
        print(ablation.ablation_table(ablation.finished(settings)))
        print("Stopped. The same command goes on.")
        return _STOPPED
    print(ablation.ablation_table(table))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.exit(_STOPPED)
