"""A forearm that grows out of the hand's wrist, bare or in a sleeve."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.hand_model import HandModelData
from hands3c_core.hand_model.boundary import boundary_loops
from hands3c_core.render import MeshTemplate, Texture

Floats = NDArray[np.float64]

#: Where rings of skin lie between wrist (0) and elbow (1); past it the arm runs straight on, out of
#: the picture.
SKIN_STEPS: Final = np.array([0.035, 0.08, 0.15, 0.24, 0.36, 0.5, 0.68, 0.86, 1.0, 2.2])
#: Half widths of a forearm there, as multiples of the wrist's, broad and thin side.
BROAD: Final = np.array([0.98, 0.98, 1.02, 1.1, 1.24, 1.4, 1.5, 1.48, 1.42, 1.6])
THIN: Final = np.array([1.0, 1.02, 1.08, 1.2, 1.38, 1.56, 1.66, 1.62, 1.55, 1.7])
CLOTH_STEPS: Final = 11
CLOTH_SIDES: Final = 24


class Forearm:
    """Geometry of hand, forearm and sleeve. Stateless after construction.

    Args:
        model: a right hand with texture coordinates and one open wrist.
    """

    def __init__(self, model: HandModelData) -> None:
        assert model.vt is not None
        assert model.ft is not None
        self.ring = np.array(boundary_loops(model.faces)[0])
        count, sides = model.num_vertices, len(self.ring)
        rings = len(SKIN_STEPS)
        rows = np.concatenate(
            [self.ring[None], count + np.arange(rings * sides).reshape(rings, sides)]
        )
        # The ring runs with the hand's triangles, so the tube has to run against it.
        tube = _tube(rows)
        self.faces = np.concatenate([model.faces, tube]).astype(np.int32)
        self._uv = np.ascontiguousarray(model.vt, np.float32)
        # The arm continues the wrist's colours: each strip between two places of the ring looks up
        # where the hand's triangle at that edge does, so no strip crosses a seam of the texture.
        start, end = _edge_texture(model.faces, model.ft, self.ring)
        strip = np.tile(np.arange(sides), rings)
        corner_a, corner_d = start[strip], end[strip]
        quads = np.stack(
            [
                np.stack([corner_a, corner_a, corner_d], -1),
                np.stack([corner_d, corner_a, corner_d], -1),
            ],
            1,
        )
        self.uv_faces = np.concatenate([model.ft, quads.reshape(-1, 3)]).astype(np.int32)
        self._cloth_faces = _tube(
            np.arange(CLOTH_STEPS * CLOTH_SIDES).reshape(CLOTH_STEPS, CLOTH_SIDES)
        )
        self.num_hand_faces = len(model.faces)

    def skin_template(self, texture: Texture) -> MeshTemplate:
        """Hand and bare forearm as one mesh."""
        return MeshTemplate(
            faces=self.faces,
            uv=self._uv,
            uv_faces=self.uv_faces,
            texture=texture,
            is_closed=False,
        )

    @cached_property
    def cloth_template(self) -> MeshTemplate:
        """The sleeve."""
        return MeshTemplate(faces=self._cloth_faces.astype(np.int32), is_closed=False)

    def skin(self, vertices: NDArray[np.float32], elbow: Floats) -> NDArray[np.float32]:
        """(V', 3) vertices of hand and forearm: those of the hand (V, 3), then the arm's rings."""
        centre, broad, thin, offsets = self._wrist(vertices, elbow)
        along, across = offsets @ broad, offsets @ thin
        # A wrist's outline becomes an ellipse on the way to the elbow.
        angle = np.arctan2(across / np.abs(across).max(), along / np.abs(along).max())
        ellipse = np.stack(
            [np.cos(angle) * np.abs(along).max(), np.sin(angle) * np.abs(across).max()]
        )
        rings = []
        for step, wide, high in zip(SKIN_STEPS, BROAD, THIN, strict=True):
            share = min(step / 0.3, 1.0)
            u = (1 - share) * along + share * ellipse[0]
            w = (1 - share) * across + share * ellipse[1]
            # Just past the wrist the ring keeps its own tilt.
            tilt = (offsets - along[:, None] * broad - across[:, None] * thin) * (1 - share)
            middle = centre + step * (elbow - centre)
            rings.append(middle + (u * wide)[:, None] * broad + (w * high)[:, None] * thin + tilt)
        return np.concatenate([vertices, *rings]).astype(np.float32)

    def sleeve(
        self,
        vertices: NDArray[np.float32],
        elbow: Floats,
        start: float,
        looseness: float,
        waves: Floats,
        count: int,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A sleeve from ``start`` (share of the way to the elbow) on.

        Args:
            vertices: (V, 3) of the hand, metres, camera frame.
            elbow: (3,) metres.
            start: 0 at the wrist, below 1.
            looseness: cloth's distance from the skin, metres.
            waves: (3,) radians, where the folds begin.
            count: folds round the arm.

        Returns:
            (C, 3) vertices and (C, 3) factors on their light: darker in the folds.
        """
        centre, broad, thin, offsets = self._wrist(vertices, elbow)
        half_broad, half_thin = np.abs(offsets @ broad).max(), np.abs(offsets @ thin).max()
        steps = start + (2.25 - start) * np.linspace(0, 1, CLOTH_STEPS) ** 2
        angle = 2 * np.pi * np.arange(CLOTH_SIDES) / CLOTH_SIDES
        points, light = [], []
        for n, step in enumerate(steps):
            wide = half_broad * np.interp(step, SKIN_STEPS, BROAD) + looseness
            high = half_thin * np.interp(step, SKIN_STEPS, THIN) + looseness
            fold = 0.10 * np.sin(count * angle + waves[0] + 9 * step) + 0.08 * np.sin(
                25 * step + waves[1] + np.sin(angle + waves[2])
            )
            fold *= min(1.0, 0.25 + 0.4 * n)
            # Folds stand out from the arm, or the skin would come through.
            swell = 1.08 + fold if n == 0 else 1.14 + fold
            middle = centre + step * (elbow - centre)
            points.append(
                middle
                + (wide * swell * np.cos(angle))[:, None] * broad
                + (high * swell * np.sin(angle))[:, None] * thin
            )
            light.append(np.repeat((1.0 + 1.6 * fold)[:, None], 3, axis=1))
        return np.concatenate(points).astype(np.float32), np.concatenate(light).astype(np.float32)

    def _wrist(
        self, vertices: NDArray[np.float32], elbow: Floats
    ) -> tuple[Floats, Floats, Floats, Floats]:
        """Centre of the wrist's ring, unit vectors of its broad and thin side at right angles to
        the forearm, and the ring's offsets from the centre."""
        ring = vertices[self.ring].astype(np.float64)
        centre = ring.mean(axis=0)
        offsets = ring - centre
        axis = elbow - centre
        axis /= np.linalg.norm(axis)
        flat = offsets - (offsets @ axis)[:, None] * axis
        broad = flat[np.argmax((flat**2).sum(axis=1))]
        broad = broad / np.linalg.norm(broad)
        # Right-handed with the arm's axis, or the sleeve would be inside out.
        return centre, broad, np.cross(axis, broad), offsets


def _tube(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Triangles between successive closed rows of vertices (R, S)."""
    a, b = rows[:-1], rows[1:]
    c, d = np.roll(b, -1, axis=1), np.roll(a, -1, axis=1)
    # Both triangles of a strip follow each other.
    return np.stack([np.stack([a, b, d], -1), np.stack([d, b, c], -1)], 2).reshape(-1, 3)


def _edge_texture(
    faces: NDArray[np.int32], uv_faces: NDArray[np.int32], ring: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Texture coordinates (S,) of both ends of each edge ring[k] -> ring[k + 1]."""
    corners = {
        (int(f[k]), int(f[(k + 1) % 3])): (int(t[k]), int(t[(k + 1) % 3]))
        for f, t in zip(faces, uv_faces, strict=True)
        for k in range(3)
    }
    pairs = [corners[int(a), int(b)] for a, b in zip(ring, np.roll(ring, -1), strict=True)]
    found = np.array(pairs)
    return found[:, 0], found[:, 1]
