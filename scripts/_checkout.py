"""Runs a command of ``hands3c_core/commands`` from a checkout, installed or not."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hands3c_core.cli import main
from hands3c_core.command import leave


def run_command(script: str) -> None:
    """Run the command that a script of this folder is named after, and exit with its code."""
    path = Path(script)
    leave(main([path.stem, *sys.argv[1:]], program=path.name))
