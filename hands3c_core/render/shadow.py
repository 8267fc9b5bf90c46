"""Soft shadows and ambient occlusion per vertex, from depth images seen from the lights.

Each direction's depth image is drawn by the rasteriser's own visibility pass through a camera far
away, so many directions cost milliseconds: enough for an area light plus a dome of sky per frame.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hands3c_core.hand_model.normals import vertex_normals
from hands3c_core.render import raster_kernels
from hands3c_core.render.rasterizer import MeshInstance

#: The light's camera stands this many scene radii away: near enough to parallel rays.
_DISTANCE = 40.0


def sphere_directions(count: int) -> NDArray[np.float64]:
    """(count, 3) unit vectors spread evenly over the sphere (a Fibonacci lattice)."""
    k = np.arange(count) + 0.5
    y = 1.0 - 2.0 * k / count
    angle = np.pi * (1.0 + 5**0.5) * k
    radius = np.sqrt(1.0 - y * y)
    return np.stack([radius * np.cos(angle), y, radius * np.sin(angle)], axis=1)


def visible_from(
    meshes: Sequence[MeshInstance],
    directions: NDArray[np.float64],
    resolution: int = 192,
    bias: float = 0.003,
) -> list[NDArray[np.float32]]:
    """How well each vertex is seen from far away in each direction.

    Args:
        meshes: casters and receivers at once.
        directions: (K, 3) unit vectors from the scene towards the lights.
        resolution: side of the depth images, px.
        bias: surfaces nearer together than this do not shade each other, metres.

    Returns:
        One (V, K) array per mesh, 0 (hidden) to 1 (seen); 1 where nothing finite is.
    """
    points = [np.asarray(mesh.vertices, np.float64) for mesh in meshes]
    seen = [np.ones((len(p), len(directions)), np.float32) for p in points]
    everything = np.concatenate(points) if points else np.zeros((0, 3))
    if len(everything) == 0 or not np.isfinite(everything).all():
        return seen
    centre = (everything.min(axis=0) + everything.max(axis=0)) / 2
    radius = max(float(np.linalg.norm(everything - centre, axis=1).max()), 1e-6)
    focal = resolution / 2 * (_DISTANCE - 1.0) / 1.02
    middle = (resolution - 1) / 2
    intrinsics = np.array([focal, focal, middle, middle])
    offsets = np.zeros((1, 2), np.int64)
    normals = [vertex_normals(np.asarray(m.vertices, np.float32), m.template.faces) for m in meshes]
    for k, direction in enumerate(directions):
        turn = _facing(-direction)
        eye = centre + direction * radius * _DISTANCE
        placed = [((p - eye) @ turn.T / radius).astype(np.float32) for p in points]
        zinv = np.zeros((resolution, resolution, 1), np.float32)
        ids = np.full((resolution, resolution, 1), -1, np.int32)
        for mesh, local in zip(meshes, placed, strict=True):
            raster_kernels.visibility(
                local, mesh.template.all_faces, intrinsics, 0.1, False, 0, offsets, zinv, ids
            )
        with np.errstate(divide="ignore"):
            depth = np.float32(1.0) / zinv[:, :, 0]
        for n, local in enumerate(placed):
            # Start a little above the surface, or it would shade itself.
            lifted = local + normals[n] @ turn.T.astype(np.float32) * np.float32(bias / radius)
            seen[n][:, k] = _lit_share(lifted, depth, focal, middle, bias / radius)
    return seen


def _lit_share(
    local: NDArray[np.float32], depth: NDArray[np.float32], focal: float, middle: float, bias: float
) -> NDArray[np.float32]:
    """Share of the four nearest depth pixels that do not hide a point, bilinearly weighted."""
    limit = depth.shape[0] - 2
    u = np.clip(local[:, 0] / local[:, 2] * focal + middle, 0, limit)
    v = np.clip(local[:, 1] / local[:, 2] * focal + middle, 0, limit)
    x, y = u.astype(int), v.astype(int)
    tx, ty = u - x, v - y
    total = np.zeros(len(local), np.float32)
    for dx, dy, weight in (
        (0, 0, (1 - tx) * (1 - ty)),
        (1, 0, tx * (1 - ty)),
        (0, 1, (1 - tx) * ty),
        (1, 1, tx * ty),
    ):
        total += weight * (depth[y + dy, x + dx] > local[:, 2] - bias)
    return total


def _facing(forward: NDArray[np.float64]) -> NDArray[np.float64]:
    """(3, 3) world to view for a camera that looks along ``forward``."""
    helper = np.array([0.0, 1.0, 0.0]) if abs(forward[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
    right = np.cross(helper, forward)
    right /= np.linalg.norm(right)
    return np.array([right, np.cross(forward, right), forward])


def soft_light(
    meshes: Sequence[MeshInstance],
    key: tuple[float, float, float],
    key_share: float = 0.5,
    spread: float = 0.25,
    key_samples: int = 4,
    sky_samples: int = 18,
) -> list[NDArray[np.float32]]:
    """(V, 3) ``MeshInstance.vertex_light`` of each mesh: an area light's shadows and occlusion.

    Args:
        meshes: casters and receivers at once.
        key: direction towards the main light.
        key_share: how much of the diffuse light is the main light's.
        spread: radius of the main light, radians.
    """
    towards = np.array(key, float) / np.linalg.norm(key)
    turn = _facing(towards)
    angle = 2 * np.pi * np.arange(key_samples) / max(key_samples, 1)
    jitter = spread * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    keys = towards + jitter @ turn[:2]
    keys /= np.linalg.norm(keys, axis=1, keepdims=True)
    sky = sphere_directions(sky_samples)
    seen = visible_from(meshes, np.concatenate([keys, sky]))
    result = []
    for mesh, share in zip(meshes, seen, strict=True):
        normals = vertex_normals(np.asarray(mesh.vertices, np.float32), mesh.template.faces)
        facing_key = normals @ towards
        # Where the surface turns away from the key its own shading darkens it already.
        weight = np.clip(facing_key * 3.0, 0.0, 1.0)
        lit = 1.0 - weight * (1.0 - share[:, :key_samples].mean(axis=1))
        cosine = np.maximum(normals @ sky.T, 0.0)
        open_sky = (cosine * share[:, key_samples:]).sum(axis=1) / np.maximum(
            cosine.sum(axis=1), 1e-6
        )
        level = key_share * lit + (1.0 - key_share) * open_sky
        result.append(np.repeat(level[:, None], 3, axis=1).astype(np.float32))
    return result
