"""Meshes over the WebSocket: what they are like, once, as JSON; then the points of each frame as
bytes. ``docs/live-out.md`` has the layout."""

from __future__ import annotations

import struct
from typing import Any, Final

import numpy as np

from hands3c_core.hand_model import HandModelData
from hands3c_core.render.render_mesh import render_mesh
from hands3c_core.types import FrameResult

MESH_MAGIC: Final = b"HS3M"
#: Magic, frame index, hands, points a hand.
_HEAD: Final = struct.Struct("<4sIHH")
#: Track, side (1 right, 0 left), origin x, y, z in metres, metres a step.
_HAND: Final = struct.Struct("<iI4f")
_STEPS: Final = 32767


def mesh_message(model: HandModelData) -> dict[str, Any]:
    """What the meshes from now on are like: triangles, texture coordinates, skin."""
    mesh = render_mesh(model, True)
    message: dict[str, Any] = {
        "type": "mesh",
        "hand_model": model.name,
        "points": model.num_vertices,
        "vertex_points": mesh.vertex_map.tolist(),
        "faces": mesh.all_faces.tolist(),
        "skin": None,
        "uv": None,
    }
    if mesh.uv is not None:
        message |= {"skin": "/skin.jpg", "uv": np.round(mesh.uv, 5).tolist()}
    return message


def mesh_bytes(result: FrameResult, model: HandModelData) -> bytes:
    """A frame's meshes: positions as 16-bit steps around the middle of each hand.

    A step is a 65,534th of the hand's longest side: less than 0.01 mm. A hand whose mesh is not the
    model's or not finite is left out.
    """
    blocks = []
    for hand in result.hands:
        points = np.asarray(hand.vertices, np.float64)
        if len(points) != model.num_vertices or not np.isfinite(points).all():
            continue
        low, high = points.min(axis=0), points.max(axis=0)
        origin = 0.5 * (low + high)
        step = max(float((high - low).max()) / (2 * _STEPS), 1e-9)
        steps = np.rint((points - origin) / step).clip(-_STEPS, _STEPS).astype("<i2")
        head = _HAND.pack(hand.track_id & 0x7FFFFFFF, int(hand.is_right), *origin, step)
        data = steps.tobytes()
        blocks.append(head + data + b"\0" * (-len(data) % 4))
    index = result.frame.index & 0xFFFFFFFF
    return _HEAD.pack(MESH_MAGIC, index, len(blocks), model.num_vertices) + b"".join(blocks)
