"""One frame's hands as OBJ (with material and skin) or PLY (with vertex colours).

Both are written with y up and z towards the viewer, as mesh viewers expect: the camera frame turned
by half a turn about x. Pass ``y_up=False`` for the pipeline's camera frame (y down, z forward).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..atomic import write_atomically
from ..errors import UserError
from ..hand_model import HandModelData, faces_for
from ..render.raster_kernels import vertex_normals
from ..types import Hand

_TO_Y_UP = np.array([1.0, -1.0, -1.0])


def _name(hand: Hand) -> str:
    return f"{'right' if hand.is_right else 'left'}_hand_{hand.track_id}"


def _placed(hand: Hand, model: HandModelData, y_up: bool) -> tuple[NDArray, NDArray]:
    """Positions and unit normals (V, 3) of a hand in the file's frame."""
    if len(hand.vertices) != model.num_vertices:
        raise UserError(
            f"the hand has {len(hand.vertices)} vertices, the hand model {model.name} "
            f"{model.num_vertices}; export with the model that made it"
        )
    vertices = np.ascontiguousarray(hand.vertices, dtype=np.float32)
    normals, _ = vertex_normals(vertices, faces_for(model, hand.is_right))
    turn = _TO_Y_UP if y_up else np.ones(3)
    return vertices * turn, normals * turn


def write_obj(
    path: str | Path,
    hands: Sequence[Hand],
    model: HandModelData,
    texture: str | Path | None = None,
    y_up: bool = True,
    library: str | None = None,
) -> list[Path]:
    """Write hands as one OBJ with an object per hand, a material library and the skin beside it.

    Args:
        path: the ``.obj`` file; ``.mtl`` and the skin take its stem.
        hands: hands of one frame.
        model: the hand model they were made with (triangles and texture coordinates).
        texture: skin image to copy beside the file; None writes a plain material.
        y_up: see the module.
        library: name of a material library that is there already (``write_materials`` with the same
            ``texture`` made it); None writes one.

    Returns:
        The files written, the OBJ first.

    Raises:
        UserError: a file cannot be read or written, or the model does not fit the hands.
    """
    path = Path(path)
    textured = texture is not None and model.vt is not None and model.ft is not None
    lines = [
        "# Hands in metres; " + ("x right, y up, z towards the viewer" if y_up else "camera frame"),
        f"mtllib {library or f'{path.stem}.mtl'}",
    ]
    first_vertex, first_uv = 1, 1
    for hand in hands:
        vertices, normals = _placed(hand, model, y_up)
        lines.append(f"o {_name(hand)}")
        lines += [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in vertices.tolist()]
        lines += [f"vn {x:.4f} {y:.4f} {z:.4f}" for x, y, z in normals.tolist()]
        faces = faces_for(model, hand.is_right) + first_vertex
        lines.append("usemtl skin")
        if textured:
            assert model.vt is not None
            assert model.ft is not None
            lines += [f"vt {u:.6f} {v:.6f}" for u, v in model.vt.tolist()]
            corners = model.ft if hand.is_right == model.is_right else model.ft[:, ::-1]
            uv_faces = corners + first_uv
            first_uv += len(model.vt)
            for face, uv in zip(faces.tolist(), uv_faces.tolist(), strict=True):
                lines.append("f " + " ".join(f"{v}/{t}/{v}" for v, t in zip(face, uv, strict=True)))
        else:
            lines += ["f " + " ".join(f"{v}//{v}" for v in face) for face in faces.tolist()]
        cap = faces_for(model, hand.is_right, cap=True)[len(faces) :] + first_vertex
        if len(cap):
            lines.append("usemtl cap")
            lines += [f"f {a} {b} {c}" for a, b, c in cap.tolist()]
        first_vertex += len(vertices)
    written = [write_atomically(path, ("\n".join(lines) + "\n").encode())]
    if library is None:
        written += write_materials(path.with_suffix(".mtl"), texture if textured else None)
    return written


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


def write_ply(
    path: str | Path, hands: Sequence[Hand], model: HandModelData, y_up: bool = True
) -> Path:
    """Write hands as one binary PLY with normals and, if the model has them, skin colours.

    Args and errors as for ``write_obj``.
    """
    vertex_type = np.dtype(
        [(name, "<f4") for name in ("x", "y", "z", "nx", "ny", "nz")]
        + [(name, "u1") for name in ("red", "green", "blue")]
    )
    face_type = np.dtype([("count", "u1"), ("index", "<i4", (3,))])
    vertex_blocks, face_blocks, first = [], [], 0
    for hand in hands:
        vertices, normals = _placed(hand, model, y_up)
        block = np.zeros(len(vertices), vertex_type)
        for k, axis in enumerate("xyz"):
            block[axis], block["n" + axis] = vertices[:, k], normals[:, k]
        colors = model.vertex_colors
        skin = np.full((len(vertices), 3), (204, 158, 135)) if colors is None else colors
        for k, channel in enumerate(("red", "green", "blue")):
            block[channel] = skin[:, k]
        faces = faces_for(model, hand.is_right, cap=True)
        face_block = np.zeros(len(faces), face_type)
        face_block["count"], face_block["index"] = 3, faces + first
        first += len(vertices)
        vertex_blocks.append(block.tobytes())
        face_blocks.append(face_block.tobytes())
    faces_count = sum(len(block) for block in face_blocks) // face_type.itemsize
    header = ["ply", "format binary_little_endian 1.0", "comment hands in metres"]
    header.append(f"element vertex {first}")
    header += [f"property float {name}" for name in ("x", "y", "z", "nx", "ny", "nz")]
    header += [f"property uchar {name}" for name in ("red", "green", "blue")]
    header += [
        f"element face {faces_count}",
        "property list uchar int vertex_indices",
        "end_header",
    ]
    content = ("\n".join(header) + "\n").encode() + b"".join(vertex_blocks) + b"".join(face_blocks)
    return write_atomically(path, content)
