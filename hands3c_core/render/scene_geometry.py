"""Plain numpy geometry of the 3D scene: refined skin, solid skeleton, ground grid, camera outline.

Everything is in the camera frame of ``hands3c_core.conventions``, metres.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from hands3c_core.conventions import BONES, NUM_JOINTS
from hands3c_core.hand_model.normals import vertex_normals
from hands3c_core.render import shade_kernels
from hands3c_core.render.mesh import MeshTemplate
from hands3c_core.render.overlay import joint_color
from hands3c_core.types import Camera

_JOINT_RADIUS = 0.0042
_BONE_RADIUS = 0.0022
_SIDES = 8


@dataclass(frozen=True, eq=False)
class DenseSkin:
    """A template refined once (each triangle becomes four), with the skin's colour per vertex.

    Colours on vertices, not a texture, because Open3D's legacy shaders light a textured mesh with
    hard highlights that cannot be turned off without losing all shading, and upload the texture
    again on each update. One refinement puts a vertex every millimetre or two, which keeps nails
    and creases.
    """

    faces: NDArray[np.int32]
    """(4 F + C, 3) triangles; the last C are the cap, on vertices of its own."""
    edges: NDArray[np.int32]
    """(D, 2) the template's edges, for wireframes."""
    split_edges: NDArray[np.int32]
    """(E, 2) the edges whose midpoints are vertices V .. V + E - 1; none if not refined."""
    cap_vertices: NDArray[np.int32]
    """(3 C,) template vertex of each cap corner; vertices V + E and on."""
    albedo: NDArray[np.float32]
    """(V + E + 3 C, 3) linear RGB of the skin."""
    plain: NDArray[np.float32]
    """As ``albedo``, without texture."""
    smooth_faces: NDArray[np.int32]
    """(F, 3) the template's own triangles, for normals."""

    @classmethod
    def from_template(
        cls, template: MeshTemplate, vertex_count: int, refine: bool = True
    ) -> DenseSkin:
        """Refine a template whose meshes have ``vertex_count`` vertices (or leave it as it is)."""
        faces = template.faces
        sides = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1)  # (F, 3, 2)
        ordered = np.sort(sides.reshape(-1, 2), axis=1)
        edges, inverse = np.unique(ordered, axis=0, return_inverse=True)
        middle = vertex_count + inverse.reshape(-1, 3).astype(np.int32)
        a, b, c = faces.T
        ab, bc, ca = middle.T
        dense = np.concatenate(
            [
                np.stack(corners, axis=1)
                for corners in ((a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca))
            ]
        )
        drawn_edges = edges.astype(np.int32)
        if not refine:
            dense, edges, middle = faces, edges[:0], middle[:0]
        cap = template.cap_faces.reshape(-1)
        first_cap = vertex_count + len(edges)
        cap_faces = first_cap + np.arange(len(cap)).reshape(-1, 3)
        count = first_cap + len(cap)
        material = template.material
        plain = np.empty((count, 3), np.float32)
        plain[:] = material.plain_color
        albedo = plain.copy()
        if template.texture is not None and template.uv_faces is not None:
            _sample_skin(template, middle, albedo)
            albedo *= np.array(material.base_color, np.float32)
        plain[first_cap:] = albedo[first_cap:] = material.cap_color
        return cls(
            faces=np.concatenate([dense, cap_faces]).astype(np.int32),
            edges=drawn_edges,
            split_edges=edges.astype(np.int32),
            cap_vertices=np.ascontiguousarray(cap, dtype=np.int32),
            albedo=albedo,
            plain=plain,
            smooth_faces=faces,
        )

    def place(
        self, vertices: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Positions and unit normals of all vertices for template ``vertices`` (V, 3)."""
        base = vertex_normals(vertices, self.smooth_faces)
        left, right = self.split_edges[:, 0], self.split_edges[:, 1]
        corners = vertices[self.cap_vertices].reshape(-1, 3, 3)
        flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        flat = np.repeat(flat, 3, axis=0)
        normals = np.concatenate([base, base[left] + base[right], flat])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        middle = (vertices[left] + vertices[right]) * np.float32(0.5)
        points = np.concatenate([vertices, middle, corners.reshape(-1, 3)])
        return points.astype(np.float32, copy=False), normals.astype(np.float32, copy=False)


def _sample_skin(template: MeshTemplate, middle: NDArray[np.int32], albedo: NDArray) -> None:
    """Texture colour at every vertex and edge middle into ``albedo``. A vertex on a seam takes one
    of its texture coordinates: the skin agrees on both sides."""
    assert template.texture is not None
    assert template.uv_faces is not None
    level = template.texture.levels[min(1, len(template.texture.levels) - 1)]
    corner_uv = template.uv[template.uv_faces].astype(np.float64)  # (F, 3, 2)
    middle_uv = (corner_uv + np.roll(corner_uv, -1, axis=1)) / 2
    for index, uv in ((template.faces, corner_uv), (middle, middle_uv[: len(middle)])):
        chosen, first = np.unique(index.reshape(-1), return_index=True)
        for vertex, (u, v) in zip(chosen, uv.reshape(-1, 2)[first], strict=True):
            albedo[vertex] = shade_kernels.sample_bilinear(level, u, v)


def _unit_sphere() -> tuple[NDArray, NDArray[np.int32]]:
    """A coarse unit sphere: (42, 3) points and (80, 3) outward triangles."""
    golden = (1 + 5**0.5) / 2
    signs = [(s, t * golden) for s in (-1, 1) for t in (-1, 1)]
    points = [p for a, b in signs for p in ((0, a, b), (a, b, 0), (b, 0, a))]
    corners = np.array(points, float)
    corners /= np.linalg.norm(corners, axis=1, keepdims=True)
    side = np.min([np.linalg.norm(p - corners[0]) for p in corners[1:]])
    faces = [
        (i, j, k)
        for i in range(12)
        for j in range(i + 1, 12)
        for k in range(j + 1, 12)
        if all(
            abs(np.linalg.norm(corners[p] - corners[q]) - side) < 1e-6
            for p, q in ((i, j), (j, k), (k, i))
        )
    ]
    vertices, triangles, middle = [tuple(p) for p in corners], [], {}

    def halfway(i: int, j: int) -> int:
        key = (min(i, j), max(i, j))
        if key not in middle:
            point = np.array(vertices[i]) + np.array(vertices[j])
            vertices.append(tuple(point / np.linalg.norm(point)))
            middle[key] = len(vertices) - 1
        return middle[key]

    for i, j, k in faces:
        ij, jk, ki = halfway(i, j), halfway(j, k), halfway(k, i)
        triangles += [(i, ij, ki), (ij, j, jk), (ki, jk, k), (ij, jk, ki)]
    array, index = np.array(vertices), np.array(triangles, np.int32)
    a, b, c = (array[index[:, n]] for n in range(3))
    inward = np.einsum("ij,ij->i", np.cross(b - a, c - a), a) < 0
    index[inward] = index[inward][:, ::-1]
    return array, index


class SkeletonSolid:
    """21 spheres and 20 rods in the fingers' colours, as one mesh."""

    def __init__(self) -> None:
        self._sphere, sphere_faces = _unit_sphere()
        angle = np.linspace(0, 2 * np.pi, _SIDES, endpoint=False)
        self._circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
        size = len(self._sphere)
        faces = [sphere_faces + joint * size for joint in range(NUM_JOINTS)]
        first = NUM_JOINTS * size
        near = np.arange(_SIDES)
        far, following = near + _SIDES, np.roll(near, -1)
        rod = np.concatenate(
            [np.stack([near, following, far], 1), np.stack([following, following + _SIDES, far], 1)]
        )
        faces += [rod + first + bone * 2 * _SIDES for bone in range(len(BONES))]
        self.faces: NDArray[np.int32] = np.concatenate(faces).astype(np.int32)
        colors = [np.tile(joint_color(joint), (size, 1)) for joint in range(NUM_JOINTS)]
        colors += [np.tile(joint_color(child), (2 * _SIDES, 1)) for _, child in BONES]
        self.albedo: NDArray[np.float32] = shade_kernels.SRGB_TO_LINEAR[np.concatenate(colors)]
        self._parents = np.array([parent for parent, _ in BONES])
        self._children = np.array([child for _, child in BONES])

    def place(self, joints: NDArray) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Positions and unit normals of all vertices for ``joints`` (21, 3)."""
        joints = np.asarray(joints, float)
        balls = joints[:, None] + _JOINT_RADIUS * self._sphere
        ball_normals = np.broadcast_to(self._sphere, balls.shape)
        start, end = joints[self._parents], joints[self._children]
        along = end - start
        along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
        # Any direction that is not along the bone serves to build its cross-section.
        helper = np.where(np.abs(along[:, :1]) < 0.8, [[1.0, 0.0, 0.0]], [[0.0, 1.0, 0.0]])
        across = np.cross(along, helper)
        across /= np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
        other = np.cross(along, across)
        ring = (
            self._circle[None, :, :1] * across[:, None] + self._circle[None, :, 1:] * other[:, None]
        )
        rods = np.concatenate(
            [start[:, None] + _BONE_RADIUS * ring, end[:, None] + _BONE_RADIUS * ring], axis=1
        )
        rod_normals = np.concatenate([ring, ring], axis=1)
        points = np.concatenate([balls.reshape(-1, 3), rods.reshape(-1, 3)])
        normals = np.concatenate([ball_normals.reshape(-1, 3), rod_normals.reshape(-1, 3)])
        return points.astype(np.float32), normals.astype(np.float32)


def lifted(points: NDArray, eye: NDArray, lift: float) -> NDArray[np.float32]:
    """Points (N, 3) about ``lift`` metres nearer to ``eye``, each where it was in the image: in
    front of the skin around them, which would hide them."""
    away = np.asarray(points, np.float32) - eye.astype(np.float32)
    distance = max(float(np.linalg.norm(away, axis=1).mean()), 1e-6)
    share = np.float32(max(1.0 - lift / distance, 0.2))
    return (eye.astype(np.float32) + away * share).astype(np.float32)


@dataclass(frozen=True)
class SceneColors:
    """What surrounds the hands, sRGB in [0, 1]."""

    background: tuple[float, float, float] = (0.115, 0.12, 0.135)
    grid: tuple[float, float, float] = (0.36, 0.37, 0.395)
    """The brightest grid lines; they fade into the background."""
    outline: tuple[float, float, float] = (0.55, 0.57, 0.62)
    """The real camera and its view."""
    wires: tuple[tuple[float, float, float], tuple[float, float, float]] = (
        (1.0, 0.62, 0.36),
        (0.36, 0.72, 1.0),
    )
    """Wireframes of left and right hands."""


def ground_grid(
    colors: SceneColors | None = None,
    height: float = 0.22,
    half_size: float = 0.5,
    cell: float = 0.05,
    centre_z: float = 0.5,
) -> tuple[NDArray, NDArray[np.int32], NDArray]:
    """A horizontal grid below the hands: points (P, 3), lines (L, 2), line colours (L, 3) sRGB.

    Every fifth line is stronger; lines fade towards the rim so that the floor has no hard end.
    """
    colors = colors or SceneColors()
    ground, line = np.array(colors.background), np.array(colors.grid)
    ticks = np.arange(-half_size, half_size + cell / 2, cell)
    points: list[tuple[float, float, float]] = []
    lines: list[tuple[int, int]] = []
    tints: list[NDArray] = []
    for n, t in enumerate(ticks):
        strength = 1.0 if n % 5 == 0 else 0.5
        for a, b in pairwise(ticks):
            share = strength * max(1.0 - np.hypot(t, (a + b) / 2) / half_size, 0.0)
            if share <= 0.02:
                continue
            for start, end in (((t, a), (t, b)), ((a, t), (b, t))):
                lines.append((len(points), len(points) + 1))
                points += [
                    (start[0], height, centre_z + start[1]),
                    (end[0], height, centre_z + end[1]),
                ]
                tints.append(ground + (line - ground) * share)
    return np.array(points), np.array(lines, np.int32), np.array(tints)


def axes(
    origin: tuple[float, float, float], length: float = 0.06
) -> tuple[NDArray, NDArray, NDArray]:
    """Three lines from ``origin``: x red (right), y green (drawn up, i.e. along -y), z blue."""
    start = np.array(origin)
    ends = start + length * np.array([(1, 0, 0), (0, -1, 0), (0, 0, 1)], float)
    points = np.concatenate([start[None], ends])
    lines = np.array([(0, 1), (0, 2), (0, 3)], np.int32)
    return points, lines, np.array([(0.92, 0.36, 0.33), (0.45, 0.80, 0.40), (0.35, 0.58, 0.95)])


def camera_frustum(
    camera: Camera, reach: float, colors: SceneColors | None = None, body: float = 0.06
) -> tuple[NDArray, NDArray, NDArray]:
    """The real camera in the origin and the pyramid that it sees.

    Args:
        camera: gives the pyramid its angles.
        reach: how far the pyramid is drawn, metres: fainter than the camera, and ended by a
            rectangle, the image's edge at that distance.
        colors: of the lines.
        body: length of the small pyramid that stands for the camera itself, metres.

    Returns:
        Points (9, 3), lines (16, 2) and line colours (16, 3) sRGB.
    """
    colors = colors or SceneColors()
    u = np.array([-0.5, camera.width - 0.5, camera.width - 0.5, -0.5])
    v = np.array([-0.5, -0.5, camera.height - 0.5, camera.height - 0.5])
    corners = np.stack(
        [(u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy, np.ones(4)], axis=1
    )
    points = np.concatenate([np.zeros((1, 3)), body * corners, max(reach, body) * corners])
    near = [(0, k) for k in range(1, 5)] + [(k, k % 4 + 1) for k in range(1, 5)]
    far = [(k, k + 4) for k in range(1, 5)] + [(k + 4, k % 4 + 5) for k in range(1, 5)]
    strong, ground = np.array(colors.outline), np.array(colors.background)
    faint = ground + (strong - ground) * 0.45
    tints = np.concatenate([np.tile(strong, (len(near), 1)), np.tile(faint, (len(far), 1))])
    return points, np.array(near + far, np.int32), tints


def normal_colors(normals: NDArray) -> NDArray[np.float64]:
    """sRGB in [0, 1] of unit normals (N, 3) in a view's frame (x right, y down, z forward), as the
    overlay draws them: red to the right, green up, blue towards the viewer."""
    return 0.5 + 0.5 * normals.astype(np.float64) * (1.0, -1.0, -1.0)
