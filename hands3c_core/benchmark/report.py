"""Writing reports, and what they must say of themselves to be compared with others."""

from __future__ import annotations

import json
import platform
import shlex
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import psutil

from hands3c_core import __version__
from hands3c_core.atomic import write_atomically


def write_json(report: dict[str, Any], path: Path) -> None:
    """Write a report, all at once.

    Raises:
        UserError: the file cannot be written.
    """
    write_atomically(path, json.dumps(report, indent=1).encode())


def about_this_run() -> dict[str, str]:
    """Version, UTC date, machine and command of this run."""
    from hands3c_core.runtime.selection import processor_name  # brings torch

    cores = psutil.cpu_count() or 1
    program = Path(sys.argv[0]).name
    return {
        "version": __version__,
        "date": datetime.now(timezone.utc).date().isoformat(),
        "machine": f"{processor_name()}, {cores} cores, {platform.system()}",
        "command": shlex.join([program, *sys.argv[1:]]),
    }
