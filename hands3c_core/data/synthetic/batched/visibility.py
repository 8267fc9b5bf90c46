"""Which triangle each sample of each picture sees: the visibility pass for a batch.

The rules are those of ``render.raster_kernels.visibility``: corners are snapped to the same
sub-pixel grid, edge functions are exact integers with the same fill rule, of samples equally near
the triangle that comes first wins. What differs: depths are compared in single precision, and there
is no guard band, because crops of at most 1024 px cannot reach it.

Every sample keeps one 64-bit number, inverse depth above and triangle below, so that the nearest
triangle is a maximum, which any number of writers can find in any order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from hands3c_core.data.synthetic.batched.fragments import expand_boxes, take
from hands3c_core.data.synthetic.batched.soup import Soup
from hands3c_core.render.raster_kernels import SUBPIXEL

#: Nothing nearer than this is drawn, metres (``MeshRasterizer.near``).
NEAR: Final = 0.01
_LAST_ID: Final = 2**31 - 1


@dataclass(frozen=True)
class Visible:
    """What the samples of B pictures see; (B, H, W, S) each."""

    face: Tensor
    """int64 triangle of the soup, -1 where nothing is."""
    inverse_depth: Tensor
    """float32 1/z in 1/metres, 0 where nothing is."""


@dataclass(frozen=True)
class _Triangles:
    """T triangles on the screen."""

    face: Tensor
    """(T,) in the soup."""
    corners: Tensor
    """(T, 3, 2) int64 sub-pixels."""
    inverse: Tensor
    """(T, 3) float64 1/z of the corners."""

    def take(self, chosen: Tensor) -> _Triangles:
        return _Triangles(self.face[chosen], self.corners[chosen], self.inverse[chosen])


def see(soup: Soup, camera: Tensor, size: int, offsets: Tensor) -> Visible:
    """Draw all triangles.

    Args:
        soup: what is drawn.
        camera: (B, 4) float64 fx, fy, cx, cy of the pictures.
        size: their side, px.
        offsets: (S, 2) int64 sample positions in sub-pixels from the pixel's centre.
    """
    triangles = _on_screen(soup, camera, size, offsets)
    keys = _fill(soup, triangles, camera, size, offsets)
    keys = keys.view(len(camera), size, size, len(offsets))
    face = torch.where(keys > 0, _LAST_ID - (keys & _LAST_ID), -1)
    return Visible(face, (keys >> 32).to(torch.int32).view(torch.float32))


def _on_screen(soup: Soup, camera: Tensor, size: int, offsets: Tensor) -> _Triangles:
    """The triangles that may cover a sample, wound with positive area."""
    z = soup.points[:, 2].double()
    front = z >= NEAR
    inverse = 1.0 / torch.where(front, z, 1.0)
    screen = _project(soup.points.double(), inverse, camera[soup.point_scene])
    whole = front[soup.faces].sum(dim=1)
    full = _Triangles(
        torch.arange(len(soup.faces), device=camera.device),
        screen[soup.faces],
        inverse[soup.faces],
    ).take(torch.nonzero(whole == 3)[:, 0])
    cut = _clip(soup, camera, torch.nonzero((whole > 0) & (whole < 3))[:, 0])
    face, corners, inverse = (
        torch.cat([getattr(full, name), getattr(cut, name)])
        for name in ("face", "corners", "inverse")
    )
    along, across = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = along[:, 0] * across[:, 1] - across[:, 0] * along[:, 1]
    drawn = (area != 0) & ~((area > 0) & soup.closed[soup.face_instance[face]])
    low, high = _box(corners, size, offsets)
    drawn &= (low <= high).all(dim=1)
    flipped = torch.stack([corners[:, 0], corners[:, 2], corners[:, 1]], 1)
    corners = torch.where((area < 0)[:, None, None], flipped, corners)
    return _Triangles(face, corners, inverse).take(torch.nonzero(drawn)[:, 0])


def _project(points: Tensor, inverse: Tensor, camera: Tensor) -> Tensor:
    """(..., 2) int64 sub-pixels of points (..., 3) with ``inverse`` depth (...)."""
    pixels = camera[..., :2] * points[..., :2] * inverse[..., None] + camera[..., 2:]
    return torch.floor(pixels * SUBPIXEL + 0.5).long()


def _box(corners: Tensor, size: int, offsets: Tensor) -> tuple[Tensor, Tensor]:
    """First and last pixel (T, 2) with a sample inside a triangle's box; last before first where
    there is none."""
    reach = offsets.abs().max()
    low = torch.div(corners.amin(1) - reach + SUBPIXEL - 1, SUBPIXEL, rounding_mode="floor")
    high = torch.div(corners.amax(1) + reach, SUBPIXEL, rounding_mode="floor")
    return low.clamp(min=0), high.clamp(max=size - 1)


def _clip(soup: Soup, camera: Tensor, faces: Tensor) -> _Triangles:
    """What lies before the near plane of triangles that cross it: two triangles each, the second
    without area where only one corner is before it."""
    points = soup.points[soup.faces[faces]].double()
    front = points[..., 2] >= NEAR
    # Turn the corners so that the one that is alone on its side comes first.
    alone = torch.where((front.sum(1) == 1)[:, None], front, ~front).long().argmax(dim=1)
    order = (alone[:, None] + torch.arange(3, device=camera.device)) % 3
    points = torch.gather(points, 1, order[..., None].expand(-1, -1, 3))
    a, b, c = points.unbind(1)
    ab, ac = _cross(a, b), _cross(a, c)
    tip = torch.stack([a, ab, ac], 1)
    only = (a[:, 2] >= NEAR)[:, None, None]
    pieces = torch.cat(
        [
            torch.where(only, tip, torch.stack([ab, b, c], 1)),
            torch.where(only, ab[:, None], torch.stack([ab, c, ac], 1)),
        ]
    )
    face = torch.cat([faces, faces])
    inverse = 1.0 / pieces[..., 2]
    scene = soup.instance_scene[soup.face_instance[face]]
    return _Triangles(face, _project(pieces, inverse, camera[scene][:, None]), inverse)


def _cross(a: Tensor, b: Tensor) -> Tensor:
    """Where the lines from a to b (N, 3) meet the near plane."""
    share = (a[:, 2] - NEAR) / (a[:, 2] - b[:, 2])
    return a + share[:, None] * (b - a)


def _planes(soup: Soup, triangles: _Triangles, camera: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Inverse depth over the picture, (T, 3) float64: at pixel (0, 0), per column, per row; and
    (T,) which triangles the eye does not see edge-on."""
    a, b, c = soup.points[soup.faces[triangles.face]].double().unbind(1)
    normal = torch.linalg.cross(b - a, c - a)
    det = (normal * a).sum(-1)
    seen = det != 0
    normal = normal / torch.where(seen, det, 1.0)[:, None]
    slope = normal[:, :2] / camera[:, :2]
    start = normal[:, 2] - (slope * camera[:, 2:]).sum(-1)
    return start, slope, seen


def _fill(soup: Soup, triangles: _Triangles, camera: Tensor, size: int, offsets: Tensor) -> Tensor:
    """(B H W S,) keys: bits of the inverse depth above, ``_LAST_ID`` - triangle below; 0 where
    nothing is."""
    scene = soup.instance_scene[soup.face_instance[triangles.face]]
    start, slope, seen = _planes(soup, triangles, camera[scene])
    corners = triangles.corners
    low, high = _box(corners, size, offsets)
    # Edge functions E_k(p) >= 0 inside; a sample on an edge belongs to the triangle that runs along
    # it in one direction only.
    step = corners.roll(-1, 1) - corners
    dx, dy = step[..., 0], step[..., 1]
    here = low[:, None] * SUBPIXEL - corners
    edge = dx * here[..., 1] - dy * here[..., 0]
    edge = edge - (~((dy > 0) | ((dy == 0) & (dx > 0)))).long()
    spread = dx[..., None] * offsets[:, 1] - dy[..., None] * offsets[:, 0]  # (T, 3, S)
    edge = torch.where(seen[:, None], edge, torch.iinfo(torch.int32).min * 2**20)
    # Depth is kept relative to the box's corner, where single precision suffices.
    depth = torch.stack([start + (slope * low).sum(-1), slope[:, 0], slope[:, 1]], 1).float()
    limits = torch.stack([triangles.inverse.amin(1), triangles.inverse.amax(1)], 1).float()
    code = _LAST_ID - triangles.face
    corner_place = (scene * size + low[:, 1]) * size + low[:, 0]

    extent = (high - low + 1).int()
    fragments = expand_boxes(extent[:, 0], extent[:, 1])
    # Most pixels of a box miss the triangle: single precision with a margin finds them cheaply.
    per_column, per_row = -SUBPIXEL * dy, SUBPIXEL * dx
    most = edge.abs() + per_column.abs() * extent[:, :1] + per_row.abs() * extent[:, 1:]
    loose = (edge + spread.amax(-1)).float() + 1e-6 * most
    bound = torch.cat([loose, per_column.float(), per_row.float()], 1)
    bound = bound.index_select(0, fragments.item)
    bound = bound[:, :3] + torch.addcmul(
        bound[:, 3:6] * fragments.column[:, None], bound[:, 6:], fragments.row[:, None].float()
    )
    fragments = take(fragments, torch.nonzero(bound.amin(1) >= 0)[:, 0])
    item, column, row = fragments.item, fragments.column, fragments.row
    value = edge.index_select(0, item) + column[:, None] * per_column.index_select(0, item)
    value = value + row[:, None] * per_row.index_select(0, item)
    covered = (value[:, :, None] + spread.index_select(0, item) >= 0).all(1)
    which, sample = torch.nonzero(covered).unbind(1)
    item, column, row = item[which], column[which], row[which]
    place = ((corner_place[item] + row * size + column) * len(offsets)) + sample
    shift = offsets.float()[sample] / SUBPIXEL
    plane = depth[item]
    z = plane[:, 0] + plane[:, 1] * (column + shift[:, 0]) + plane[:, 2] * (row + shift[:, 1])
    z = torch.minimum(torch.maximum(z, limits[item, 0]), limits[item, 1])
    key = (z.view(torch.int32).long() << 32) | code[item]
    keys = key.new_zeros(len(camera) * size * size * len(offsets))
    return keys.scatter_reduce_(0, place, key, "amax")
