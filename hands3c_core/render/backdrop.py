"""What lies behind the hands of the 3D view: a gentle gradient, and their shadow on the ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.jit import njit
from hands3c_core.render.occlusion import GroundShadow
from hands3c_core.render.orbit_camera import OrbitCamera

#: A colour as near as this to the background's is background: the frame buffer has 8 bits.
BACKDROP_STEP: Final = 1.5 / 255.0


@dataclass(frozen=True)
class Backdrop:
    """How the background is painted."""

    color: tuple[float, float, float]
    """sRGB in [0, 1], as the renderer cleared the picture."""
    lift: float = 0.0
    """How much brighter than at the bottom it is at the top, of the full brightness."""


def paint_backdrop(
    image: NDArray[np.float32],
    backdrop: Backdrop,
    view: OrbitCamera | None = None,
    shadow: GroundShadow | None = None,
) -> NDArray[np.int32]:
    """Paint the background of ``image`` (H, W, 3), RGB in [0, 1], in place; what has another colour
    than the backdrop's is left as it is.

    Args:
        image: the picture that ``view`` sees.
        backdrop: the colours.
        view: needed for the shadow.
        shadow: is laid on the ground; None for none.

    Returns:
        (H, 2) for each row the first column that is not background and the one after the last;
        the width and 0 where all is.
    """
    height, width = image.shape[:2]
    background = np.array(backdrop.color, np.float32)
    fall = backdrop.lift * (0.5 - np.arange(height) / max(height - 1, 1))
    rows = np.clip(background + fall[:, None], 0.0, 1.0).astype(np.float32)
    spans = np.tile(np.array([width, 0], np.int32), (height, 1))
    _paint(image, background, rows, spans)
    if shadow is not None and view is not None:
        _lay_shadow(image, rows, spans, shadow, view)
    return spans


def _lay_shadow(
    image: NDArray[np.float32],
    rows: NDArray[np.float32],
    spans: NDArray[np.int32],
    shadow: GroundShadow,
    view: OrbitCamera,
) -> None:
    height, width = image.shape[:2]
    near, far = (np.array([0.0, shadow.side]) + start for start in shadow.corner)
    corners = np.array([[x, shadow.height, z] for x in near for z in far])
    places = view.project(corners, (width, height))
    first, last = np.array([0, 0]), np.array([width, height])
    if np.isfinite(places).all():  # no corner is behind the viewer
        first = np.clip(np.floor(places[:, :2].min(axis=0)), 0, last).astype(int)
        last = np.clip(np.ceil(places[:, :2].max(axis=0)) + 1, 0, last).astype(int)
    plane = np.array([shadow.corner[0], shadow.corner[1], shadow.side, shadow.height])
    window = np.array([first[0], last[0], first[1], last[1]])
    _shade_ground(
        image, rows, spans, shadow.darkness, plane, window, view.rotation(), view.eye(),
        view.focal_px(height),
    )  # fmt: skip


@njit(fastmath=True, error_model="numpy")
def _paint(image, background, rows, spans):
    height, width = image.shape[0], image.shape[1]
    step = np.float32(BACKDROP_STEP)
    red, green, blue = background[0], background[1], background[2]
    for y in range(height):
        for x in range(width):
            if (
                abs(image[y, x, 0] - red) < step
                and abs(image[y, x, 1] - green) < step
                and abs(image[y, x, 2] - blue) < step
            ):
                for k in range(3):
                    image[y, x, k] = rows[y, k]
            else:
                spans[y, 0] = min(spans[y, 0], x)
                spans[y, 1] = x + 1


@njit(fastmath=True, error_model="numpy")
def _shade_ground(image, rows, spans, darkness, plane, window, rotation, eye, focal):
    """``darkness`` (N, N) lies on ``plane``: corner x and z, side, y. ``window`` of the picture is
    looked at: columns from, to, rows from, to."""
    height, width = image.shape[0], image.shape[1]
    one = np.float32(1.0)
    last = np.float32(darkness.shape[0] - 1)
    scale = last / np.float32(plane[2])
    start_u = scale * np.float32(eye[0] - plane[0])
    start_v = scale * np.float32(eye[2] - plane[1])
    drop = np.float32(plane[3] - eye[1])
    turn = rotation.astype(np.float32)
    across = turn[0] / np.float32(focal)
    for y in range(window[2], window[3]):
        # The ray of column 0; ``across`` leads to the next.
        down = np.float32((y - 0.5 * (height - 1)) / focal)
        ray = turn[2] + down * turn[1] - np.float32(0.5 * (width - 1)) * across
        for x in range(window[0], window[1]):
            # What was painted has its row's very colour.
            if spans[y, 0] <= x < spans[y, 1] and image[y, x, 0] != rows[y, 0]:
                continue
            right = np.float32(x)
            fall = ray[1] + right * across[1]
            if fall * drop <= 0.0:
                continue
            way = scale * drop / fall
            u = start_u + way * (ray[0] + right * across[0])
            v = start_v + way * (ray[2] + right * across[2])
            if 0.0 <= u < last and 0.0 <= v < last:
                i, j = int(v), int(u)
                s, t = v - np.float32(i), u - np.float32(j)
                above = darkness[i, j] + (darkness[i, j + 1] - darkness[i, j]) * t
                below = darkness[i + 1, j] + (darkness[i + 1, j + 1] - darkness[i + 1, j]) * t
                light = one - (above + (below - above) * s)
                for k in range(3):
                    image[y, x, k] *= light
