"""Soft shadows of small scenes: one coarse parallel depth map for each direction of light.

``render.shadow`` does this for the demo clip through the rasteriser's exact visibility pass; here a
map of some 60 cells a side is enough, and a tenth of the time.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: What is assumed of points too far away to be looked at.
FAR_SEEN: Final = 0.75
#: Side of a depth map.
CELLS: Final = 60
#: Surfaces nearer together than this do not shade each other, metres.
BIAS: Final = 0.005
#: Points further than this from the first one are not looked at, metres.
REACH: Final = 0.28
_jit: Any = njit(cache=True, nogil=True, fastmath=True)


def lit_shares(
    points: NDArray[np.float32],
    normals: NDArray[np.float32],
    faces: NDArray[np.int32],
    directions: NDArray[np.float64],
    cells: int = CELLS,
    bias: float = BIAS,
    reach: float = REACH,
) -> NDArray[np.float32]:
    """How well each point is seen from far away in each direction.

    Args:
        points: (V, 3) metres.
        normals: (V, 3) unit normals; points start a little above the surface.
        faces: (F, 3) triangles that cast shadows, either side.
        directions: (K, 3) unit vectors towards the lights.
        cells: side of the depth maps.
        bias: surfaces nearer together than this do not shade each other, metres.
        reach: points further than this from the first one are not looked at, metres, so that a
            long arm does not make the cells of the map too coarse for fingers.

    Returns:
        (V, K), 0 (hidden) to 1 (seen); points that are not looked at get a middle value.
    """
    near = ((points - points[0]) ** 2).sum(axis=1) < reach**2
    out = np.full((len(points), len(directions)), FAR_SEEN, np.float32)
    for k in range(len(directions)):
        frame = _frame(directions[k])
        _light_from(points, near, normals, faces, frame, cells, bias, out[:, k])
    return out


@_jit
def _frame(towards):
    """(3, 3) float32 orthonormal rows, the last one ``towards``."""
    least = 0
    for c in range(1, 3):
        if abs(towards[c]) < abs(towards[least]):
            least = c
    frame = np.zeros((3, 3), np.float32)
    a, b = (least + 1) % 3, (least + 2) % 3
    length = np.sqrt(towards[a] ** 2 + towards[b] ** 2)
    frame[0, a], frame[0, b] = -towards[b] / length, towards[a] / length
    for c in range(3):
        n, m = (c + 1) % 3, (c + 2) % 3
        frame[1, c] = towards[n] * frame[0, m] - towards[m] * frame[0, n]
        frame[2, c] = towards[c]
    return frame


@_jit
def _light_from(points, near, normals, faces, frame, cells, bias, out):
    count = points.shape[0]
    local = np.empty((count, 3), np.float32)
    for v in range(count):
        for c in range(3):
            local[v, c] = (
                points[v, 0] * frame[c, 0] + points[v, 1] * frame[c, 1] + points[v, 2] * frame[c, 2]
            )
    low_x, high_x, low_y, high_y = local[0, 0], local[0, 0], local[0, 1], local[0, 1]
    for v in range(count):
        if not near[v]:
            continue
        low_x, high_x = min(low_x, local[v, 0]), max(high_x, local[v, 0])
        low_y, high_y = min(low_y, local[v, 1]), max(high_y, local[v, 1])
    scale = (cells - 3) / max(high_x - low_x, high_y - low_y, 1e-6)
    for v in range(count):
        local[v, 0] = (local[v, 0] - low_x) * scale + 1.0
        local[v, 1] = (local[v, 1] - low_y) * scale + 1.0
    heights = np.full((cells, cells), -1e9, np.float32)
    for f in range(faces.shape[0]):
        _raise_triangle(local, faces[f, 0], faces[f, 1], faces[f, 2], heights)
    for v in range(count):
        if not near[v]:
            continue
        # Lift the point off its own surface.
        x = local[v, 0]
        y = local[v, 1]
        lift = local[v, 2] + bias
        for c in range(3):
            slope = normals[v, c] * bias
            x += slope * frame[0, c] * scale
            y += slope * frame[1, c] * scale
        x = min(max(x, 0.0), cells - 1.001)
        y = min(max(y, 0.0), cells - 1.001)
        x0, y0 = int(x), int(y)
        tx, ty = x - x0, y - y0
        seen = 0.0
        if heights[y0, x0] <= lift:
            seen += (1 - tx) * (1 - ty)
        if heights[y0, x0 + 1] <= lift:
            seen += tx * (1 - ty)
        if heights[y0 + 1, x0] <= lift:
            seen += (1 - tx) * ty
        if heights[y0 + 1, x0 + 1] <= lift:
            seen += tx * ty
        out[v] = seen


@_jit
def _raise_triangle(local, a, b, c, heights):
    """Raise the cells whose centres (integers) a triangle covers to its height."""
    ax, ay, az = local[a, 0], local[a, 1], local[a, 2]
    bx, by, bz = local[b, 0], local[b, 1], local[b, 2]
    cx, cy, cz = local[c, 0], local[c, 1], local[c, 2]
    last = heights.shape[0] - 1.0
    x_low = int(np.ceil(max(min(ax, bx, cx), 0.0)))
    x_high = int(np.floor(min(max(ax, bx, cx), last)))
    y_low = int(np.ceil(max(min(ay, by, cy), 0.0)))
    y_high = int(np.floor(min(max(ay, by, cy), last)))
    if x_low > x_high or y_low > y_high:
        return
    area = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
    if area == 0.0:
        return
    inverse = 1.0 / area
    for y in range(y_low, y_high + 1):
        for x in range(x_low, x_high + 1):
            wb = ((x - ax) * (cy - ay) - (cx - ax) * (y - ay)) * inverse
            wc = ((bx - ax) * (y - ay) - (x - ax) * (by - ay)) * inverse
            wa = 1.0 - wb - wc
            if wa >= 0.0 and wb >= 0.0 and wc >= 0.0:
                height = wa * az + wb * bz + wc * cz
                if height > heights[y, x]:
                    heights[y, x] = height
