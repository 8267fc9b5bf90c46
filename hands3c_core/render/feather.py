"""A soft wrist: the mesh ends where the model ends, the arm in the picture goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.jit import njit
from hands3c_core.render.rasterizer import MeshInstance, RenderedLayer
from hands3c_core.types import Camera

#: Over so much of the hand, from the wrist's edge on, the mesh becomes opaque, metres.
FADE_M: Final = 0.016
#: Nothing farther from the wrist's middle than this many of its radii fades: a finger may come near
#: the wrist's plane.
_REACH: Final = 1.7


def feather_wrists(layer: RenderedLayer, meshes: Sequence[MeshInstance], camera: Camera) -> None:
    """Let the meshes of ``layer`` fade out towards the edge of their wrists, in place.

    Only meshes with a cap have a wrist to fade. ``layer`` is what ``MeshRasterizer.render`` made of
    these meshes with this camera.
    """
    first = 0
    for mesh in meshes:
        cap, count = mesh.template.cap_faces, len(mesh.template.all_faces)
        if len(cap) and layer.rgba.size:
            ring = np.asarray(mesh.vertices, np.float64)[np.unique(cap)]
            if np.isfinite(ring).all():
                middle = ring.mean(axis=0)
                normal = _normal(ring - middle, np.asarray(mesh.vertices, np.float64), middle)
                radius = float(np.linalg.norm(ring - middle, axis=1).max())
                intrinsics = np.array(
                    [camera.fx, camera.fy, camera.cx - layer.x0, camera.cy - layer.y0]
                )
                reach = _REACH * radius
                _fade(
                    layer.rgba,
                    layer.inverse_depth,
                    layer.face_ids,
                    first,
                    first + count,
                    _window_of_ball(middle, reach, intrinsics, layer.rgba.shape),
                    intrinsics,
                    middle,
                    normal,
                    reach,
                    FADE_M,
                )
        first += count


def _window_of_ball(
    middle: NDArray[np.float64],
    radius: float,
    intrinsics: NDArray[np.float64],
    shape: tuple[int, ...],
) -> NDArray[np.int64]:
    """(4,) left, top, right, bottom (the last two excluded) of pixels that may show a ball."""
    size = np.array([shape[1], shape[0]])
    nearest = middle[2] - radius
    if nearest <= 0.0:
        return np.array([0, 0, *size])
    # Each side is seen farthest out either where the ball is nearest or where it is farthest.
    sides = np.stack([middle[:2] - radius, middle[:2] + radius])
    seen = intrinsics[:2] * np.stack([sides / nearest, sides / (middle[2] + radius)])
    seen = (seen + intrinsics[2:]).reshape(-1, 2).clip(-1, size + 1)
    low, high = np.floor(seen.min(axis=0)), np.ceil(seen.max(axis=0)) + 1
    return np.concatenate([low.clip(0, size), high.clip(0, size)]).astype(np.int64)


def wrist_share(
    points: NDArray[np.float32], vertices: NDArray[np.float32], cap: NDArray[np.int32]
) -> NDArray[np.float32]:
    """(P,) how opaque points of a mesh are when its wrist fades: 0 at the wrist's edge.

    Args:
        points: (P, 3) metres, on the mesh.
        vertices: (V, 3) metres, of the mesh.
        cap: indices of the vertices around the wrist; none leaves all opaque.
    """
    ring = np.asarray(vertices, np.float64)[np.unique(cap)]
    if not len(ring) or not np.isfinite(ring).all():
        return np.ones(len(points), np.float32)
    middle = ring.mean(axis=0)
    normal = _normal(ring - middle, np.asarray(vertices, np.float64), middle).astype(np.float32)
    away = points - middle.astype(np.float32)
    share = np.clip(away @ normal / np.float32(FADE_M), 0.0, 1.0)
    share = share * share * (np.float32(3.0) - np.float32(2.0) * share)
    reach = _REACH * float(np.linalg.norm(ring - middle, axis=1).max())
    share[np.einsum("ij,ij->i", away, away) > reach * reach] = 1.0
    return share


def _normal(
    ring: NDArray[np.float64], vertices: NDArray[np.float64], middle: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Unit normal of the wrist's plane, towards the fingers."""
    normal = np.linalg.svd(ring, full_matrices=False)[2][2]
    return normal if normal @ (vertices.mean(axis=0) - middle) > 0 else -normal


@njit
def _fade(rgba, zinv, ids, first, last, window, intrinsics, middle, normal, reach, length):
    """Scale the premultiplied pixels of triangles ``first`` .. ``last`` by how far they are from
    the plane through ``middle``; ``window`` (4,) is where they may be near it."""
    samples = ids.shape[2]
    for y in range(window[1], window[3]):
        for x in range(window[0], window[2]):
            total, depth = 0, 0.0
            for s in range(samples):
                if first <= ids[y, x, s] < last:
                    total += 1
                    depth += zinv[y, x, s]
            if total == 0 or depth <= 0.0:
                continue
            z = total / depth
            dx = (x - intrinsics[2]) / intrinsics[0] * z - middle[0]
            dy = (y - intrinsics[3]) / intrinsics[1] * z - middle[1]
            dz = z - middle[2]
            if dx * dx + dy * dy + dz * dz > reach * reach:
                continue
            share = (dx * normal[0] + dy * normal[1] + dz * normal[2]) / length
            if share >= 1.0:
                continue
            share = max(share, 0.0)
            share = share * share * (3.0 - 2.0 * share)
            for k in range(4):
                rgba[y, x, k] *= share
