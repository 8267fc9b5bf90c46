"""Meshes as the renderers take them: fixed topology and appearance, separate from positions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from hands3c_core.errors import UserError
from hands3c_core.model_space import flip_faces
from hands3c_core.render.lighting import Material
from hands3c_core.render.shade_kernels import SRGB_TO_LINEAR
from hands3c_core.types import UInt8


def read_texture(path: str | Path) -> UInt8:
    """Read an image file as (h, w, 3) RGB uint8. Raises UserError if it cannot be decoded."""
    path = Path(path)
    try:
        encoded = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise UserError(f"cannot read the texture {path}: {error.strerror}") from error
    image = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
    if image is None:
        raise UserError(f"the texture {path} is not a readable image (use PNG or JPEG)")
    return np.ascontiguousarray(image[:, :, ::-1])


class Texture:
    """An sRGB image with its mip levels in linear light.

    Args:
        image: (h, w, 3) RGB uint8, row 0 at v = 1.
    """

    def __init__(self, image: UInt8) -> None:
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or image.size == 0:
            raise ValueError(f"a texture must be (h, w, 3) uint8, got {image.shape} {image.dtype}")
        self.image = np.ascontiguousarray(image)
        levels = [np.ascontiguousarray(SRGB_TO_LINEAR[image])]
        while min(levels[-1].shape[:2]) > 16:
            height, width = levels[-1].shape[:2]
            levels.append(
                cv2.resize(levels[-1], (width // 2, height // 2), interpolation=cv2.INTER_AREA)
            )
        self.levels: list[NDArray[np.float32]] = levels

    def level_for(self, texels_per_pixel: float) -> NDArray[np.float32]:
        """The mip level on which ``texels_per_pixel`` (linear, at full size) comes nearest to 1."""
        if not math.isfinite(texels_per_pixel) or texels_per_pixel <= 1.0:
            return self.levels[0]
        return self.levels[min(round(math.log2(texels_per_pixel)), len(self.levels) - 1)]


@dataclass(frozen=True, eq=False)
class MeshTemplate:
    """Everything about a mesh except where its vertices are."""

    faces: NDArray[np.int32]
    """(F, 3) smooth triangles, outward by the right-hand rule."""
    cap_faces: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 3), np.int32))
    """(C, 3) flat triangles that reuse the vertices of ``faces`` (a wrist's cap)."""
    uv: NDArray[np.float32] = field(default_factory=lambda: np.zeros((1, 2), np.float32))
    """(T, 2) texture coordinates, v up."""
    uv_faces: NDArray[np.int32] | None = None
    """(F, 3) index into ``uv`` of each triangle corner; None without UV."""
    texture: Texture | None = None
    """Skin; None draws ``material.plain_color``."""
    material: Material = field(default_factory=Material)
    is_closed: bool = True
    """Whether the inside can be seen; only closed meshes drop their back faces."""

    @cached_property
    def all_faces(self) -> NDArray[np.int32]:
        """(F + C, 3) smooth triangles, then the cap."""
        return np.ascontiguousarray(np.concatenate([self.faces, self.cap_faces]), dtype=np.int32)

    @cached_property
    def uv_area(self) -> float:
        """Area of all triangles in UV space (the whole texture is 1)."""
        if self.uv_faces is None or len(self.uv_faces) == 0:
            return 0.0
        a, b, c = (self.uv[self.uv_faces[:, k]] for k in range(3))
        cross = (b - a)[:, 0] * (c - a)[:, 1] - (b - a)[:, 1] * (c - a)[:, 0]
        return float(np.abs(cross).sum() / 2)

    def mirrored(self) -> MeshTemplate:
        """The same mesh for positions mirrored at a plane: every triangle's winding flips."""
        return replace(
            self,
            faces=flip_faces(self.faces),
            cap_faces=flip_faces(self.cap_faces),
            uv_faces=None if self.uv_faces is None else flip_faces(self.uv_faces),
        )


#: The right (True) and the left (False) hand's template.
HandMeshes = Mapping[bool, MeshTemplate]


def hand_meshes(
    data: Any, texture: UInt8 | str | Path | None = None, material: Material | None = None
) -> dict[bool, MeshTemplate]:
    """Templates of both hands for a hand model.

    Args:
        data: a ``hand_model.HandModelData`` (or anything with its ``faces`` (F, 3), and optionally
            ``cap_faces`` (C, 3), ``vt`` (T, 2), ``ft`` (F, 3)) of a right hand.
        texture: skin as (h, w, 3) RGB uint8 or an image file; None for a plain hand.
        material: how the skin answers light.

    Returns:
        ``{True: right, False: left}``. Raises UserError if the texture cannot be read.
    """
    faces = _int_array(data.faces)
    cap = getattr(data, "cap_faces", None)
    uv, uv_faces = getattr(data, "vt", None), getattr(data, "ft", None)
    skin = None
    if texture is not None and uv_faces is not None:
        skin = Texture(texture if isinstance(texture, np.ndarray) else read_texture(texture))
    right = MeshTemplate(
        faces=faces,
        cap_faces=np.zeros((0, 3), np.int32) if cap is None else _int_array(cap),
        uv=np.zeros((1, 2), np.float32)
        if uv is None
        else np.array(uv, dtype=np.float32, order="C"),
        uv_faces=None if uv_faces is None else _int_array(uv_faces),
        texture=skin,
        material=material or Material(),
        is_closed=cap is not None and len(cap) > 0,
    )
    return {True: right, False: right.mirrored()}


def _int_array(values: Any) -> NDArray[np.int32]:
    # A copy, because kernels would be compiled again for a read-only array.
    return np.array(values, dtype=np.int32, order="C")
