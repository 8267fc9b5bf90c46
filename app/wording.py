# SPDX-License-Identifier: GPL-3.0-or-later
"""Small pieces of sentences that every part of the app words alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def counted(count: int, thing: str, things: str = "") -> str:
    """'1 frame', '2 frames', '1,024 frames'; ``things`` where an s does not make the plural."""
    return f"{count:,} {thing if count == 1 else things or thing + 's'}"


def saved_text(files: Sequence[Path]) -> str:
    """Which files were saved and in which folder, in full: 'out' alone could be anywhere."""
    names = ", ".join(file.name for file in files)
    return f"Saved {names} in {files[0].absolute().parent}" if files else "Nothing was saved"
