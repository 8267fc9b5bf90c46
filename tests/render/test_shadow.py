"""Soft shadows on cases whose answer is plain."""

from __future__ import annotations

import numpy as np
import pytest

from hands3c_core.render import MeshInstance, MeshTemplate
from hands3c_core.render.shadow import soft_light, sphere_directions, visible_from


def plate(y: float, half: float, cells: int = 12) -> MeshInstance:
    """A horizontal plate facing up (towards -y) at height y, z about 0.5."""
    ticks = np.linspace(-half, half, cells + 1)
    x, z = np.meshgrid(ticks, ticks)
    points = np.stack([x.ravel(), np.full(x.size, y), 0.5 + z.ravel()], axis=1)
    index = np.arange(x.size).reshape(x.shape)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    faces = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    template = MeshTemplate(faces=faces.astype(np.int32), is_closed=False)
    return MeshInstance(template, points.astype(np.float32))


def test_a_plate_shades_what_lies_under_it():
    floor, roof = plate(0.2, 0.3), plate(0.0, 0.1)
    up = np.array([[0.0, -1.0, 0.0]])
    floor_seen, roof_seen = visible_from([floor, roof], up)
    offset = np.abs(floor.vertices - [0, 0.2, 0.5])
    inside = (offset[:, [0, 2]] < 0.09).all(axis=1)
    outside = (offset[:, [0, 2]] > 0.11).any(axis=1)
    assert floor_seen[inside].max() == 0
    assert floor_seen[outside].min() == 1
    assert roof_seen.min() == 1
    # A slanted light moves the shadow sideways by the height times the slope.
    slanted = np.array([[1.0, -1.0, 0.0]]) / np.sqrt(2)
    shaded = visible_from([floor, roof], slanted)[0][:, 0] < 0.5
    assert floor.vertices[shaded, 0].mean() == pytest.approx(-0.2, abs=0.02)


def test_soft_light_is_full_in_the_open_and_less_below():
    floor, roof = plate(0.06, 0.3), plate(0.0, 0.1)
    alone = soft_light([floor], key=(0, -1, 0))[0]
    below = soft_light([floor, roof], key=(0, -1, 0))[0]
    assert alone.min() > 0.99
    middle = np.linalg.norm(floor.vertices - [0, 0.06, 0.5], axis=1).argmin()
    assert below[middle].max() < 0.4
    assert below.max() > 0.95
    assert (below <= alone + 0.01).all()


def test_directions_cover_the_sphere_evenly():
    directions = sphere_directions(200)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1.0)
    np.testing.assert_allclose(directions.mean(axis=0), 0.0, atol=0.01)
    np.testing.assert_allclose(directions.T @ directions / 200, np.eye(3) / 3, atol=0.01)


def test_nothing_and_nonsense():
    assert visible_from([], sphere_directions(3)) == []
    broken = plate(0.1, 0.1)
    broken.vertices[0] = np.nan
    assert visible_from([broken], sphere_directions(3))[0].min() == 1
