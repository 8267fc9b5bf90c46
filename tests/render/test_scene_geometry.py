"""What the 3D scene is made of, without a window: camera, skin, skeleton, ground."""

from __future__ import annotations

import numpy as np
import pytest

from hands3c_core.render.orbit_camera import OrbitCamera
from hands3c_core.render.placement import palm_normal
from hands3c_core.render.scene_geometry import (
    DenseSkin,
    SkeletonSolid,
    ground_grid,
)


def test_orbit_camera_keeps_its_distance_and_looks_at_its_target():
    camera = OrbitCamera()
    camera.orbit(123, -45)
    camera.pan(10, 20, 480)
    turn = camera.rotation()
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1.0)
    seen = camera.extrinsic() @ [*camera.target, 1.0]
    np.testing.assert_allclose(seen[:3], [0, 0, camera.distance], atol=1e-12)
    camera.orbit(0, 10_000)
    assert abs(np.degrees(camera.pitch)) <= 89
    camera.zoom(1000)
    assert camera.distance > 0.01
    with pytest.raises(ValueError, match="unknown view"):
        camera.apply_preset("upside down", [], None)


def test_palm_faces_the_viewer_in_the_palm_view(hands):
    for hand in hands:
        normal = palm_normal(hand.joints, hand.is_right)
        assert normal is not None
        # Backs to the camera: the palms point away from it.
        assert normal[2] > 0.8
        camera = OrbitCamera()
        camera.apply_preset("palm", [hand.vertices], normal)
        assert camera.rotation()[2] @ normal == pytest.approx(-1.0, abs=1e-6)
    assert palm_normal(np.zeros((21, 3)), True) is None


def test_refined_skin_covers_the_same_surface(meshes, hands):
    vertices = hands[0].vertices
    skin = DenseSkin.from_template(meshes[True], len(vertices))
    points, normals = skin.place(vertices)
    assert len(points) == len(normals) == len(skin.albedo) == skin.faces.max() + 1
    np.testing.assert_allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-3)

    def area_and_volume(corners):
        a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
        cross = np.cross(b - a, c - a).astype(float)
        return np.linalg.norm(cross, axis=1).sum() / 2, np.einsum("ij,ij->", a, cross) / 6

    coarse = area_and_volume(vertices[meshes[True].all_faces])
    fine = area_and_volume(points[skin.faces])
    np.testing.assert_allclose(fine, coarse, rtol=1e-4)
    assert coarse[1] > 0  # outward


def test_skeleton_solid_is_closed_outward_and_at_the_joints(hands):
    solid = SkeletonSolid()
    points, normals = solid.place(hands[0].joints)
    assert solid.faces.max() + 1 == len(points) == len(normals) == len(solid.albedo)
    centres = points[: 21 * 42].reshape(21, 42, 3).mean(axis=1)
    np.testing.assert_allclose(centres, hands[0].joints, atol=1e-5)
    corners = points[solid.faces]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outward = np.einsum("ij,ij->i", facing, normals[solid.faces].mean(axis=1))
    assert (outward > 0).mean() > 0.99


def test_ground_grid_lies_in_one_plane():
    points, lines, colors = ground_grid(height=0.3)
    assert np.unique(points[:, 1]).tolist() == [0.3]
    assert lines.max() < len(points)
    assert len(colors) == len(lines)


def test_points_behind_the_viewer_are_not_projected():
    camera = OrbitCamera(target=np.array([0.0, 0.0, 0.5]), distance=0.5, yaw=0.0, pitch=0.0)
    middle, behind = camera.project(np.array([[0, 0, 0.5], [0, 0, -0.2]]), (641, 481))
    np.testing.assert_allclose(middle, [320, 240, 0.5])
    assert np.isnan(behind[:2]).all()
