"""Light on the hand: a key, a fill, and the colours of the room behind it."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.data.synthetic.shadow_maps import lit_shares
from hands3c_core.hand_model.normals import vertex_normals
from hands3c_core.render import Lighting, MeshInstance

Floats = NDArray[np.float64]


def _sphere_directions(count: int) -> Floats:
    """(count, 3) unit vectors spread evenly over the sphere (a Fibonacci lattice)."""
    k = np.arange(count) + 0.5
    y = 1.0 - 2.0 * k / count
    angle = np.pi * (1.0 + 5**0.5) * k
    radius = np.sqrt(1.0 - y * y)
    return np.stack([radius * np.cos(angle), y, radius * np.sin(angle)], axis=1)


#: Where the room's light comes from, for occlusion.
SKY: Final = _sphere_directions(5)


def draw_lighting(room: Floats, random: np.random.Generator) -> tuple[Lighting, Floats, float]:
    """Random light that belongs to a room.

    Args:
        room: (2, 2, 3) linear colours of the background's quarters, rows from the top.
        random: draws everything.

    Returns:
        The lighting, the unit direction towards the key light and the key's share of the light.
    """
    # Towards the key: mostly from above and from the camera's side, sometimes from behind.
    towards = random.normal((0.0, -0.7, -0.8), 1.0)
    towards /= np.linalg.norm(towards)
    key_share = random.uniform(0.15, 0.75)
    level = random.uniform(0.6, 1.2)
    warmth = random.normal(0, 0.12)
    tint = np.array([1 + warmth, 1.0, 1 - warmth])
    key = 1.35 * level * key_share * tint
    fill_towards = random.normal((0.0, 0.0, -0.4), 1.0)
    fill = 0.25 * level * random.uniform(0, 1) * (1 + random.normal(0, 0.1, 3))
    # The room's colour on the hand, half washed out by light from outside the picture.
    mean = room.mean(axis=(0, 1))
    room = room / max(float(mean.mean()), 1e-3)
    wash = random.uniform(0.55, 0.95)
    room = wash + (1 - wash) * np.clip(room, 0.2, 2.5)
    ambient = level * (1 - key_share) * room
    sky, ground = ambient[0].mean(axis=0), ambient[1].mean(axis=0) * random.uniform(0.5, 1.0)
    left, right = ambient[:, 0].mean(axis=0), ambient[:, 1].mean(axis=0)
    harmonics = np.zeros((9, 3))
    harmonics[0] = (sky + ground) / 2
    harmonics[1] = (ground - sky) / 2  # +y is down
    harmonics[2] = -harmonics[0] * random.uniform(0.0, 0.4)  # towards the camera it is lighter
    harmonics[3] = (right - left) / 2
    lights = np.array([[*towards, *key], [*_unit(fill_towards), *np.clip(fill, 0, None)]])
    wrap = np.array([0.55, 0.42, 0.36]) * random.uniform(0.5, 1.2)
    return Lighting(lights=lights, ambient=harmonics, wrap=wrap), towards, key_share


def shadow_light(
    meshes: list[MeshInstance], key: Floats, key_share: float
) -> list[NDArray[np.float32]]:
    """(V, 3) factors on each mesh's diffuse light: the key's shadow and the room's occlusion.

    Args:
        meshes: casters and receivers at once.
        key: (3,) unit vector towards the key light.
        key_share: the key's share of the light.
    """
    counts = [len(mesh.vertices) for mesh in meshes]
    starts = np.cumsum([0, *counts])
    points = np.concatenate([mesh.vertices for mesh in meshes])
    faces = np.concatenate(
        [m.template.faces + np.int32(s) for m, s in zip(meshes, starts[:-1], strict=True)]
    )
    normals = vertex_normals(points, faces)
    seen = lit_shares(points, normals, faces, np.concatenate([key[None], SKY]))
    # Where the surface turns away from the key its own shading darkens it already.
    weight = np.clip(3.0 * (normals @ key.astype(np.float32)), 0.0, 1.0)
    lit = 1.0 - weight * (1.0 - seen[:, 0])
    cosine = np.maximum(normals @ SKY.T.astype(np.float32), 0.0)
    open_sky = (cosine * seen[:, 1:]).sum(axis=1) / np.maximum(cosine.sum(axis=1), 1e-6)
    level = key_share * lit + (1.0 - key_share) * (0.25 + 0.75 * open_sky)
    level = np.repeat(level[:, None], 3, axis=1).astype(np.float32)
    return [level[a:b] for a, b in pairwise(starts)]


def _unit(vector: Floats) -> Floats:
    return vector / np.linalg.norm(vector)
