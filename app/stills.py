# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the 3D view as files. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError

from .scene_state import SceneSettings, Still

if TYPE_CHECKING:
    from hands3c_core.render.open3d_scene import HandScene

#: Up to this size stills are drawn twice as large and reduced; beyond, memory sets the limit.
_FINE_PIXELS = 2560 * 1440


def save_still(scene: HandScene, settings: SceneSettings, wanted: Still) -> str:
    """Write ``scene`` as a PNG file; returns what went wrong, or ''."""
    file = wanted.file
    size = wanted.size or settings.size
    fine = 2 if size[0] * size[1] <= _FINE_PIXELS else 1
    try:
        still = scene.render_still(size, fine, cut_out=wanted.cut_out)
        if settings.view.mirror:
            still = np.asarray(cv2.flip(still, 1), np.uint8)
        order = cv2.COLOR_RGBA2BGRA if wanted.cut_out else cv2.COLOR_RGB2BGR
        encoded, data = cv2.imencode(".png", cv2.cvtColor(still, order))
        if not encoded:
            raise UserError(f"{file.name}: the picture could not be encoded as PNG.")
        write_atomically(file, data.tobytes())
    except UserError as error:
        return str(error)
    return ""
