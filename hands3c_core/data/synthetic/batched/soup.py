"""All meshes of a batch of scenes as one list of points and one of triangles."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class MeshGroup:
    """N meshes of one topology and one kind of material."""

    points: Tensor
    """(N, V, 3) metres, camera frame."""
    faces: Tensor
    """(F, 3) int64."""
    rings: Tensor
    """(V, D) the triangles round each vertex, F where there are fewer than D."""
    scene: Tensor
    """(N,) int64."""
    color: Tensor
    """(N, 3) linear RGB: the colour, or the tint of the texture."""
    gloss: Tensor
    """(N, 3) specular strength, shininess as a power of two's exponent, rim."""
    mirrored: Tensor | None = None
    """(N,) bool: triangles of these face inwards as listed; None for none."""
    light: Tensor | None = None
    """(N, V) factor on the diffuse light; None for 1."""
    skin: Tensor | None = None
    """(N,) number of the texture; None for plain meshes."""
    uv_faces: Tensor | None = None
    """(F, 3) texture coordinates of the corners."""
    closed: bool = False
    """Its back faces are not drawn."""

    def normals(self) -> tuple[Tensor, Tensor]:
        """(N, V, 3) unit normals, weighted by area, and (N,) surface in square metres."""
        a, b, c = (self.points[:, self.faces[:, k]] for k in range(3))
        cross = torch.linalg.cross(b - a, c - a)
        area = 0.5 * torch.linalg.vector_norm(cross, dim=-1).sum(1)
        if self.mirrored is not None:
            cross = torch.where(self.mirrored[:, None, None], -cross, cross)
        padded = torch.cat([cross, torch.zeros_like(cross[:, :1])], 1)
        total = padded[:, self.rings].sum(2)
        length = torch.linalg.vector_norm(total, dim=-1, keepdim=True)
        return total / length.clamp(min=1e-20), area


def face_rings(faces: Tensor, count: int) -> Tensor:
    """(V, D) the triangles round each of ``count`` vertices; see ``MeshGroup.rings``."""
    rings: list[list[int]] = [[] for _ in range(count)]
    for number, corners in enumerate(faces.tolist()):
        for corner in corners:
            rings[corner].append(number)
    widest = max(len(ring) for ring in rings)
    rows = [ring + [len(faces)] * (widest - len(ring)) for ring in rings]
    return torch.tensor(rows, dtype=torch.int64, device=faces.device)


@dataclass(frozen=True)
class Soup:
    """The meshes of all groups, in the groups' order: P points, F triangles, I meshes."""

    points: Tensor
    """(P, 3) metres, camera frame."""
    normals: Tensor
    """(P, 3)"""
    light: Tensor
    """(P,) factor on the diffuse light."""
    point_scene: Tensor
    """(P,)"""
    point_instance: Tensor
    """(P,)"""
    faces: Tensor
    """(F, 3)"""
    face_instance: Tensor
    """(F,)"""
    uv_faces: Tensor
    """(F, 3) texture coordinates of the corners; 0 for plain meshes."""
    instance_scene: Tensor
    """(I,)"""
    closed: Tensor
    """(I,) bool: back faces are not drawn."""
    color: Tensor
    """(I, 3) linear RGB."""
    gloss: Tensor
    """(I, 3)"""
    skin: Tensor
    """(I,) number of the texture, -1 for plain meshes."""
    surface: Tensor
    """(I,) square metres."""
    mean_depth: Tensor
    """(I,) metres."""
    spans: tuple[tuple[int, int, int], ...]
    """Of each group: first instance, number of instances, points in each."""

    def extremes(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Least and greatest of (P, ...) values over each mesh, (I, ...)."""
        low, high, first = [], [], 0
        for _, count, points in self.spans:
            part = values[first : first + count * points].unflatten(0, (count, points))
            low.append(part.amin(1))
            high.append(part.amax(1))
            first += count * points
        return torch.cat(low), torch.cat(high)


def stir(groups: list[MeshGroup]) -> Soup:
    """One soup of several groups; triangles of earlier groups win where two are equally near."""
    points, normals, light, faces, uv_faces, skins = [], [], [], [], [], []
    surface, point_instance, face_instance, spans, closed = [], [], [], [], []
    first_point = first_instance = 0
    device = groups[0].points.device
    for group in groups:
        count, size = group.points.shape[:2]
        normal, area = group.normals()
        numbers = torch.arange(count, device=device)
        points.append(group.points.flatten(0, 1))
        normals.append(normal.flatten(0, 1))
        shade = torch.ones_like(group.points[..., 0]) if group.light is None else group.light
        light.append(shade.flatten())
        faces.append((group.faces + first_point + numbers[:, None, None] * size).flatten(0, 1))
        uv = torch.zeros_like(group.faces) if group.uv_faces is None else group.uv_faces
        uv_faces.append(uv.expand(count, -1, -1).flatten(0, 1))
        skins.append(torch.full_like(group.scene, -1) if group.skin is None else group.skin)
        surface.append(area)
        point_instance.append((first_instance + numbers).repeat_interleave(size))
        face_instance.append((first_instance + numbers).repeat_interleave(len(group.faces)))
        closed.append(torch.full((count,), group.closed, device=device))
        spans.append((first_instance, count, size))
        first_point += count * size
        first_instance += count
    scene = torch.cat([group.scene for group in groups])
    instances = torch.cat(point_instance)
    depth = [group.points[..., 2].mean(1) for group in groups]
    return Soup(
        points=torch.cat(points),
        normals=torch.cat(normals),
        light=torch.cat(light),
        point_scene=scene[instances],
        point_instance=instances,
        faces=torch.cat(faces),
        face_instance=torch.cat(face_instance),
        uv_faces=torch.cat(uv_faces),
        instance_scene=scene,
        closed=torch.cat(closed),
        color=torch.cat([group.color for group in groups]),
        gloss=torch.cat([group.gloss for group in groups]),
        skin=torch.cat(skins),
        surface=torch.cat(surface),
        mean_depth=torch.cat(depth),
        spans=tuple(spans),
    )
