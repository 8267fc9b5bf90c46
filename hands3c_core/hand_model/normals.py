"""Normals of a mesh, for whoever draws or writes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hands3c_core.jit import njit


@njit
def triangle_normal(
    vertices: NDArray[np.float32], a: int, b: int, c: int
) -> tuple[float, float, float]:
    """The normal of triangle (a, b, c), twice as long as its area is large; for other kernels."""
    ux = float(vertices[b, 0]) - vertices[a, 0]
    uy = float(vertices[b, 1]) - vertices[a, 1]
    uz = float(vertices[b, 2]) - vertices[a, 2]
    wx = float(vertices[c, 0]) - vertices[a, 0]
    wy = float(vertices[c, 1]) - vertices[a, 1]
    wz = float(vertices[c, 2]) - vertices[a, 2]
    return uy * wz - uz * wy, uz * wx - ux * wz, ux * wy - uy * wx


@njit
def normals_and_area(
    vertices: NDArray[np.float32], faces: NDArray[np.int32]
) -> tuple[NDArray[np.float32], float]:
    """``vertex_normals``, and the area of all triangles together, in the vertices' unit squared."""
    normals = np.zeros((vertices.shape[0], 3), np.float64)
    area = 0.0
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        nx, ny, nz = triangle_normal(vertices, a, b, c)
        area += 0.5 * np.sqrt(nx * nx + ny * ny + nz * nz)
        for k in (a, b, c):
            normals[k, 0] += nx
            normals[k, 1] += ny
            normals[k, 2] += nz
    out = np.zeros((vertices.shape[0], 3), np.float32)
    for v in range(normals.shape[0]):
        length = np.sqrt(normals[v, 0] ** 2 + normals[v, 1] ** 2 + normals[v, 2] ** 2)
        if length > 0.0:
            out[v, 0] = normals[v, 0] / length
            out[v, 1] = normals[v, 1] / length
            out[v, 2] = normals[v, 2] / length
    return out, area


@njit
def vertex_normals(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> NDArray[np.float32]:
    """(V, 3) unit normals: the mean of the adjoining triangles' normals, weighted by their area; a
    vertex without area gets the zero vector.

    Args:
        vertices: (V, 3) floats.
        faces: (F, 3) triangles, counter-clockwise seen from outside.
    """
    return normals_and_area(vertices, faces)[0]
