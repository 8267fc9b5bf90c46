"""Writing reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hands3c_core.atomic import write_atomically


def write_json(report: dict[str, Any], path: Path) -> None:
    """Write a report, all at once.

    Raises:
        UserError: the file cannot be written.
    """
    write_atomically(path, json.dumps(report, indent=1).encode())
