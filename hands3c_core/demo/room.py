"""A living room, made of boxes and light, as the clip's out-of-focus background.

Camera frame: x right, y down, z into the room. The window is on the left wall, outside the picture;
its light is what the hands are lit by as well (``ROOM_LIGHT``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.jit import njit
from hands3c_core.render.lighting import Lighting, Material
from hands3c_core.render.mesh import MeshTemplate
from hands3c_core.render.rasterizer import MeshInstance, MeshRasterizer
from hands3c_core.render.shade_kernels import SRGB_TO_LINEAR
from hands3c_core.types import Camera

#: Towards the window from where the hands are.
WINDOW: Final = (-0.75, -0.55, -0.35)

#: The light on the hands: the window, the room's bounce from the right, ceiling and floor.
ROOM_LIGHT: Final = Lighting.from_suns(
    directions=[WINDOW, (0.8, -0.1, -0.45)],
    colors=[(1.02, 1.00, 0.95), (0.22, 0.19, 0.16)],
    sky=(0.48, 0.47, 0.46),
    ground=(0.27, 0.24, 0.21),
)

_FLAT: Final = Lighting(lights=np.zeros((0, 6)), ambient=np.eye(9, 1) @ np.ones((1, 3)))
_jit: Any = njit()

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Box:
    """An axis-aligned box of one colour."""

    low: Triple
    high: Triple
    color: tuple[int, int, int]
    """sRGB."""
    glow: float = 0.0
    """Light of its own, 1 = white paper in the window's light."""


@_jit
def _is_free(point, normal, way, lows, highs, reach):
    """Whether a ray from a surface point runs ``reach`` metres without meeting a box."""
    for b in range(lows.shape[0]):
        near, far = 1e-4, reach
        for c in range(3):
            o = point[c] + 1e-3 * normal[c]
            if abs(way[c]) < 1e-9:
                if o < lows[b, c] or o > highs[b, c]:
                    far = -1.0
                continue
            t0, t1 = (lows[b, c] - o) / way[c], (highs[b, c] - o) / way[c]
            near, far = max(near, min(t0, t1)), min(far, max(t0, t1))
        if near < far:
            return False
    return True


@_jit
def _open_sky(points, normals, lows, highs, dome, reach):
    """(P,) sum over the dome's free directions of their cosine to the surface."""
    out = np.zeros(points.shape[0], np.float64)
    for p in range(points.shape[0]):
        for k in range(dome.shape[0]):
            cosine = 0.0
            for c in range(3):
                cosine += normals[p, c] * dome[k, c]
            if cosine > 0.0 and _is_free(points[p], normals[p], dome[k], lows, highs, reach):
                out[p] += cosine
    return out


@_jit
def _direct(points, normals, lows, highs, spots):
    """(P,) light from small panes in the plane of the left wall, with shadows."""
    out = np.zeros(points.shape[0], np.float64)
    way = np.empty(3, np.float64)
    for p in range(points.shape[0]):
        for k in range(spots.shape[0]):
            distance = 0.0
            for c in range(3):
                way[c] = spots[k, c] - points[p, c]
                distance += way[c] * way[c]
            distance = np.sqrt(distance)
            cosine = 0.0
            for c in range(3):
                way[c] /= distance
                cosine += normals[p, c] * way[c]
            if cosine > 0.0 and _is_free(points[p], normals[p], way, lows, highs, distance - 0.12):
                out[p] += cosine * abs(way[0]) / (0.35 + distance * distance)
    return out


def _furniture(random: np.random.Generator) -> list[Box]:
    """Everything in the room. The order does not matter."""
    wall, wood, dark = (214, 206, 192), (150, 108, 72), (86, 66, 52)
    boxes = [
        Box((-2.3, -1.4, 3.0), (2.3, 1.3, 3.1), wall),  # back wall
        Box((2.1, -1.4, -1.0), (2.2, 1.3, 3.1), (205, 199, 188)),  # right wall
        Box((-2.4, -1.4, -1.0), (-2.3, -0.9, 3.1), wall),  # left wall, above the window
        Box((-2.4, 0.2, -1.0), (-2.3, 1.3, 3.1), wall),  # and below
        Box((-2.4, -1.4, 1.7), (-2.3, 1.3, 3.1), wall),  # and behind it
        Box((-2.4, 1.2, -1.0), (2.3, 1.3, 3.1), (158, 124, 92)),  # floor
        Box((-2.4, -1.5, -1.0), (2.3, -1.4, 3.1), (228, 225, 218)),  # ceiling
        Box((-2.3, 1.1, 2.97), (2.1, 1.2, 3.0), (232, 229, 222)),  # skirting
    ]
    boxes += _bookcase(random, wood)
    # A sofa with cushions, a side table and a lamp.
    sofa = (96, 116, 128)
    boxes += [
        Box((-1.75, 0.72, 2.2), (0.05, 1.05, 2.95), sofa),
        Box((-1.75, 0.30, 2.75), (0.05, 0.75, 2.98), (90, 110, 122)),
        Box((-1.95, 0.52, 2.2), (-1.75, 1.1, 2.95), (84, 104, 116)),
        Box((0.05, 0.52, 2.2), (0.22, 1.1, 2.95), (84, 104, 116)),
        Box((-1.60, 0.40, 2.62), (-1.15, 0.75, 2.75), (202, 148, 84)),
        Box((-0.55, 0.42, 2.62), (-0.10, 0.75, 2.75), (178, 92, 78)),
        Box((0.36, 0.60, 2.50), (0.70, 0.63, 2.85), wood),
        Box((0.50, 0.63, 2.64), (0.56, 1.2, 2.70), dark),
        Box((0.51, 0.34, 2.65), (0.55, 0.60, 2.69), dark),
        Box((0.40, 0.06, 2.54), (0.66, 0.35, 2.80), (250, 226, 178), glow=0.55),
    ]
    # Pictures in frames.
    for x, y, w, h, color in (
        (-1.35, -0.62, 0.62, 0.46, (64, 96, 116)),
        (-0.52, -0.70, 0.36, 0.52, (196, 164, 108)),
    ):
        boxes.append(Box((x, y, 2.96), (x + w, y + h, 3.0), (58, 50, 46)))
        boxes.append(
            Box((x + 0.03, y + 0.03, 2.95), (x + w - 0.03, y + h - 0.03, 2.99), (238, 234, 226))
        )
        boxes.append(Box((x + 0.09, y + 0.09, 2.94), (x + w - 0.09, y + h - 0.09, 2.98), color))
        for _ in range(5):
            a, b = sorted(random.uniform(x + 0.1, x + w - 0.1, 2))
            c, d = sorted(random.uniform(y + 0.1, y + h - 0.1, 2))
            tint = tuple(
                int(v) for v in np.clip(np.array(color) + random.normal(0, 45, 3), 20, 240)
            )
            boxes.append(Box((a, c, 2.935), (b + 0.02, d + 0.02, 2.975), tint))  # type: ignore[arg-type]
    return boxes


def _bookcase(random: np.random.Generator, wood: tuple[int, int, int]) -> list[Box]:
    """A bookcase at the right of the back wall, filled with books."""
    left, right, top, bottom, front = 0.86, 1.92, -1.0, 1.2, 2.66
    boxes = [
        Box((left, top, front), (left + 0.035, bottom, 3.0), wood),
        Box((right - 0.035, top, front), (right, bottom, 3.0), wood),
        Box((left, top, 2.97), (right, bottom, 3.0), (120, 86, 58)),
    ]
    spines = [
        (142, 58, 52),
        (52, 78, 112),
        (206, 186, 150),
        (66, 98, 80),
        (224, 218, 206),
        (180, 128, 60),
    ]
    shelf_ys = np.linspace(top, bottom - 0.08, 7)
    for n, y in enumerate(shelf_ys):
        boxes.append(Box((left, float(y), front), (right, float(y) + 0.03, 3.0), wood))
        if n == 0:
            continue
        x = left + 0.05
        while x < right - 0.12:
            if random.random() < 0.12:
                x += random.uniform(0.05, 0.18)  # a gap
                continue
            width, height = random.uniform(0.022, 0.055), random.uniform(0.18, 0.29)
            base = np.array(spines[random.integers(len(spines))]) * random.uniform(0.8, 1.1)
            color = tuple(int(v) for v in np.clip(base, 0, 255))
            depth = front + random.uniform(0.02, 0.07)
            low = (x, float(y) - height, depth)
            boxes.append(Box(low, (x + width, float(y), 2.95), color))  # type: ignore[arg-type]
            x += width + 0.002
    return boxes


def _faces_of(box: Box, cell: float) -> tuple[NDArray, NDArray, NDArray[np.int32]]:
    """Points, normals and triangles of a box, its sides cut into cells of about this size."""
    low, high = np.array(box.low), np.array(box.high)
    points, normals, faces, count = [], [], [], 0
    for axis in range(3):
        u, v = (axis + 1) % 3, (axis + 2) % 3
        for sign in (-1, 1):
            nu = int(np.clip(np.ceil((high[u] - low[u]) / cell), 1, 40))
            nv = int(np.clip(np.ceil((high[v] - low[v]) / cell), 1, 40))
            gu, gv = np.meshgrid(
                np.linspace(low[u], high[u], nu + 1), np.linspace(low[v], high[v], nv + 1)
            )
            side = np.zeros((gu.size, 3))
            side[:, u], side[:, v] = gu.ravel(), gv.ravel()
            side[:, axis] = high[axis] if sign > 0 else low[axis]
            normal = np.zeros(3)
            normal[axis] = sign
            index = count + np.arange(gu.size).reshape(gu.shape)
            a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
            quads = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
            faces.append(quads if sign > 0 else quads[:, ::-1])
            points.append(side)
            normals.append(np.tile(normal, (len(side), 1)))
            count += len(side)
    return np.concatenate(points), np.concatenate(normals), np.concatenate(faces).astype(np.int32)


def render_room(camera: Camera, seed: int) -> NDArray[np.uint8]:
    """(height, width, 3) RGB picture of the room as a webcam focused on the hands sees it."""
    random = np.random.default_rng(seed)
    boxes = _furniture(random)
    lows = np.array([box.low for box in boxes])
    highs = np.array([box.high for box in boxes])
    # An area light for the window, a dome for light that has bounced.
    window = np.array(
        [[-2.4, y, z] for y in np.linspace(-0.85, 0.15, 5) for z in np.linspace(-0.6, 1.6, 7)]
    )
    dome = random.normal(size=(48, 3))
    dome /= np.linalg.norm(dome, axis=1, keepdims=True)
    instances = []
    for box in boxes:
        points, normals, faces = _faces_of(box, 0.18)
        light = _light_on(points, normals, lows, highs, window, dome) + box.glow
        material = Material(
            plain_color=tuple(float(SRGB_TO_LINEAR[c]) for c in box.color),  # type: ignore[arg-type]
            specular=0.0,
            rim=0.0,
        )
        template = MeshTemplate(faces=faces, material=material, is_closed=True)
        instances.append(
            MeshInstance(template, points.astype(np.float32), vertex_light=light.astype(np.float32))
        )
    scale = 2
    large = Camera(
        camera.fx * scale,
        camera.fy * scale,
        (camera.cx + 0.5) * scale - 0.5,
        (camera.cy + 0.5) * scale - 0.5,
        camera.width * scale,
        camera.height * scale,
    )
    blank = np.zeros((large.height, large.width, 3), np.uint8)
    picture = MeshRasterizer(lighting=_FLAT).draw(blank, instances, large, "shaded")
    # Out of focus: blur in linear light, where highlights spread as they do in a lens.
    linear = cv2.GaussianBlur(SRGB_TO_LINEAR[picture], (0, 0), 1.9 * scale)
    linear = cv2.resize(linear, (camera.width, camera.height), interpolation=cv2.INTER_AREA)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return (255 * np.clip(encoded, 0, 1) + 0.5).astype(np.uint8)


def _light_on(
    points: NDArray, normals: NDArray, lows: NDArray, highs: NDArray, window: NDArray, dome: NDArray
) -> NDArray[np.float64]:
    """(P, 3) light arriving at surface points: window with soft shadows, bounce with occlusion."""
    bounce = _open_sky(points, normals, lows, highs, dome, 0.5)
    bounce /= np.maximum((dome @ normals.T).clip(0).sum(axis=0), 1e-6)
    direct = _direct(points, normals, lows, highs, window) * 5.2 / len(window)
    warm, cool = np.array([1.0, 0.98, 0.94]), np.array([0.40, 0.38, 0.35])
    return direct[:, None] * warm + bounce[:, None] * cool
