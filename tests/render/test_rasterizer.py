"""The rasteriser against cases whose answer is known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from hands3c_core.render import (
    MODES,
    Lighting,
    Material,
    MeshInstance,
    MeshRasterizer,
    MeshTemplate,
    Texture,
    hand_meshes,
    read_texture,
)
from hands3c_core.types import Camera

CAMERA = Camera(100.0, 100.0, 50.0, 40.0, 101, 81)
#: Light that makes every surface show exactly its own colour.
FLAT_LIGHT = Lighting(lights=np.zeros((0, 6)), ambient=np.eye(9, 1) @ np.ones((1, 3)))
MATTE = Material(specular=0.0, rim=0.0, plain_color=(1.0, 1.0, 1.0))


def on_screen(corners, z) -> np.ndarray:
    """Camera-space points that project to pixel ``corners`` at depths ``z``."""
    corners, z = np.asarray(corners, float), np.asarray(z, float)
    x = (corners[:, 0] - CAMERA.cx) / CAMERA.fx * z
    y = (corners[:, 1] - CAMERA.cy) / CAMERA.fy * z
    return np.stack([x, y, z], axis=1).astype(np.float32)


def template(faces, **arguments) -> MeshTemplate:
    arguments.setdefault("is_closed", False)
    arguments.setdefault("material", MATTE)
    return MeshTemplate(faces=np.array(faces, np.int32).reshape(-1, 3), **arguments)


def sphere(radius: float, rings: int = 24, sectors: int = 48):
    """Vertices and outward triangles of a sphere about the origin."""
    theta = np.linspace(0, np.pi, rings + 1)
    phi = np.linspace(0, 2 * np.pi, sectors, endpoint=False)
    t, p = np.meshgrid(theta, phi, indexing="ij")
    points = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], axis=-1)
    index = np.arange((rings + 1) * sectors).reshape(rings + 1, sectors)
    a, b = index[:-1], index[1:]
    c, d = np.roll(b, -1, axis=1), np.roll(a, -1, axis=1)
    faces = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    return (radius * points.reshape(-1, 3)).astype(np.float32), faces.astype(np.int32)


@pytest.mark.parametrize("samples", [1, 4, 8])
@pytest.mark.parametrize("order", [(0, 1, 2), (0, 2, 1)])
def test_coverage_of_a_triangle_equals_its_area(samples, order):
    corners = [(10.2, 12.7), (80.4, 20.1), (33.3, 70.9)]
    layer = MeshRasterizer(samples=samples).render(
        [MeshInstance(template([order]), on_screen(corners, [0.5, 0.5, 0.5]))], CAMERA
    )
    (x0, y0), (x1, y1), (x2, y2) = corners
    area = abs((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)) / 2
    assert layer.mask().sum() == pytest.approx(area, rel=0.01)


def test_pixels_on_a_triangle_match_the_half_plane_test():
    corners = np.array([(10.2, 12.7), (80.4, 20.1), (33.3, 70.9)])
    mask = (
        MeshRasterizer(samples=1)
        .render([MeshInstance(template([(0, 1, 2)]), on_screen(corners, [0.5] * 3))], CAMERA)
        .mask()
    )
    v, u = np.mgrid[0:81, 0:101]
    distance = []
    for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        edge = (b - a) / np.linalg.norm(b - a)
        distance.append(edge[0] * (v - a[1]) - edge[1] * (u - a[0]))
    nearest = np.min(distance, axis=0)
    clear = np.abs(nearest) > 0.01  # corners are snapped to 1/256 px
    assert np.array_equal(mask[clear] == 1, nearest[clear] > 0)


def test_neighbours_share_no_sample_and_leave_no_crack():
    rng = np.random.default_rng(0)
    u, v = np.meshgrid(np.linspace(-5, 105, 18), np.linspace(-5, 85, 15))
    points = np.stack([u.ravel(), v.ravel()], 1) + rng.uniform(-1.5, 1.5, (18 * 15, 2))
    # Some corners exactly on sample positions: the fill rule decides these.
    points[::3] = np.round(points[::3] * 8) / 8
    index = np.arange(18 * 15).reshape(15, 18)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    faces = np.concatenate([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    vertices = on_screen(points, np.full(len(points), 0.7))
    together = np.zeros((81, 101))
    for face in faces:
        layer = MeshRasterizer().render([MeshInstance(template(face), vertices)], CAMERA)
        together += layer.mask()
    assert np.array_equal(together, np.ones((81, 101)))


def test_the_nearer_surface_wins_whatever_the_order():
    square = [(20, 20), (80, 20), (80, 60), (20, 60)]
    faces = [(0, 1, 2), (0, 2, 3)]
    near = MeshInstance(template(faces), on_screen(square, [0.4, 0.8, 0.8, 0.4]))
    far = MeshInstance(template(faces), on_screen(square, [0.8, 0.4, 0.4, 0.8]))
    rasterizer = MeshRasterizer(samples=1)
    one, two = rasterizer.render([near, far], CAMERA), rasterizer.render([far, near], CAMERA)
    # The planes cross in the middle: left of it the first is in front, right of it the second.
    row = one.face_ids[20, :, 0]
    assert set(row[2:28]) <= {0, 1}
    assert set(row[32:58]) <= {2, 3}
    assert np.array_equal(one.depth(), two.depth())


def test_depth_is_that_of_the_plane():
    corners = [(5, 5), (95, 10), (40, 75)]
    z = np.array([0.3, 1.2, 0.6])
    layer = MeshRasterizer(samples=1).render(
        [MeshInstance(template([(0, 1, 2)]), on_screen(corners, z))], CAMERA
    )
    p = on_screen(corners, z).astype(float)
    normal = np.cross(p[1] - p[0], p[2] - p[0])
    v, u = np.mgrid[0:81, 0:101]
    rays = np.stack(
        [(u - CAMERA.cx) / CAMERA.fx, (v - CAMERA.cy) / CAMERA.fy, np.ones(u.shape)], -1
    )
    expected = (normal @ p[0]) / (rays @ normal)
    seen = layer.mask() == 1
    inner = seen & np.roll(seen, 1, 0) & np.roll(seen, -1, 0) & np.roll(seen, 1, 1)
    assert inner.sum() > 1000
    np.testing.assert_allclose(layer.depth()[inner], expected[inner], rtol=1e-4)
    assert np.isinf(layer.depth()[~seen]).all()


def test_texture_coordinates_are_perspective_correct():
    corners = np.array([(5.0, 5.0), (95.0, 10.0), (40.0, 75.0)])
    z = np.array([0.3, 2.4, 0.6])
    uv = np.array([(0.05, 0.1), (0.9, 0.2), (0.3, 0.95)])
    # A ramp texture whose red and green grow with u and v: the colour tells the coordinate.
    ramp = np.zeros((256, 256, 3), np.uint8)
    ramp[..., 0] = np.arange(256)[None, :]
    ramp[..., 1] = np.arange(255, -1, -1)[:, None]
    mesh = template(
        [(0, 1, 2)],
        uv=uv.astype(np.float32),
        uv_faces=np.array([[0, 1, 2]], np.int32),
        texture=Texture(ramp),
    )
    # Keep to the finest mip level: the lookup itself is under test.
    fine = mesh.texture
    fine.levels = fine.levels[:1]
    layer = MeshRasterizer(samples=1, lighting=FLAT_LIGHT).render(
        [MeshInstance(mesh, on_screen(corners, z))], CAMERA
    )
    image = layer.over(np.zeros((81, 101, 3), np.uint8))
    v, u = np.mgrid[0:81, 0:101]
    system = np.stack([corners[:, 0], corners[:, 1], np.ones(3)])
    affine = np.linalg.inv(system) @ np.stack([u.ravel(), v.ravel(), np.ones(u.size)])
    weights = affine / z[:, None]
    weights /= weights.sum(axis=0)
    expected = (uv.T @ weights).reshape(2, 81, 101) * 256 - 0.5
    seen = layer.mask() == 1
    assert seen.sum() > 1000
    assert np.abs(image[..., 0][seen] - expected[0][seen]).max() < 1.5
    assert np.abs(image[..., 1][seen] - expected[1][seen]).max() < 1.5
    # and an affine (wrong) interpolation would be far off
    wrong = (uv.T @ affine).reshape(2, 81, 101) * 256
    assert np.abs(image[..., 0][seen] - wrong[0][seen]).max() > 20


def test_silhouette_of_a_sphere_has_the_analytic_area():
    vertices, faces = sphere(0.1, 64, 128)
    mesh = MeshTemplate(faces=faces)
    placed = vertices + np.array([0.0, 0.0, 0.5], np.float32)
    layer = MeshRasterizer().render([MeshInstance(mesh, placed)], CAMERA)
    radius = CAMERA.fx * 0.1 / np.sqrt(0.5**2 - 0.1**2)
    assert layer.mask().sum() == pytest.approx(np.pi * radius**2, rel=0.01)


def test_closed_meshes_look_the_same_with_their_back_faces():
    vertices, faces = sphere(0.1)
    placed = vertices + np.array([0.02, 0.03, 0.5], np.float32)
    layers = [
        MeshRasterizer().render(
            [MeshInstance(MeshTemplate(faces=faces, is_closed=closed), placed)], CAMERA
        )
        for closed in (True, False)
    ]
    np.testing.assert_allclose(layers[0].mask(), layers[1].mask())
    image = np.full((81, 101, 3), 90, np.uint8)
    difference = layers[0].over(image).astype(int) - layers[1].over(image)
    assert np.abs(difference).max() <= 1


def test_normals_point_at_the_camera_from_a_spheres_middle():
    vertices, faces = sphere(0.1, 64, 128)
    placed = vertices + np.array([0, 0, 0.5], np.float32)
    image = MeshRasterizer().draw(
        np.zeros((81, 101, 3), np.uint8),
        [MeshInstance(MeshTemplate(faces=faces), placed)],
        CAMERA,
        "normals",
    )
    assert np.abs(image[40, 50].astype(int) - (128, 128, 255)).max() <= 6
    assert image[40, 65, 0] > 200  # right of the middle: normal to the right
    assert image[25, 50, 1] > 200  # above the middle: normal up


def test_near_plane_cuts_instead_of_dropping():
    # A floor that runs from behind the camera to far ahead.
    floor = np.array([(-50, 0.5, -1), (50, 0.5, -1), (50, 0.5, 20), (-50, 0.5, 20)], np.float32)
    mesh = template([(0, 1, 2), (0, 2, 3)])
    layer = MeshRasterizer(samples=1).render([MeshInstance(mesh, floor)], CAMERA)
    mask, depth = layer.mask(), layer.depth()
    horizon = CAMERA.cy + CAMERA.fy * 0.5 / 20
    assert (mask[int(horizon) + 2 :, 2:99] == 1).all()
    assert (mask[: int(horizon) - 1] == 0).all()
    np.testing.assert_allclose(depth[80, 50], CAMERA.fy * 0.5 / (80 - CAMERA.cy), rtol=1e-3)


def test_a_huge_triangle_beyond_the_guard_band_is_drawn():
    vertices = np.array([(-1e6, -1e6, 0.02), (1e6, -1e6, 0.02), (0, 2e6, 0.02)], np.float32)
    layer = MeshRasterizer().render([MeshInstance(template([(0, 1, 2)]), vertices)], CAMERA)
    assert (layer.mask() == 1).all()


@pytest.mark.parametrize(
    "vertices",
    [
        np.zeros((3, 3)),
        [(0, 0, 1), (0.1, 0.1, 1), (0.2, 0.2, 1)],  # no area
        [(0, 0, 0.5), (0, 0, 1), (0, 0, 2)],  # seen along its plane
        [(0, 0, -1), (1, 0, -1), (0, 1, -1)],  # behind the camera
        [(9, 0, 1), (9.1, 0, 1), (9, 0.1, 1)],  # off screen
        [(np.nan, 0, 1), (0.1, 0, 1), (0, 0.1, 1)],
        [(np.inf, 0, 1), (0.1, 0, 1), (0, 0.1, 1)],
    ],
)
@pytest.mark.parametrize("mode", MODES)
def test_nothing_to_see_leaves_the_image_alone(vertices, mode):
    image = np.full((81, 101, 3), 77, np.uint8)
    mesh = MeshInstance(template([(0, 1, 2)]), np.array(vertices, np.float32))
    assert np.array_equal(MeshRasterizer().draw(image, [mesh], CAMERA, mode), image)


def test_empty_input():
    image = np.full((81, 101, 3), 77, np.uint8)
    rasterizer = MeshRasterizer()
    assert np.array_equal(rasterizer.draw(image, [], CAMERA), image)
    nothing = MeshInstance(template([]), np.zeros((0, 3), np.float32))
    layer = rasterizer.render([nothing], CAMERA)
    assert layer.mask().shape == (81, 101)
    assert layer.mask().sum() == 0
    assert np.isinf(layer.depth()).all()


def test_opacity_and_partial_coverage_blend():
    square = [(20.0, 20.0), (60.0, 20.0), (60.0, 60.0), (20.0, 60.0)]
    mesh = MeshInstance(template([(0, 1, 2), (0, 2, 3)]), on_screen(square, [0.5] * 4))
    image = np.zeros((81, 101, 3), np.uint8)
    layer = MeshRasterizer(lighting=FLAT_LIGHT).render([mesh], CAMERA, "shaded")
    assert layer.over(image)[40, 40].tolist() == [255, 255, 255]
    assert layer.over(image, 0.5)[40, 40].tolist() == [128, 128, 128]
    assert layer.over(image, 0.0).max() == 0
    # The edge runs through pixel centres: half of each pixel is covered.
    assert layer.mask()[40, 20] == pytest.approx(0.5)
    assert 120 <= layer.over(image)[40, 20, 0] <= 136


def test_a_point_in_the_shade_of_vertex_light_is_darker():
    square = [(20, 20), (60, 20), (60, 60), (20, 60)]
    light = np.array([[1] * 3, [1] * 3, [0.1] * 3, [0.1] * 3], np.float32)
    mesh = MeshInstance(
        template([(0, 1, 2), (0, 2, 3)]), on_screen(square, [0.5] * 4), vertex_light=light
    )
    image = MeshRasterizer(lighting=FLAT_LIGHT).draw(
        np.zeros((81, 101, 3), np.uint8), [mesh], CAMERA, "shaded"
    )
    assert image[22, 40, 0] > image[40, 40, 0] > image[58, 40, 0]


def test_wireframe_draws_edges_and_leaves_the_middle_open():
    corners = [(10, 10), (90, 10), (10, 75)]
    layer = MeshRasterizer().render(
        [MeshInstance(template([(0, 1, 2)]), on_screen(corners, [0.5] * 3))], CAMERA, "wireframe"
    )
    coverage = layer.rgba[..., 3]
    rows, columns = coverage.shape
    assert coverage[:4, columns // 2].sum() > 0.3
    assert coverage[rows // 4, columns // 4] == 0


def test_wrong_use_is_refused():
    rasterizer = MeshRasterizer()
    with pytest.raises(ValueError, match="mode"):
        rasterizer.render([], CAMERA, "sketch")
    with pytest.raises(ValueError, match=r"\(V, 3\)"):
        rasterizer.render([MeshInstance(template([]), np.zeros((4, 2), np.float32))], CAMERA)
    with pytest.raises(ValueError, match="names vertex"):
        rasterizer.render(
            [MeshInstance(template([(0, 1, 9)]), np.ones((3, 3), np.float32))], CAMERA
        )
    with pytest.raises(ValueError, match="samples"):
        MeshRasterizer(samples=3)
    with pytest.raises(ValueError, match="uint8"):
        rasterizer.render([], CAMERA).over(np.zeros((5, 5, 3), np.uint8))


def test_texture_levels_shrink_and_keep_the_mean():
    rng = np.random.default_rng(1)
    texture = Texture(rng.integers(0, 255, (128, 64, 3), np.uint8))
    assert [level.shape[:2] for level in texture.levels] == [(128, 64), (64, 32), (32, 16)]
    for level in texture.levels[1:]:
        assert level.mean() == pytest.approx(texture.levels[0].mean(), rel=0.01)
    assert texture.level_for(0.5) is texture.levels[0]
    assert texture.level_for(2.1) is texture.levels[1]
    assert texture.level_for(float("inf")) is texture.levels[0]


def test_a_bad_texture_file_is_a_clear_error(tmp_path):
    from hands3c_core.errors import UserError

    with pytest.raises(UserError, match="cannot read"):
        read_texture(tmp_path / "none.jpg")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8 no image")
    with pytest.raises(UserError, match="not a readable image"):
        read_texture(broken)


def test_left_hand_is_the_mirror_image_of_the_right():
    vertices, faces = sphere(0.1)
    vertices = vertices * np.array([1.0, 0.5, 0.8], np.float32) + np.array(
        [0.06, 0.02, 0.6], np.float32
    )
    meshes = hand_meshes(SimpleNamespace(faces=faces))
    meshes = {side: MeshTemplate(faces=mesh.faces) for side, mesh in meshes.items()}
    right = MeshRasterizer(samples=1).render([MeshInstance(meshes[True], vertices)], CAMERA)
    mirrored = vertices * np.array([-1, 1, 1], np.float32)
    left = MeshRasterizer(samples=1).render([MeshInstance(meshes[False], mirrored)], CAMERA)
    assert right.mask().sum() > 400
    differing = right.mask() != left.mask()[:, ::-1]  # cx = 50 is the middle of 101 columns
    assert differing.mean() < 0.002
