"""A forearm and a sleeve for the hand model: without them the hand detector finds no arm to trust,
and a person no hand to believe in."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.hand_model import HandModelData
from hands3c_core.hand_model.boundary import boundary_loops
from hands3c_core.render.lighting import Material
from hands3c_core.render.mesh import MeshTemplate, Texture

#: How far along the way from wrist to elbow each ring of bare arm lies.
_SKIN_STEPS: Final = np.array([0.05, 0.09, 0.12, 0.16, 0.22])
_SLEEVE_STEPS: Final = np.array([0.12, 0.125, 0.14, 0.19, 0.25, 0.34, 0.46, 0.60, 0.78, 1.0])
_SLEEVE_SIDES: Final = 40


class Arm:
    """Builds the hand with its bare wrist as one mesh, and the sleeve as another.

    Args:
        model: the hand model (right).
        skin: (h, w, 3) RGB skin texture.
        cloth: (h, w, 3) RGB cloth texture.
    """

    def __init__(self, model: HandModelData, skin: NDArray[np.uint8], cloth: NDArray[Any]) -> None:
        assert model.vt is not None
        assert model.ft is not None
        self._ring = np.array(boundary_loops(model.faces)[0])
        count, sides = model.num_vertices, len(self._ring)
        rings = len(_SKIN_STEPS)
        index = count + np.arange(rings * sides).reshape(rings, sides)
        rows = np.concatenate([self._ring[None], index])
        tube = _tube_faces(rows)
        # The arm repeats the wrist's own skin: each of its vertices looks up where its ring does.
        uv_of = np.zeros(count + rings * sides, np.int64)
        uv_of[model.faces.reshape(-1)] = model.ft.reshape(-1)
        uv_of[count:] = np.tile(uv_of[self._ring], rings)
        outward = self._outward(model, tube, rows)
        tube = tube if outward else tube[:, ::-1]
        faces = np.concatenate([model.faces, tube]).astype(np.int32)
        self.skin = MeshTemplate(
            faces=faces,
            uv=np.ascontiguousarray(model.vt, dtype=np.float32),
            uv_faces=np.concatenate([model.ft, uv_of[tube]]).astype(np.int32),
            texture=Texture(skin),
            material=Material(specular=0.05, rim=0.03),
            is_closed=False,
        )
        grid = np.arange(len(_SLEEVE_STEPS) * _SLEEVE_SIDES).reshape(len(_SLEEVE_STEPS), -1)
        sleeve = _tube_faces(grid)
        step = np.concatenate([[0.0], np.cumsum(np.diff(_SLEEVE_STEPS))]) / 1.0
        u, v = np.meshgrid(np.linspace(0, 1, _SLEEVE_SIDES), step / step[-1])
        self.sleeve = MeshTemplate(
            faces=sleeve.astype(np.int32),
            uv=np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float32),
            uv_faces=sleeve.astype(np.int32),
            texture=Texture(np.ascontiguousarray(cloth)),
            material=Material(specular=0.0, rim=0.02),
            is_closed=False,
        )

    @staticmethod
    def _outward(model: HandModelData, tube: NDArray, rows: NDArray) -> bool:
        """Whether the tube is wound as the hand: its first edge must run against the hand's."""
        a, b = rows[0, 0], rows[0, 1]
        hand_edges = {(int(f[k]), int(f[(k + 1) % 3])) for f in model.faces for k in range(3)}
        tube_has = any((int(f[k]), int(f[(k + 1) % 3])) == (a, b) for f in tube for k in range(3))
        return tube_has != ((int(a), int(b)) in hand_edges)

    def place(
        self, vertices: NDArray, wrist_axis: NDArray, elbow: NDArray
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Vertices of skin and sleeve.

        Args:
            vertices: (V, 3) of the posed hand, metres.
            wrist_axis: (3,) unit vector out of the hand's wrist, away from the fingers.
            elbow: (3,) metres.
        """
        ring = vertices[self._ring].astype(np.float64)
        start = ring.mean(axis=0)
        reach = float(np.linalg.norm(elbow - start))
        bend = start + wrist_axis * 0.25 * reach
        rings = []
        for t in _SKIN_STEPS:
            centre, along = _curve(start, bend, elbow, t)
            turned = _turn_between(wrist_axis, along)
            # Under the sleeve the arm shrinks, so that it does not come through where it bends.
            swell = 1.0 if t <= 0.12 else 0.86
            rings.append(centre + (ring - start) @ turned.T * swell)
        skin = np.concatenate([vertices, *rings])
        offset = ring - start
        broad = offset[np.argmax(np.linalg.norm(offset, axis=1))]
        angle = np.linspace(0, 2 * np.pi, _SLEEVE_SIDES)
        sleeve = []
        radius = float(np.linalg.norm(offset, axis=1).max())
        for n, t in enumerate(_SLEEVE_STEPS):
            centre, along = _curve(start, bend, elbow, t)
            across = broad - along * (along @ broad)
            across /= np.linalg.norm(across)
            other = np.cross(along, across)
            width = radius * (1.26 + 0.55 * min(t, 0.8))
            if n == 0:
                width *= 0.93  # the cuff's hem turns in
            # Folds: rings of cloth are not quite round.
            fold = 1.0 + 0.025 * np.sin(3 * angle + 9 * t) + 0.02 * np.sin(25 * t)
            sleeve.append(
                centre
                + (width * fold * np.cos(angle))[:, None] * across
                + (0.86 * width * fold * np.sin(angle))[:, None] * other
            )
        return skin.astype(np.float32), np.concatenate(sleeve).astype(np.float32)


def _tube_faces(rows: NDArray) -> NDArray[np.int64]:
    """Triangles between successive closed rows of vertices (R, S)."""
    a, b = rows[:-1], rows[1:]
    c, d = np.roll(b, -1, axis=1), np.roll(a, -1, axis=1)
    return np.concatenate([np.stack([a, d, b], -1), np.stack([d, c, b], -1)], 1).reshape(-1, 3)


def _curve(
    start: NDArray, bend: NDArray, end: NDArray, t: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Point and unit tangent of the quadratic Bezier curve from wrist to elbow."""
    point = (1 - t) ** 2 * start + 2 * t * (1 - t) * bend + t**2 * end
    along = 2 * (1 - t) * (bend - start) + 2 * t * (end - bend)
    return point, along / np.linalg.norm(along)


def _turn_between(a: NDArray, b: NDArray) -> NDArray[np.float64]:
    """(3, 3) smallest rotation that takes unit vector a to unit vector b (not opposite)."""
    axis = np.cross(a, b)
    cosine = float(a @ b)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + cross + cross @ cross / (1.0 + cosine)


def knit(seed: int, color: tuple[int, int, int], size: int = 256) -> NDArray[np.uint8]:
    """(size, size, 3) a knitted cloth: vertical ribs, rows of stitches, uneven yarn."""
    random = np.random.default_rng(seed)
    v, u = np.mgrid[0:size, 0:size] / size
    ribs = 0.5 + 0.5 * np.cos(2 * np.pi * 34 * u)
    stitches = 0.5 + 0.5 * np.cos(2 * np.pi * (60 * v + 0.25 * np.cos(2 * np.pi * 34 * u)))
    yarn = random.normal(0, 0.03, (size, size))
    cuff = np.where(v > 0.94, 0.86, 1.0)
    shade = (0.78 + 0.16 * ribs + 0.08 * stitches + yarn) * cuff
    return np.clip(shade[..., None] * np.array(color), 0, 255).astype(np.uint8)
