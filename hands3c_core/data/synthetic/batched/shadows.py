"""Shadows and occlusion of a batch: ``lights.shadow_light`` and ``shadow_maps`` on whole arrays."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from hands3c_core.data.synthetic.batched.fragments import expand_boxes, take
from hands3c_core.data.synthetic.batched.soup import Soup
from hands3c_core.data.synthetic.shadow_maps import BIAS, CELLS, FAR_SEEN, REACH

#: Lower than anything.
_DEEP: Final = -1e9


def shadow_light(soup: Soup, towards: Tensor, key_share: Tensor) -> Tensor:
    """(P,) factors on the points' diffuse light: the key's shadow and the room's occlusion.

    Args:
        soup: casters and receivers. Point 0 of scene b is the first of its first mesh, and those
            of the labelled hands come first.
        towards: (B, 1 + K, 3) unit vectors towards the key light, then to ``lights.SKY``.
        key_share: (B,).
    """
    seen = lit_shares(soup, towards)
    own, sky = towards[soup.point_scene, 0], towards[0, 1:]
    share = key_share[soup.point_scene]
    # Where the surface turns away from the key its own shading darkens it already.
    weight = (3.0 * (soup.normals * own).sum(-1)).clamp(0.0, 1.0)
    lit = 1.0 - weight * (1.0 - seen[:, 0])
    cosine = (soup.normals @ sky.T).clamp(min=0.0)
    open_sky = (cosine * seen[:, 1:]).sum(1) / cosine.sum(1).clamp(min=1e-6)
    return share * lit + (1.0 - share) * (0.25 + 0.75 * open_sky)


def lit_shares(soup: Soup, towards: Tensor) -> Tensor:
    """(P, K) how well each point is seen from far away in its scene's directions (B, K, 3), 0 to 1:
    see ``shadow_maps.lit_shares``."""
    scenes, directions = towards.shape[:2]
    frames = _frames(towards)
    scene = soup.point_scene
    local = (frames[scene] * soup.points[:, None, None]).sum(-1)  # (P, K, 3)
    first = soup.spans[0][2] * torch.arange(scenes, device=scene.device)
    away = soup.points - soup.points[first][scene]
    near = (away**2).sum(1) < REACH**2
    low, high = _bounds(soup, local[..., :2], near, scenes)
    scale = (CELLS - 3) / (high - low).amax(-1).clamp(min=1e-6)
    flat = (local[..., :2] - low[scene]) * scale[scene][..., None] + 1.0
    local = torch.cat([flat, local[..., 2:]], -1)
    heights = _height_maps(soup, local, scenes * directions)

    # Lift the points off their own surface.
    rise = (frames[scene] * soup.normals[:, None, None]).sum(-1) * BIAS
    spot = local[..., :2] + rise[..., :2] * scale[scene][..., None]
    spot = spot.clamp(0.0, CELLS - 1.001)
    lift = local[..., 2] + BIAS
    cell = spot.long()
    tx, ty = (spot - cell).unbind(-1)
    numbers = scene[:, None] * directions + torch.arange(directions, device=scene.device)
    place = (numbers * CELLS + cell[..., 1]) * CELLS + cell[..., 0]
    seen = torch.zeros_like(tx)
    for step, weight in (
        (0, (1 - tx) * (1 - ty)),
        (1, tx * (1 - ty)),
        (CELLS, (1 - tx) * ty),
        (CELLS + 1, tx * ty),
    ):
        seen = seen + torch.where(heights[place + step] <= lift, weight, 0.0)
    return torch.where(near[:, None], seen, FAR_SEEN)


def _frames(towards: Tensor) -> Tensor:
    """(..., 3, 3) orthonormal rows, the last one ``towards`` (..., 3)."""
    least = towards.abs().argmin(-1, keepdim=True)
    after, last = (least + 1) % 3, (least + 2) % 3
    a, b = torch.gather(towards, -1, after), torch.gather(towards, -1, last)
    length = torch.sqrt(a * a + b * b)
    side = torch.zeros_like(towards)
    side = side.scatter(-1, after, -b / length).scatter(-1, last, a / length)
    return torch.stack([side, torch.linalg.cross(towards, side), towards], -2)


def _bounds(soup: Soup, flat: Tensor, near: Tensor, scenes: int) -> tuple[Tensor, Tensor]:
    """Least and greatest (B, K, 2) of the places of each scene's near points."""
    far = ~near[:, None, None]
    low, _ = soup.extremes(flat.masked_fill(far, torch.inf))
    _, high = soup.extremes(flat.masked_fill(far, -torch.inf))
    index = soup.instance_scene[:, None, None].expand_as(low)
    start = flat.new_full((scenes, *flat.shape[1:]), torch.inf)
    return (
        start.scatter_reduce(0, index, low, "amin"),
        (-start).scatter_reduce(0, index, high, "amax"),
    )


def _height_maps(soup: Soup, local: Tensor, maps: int) -> Tensor:
    """(maps * cells * cells,) height of the highest triangle over each cell's centre.

    Args:
        soup: the triangles.
        local: (P, K, 3) column, row and height of the points in each of their scene's K maps.
        maps: B K.
    """
    directions = local.shape[1]
    number = soup.instance_scene[soup.face_instance][:, None] * directions
    number = (number + torch.arange(directions, device=local.device)).flatten()
    corners = [local[soup.faces[:, k]].flatten(0, 1) for k in range(3)]
    low = torch.minimum(torch.minimum(corners[0], corners[1]), corners[2])[:, :2]
    high = torch.maximum(torch.maximum(corners[0], corners[1]), corners[2])[:, :2]
    low = torch.ceil(low.clamp(min=0.0)).clamp(max=CELLS).int()
    high = torch.floor(high.clamp(max=CELLS - 1.0)).clamp(min=-1.0).int()
    used = torch.nonzero((low <= high).all(1))[:, 0]
    a, b, c = (corner[used] for corner in corners)
    low, high, number = low[used], high[used], number[used]
    along, across = b - a, c - a
    area = along[:, 0] * across[:, 1] - across[:, 0] * along[:, 1]
    inverse = torch.where(area == 0, torch.nan, 1.0 / area)
    # Weights of b and c and the height are linear in the cell: value, change a column, a row.
    offset = low - a[:, :2]
    weight_b = _linear(offset, across[:, 1] * inverse, -across[:, 0] * inverse)
    weight_c = _linear(offset, -along[:, 1] * inverse, along[:, 0] * inverse)
    height = weight_b * along[:, 2:] + weight_c * across[:, 2:]
    height = torch.cat([height[:, :1] + a[:, 2:], height[:, 1:]], 1)

    fragments = expand_boxes(*(high - low + 1).int().unbind(1))
    column, row = fragments.column[:, None].to(local.dtype), fragments.row[:, None]
    weights = torch.stack([weight_b, weight_c], 2).flatten(1)
    weights = weights.index_select(0, fragments.item)
    weights = weights[:, :2] + torch.addcmul(weights[:, 2:4] * column, weights[:, 4:], row.float())
    inside = torch.nonzero((weights.amin(1) >= 0) & (weights.sum(1) <= 1))[:, 0]
    fragments = take(fragments, inside)
    item, column, row = fragments.item, fragments.column, fragments.row
    plane = height[item]
    value = plane[:, 0] + plane[:, 1] * column + plane[:, 2] * row
    start = (number * CELLS + low[:, 1]) * CELLS + low[:, 0]
    heights = local.new_full((maps * CELLS * CELLS,), _DEEP)
    return heights.scatter_reduce_(0, start[item] + row * CELLS + column, value, "amax")


def _linear(start: Tensor, per_column: Tensor, per_row: Tensor) -> Tensor:
    """(T, 3): value at ``start`` (T, 2), change a column, change a row."""
    value = start[:, 0] * per_column + start[:, 1] * per_row
    return torch.stack([value, per_column, per_row], 1)
