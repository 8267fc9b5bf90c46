# SPDX-License-Identifier: GPL-3.0-or-later
"""Saves one frame: its hands as OBJ or PLY, or the annotated picture as PNG."""

from __future__ import annotations

from pathlib import Path

import cv2

from hands3c_core.errors import UserError

from .config import ViewState
from .painter import Painter
from .session_types import Shown

KINDS = (".png", ".obj", ".ply")


def save_snapshot(shown: Shown, view: ViewState, file: Path) -> list[Path]:
    """Write ``shown`` to ``file``; its suffix says as what.

    Returns the files written (an OBJ brings its material and skin).

    Raises:
        UserError: there is no hand to save, the suffix is unknown or the file cannot be written.
    """
    from hands3c_core.atomic import write_atomically
    from hands3c_core.export import write_obj, write_ply

    kind = file.suffix.lower()
    if kind not in KINDS:
        raise UserError(f"{file.name}: save as one of {', '.join(KINDS)}.")
    if kind == ".png":
        image = Painter().annotate(shown, view, labels=True)
        encoded, data = cv2.imencode(".png", cv2.cvtColor(image, cv2.COLOR_RGB2BGR))
        if not encoded:
            raise UserError(f"{file.name}: the picture could not be encoded as PNG.")
        return [write_atomically(file, data.tobytes())]
    if shown.model is None or not shown.result.hands:
        raise UserError("There is no hand in this frame to save; wait until one is found.")
    hand, texture = shown.model.hand, shown.model.texture
    if kind == ".obj":
        return write_obj(file, shown.result.hands, hand, texture)
    return [write_ply(file, shown.result.hands, hand)]
