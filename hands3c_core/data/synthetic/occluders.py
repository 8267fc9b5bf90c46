"""Things that hide parts of a hand: pens, cups, phones, balls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.data.synthetic.turns import quaternion_matrix, turn_matrix
from hands3c_core.render import Material, MeshInstance, MeshTemplate

Floats = NDArray[np.float64]

#: Half extents in metres, least and most, of each kind of thing.
_SIZES: Final[dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]]] = {
    "pen": ((0.004, 0.004, 0.06), (0.007, 0.007, 0.08)),
    "cup": ((0.025, 0.025, 0.04), (0.042, 0.042, 0.06)),
    "phone": ((0.034, 0.068, 0.004), (0.040, 0.080, 0.006)),
    "box": ((0.015, 0.02, 0.02), (0.045, 0.06, 0.06)),
    "ball": ((0.018, 0.018, 0.018), (0.04, 0.04, 0.04)),
}
_ROUND: Final = {"pen", "cup"}


@dataclass(frozen=True, eq=False)
class Occluder:
    """A thing and where it is."""

    solid: str
    """Key of ``SOLIDS``."""
    half: Floats
    """(3,) half extents, metres."""
    turn: Floats
    """(3, 3) rotation to the camera frame."""
    centre: Floats
    """(3,) metres, camera frame."""
    material: Material

    def mesh(self) -> MeshInstance:
        """The thing as a mesh."""
        faces, points = SOLIDS[self.solid]()
        template = MeshTemplate(faces=faces, material=self.material, is_closed=True)
        placed = points * self.half @ self.turn.T + self.centre
        return MeshInstance(template, placed.astype(np.float32))


def draw_occluder(joints: Floats, held: bool, random: np.random.Generator) -> Occluder:
    """A thing in the hand, or between the hand and the camera.

    Args:
        joints: (21, 3) metres, camera frame.
        held: lay it into the palm's hollow, across the fingers; else it floats in front of a joint.
        random: draws everything.
    """
    kind = str(random.choice(list(_SIZES)))
    low, high = _SIZES[kind]
    half = random.uniform(low, high)
    if held:
        across = joints[5] - joints[17]
        across /= np.linalg.norm(across)
        forward = joints[9] - joints[0]
        # Right hand: the palm's outward direction.
        palm = np.cross(across, forward)
        palm /= np.linalg.norm(palm)
        centre = joints[[5, 9, 13, 17]].mean(axis=0) + palm * (0.014 + half[0])
        centre = centre + forward / np.linalg.norm(forward) * random.uniform(-0.03, 0.01)
        frame = np.stack([palm, np.cross(across, palm), across], axis=1)
        turn = frame @ turn_matrix(random.normal(0, 0.15, 3))
    else:
        anchor = joints[random.integers(21)]
        nearer = 0.012 + half.max() * random.uniform(0.3, 1.0)
        centre = anchor * (1 - nearer / max(float(np.linalg.norm(anchor)), 0.1))
        centre = centre + random.normal(0, 0.025, 3) * (1, 1, 0)
        turn = quaternion_matrix(random.standard_normal(4))
    color = random.uniform(0.02, 0.7) * random.dirichlet((1.2, 1.2, 1.2)) * 2.0
    if random.random() < 0.4:  # many things are grey
        color = np.full(3, random.uniform(0.02, 0.8))
    shade = (float(color[0]), float(color[1]), float(color[2]))
    material = Material(plain_color=shade, specular=float(random.choice((0.0, 0.1, 0.4))), rim=0.02)
    solid = "ball" if kind == "ball" else ("tube" if kind in _ROUND else "box")
    return Occluder(solid, half, turn, centre, material)


@cache
def _box() -> tuple[NDArray[np.int32], Floats]:
    """Triangles and corners of the cube [-1, 1]^3; corners are not shared, so edges are sharp."""
    points: list[Floats] = []
    faces = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            u, v = np.roll(np.eye(3), 1, axis=0)[axis], np.roll(np.eye(3), 2, axis=0)[axis]
            normal = np.eye(3)[axis] * sign
            side = [normal + a * u + b * v for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
            turned = np.cross(side[1] - side[0], side[2] - side[0]) @ normal > 0
            order = (0, 1, 2, 3) if turned else (3, 2, 1, 0)
            first = len(points)
            points += [side[k] for k in order]
            faces += [(first, first + 1, first + 2), (first, first + 2, first + 3)]
    return np.array(faces, np.int32), np.array(points)


@cache
def _tube(sides: int = 20) -> tuple[NDArray[np.int32], Floats]:
    """Triangles and points of the closed cylinder of radius 1 over z in [-1, 1]."""
    angle = 2 * np.pi * np.arange(sides) / sides
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    rings = [np.column_stack([circle, np.full(sides, z)]) for z in (-1, 1, -1, 1)]
    points = np.concatenate([*rings, [[0, 0, -1], [0, 0, 1]]])
    faces = []
    for k in range(sides):
        n = (k + 1) % sides
        faces += [(k, n, sides + k), (n, sides + n, sides + k)]
        faces += [(2 * sides + n, 2 * sides + k, 4 * sides)]
        faces += [(3 * sides + k, 3 * sides + n, 4 * sides + 1)]
    return np.array(faces, np.int32), points


@cache
def _ball(rows: int = 9, columns: int = 14) -> tuple[NDArray[np.int32], Floats]:
    """Triangles and points of the unit sphere."""
    polar = np.pi * np.arange(rows + 1) / rows
    azimuth = 2 * np.pi * np.arange(columns) / columns
    p, a = np.meshgrid(polar, azimuth, indexing="ij")
    points = np.stack([np.sin(p) * np.cos(a), np.sin(p) * np.sin(a), np.cos(p)], -1).reshape(-1, 3)
    faces = []
    for r in range(rows):
        for c in range(columns):
            n = (c + 1) % columns
            here, below = r * columns, (r + 1) * columns
            faces += [(here + c, below + c, below + n), (here + c, below + n, here + n)]
    return np.array(faces, np.int32), points


#: Name -> triangles and points of the bodies that things are made of.
SOLIDS: Final[dict[str, Callable[[], tuple[NDArray[np.int32], Floats]]]] = {
    "box": _box,
    "tube": _tube,
    "ball": _ball,
}
