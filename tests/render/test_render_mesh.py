"""The render mesh: seams, cap, normals."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.hand_model import (
    SHIPPED,
    FastHandLayer,
    HandModelData,
    load_hand_model,
    skin_texture_path,
    vertex_normals,
)
from hands3c_core.hand_model.boundary import boundary_loops, cap_triangles
from hands3c_core.model_space import mirror_points
from hands3c_core.render.render_mesh import render_mesh


@pytest.fixture
def own_hand() -> HandModelData:
    return load_hand_model("hand_mano778")


@pytest.mark.parametrize("name", SHIPPED)
@pytest.mark.parametrize("is_right", [True, False])
def test_same_surface_as_the_hand(name: str, is_right: bool) -> None:
    data = load_hand_model(name)
    mesh = render_mesh(data, is_right)
    vertices = data.v_template if is_right else mirror_points(data.v_template)
    copies = mesh.vertices(vertices)
    assert mesh.uv is not None
    assert len(copies) == len(mesh.uv) == len(mesh.colors) == len(mesh.vertex_map)
    np.testing.assert_array_equal(mesh.vertex_map[mesh.faces], mesh.source_faces)
    # Skin triangles use skin vertices alone, the cap its own.
    assert mesh.faces.max() < mesh.num_skin <= mesh.cap_faces.min()
    closed = mesh.vertex_map[mesh.all_faces]
    assert boundary_loops(closed) == []
    assert 0 <= mesh.uv.min() <= mesh.uv.max() <= 1

    normals = mesh.normals(vertices)
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1, atol=1e-5)
    # Outwards: against each triangle's own normal, wound outwards.
    corners = copies[mesh.all_faces]
    flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    agree = np.einsum("fc,fkc->fk", flat, normals[mesh.all_faces]) > 0
    assert agree.mean() > 0.98
    assert agree[len(mesh.faces) :].all()
    # The cap is flat and faces away from the fingers.
    cap = normals[mesh.num_skin :]
    assert (cap == cap[0]).all()
    assert cap[0, 0] * (1 if is_right else -1) > 0.9


def test_normals_are_smooth_across_seams(own_hand: HandModelData) -> None:
    mesh = render_mesh(own_hand)
    assert own_hand.vt_vertex is not None
    normals = mesh.normals(own_hand.v_template)[: mesh.num_skin]
    for vertex in np.unique(mesh.vertex_map[: mesh.num_skin], return_counts=True)[0][::50]:
        same = normals[mesh.vertex_map[: mesh.num_skin] == vertex]
        np.testing.assert_array_equal(same, np.broadcast_to(same[0], same.shape))


def test_texture_is_skin_coloured_where_the_hand_is(own_hand: HandModelData) -> None:
    mesh = render_mesh(own_hand)
    assert mesh.uv is not None
    for size in (512, 1024):
        image = cv2.imread(str(skin_texture_path(size)))
        assert image.shape == (size, size, 3)
        u, v = mesh.uv[:, 0], 1 - mesh.uv[:, 1]  # images start at the top
        pixels = image[np.int64(v * (size - 1)), np.int64(u * (size - 1)), ::-1].astype(int)
        # The vertex colours are the blurred texture.
        assert np.abs(pixels - mesh.colors).mean() < 12
    with pytest.raises(UserError, match="512 or 1024"):
        skin_texture_path(4096)


def test_hand_without_texture(own_hand: HandModelData) -> None:
    from dataclasses import replace

    plain = replace(own_hand, vt=None, ft=None, vt_vertex=None, vertex_colors=None)
    mesh = render_mesh(plain)
    assert mesh.uv is None
    assert mesh.num_skin == 778
    np.testing.assert_array_equal(mesh.faces, plain.faces)
    vertices, _ = FastHandLayer(plain)(plain.named_pose("fist"), np.zeros(10))
    assert np.isfinite(mesh.normals(vertices)).all()

    open_wrist = render_mesh(replace(plain, cap_faces=np.zeros((0, 3), np.int32)))
    assert len(open_wrist.vertex_map) == 778
    assert len(open_wrist.normals(vertices)) == 778


@pytest.mark.parametrize("name", SHIPPED)
def test_cap_closes_the_wrist(name: str) -> None:
    data = load_hand_model(name)
    assert len(boundary_loops(data.faces)) == 1
    assert boundary_loops(np.concatenate((data.faces, data.cap_faces))) == []
    cap = cap_triangles(data.faces)
    assert len(cap) == len(data.cap_faces)
    assert boundary_loops(np.concatenate((data.faces, cap))) == []
    assert len(cap_triangles(np.concatenate((data.faces, cap)))) == 0


def test_normals_of_a_known_shape() -> None:
    """A square in the plane z = 0, and a vertex that no triangle uses."""
    vertices = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [5, 5, 5]], np.float32)
    normals = vertex_normals(vertices, np.array([[0, 1, 2], [0, 2, 3]], np.int32))
    np.testing.assert_array_equal(normals[:4], np.tile([0, 0, 1], (4, 1)))
    np.testing.assert_array_equal(normals[4], 0)
