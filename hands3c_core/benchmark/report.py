"""Writing reports."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from hands3c_core.errors import UserError


def write_json(report: dict[str, Any], path: Path) -> None:
    """Write a report, all at once.

    Raises:
        UserError: the file cannot be written.
    """
    try:
        with tempfile.NamedTemporaryFile(
            "w", dir=path.absolute().parent, prefix=path.name, delete=False, encoding="utf-8"
        ) as file:
            json.dump(report, file, indent=1)
        os.replace(file.name, path)  # noqa: PTH105
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}.") from None
