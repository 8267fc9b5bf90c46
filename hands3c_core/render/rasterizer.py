"""Software rasteriser: textured, softly lit, anti-aliased meshes through a true pinhole camera.

No GPU, no window, no context: it draws the overlay on the camera image (on any platform and thread)
and makes training images. See ``raster_kernels`` for how; here is the interface.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hands3c_core.hand_model.normals import normals_and_area
from hands3c_core.render import raster_kernels, shade_kernels
from hands3c_core.render.lighting import Lighting, Material
from hands3c_core.render.mesh import MeshTemplate
from hands3c_core.types import Camera, UInt8

#: Drawing modes.
MODES: Final = ("textured", "shaded", "wireframe", "normals")

_MODE_CODES: Final = {
    "textured": shade_kernels.TEXTURED,
    "shaded": shade_kernels.SHADED,
    "wireframe": shade_kernels.WIREFRAME,
    "normals": shade_kernels.NORMALS,
}

#: Sample positions in a pixel, pixels from its centre. Four: a rotated grid, which resolves near-
#: horizontal and near-vertical edges in four steps where a 2 x 2 grid has two.
SAMPLE_PATTERNS: Final = {
    1: ((0.0, 0.0),),
    4: ((-0.125, -0.375), (0.375, -0.125), (-0.375, 0.125), (0.125, 0.375)),
    8: (
        (0.0625, -0.1875),
        (-0.0625, 0.1875),
        (0.3125, 0.0625),
        (-0.1875, -0.3125),
        (-0.3125, 0.3125),
        (-0.4375, -0.0625),
        (0.1875, 0.4375),
        (0.4375, -0.4375),
    ),
}


@dataclass(frozen=True, eq=False)
class MeshInstance:
    """A template at a place."""

    template: MeshTemplate
    vertices: NDArray[np.float32]
    """(V, 3) metres, camera frame."""
    material: Material | None = None
    """Overrides the template's."""
    vertex_light: NDArray[np.float32] | None = None
    """(V, 3) factor on the diffuse light of each vertex (shadows, occlusion); None for 1."""


@dataclass(frozen=True, eq=False)
class RenderedLayer:
    """What was drawn: a window of the image that holds every touched pixel."""

    width: int
    """Image width, px."""
    height: int
    """Image height, px."""
    x0: int
    """Window's left column in the image."""
    y0: int
    """Window's top row in the image."""
    rgba: NDArray[np.float32]
    """(h, w, 4) sRGB 0..255 premultiplied by coverage; coverage 0..1 (in 'wireframe': of the
    lines)."""
    inverse_depth: NDArray[np.float32]
    """(h, w, S) 1/z per sample in 1/metres, 0 where nothing is."""
    face_ids: NDArray[np.int32]
    """(h, w, S) triangle per sample, -1 where nothing is; counted through the meshes in order."""

    def _place(self, window: NDArray, fill: float) -> NDArray:
        full = np.full((self.height, self.width), fill, window.dtype)
        full[self.y0 : self.y0 + window.shape[0], self.x0 : self.x0 + window.shape[1]] = window
        return full

    def mask(self) -> NDArray[np.float32]:
        """(H, W) share of each pixel that the meshes cover, 0..1."""
        return self._place((self.face_ids >= 0).mean(axis=2, dtype=np.float32), 0.0)

    def depth(self) -> NDArray[np.float32]:
        """(H, W) z of the nearest sample in each pixel, metres; inf where nothing is."""
        nearest = self.inverse_depth.max(axis=2, initial=0.0)
        with np.errstate(divide="ignore"):
            return self._place(np.float32(1.0) / nearest, np.inf)

    def over(self, image: UInt8, opacity: float = 1.0) -> UInt8:
        """A copy of ``image`` (H, W, 3) with the layer blended over it."""
        result = np.ascontiguousarray(image).copy()
        self.blend_into(result, opacity)
        return result

    def blend_into(self, image: UInt8, opacity: float = 1.0) -> None:
        """Blend over ``image`` (H, W, 3) in place. Raises ValueError on another size."""
        if image.shape != (self.height, self.width, 3) or image.dtype != np.uint8:
            raise ValueError(
                f"the layer is for a ({self.height}, {self.width}, 3) uint8 image, "
                f"got {image.shape} {image.dtype}"
            )
        shade_kernels.composite(self.rgba, self.x0, self.y0, float(np.clip(opacity, 0, 1)), image)


@dataclass(frozen=True)
class MeshRasterizer:
    """Draws meshes. Stateless and safe to share between threads (kernels release the GIL)."""

    samples: int = 4
    """Samples per pixel: 1 (no anti-aliasing), 4 or 8."""
    lighting: Lighting = field(default_factory=Lighting.studio)
    near: float = 0.01
    """Nothing nearer than this is drawn, metres."""
    line_width: float = 1.0
    """Wireframe line width, px."""

    def __post_init__(self) -> None:
        if self.samples not in SAMPLE_PATTERNS:
            raise ValueError(f"samples must be one of {sorted(SAMPLE_PATTERNS)}")

    def render(
        self, meshes: Sequence[MeshInstance], camera: Camera, mode: str = "textured"
    ) -> RenderedLayer:
        """Draw meshes with a common depth buffer.

        Args:
            meshes: any number; triangles that are off screen, behind the camera, without area or
                not finite are left out; those that cross the near plane are cut.
            camera: true pinhole camera of the image.
            mode: one of ``MODES``.

        Raises:
            ValueError: unknown mode, or vertices of a wrong shape.
        """
        if mode not in _MODE_CODES:
            raise ValueError(f"unknown mode {mode!r}; use one of {', '.join(MODES)}")
        placed = [_checked(mesh) for mesh in meshes]
        windows = [_window(mesh.vertices, camera, self.near) for mesh in placed]
        x0, y0, width, height = _around(windows)
        offsets = np.array(SAMPLE_PATTERNS[self.samples]) * raster_kernels.SUBPIXEL
        offsets = np.round(offsets).astype(np.int64)
        zinv = np.zeros((height, width, self.samples), np.float32)
        ids = np.full((height, width, self.samples), -1, np.int32)
        rgba = np.zeros((height, width, 4), np.float32)
        layer = RenderedLayer(camera.width, camera.height, x0, y0, rgba, zinv, ids)
        if width == 0 or height == 0:
            return layer
        intrinsics = np.array([camera.fx, camera.fy, camera.cx - x0, camera.cy - y0])
        first_id = 0
        for mesh in placed:
            faces = mesh.template.all_faces
            raster_kernels.visibility(
                mesh.vertices,
                faces,
                intrinsics,
                self.near,
                mesh.template.is_closed,
                first_id,
                offsets,
                zinv,
                ids,
            )
            first_id += len(faces)
        first_id = 0
        for mesh, (left, top, right, bottom) in zip(placed, windows, strict=True):
            window = np.array([left - x0, top - y0, right - x0, bottom - y0])
            self._shade(mesh, first_id, offsets, intrinsics, window, mode, layer)
            first_id += len(mesh.template.all_faces)
        return layer

    def draw(
        self,
        image: UInt8,
        meshes: Sequence[MeshInstance],
        camera: Camera,
        mode: str = "textured",
        opacity: float = 1.0,
    ) -> UInt8:
        """A copy of ``image`` (H, W, 3) RGB with the meshes drawn over it."""
        return self.render(meshes, camera, mode).over(image, opacity)

    def _shade(
        self,
        mesh: MeshInstance,
        first_id: int,
        offsets: NDArray[np.int64],
        intrinsics: NDArray[np.float64],
        window: NDArray[np.int64],
        mode: str,
        layer: RenderedLayer,
    ) -> None:
        template = mesh.template
        material = mesh.material or template.material
        normals, area = normals_and_area(mesh.vertices, template.faces)
        lighting = self.lighting
        light = raster_kernels.vertex_irradiance(
            normals, lighting.ambient, lighting.lights, lighting.wrap
        )
        if mesh.vertex_light is not None:
            light = light * mesh.vertex_light.astype(np.float32, copy=False)
        textured = mode == "textured" and template.texture is not None
        base = material.base_color if textured else material.plain_color
        if mode == "wireframe":
            base = material.wire_color
        shade_kernels.shade(
            layer.face_ids,
            layer.inverse_depth,
            offsets,
            first_id,
            mesh.vertices,
            template.all_faces,
            len(template.faces),
            normals,
            light,
            template.uv,
            template.uv_faces if template.uv_faces is not None else template.faces[:0],
            _texture_level(mesh, area, intrinsics) if textured else _NO_TEXTURE,
            np.array(base, np.float64),
            np.array(material.cap_color, np.float64),
            lighting.ambient,
            lighting.lights,
            lighting.wrap,
            np.array([material.specular, material.shininess_log2, material.rim], np.float64),
            intrinsics,
            window,
            _MODE_CODES[mode] if textured or mode != "textured" else shade_kernels.SHADED,
            self.line_width / 2,
            shade_kernels.LINEAR_TO_SRGB,
            layer.rgba,
        )

    def warm_up(self) -> None:
        """Compile every kernel, or load it from numba's cache, so that no frame has to."""
        corners = np.array([[-0.1, -0.1, 1], [-0.1, 0.1, 1], [0.1, 0.1, 1]], np.float32)
        faces = np.array([[0, 1, 2]], np.int32)
        from hands3c_core.render.mesh import (
            Texture,  # here, because only warming up needs a texture of its own
        )

        template = MeshTemplate(
            faces=faces,
            uv=np.zeros((3, 2), np.float32),
            uv_faces=faces,
            texture=Texture(np.zeros((2, 2, 3), np.uint8)),
        )
        camera = Camera(20.0, 20.0, 8.0, 8.0, 16, 16)
        image = np.zeros((16, 16, 3), np.uint8)
        self.draw(image, [MeshInstance(template, corners)], camera)


_NO_TEXTURE: Final = np.zeros((1, 1, 3), np.float32)


def _checked(mesh: MeshInstance) -> MeshInstance:
    vertices = np.ascontiguousarray(mesh.vertices, dtype=np.float32)
    if not vertices.flags.writeable:
        vertices = vertices.copy()  # kernels would be compiled again for a read-only array
    faces = mesh.template.all_faces
    if vertices.ndim != 2 or vertices.shape[1] != 3:
        raise ValueError(f"vertices must be (V, 3), got {vertices.shape}")
    if faces.size and (faces.max() >= len(vertices) or faces.min() < 0):
        raise ValueError(f"a triangle names vertex {faces.max()} of {len(vertices)}")
    return replace(mesh, vertices=vertices)


def _window(
    vertices: NDArray[np.float32], camera: Camera, near: float
) -> tuple[int, int, int, int]:
    """Smallest part of the image (left, top, right, bottom; the last two excluded) that holds a
    mesh; the whole image when it crosses the near plane, where a bound of projected corners means
    nothing."""
    points = vertices[np.isfinite(vertices).all(axis=1)]
    z = points[:, 2].astype(np.float64)
    in_front = z >= near
    if not in_front.any():
        return 0, 0, 0, 0
    if not in_front.all():
        return 0, 0, camera.width, camera.height
    u = camera.fx * points[:, 0] / z + camera.cx
    v = camera.fy * points[:, 1] / z + camera.cy
    limit = np.array([camera.width - 1, camera.height - 1])
    first = np.floor(np.clip([u.min(), v.min()], -1, limit + 1)).astype(int).clip(0)
    last = np.ceil(np.clip([u.max(), v.max()], -1, limit + 1)).astype(int)
    last = np.minimum(last, limit)
    if (last < first).any():
        return 0, 0, 0, 0
    return int(first[0]), int(first[1]), int(last[0]) + 1, int(last[1]) + 1


def _around(windows: Sequence[tuple[int, int, int, int]]) -> tuple[int, int, int, int]:
    """The window (x0, y0, width, height) around all that are not empty."""
    filled = np.array([window for window in windows if window[2] > window[0]])
    if not len(filled):
        return 0, 0, 0, 0
    x0, y0 = filled[:, :2].min(axis=0)
    right, bottom = filled[:, 2:].max(axis=0)
    return int(x0), int(y0), int(right - x0), int(bottom - y0)


def _texture_level(
    mesh: MeshInstance, surface: float, intrinsics: NDArray[np.float64]
) -> NDArray[np.float32]:
    """One mip level for a whole mesh of ``surface`` square metres: texels over pixels as seen from
    its distance."""
    texture = mesh.template.texture
    assert texture is not None
    z = float(mesh.vertices[:, 2].mean()) if len(mesh.vertices) else 0.0
    pixels = surface * abs(intrinsics[0] * intrinsics[1]) / z**2 if z > 0 else np.inf
    height, width = texture.image.shape[:2]
    texels = mesh.template.uv_area * height * width
    return texture.level_for(float(np.sqrt(texels / pixels)) if pixels > 0 else np.inf)
