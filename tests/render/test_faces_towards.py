"""Of closed hands, the 3D view hands over only the triangles that can be seen."""

from __future__ import annotations

import numpy as np
import pytest

from hands3c_core.render import open3d_scene
from hands3c_core.render.raster_kernels import faces_towards

#: A tetrahedron, anticlockwise from outside.
POINTS = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
FACES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int32)


@pytest.mark.parametrize(
    ("eye", "seen"),
    [((0.2, 0.2, -5), [0]), ((0.2, -5, 0.2), [1]), ((-5, 0.2, 0.2), [2]), ((5, 5, 5), [3])],
)
def test_only_what_faces_the_viewer_is_left(eye, seen):
    assert np.array_equal(faces_towards(POINTS, FACES, np.array(eye, np.float32)), FACES[seen])


@pytest.mark.parametrize("preset", ["front", "palm", "side", "top"])
def test_the_picture_is_that_of_every_triangle(scene, hands, monkeypatch, preset):
    scene.set_hands(hands)
    scene.set_preset(preset)
    fewer = scene.render()
    monkeypatch.setattr(open3d_scene, "faces_towards", lambda points, faces, eye: faces)
    differs = (fewer != scene.render()).any(axis=2)
    # Where front and back meet at an outline, which of them a pixel shows is a matter of rounding.
    assert differs.sum() <= 3
