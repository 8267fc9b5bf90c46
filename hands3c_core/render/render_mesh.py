"""The hand's mesh as renderers want it: one texture coordinate per vertex, and a closed wrist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.hand_model.data import HandModelData, Ints
from hands3c_core.hand_model.mirror import faces_for
from hands3c_core.hand_model.normals import vertex_normals
from hands3c_core.model_space import ModelSpace

#: RGB of a hand without colours of its own.
DEFAULT_SKIN: Final = (205, 160, 138)


@dataclass(frozen=True, eq=False)
class RenderMesh:
    """Triangles over N render vertices, each a copy of a vertex of the hand (its *source*).

    A hand vertex on a texture seam is copied once per texture coordinate, and the wrist's ring once
    more for the cap, so that the cap can have a flat normal. The first ``num_skin`` render vertices
    are the skin, the others the cap.
    """

    vertex_map: Ints
    """(N,) the hand vertex each render vertex copies: ``vertices[vertex_map]``."""
    num_skin: int
    """Number of render vertices of the skin."""
    faces: Ints
    """(F, 3) triangles of the skin, in render vertices, wound outwards."""
    cap_faces: Ints
    """(C, 3) triangles that close the wrist, in render vertices, wound outwards."""
    uv: NDArray[np.float32] | None
    """(N, 2) texture coordinates, origin at the lower left (glTF's is the upper left), or None if
    the hand has none. The cap's all point at one skin-coloured spot."""
    colors: NDArray[np.uint8]
    """(N, 3) RGB for renderers without textures; the cap's are ``cap_color``."""
    cap_color: tuple[int, int, int]
    """RGB of the cap: the mean colour of the wrist's ring."""
    source_faces: Ints
    """(F, 3) triangles of the skin in hand vertices, from which the normals are computed."""

    @property
    def all_faces(self) -> Ints:
        """(F + C, 3) skin and cap."""
        return np.concatenate((self.faces, self.cap_faces))

    def vertices(self, hand_vertices: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 3) render vertices of a hand's vertices (V, 3)."""
        return hand_vertices[self.vertex_map]

    def normals(self, hand_vertices: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 3) outward unit normals: smooth on the skin and across seams, flat on the cap."""
        skin = vertex_normals(hand_vertices, self.source_faces)
        normals = skin[self.vertex_map]
        if len(self.cap_faces):
            corners = hand_vertices[self.vertex_map[self.cap_faces]]
            area = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]).sum(0)
            normals[self.num_skin :] = area / max(float(np.linalg.norm(area)), 1e-20)
        return normals


def render_mesh(data: HandModelData, is_right: bool | None = None) -> RenderMesh:
    """The render mesh of a hand model.

    Args:
        data: the hand model.
        is_right: side of the hand to draw, the model's own if None. For the other side the
            vertices are expected mirrored, and all triangles are wound the other way.
    """
    side = data.is_right if is_right is None else is_right
    space = ModelSpace(side == data.is_right)
    if data.vt is None or data.ft is None or data.vt_vertex is None:
        skin_map, faces, uv = np.arange(data.num_vertices, dtype=np.int32), data.faces, None
    else:
        skin_map, faces, uv = data.vt_vertex, data.ft, data.vt.astype(np.float32)
    ring, corner = np.unique(data.cap_faces, return_inverse=True)
    cap_faces = (corner.reshape(-1, 3) + len(skin_map)).astype(np.int32)

    if data.vertex_colors is None:
        colors = np.tile(np.array(DEFAULT_SKIN, np.uint8), (data.num_vertices, 1))
    else:
        colors = data.vertex_colors
    cap_color = colors[ring].mean(axis=0) if len(ring) else np.array(DEFAULT_SKIN)
    cap_color = np.round(cap_color).astype(np.uint8)
    if uv is not None and len(ring):
        spot = _spot(cap_color, ring, skin_map, colors)
        uv = np.concatenate((uv, np.tile(uv[spot], (len(ring), 1))))
    return RenderMesh(
        vertex_map=np.concatenate((skin_map, ring)).astype(np.int32),
        num_skin=len(skin_map),
        faces=space.faces(faces),
        cap_faces=space.faces(cap_faces),
        uv=uv,
        colors=np.concatenate((colors[skin_map], np.tile(cap_color, (len(ring), 1)))),
        cap_color=(int(cap_color[0]), int(cap_color[1]), int(cap_color[2])),
        source_faces=faces_for(data, side),
    )


def _spot(color: np.ndarray, ring: np.ndarray, skin_map: Ints, colors: np.ndarray) -> int:
    """The texture vertex on the wrist's ring whose colour is nearest to ``color``."""
    candidates = np.flatnonzero(np.isin(skin_map, ring))
    distance = np.abs(colors[skin_map[candidates]].astype(int) - color).sum(axis=1)
    return int(candidates[distance.argmin()])
