"""One frame's hands as OBJ (with material and skin) or PLY (with vertex colours).

Both are written with y up and z towards the viewer, as mesh viewers expect: the camera frame turned
by half a turn about x. Pass ``y_up=False`` for the pipeline's camera frame (y down, z forward).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.export.hand_names import HandPlaces, hand_name
from hands3c_core.hand_model import HandModelData, faces_for
from hands3c_core.hand_model.normals import vertex_normals
from hands3c_core.hand_model.shipped import skin_texture_path
from hands3c_core.render.render_mesh import render_mesh
from hands3c_core.types import FrameResult, Hand

_TO_Y_UP = np.array([1.0, -1.0, -1.0])


#: (is_right, number of the hand on its side), as ``HandPlaces`` gives them.
Place = tuple[bool, int]


def _placed(hand: Hand, model: HandModelData, y_up: bool) -> tuple[NDArray, NDArray]:
    """Positions and unit normals (V, 3) of a hand in the file's frame."""
    if len(hand.vertices) != model.num_vertices:
        raise UserError(
            f"the hand has {len(hand.vertices)} vertices, the hand model {model.name} "
            f"{model.num_vertices}; export with the model that made it"
        )
    vertices = np.ascontiguousarray(hand.vertices, dtype=np.float32)
    normals = vertex_normals(vertices, faces_for(model, hand.is_right))
    turn = _TO_Y_UP if y_up else np.ones(3)
    return vertices * turn, normals * turn


def write_obj(
    path: str | Path,
    hands: FrameResult | Sequence[Hand],
    model: HandModelData | None = None,
    texture: str | Path | None = None,
    y_up: bool = True,
    library: str | None = None,
    places: Sequence[Place] | None = None,
) -> list[Path]:
    """Write hands as one OBJ with an object per hand, a material library and the skin beside it.

    Args:
        path: the ``.obj`` file; ``.mtl`` and the skin take its stem.
        hands: hands of one frame, or a result, which knows its hand model and gets the shipped skin
            where that fits.
        model: the hand model they were made with (triangles and texture coordinates).
        texture: skin image to copy beside the file; None writes a plain material.
        y_up: see the module.
        places: which hand of its side each of ``hands`` is, where they belong to a take; numbered
            in their order if None. The objects are named after it: 'right_hand', 'right_hand_2'.
        library: name of a material library that is there already (``write_materials`` with the same
            ``texture`` made it); None writes one.

    Returns:
        The files written, the OBJ first.

    Raises:
        UserError: a file cannot be read or written, or the model does not fit the hands.
    """
    path = Path(path)
    hands, model, texture = _parts(hands, model, texture)
    content = _ObjText(model, texture is not None, y_up)
    for hand, place in zip(hands, places or HandPlaces().of(hands), strict=True):
        content.add(hand, hand_name(*place))
    lines = [
        "# Hands in metres; " + ("x right, y up, z towards the viewer" if y_up else "camera frame"),
        f"mtllib {library or f'{path.stem}.mtl'}",
        *content.lines,
    ]
    written = [write_atomically(path, ("\n".join(lines) + "\n").encode())]
    if library is None:
        written += write_materials(path.with_suffix(".mtl"), texture if content.textured else None)
    return written


def _parts(
    hands: FrameResult | Sequence[Hand],
    model: HandModelData | None,
    texture: str | Path | None = None,
) -> tuple[Sequence[Hand], HandModelData, str | Path | None]:
    """Hands, their model and their skin, from a result where that is what was given."""
    if isinstance(hands, FrameResult):
        if model is None and texture is None:
            model = hands.model
            texture = skin_texture_path() if model is not None and model.vt is not None else None
        hands = hands.hands
    if model is None:
        raise UserError("these hands do not know their hand model: pass it as model")
    return hands, model, texture


class _ObjText:
    """The objects of an OBJ file. Vertices, texture coordinates and normals count through it."""

    def __init__(self, model: HandModelData, textured: bool, y_up: bool) -> None:
        self.lines: list[str] = []
        self._model = model
        self._y_up = y_up
        self._meshes = {side: render_mesh(model, side) for side in (True, False)}
        self.textured = textured and self._meshes[True].uv is not None
        self._vertices = self._uvs = self._normals = 0

    def add(self, hand: Hand, name: str) -> None:
        """Append a hand as an object."""
        vertices, normals = _placed(hand, self._model, self._y_up)
        mesh = self._meshes[hand.is_right]
        cap = faces_for(self._model, hand.is_right, cap=True)[len(mesh.source_faces) :]
        uv: NDArray[np.floating] = np.zeros((0, 2))
        if self.textured and mesh.uv is not None:
            uv = mesh.uv[: mesh.num_skin + bool(len(cap))]
        if len(cap):
            normals = np.concatenate((normals, [_flat_normal(vertices, cap)]))
        self.lines.append(f"o {name}")
        self.lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices.tolist()]
        self.lines += [f"vt {u:.6f} {v:.6f}" for u, v in uv.tolist()]
        self.lines += [f"vn {x:.4f} {y:.4f} {z:.4f}" for x, y, z in normals.tolist()]
        self._faces("skin", mesh.source_faces, mesh.faces, mesh.source_faces)
        if len(cap):
            # Readers drop a mesh's texture coordinates and normals where one face has none. The
            # cap's point at one skin-coloured spot and at one flat normal.
            spot, flat = np.full_like(cap, mesh.num_skin), np.full_like(cap, len(vertices))
            self._faces("cap", cap, spot, flat)
        self._vertices += len(vertices)
        self._uvs += len(uv)
        self._normals += len(normals)

    def _faces(self, material: str, vertices: NDArray, uvs: NDArray, normals: NDArray) -> None:
        """Append triangles (F, 3) by their corners' numbers within the hand."""
        v, n = vertices + self._vertices + 1, normals + self._normals + 1
        parts = [v, uvs + self._uvs + 1, n] if self.textured else [v, n]
        between = "/" if self.textured else "//"
        self.lines.append(f"usemtl {material}")
        for corners in np.stack(parts, axis=2).tolist():
            self.lines.append("f " + " ".join(between.join(map(str, c)) for c in corners))


def _flat_normal(vertices: NDArray, faces: NDArray) -> NDArray:
    """(3,) unit mean normal of triangles."""
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    area = np.cross(b - a, c - a).sum(axis=0)
    return np.asarray(area / max(float(np.linalg.norm(area)), 1e-20))


def write_materials(library: Path, texture: str | Path | None) -> list[Path]:
    """Write the material library of ``write_obj`` and, beside it, the skin it names.

    Args:
        library: the ``.mtl`` file; the skin takes its stem.
        texture: skin image to copy; None for a plain material.

    Returns:
        The files written, the library first.

    Raises:
        UserError: the skin cannot be read or a file not be written.
    """
    material = ["newmtl skin", f"Kd {'1 1 1' if texture else '0.80 0.62 0.53'}"]
    material.append("Ks 0.06 0.06 0.06")
    written = []
    if texture is not None:
        skin = library.with_name(f"{library.stem}_skin{Path(texture).suffix}")
        try:
            content = Path(texture).read_bytes()
        except OSError as error:
            raise UserError(f"cannot read the skin {texture}: {error.strerror}") from error
        written.append(write_atomically(skin, content))
        material.append(f"map_Kd {skin.name}")
    material += ["", "newmtl cap", "Kd 0.60 0.40 0.35"]
    return [write_atomically(library, ("\n".join(material) + "\n").encode()), *written]


def ply_hand_id(place: Place) -> int:
    """The number by which a PLY tells a hand: 0 the right hand, 1 the left, 2 and 3 the second ones
    of each side, and so on."""
    return 2 * place[1] + (not place[0])


def write_ply(
    path: str | Path,
    hands: FrameResult | Sequence[Hand],
    model: HandModelData | None = None,
    y_up: bool = True,
    places: Sequence[Place] | None = None,
) -> Path:
    """Write hands as one binary PLY with normals and, if the model has them, skin colours. The
    vertex property ``hand`` is ``ply_hand_id``; a comment gives the name and track of each.

    Args and errors as for ``write_obj``.
    """
    hands, model, _ = _parts(hands, model)
    places = places or HandPlaces().of(hands)
    vertex_type = np.dtype(
        [(name, "<f4") for name in ("x", "y", "z", "nx", "ny", "nz")]
        + [(name, "u1") for name in ("red", "green", "blue", "hand")]
    )
    face_type = np.dtype([("count", "u1"), ("index", "<i4", (3,))])
    vertex_blocks, face_blocks, first = [], [], 0
    for hand, place in zip(hands, places, strict=True):
        vertices, normals = _placed(hand, model, y_up)
        block = np.zeros(len(vertices), vertex_type)
        for k, axis in enumerate("xyz"):
            block[axis], block["n" + axis] = vertices[:, k], normals[:, k]
        colors = model.vertex_colors
        skin = np.full((len(vertices), 3), (204, 158, 135)) if colors is None else colors
        for k, channel in enumerate(("red", "green", "blue")):
            block[channel] = skin[:, k]
        block["hand"] = ply_hand_id(place)
        faces = faces_for(model, hand.is_right, cap=True)
        face_block = np.zeros(len(faces), face_type)
        face_block["count"], face_block["index"] = 3, faces + first
        first += len(vertices)
        vertex_blocks.append(block.tobytes())
        face_blocks.append(face_block.tobytes())
    faces_count = sum(len(block) for block in face_blocks) // face_type.itemsize
    header = ["ply", "format binary_little_endian 1.0", "comment hands in metres"]
    header += [
        f"comment hand {ply_hand_id(place)} {hand_name(*place)} track {hand.track_id}"
        for hand, place in zip(hands, places, strict=True)
    ]
    header.append(f"element vertex {first}")
    header += [f"property float {name}" for name in ("x", "y", "z", "nx", "ny", "nz")]
    header += [f"property uchar {name}" for name in ("red", "green", "blue", "hand")]
    header += [
        f"element face {faces_count}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    content = ("\n".join(header) + "\n").encode() + b"".join(vertex_blocks) + b"".join(face_blocks)
    return write_atomically(path, content)
