"""The open wrist of a hand's mesh."""

from __future__ import annotations

import numpy as np

from hands3c_core.hand_model.data import Ints


def boundary_loops(faces: Ints) -> list[list[int]]:
    """Closed loops of vertices along the open edges of a mesh, in the direction of its triangles.

    Args:
        faces: (F, 3) triangles of a manifold mesh.

    Returns:
        One list of vertices per hole; holes that touch in a vertex are left out.
    """
    edges = {(int(f[k]), int(f[(k + 1) % 3])) for f in faces for k in range(3)}
    successor: dict[int, int] = {}
    ambiguous: set[int] = set()
    for start, end in sorted(edges):
        if (end, start) not in edges:
            if start in successor:
                ambiguous.add(start)
            successor[start] = end
    loops = []
    while successor:
        loop = [next(iter(successor))]
        while (following := successor.pop(loop[-1], None)) is not None:
            loop.append(following)
        if loop[0] == loop[-1] and len(loop) > 3 and not ambiguous.intersection(loop):
            loops.append(loop[:-1])
    return loops


def cap_triangles(faces: Ints) -> Ints:
    """(C, 3) triangles that close every hole with its own vertices, as zigzag strips."""
    triangles = []
    for loop in boundary_loops(faces):
        ring = loop[::-1]  # the cap runs along each open edge the other way
        low, high = 0, len(ring) - 1
        while high - low > 1:
            triangles.append((ring[low], ring[low + 1], ring[high]))
            low += 1
            if high - low > 1:
                triangles.append((ring[low], ring[high - 1], ring[high]))
                high -= 1
    return np.array(triangles, dtype=np.int32).reshape(-1, 3)
