"""Colours of what a batch of pictures sees: ``render.shade_kernels.shade`` on whole arrays."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hands3c_core.data.synthetic.batched.soup import Soup
from hands3c_core.data.synthetic.batched.visibility import Visible
from hands3c_core.render import Texture
from hands3c_core.render.raster_kernels import SUBPIXEL
from hands3c_core.render.shade_kernels import LINEAR_TO_SRGB, SAME_SURFACE


@dataclass(frozen=True)
class Light:
    """The light of B scenes; see ``render.Lighting``."""

    lights: Tensor
    """(B, L, 6)"""
    ambient: Tensor
    """(B, 9, 3)"""
    wrap: Tensor
    """(B, 3)"""


@dataclass(frozen=True)
class _Patches:
    """What is shaded once: the part of a triangle in one pixel; N in all."""

    place: Tensor
    """(N,) pixel and sample, in (B, H, W, S)."""
    face: Tensor
    """(N,) in the soup."""
    ray: Tensor
    """(N, 3) direction from the eye through the patch's middle, z = 1."""
    share: Tensor
    """(N,) of the pixel."""


class SkinTextures(nn.Module):
    """All skins with their mip levels in one array of texels.

    Args:
        textures: square, of one size.
        uv: (T, 2) texture coordinates, v up.
        uv_area: of the whole mesh, in the texture's squares.
    """

    def __init__(self, textures: list[Texture], uv: Tensor, uv_area: float) -> None:
        super().__init__()
        levels = [torch.from_numpy(level) for t in textures for level in t.levels]
        self.count = len(textures[0].levels)
        self.texels_wide = len(textures[0].levels[0])
        self.uv_area = uv_area
        sides = torch.tensor([len(level) for level in levels])
        starts = torch.cumsum(sides**2, 0) - sides**2
        self.register_buffer("texels", torch.cat([level.reshape(-1, 3) for level in levels]))
        self.register_buffer("sides", sides)
        self.register_buffer("starts", starts)
        self.register_buffer("uv", uv)

    texels: Tensor
    sides: Tensor
    starts: Tensor
    uv: Tensor

    def levels(self, soup: Soup, camera: Tensor) -> Tensor:
        """(I,) row of ``starts`` that each mesh uses: one mip level for a whole mesh."""
        focal = camera[soup.instance_scene, :2].abs().prod(1).float()
        z = soup.mean_depth
        pixels = soup.surface * focal / (z * z)
        texels = self.uv_area * self.texels_wide**2
        ratio = torch.where(z > 0, torch.sqrt(texels / pixels), 1.0)
        level = torch.round(torch.log2(ratio.clamp(min=1.0, max=2.0**20))).long()
        return soup.skin.clamp(min=0) * self.count + level.clamp(max=self.count - 1)

    def look_up(self, level: Tensor, uv: Tensor) -> Tensor:
        """(N, 3) linear RGB at (N, 2), bilinear, of rows ``level`` (N,)."""
        side, start = self.sides[level], self.starts[level]
        last = side - 1
        x = torch.minimum((uv[:, 0] * side - 0.5).clamp(min=0.0), last.to(uv.dtype))
        y = torch.minimum(((1.0 - uv[:, 1]) * side - 0.5).clamp(min=0.0), last.to(uv.dtype))
        x0, y0 = x.long(), y.long()
        x1, y1 = torch.minimum(x0 + 1, last), torch.minimum(y0 + 1, last)
        tx, ty = (x - x0)[:, None], (y - y0)[:, None]
        upper, lower = start + y0 * side, start + y1 * side
        top = self.texels[upper + x0] * (1.0 - tx) + self.texels[upper + x1] * tx
        bottom = self.texels[lower + x0] * (1.0 - tx) + self.texels[lower + x1] * tx
        return top * (1.0 - ty) + bottom * ty


class Shader(nn.Module):
    """Turns visibility into colour.

    Args:
        skins: of the textured meshes.
    """

    def __init__(self, skins: SkinTextures) -> None:
        super().__init__()
        self.skins = skins
        self.register_buffer("curve", torch.from_numpy(LINEAR_TO_SRGB))

    curve: Tensor

    def forward(
        self,
        soup: Soup,
        visible: Visible,
        camera: Tensor,
        offsets: Tensor,
        light: Light,
        vertex_light: Tensor,
    ) -> Tensor:
        """(B, H, W, 4) sRGB 0..255 premultiplied by coverage, and coverage.

        Args:
            soup, visible, camera, offsets: as in ``visibility.see``.
            light: of the scenes.
            vertex_light: (P,) factor on the points' diffuse light.
        """
        scene_of = soup.instance_scene
        patches = _patches(soup, visible, camera, offsets)
        corners = soup.faces[patches.face]
        mesh = soup.face_instance[patches.face]
        scene = scene_of[mesh]
        weights = _barycentrics(soup.points[corners], patches.ray)[..., None]
        normal = nn.functional.normalize((soup.normals[corners] * weights).sum(1), dim=-1)
        diffuse = _irradiance(soup, light) * vertex_light[:, None]
        received = (diffuse[corners] * weights).sum(1)
        uv = (self.skins.uv[soup.uv_faces[patches.face]] * weights).sum(1)
        skin = self.skins.look_up(self.skins.levels(soup, camera)[mesh], uv)
        albedo = soup.color[mesh]
        albedo = torch.where((soup.skin[mesh] >= 0)[:, None], albedo * skin, albedo)
        gleam = _highlights(normal, patches.ray, light.lights[scene], soup.gloss[mesh])
        linear = (gleam + albedo * received).clamp(0.0, 1.0)
        srgb = self.curve[(linear * (len(self.curve) - 1) + 0.5).long()]
        shaded = torch.cat([srgb, torch.ones_like(srgb[:, :1])], 1) * patches.share[:, None]
        # One place for every patch and a sum afterwards: no two writers meet, so the result does
        # not depend on their order.
        canvas = shaded.new_zeros(visible.face.numel(), 4)
        canvas[patches.place] = shaded
        return canvas.view(*visible.face.shape, 4).sum(3)


def _patches(soup: Soup, visible: Visible, camera: Tensor, offsets: Tensor) -> _Patches:
    """One patch for each triangle in each pixel, at the middle of its samples there; only one for
    a pixel whose samples all see one smooth surface."""
    face, inverse = visible.face, visible.inverse_depth
    samples = face.shape[-1]
    mesh = torch.where(face >= 0, soup.face_instance[face.clamp(min=0)], -1)
    single = (face >= 0).all(-1) & (mesh == mesh[..., :1]).all(-1)
    single &= inverse.amax(-1) < inverse.amin(-1) * (1.0 + SAME_SURFACE)
    same = face[..., :, None] == face[..., None, :]
    # Samples before s of the same triangle: it is shaded there already.
    earlier = torch.ones(samples, samples, dtype=torch.bool, device=face.device).tril(-1)
    first = (face >= 0) & ~(same & earlier).any(-1)
    number = torch.arange(samples, device=face.device)
    first = torch.where(single[..., None], number == 0, first)
    group = same | single[..., None, None]
    place = torch.nonzero(first.flatten())[:, 0]
    group = group.reshape(-1, samples)[place].to(inverse.dtype)
    covered = group.sum(-1)
    middle = (group @ offsets.to(group.dtype)) / (covered * SUBPIXEL)[:, None]
    pixel = torch.div(place, samples, rounding_mode="floor")
    height, width = face.shape[1:3]
    row = torch.div(pixel, width, rounding_mode="floor")
    xy = torch.stack([pixel % width, row % height], -1) + middle
    own = camera[torch.div(row, height, rounding_mode="floor")].to(middle.dtype)
    ray = torch.cat([(xy - own[:, 2:]) / own[:, :2], torch.ones_like(xy[:, :1])], -1)
    return _Patches(place, face.flatten()[place], ray, covered / samples)


def _barycentrics(corners: Tensor, ray: Tensor) -> Tensor:
    """(N, 3) perspective-correct weights of triangles (N, 3, 3) along rays (N, 3), clamped to the
    triangle (Moeller and Trumbore 1997: differences of corners, so nothing cancels)."""
    a, b, c = corners.unbind(1)
    along, across = b - a, c - a
    p = torch.linalg.cross(ray, across)
    det = (along * p).sum(-1)
    q = torch.linalg.cross(-a, along)
    wb, wc = -(a * p).sum(-1) / det, (ray * q).sum(-1) / det
    weights = torch.stack([1.0 - wb - wc, wb, wc], -1).clamp(min=0.0)
    weights = torch.where((det == 0)[:, None], 1.0, weights)
    return weights / weights.sum(-1, keepdim=True)


def _irradiance(soup: Soup, light: Light) -> Tensor:
    """(P, 3) diffuse light on the points: see ``raster_kernels.vertex_irradiance``."""
    x, y, z = soup.normals.unbind(-1)
    basis = [torch.ones_like(x), y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y]
    scene = soup.point_scene
    total = (torch.stack(basis, -1)[..., None] * light.ambient[scene]).sum(1)
    lights, wrap = light.lights[scene], light.wrap[scene][:, None]
    cosine = (soup.normals[:, None] * lights[..., :3]).sum(-1, keepdim=True)
    wrapped = ((cosine + wrap) / (1.0 + wrap)).clamp(min=0.0)
    return (total + (lights[..., 3:] * wrapped * wrapped).sum(1)).clamp(min=0.0)


def _highlights(normal: Tensor, ray: Tensor, lights: Tensor, gloss: Tensor) -> Tensor:
    """(N, 3) Blinn-Phong highlights and a rim: see ``shade_kernels._highlights``."""
    eye = -nn.functional.normalize(ray, dim=-1)
    half = lights[..., :3] + eye[:, None]
    cosine = (normal[:, None] * half).sum(-1).clamp(min=0.0)
    power = cosine * cosine / (half * half).sum(-1).clamp(min=1e-12)
    exponent = torch.exp2(gloss[:, 1:2] - 1.0)
    shine = (gloss[:, :1] * power**exponent)[..., None] * lights[..., 3:]
    edge = 1.0 - (normal * eye).sum(-1, keepdim=True).clamp(min=0.0)
    return shine.sum(1) + gloss[:, 2:] * edge**3
