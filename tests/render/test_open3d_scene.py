"""The off-screen 3D scene. Needs an EGL context; skipped with the reason where there is none."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from hands3c_core.errors import UserError
from hands3c_core.hand_model import HandLayer, load_hand_model
from hands3c_core.render import hand_meshes
from hands3c_core.render.open3d_scene import HandScene, SceneHand
from hands3c_core.render.open3d_window import OffscreenWindow
from hands3c_core.render.orbit_camera import PRESETS, OrbitCamera
from hands3c_core.render.placement import palm_normal
from hands3c_core.render.scene_geometry import (
    DenseSkin,
    SceneColors,
    SkeletonSolid,
    camera_frustum,
    ground_grid,
    normal_colors,
)
from hands3c_core.types import Camera

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "hand"
CAMERA = Camera(554.0, 554.0, 319.5, 239.5, 640, 480)


@pytest.fixture(scope="module")
def model():
    return load_hand_model("hand_mid")


@pytest.fixture(scope="module")
def meshes(model):
    return hand_meshes(model, ASSETS / "hand_skin_512.jpg")


@pytest.fixture(scope="module")
def hands(model):
    pose = torch.zeros(1, 16, 3)
    pose[0, 0] = torch.tensor([-1.2092, -1.2092, 1.2092])
    output = HandLayer(model)(pose, torch.zeros(1, 10))
    vertices, joints = output.vertices[0].numpy(), output.joints[0].numpy()
    centre = joints.mean(axis=0)
    placed = []
    for is_right, at in ((True, (0.1, 0.0, 0.5)), (False, (-0.1, 0.0, 0.5))):
        side = np.array([1.0 if is_right else -1.0, 1.0, 1.0], np.float32)
        placed.append(
            SceneHand(
                is_right,
                ((vertices - centre) * side + at).astype(np.float32),
                ((joints - centre) * side + at).astype(np.float32),
            )
        )
    return placed


@pytest.fixture
def scene(meshes):
    scene = HandScene(meshes, CAMERA)
    try:
        scene.open((320, 240))
    except UserError as error:
        pytest.skip(f"no off-screen OpenGL here: {error}")
    yield scene
    scene.close()


def hand_pixels(image) -> np.ndarray:
    """Skin: clearly redder than blue, which neither background nor grid is."""
    return image[..., 0].astype(int) - image[..., 2] > 25


def test_hands_come_and_go_without_moving_the_view(scene, hands):
    empty = scene.render()
    assert empty.shape == (240, 320, 3)
    assert empty.dtype == np.uint8
    scene.set_hands(hands)
    both = scene.render()
    assert hand_pixels(both).sum() > 2000
    scene.set_hands(hands[:1])
    one = scene.render()
    assert 800 < hand_pixels(one).sum() < hand_pixels(both).sum()
    scene.set_hands([])
    assert np.array_equal(scene.render(), empty)
    scene.set_hands(hands)
    assert np.array_equal(scene.render(), both)


def test_the_camera_view_shows_hands_where_the_camera_sees_them(scene, hands):
    scene.set_hands(hands[:1])
    scene.set_preset("camera")
    rows, columns = np.nonzero(hand_pixels(scene.render()))
    projected = hands[0].vertices[:, :2] / hands[0].vertices[:, 2:] * 554.0 + [319.5, 239.5]
    assert columns.mean() * 2 == pytest.approx(projected[:, 0].mean(), abs=20)
    assert columns.min() * 2 == pytest.approx(projected[:, 0].min(), abs=6)
    assert columns.max() * 2 == pytest.approx(projected[:, 0].max(), abs=6)
    assert rows.min() * 2 == pytest.approx(projected[:, 1].min(), abs=6)


def test_orbit_pan_zoom_reset(scene, hands):
    scene.set_hands(hands)
    first = scene.render()
    scene.zoom(5)
    near = scene.render()
    assert hand_pixels(near).sum() > 1.5 * hand_pixels(first).sum()
    scene.reset_view()
    scene.pan(60, 0)
    panned = scene.render()
    shift = np.nonzero(hand_pixels(panned))[1].mean() - np.nonzero(hand_pixels(first))[1].mean()
    assert shift > 30
    scene.reset_view()
    scene.orbit(150, 0)
    assert not np.array_equal(scene.render(), first)
    scene.reset_view()
    assert np.array_equal(scene.render(), first)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_show_the_hands(scene, hands, preset):
    scene.set_hands(hands)
    scene.set_preset(preset)
    assert hand_pixels(scene.render()).sum() > 500


def test_modes_and_skeleton(scene, hands):
    scene.set_hands(hands)
    images = {"textured": scene.render()}
    for mode in ("shaded", "wireframe", "normals", None):
        scene.set_mode(mode)
        images[mode] = scene.render()
    scene.show_skeleton(True)
    images["skeleton"] = scene.render()
    names = list(images)
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            assert not np.array_equal(images[a], images[b]), (a, b)
    scene.show_skeleton(False)
    scene.show_ground(False)
    scene.show_camera(False)
    blank = scene.render()
    assert len(np.unique(blank.reshape(-1, 3), axis=0)) == 1
    with pytest.raises(ValueError, match="unknown mode"):
        scene.set_mode("sketch")


def test_the_skeleton_shines_through_the_skin_where_the_joints_are(scene, hands):
    scene.show_ground(False)
    scene.set_hands(hands)
    scene.set_preset("front")
    skin = scene.render().astype(int)
    scene.show_skeleton(True)
    changed = np.abs(scene.render().astype(int) - skin).max(axis=2) > 40
    for hand in hands:
        for u, v, _ in scene.view.project(hand.joints, scene.size)[1:]:
            assert changed[round(v) - 1 : round(v) + 2, round(u) - 1 : round(u) + 2].any()


def test_the_ground_never_lies_over_the_hands(scene, hands):
    scene.set_hands(hands)
    scene.view.pitch = -0.7  # from below
    with_ground = scene.render()
    scene.show_ground(False)
    assert np.array_equal(scene.render(), with_ground)


def test_in_a_narrow_view_the_camera_preset_shows_the_whole_picture(scene, hands):
    scene.resize((120, 240))
    scene.set_hands(hands)
    scene.set_preset("camera")
    corners = np.array([[-319.5, -239.5, 554.0], [319.5, 239.5, 554.0]]) / 554.0
    u = scene.view.project(corners, scene.size)[:, 0]
    assert u == pytest.approx([0.0, 119.0], abs=1.0)


def test_normals_are_coloured_as_the_overlay_colours_them(scene, hands):
    """The backs of the hands face the camera: mostly the colour of "towards the viewer"."""
    scene.set_hands(hands)
    scene.show_ground(False)
    scene.show_camera(False)
    scene.set_mode("normals")
    scene.set_preset("front")
    image = scene.render().astype(int)
    drawn = np.abs(image - image[0, 0]).max(axis=2) > 20
    assert drawn.sum() > 1000
    red, green, blue = image[drawn].mean(axis=0)
    assert blue > 190
    assert abs(red - 127) < 40
    assert abs(green - 127) < 40
    np.testing.assert_allclose(
        normal_colors(np.array([[1, 0, 0], [0, -1, 0], [0, 0, -1.0]])),
        [[1, 0.5, 0.5], [0.5, 1, 0.5], [0.5, 0.5, 1]],
    )


def test_colours_change_while_it_is_open(scene, hands):
    scene.set_hands(hands)
    dark = scene.render()
    light = SceneColors(background=(0.9, 0.91, 0.92), grid=(0.6, 0.6, 0.6))
    scene.set_colors(light)
    image = scene.render()
    assert np.abs(image[0, 0].astype(int) - (229.5, 232, 234.6)).max() < 2
    assert np.array_equal(hand_pixels(image) & hand_pixels(dark), hand_pixels(image))
    floor = image[150:].reshape(-1, 3)[~hand_pixels(image)[150:].reshape(-1)]
    assert (floor < 220).all(axis=1).sum() > 100  # grid lines darker than the ground
    scene.set_colors(SceneColors())
    assert np.array_equal(scene.render(), dark)


def test_the_camera_and_its_view_can_be_shown(scene, hands):
    scene.set_hands(hands)
    scene.show_ground(False)
    scene.orbit(90, 30)
    scene.zoom(-8)
    with_camera = scene.render()
    scene.show_camera(False)
    without = scene.render()
    changed = (with_camera != without).any(axis=2)
    assert changed.sum() > 100
    # The camera's own place and a corner of its view, where the viewer sees them.
    points, _, _ = camera_frustum(CAMERA, 0.6)
    for u, v, _ in scene.view.project(points[[0, 1]], (320, 240)):
        at = slice(int(v) - 3, int(v) + 5), slice(int(u) - 3, int(u) + 5)
        assert changed[at].any()


def test_trails_fade_behind_the_fingertips(scene, hands):
    scene.set_hands([])
    scene.show_ground(False)
    scene.show_camera(False)
    blank = scene.render()
    way = np.zeros((5, 28, 3))
    way[..., 0] = np.linspace(-0.1, 0.1, 28)
    way[..., 1] = np.arange(5)[:, None] * 0.02
    way[..., 2] = 0.5
    scene.view = OrbitCamera(yaw=0.0, pitch=0.0)
    scene.set_trails([(way, np.linspace(0, 1, 28))])
    image = scene.render()
    changed = np.abs(image.astype(int) - blank).max(axis=2)
    columns = changed.max(axis=0)
    start, end = scene.view.project(way[0, [0, -1]], (320, 240))[:, 0].astype(int)
    assert start < end
    newest, oldest = columns[end - 20 : end].mean(), columns[start : start + 20].mean()
    assert newest > 2 * oldest
    assert columns[: start - 5].max(initial=0) == 0
    scene.set_trails([])
    assert np.array_equal(scene.render(), blank)


def test_projected_points_lie_where_they_are_drawn(scene, hands):
    scene.set_hands(hands[:1])
    scene.set_mode(None)
    scene.show_ground(False)
    scene.show_camera(False)
    blank = scene.render()
    scene.show_skeleton(True)
    image = scene.render()
    drawn = np.abs(image.astype(int) - blank).max(axis=2) > 60
    for u, v, depth in scene.view.project(hands[0].joints, (320, 240)):
        assert depth > 0
        assert drawn[round(v), round(u)]


def test_resize_keeps_hands_and_view(scene, hands):
    scene.set_hands(hands)
    scene.orbit(40, 10)
    before = scene.render()
    scene.resize((480, 360))
    larger = scene.render()
    assert larger.shape == (360, 480, 3)
    scene.resize((320, 240))
    assert np.array_equal(scene.render(), before)


def test_a_still_is_larger_and_finer_and_leaves_the_scene(scene, hands):
    scene.set_hands(hands)
    before = scene.render()
    still = scene.render_still((480, 360))
    assert still.shape == (360, 480, 3)
    assert hand_pixels(still).sum() > 2 * hand_pixels(before).sum()
    assert scene.size == (320, 240)
    assert np.array_equal(scene.render(), before)


def test_coarser_skin_and_supersampling(scene, hands):
    scene.set_hands(hands)
    fine = scene.render()
    scene.set_refine(False)
    coarse = scene.render()
    assert not np.array_equal(fine, coarse)
    assert np.abs(fine.astype(int) - coarse).mean() < 2


def test_other_threads_are_refused(scene):
    caught: list[BaseException] = []

    def use() -> None:
        try:
            scene.render()
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert "thread" in str(caught[0])


def test_a_closed_scene_says_so(meshes):
    scene = HandScene(meshes)
    with pytest.raises(RuntimeError, match="not open"):
        scene.render()
    scene.close()


def test_a_mesh_that_does_not_fit_is_refused(scene):
    scene.set_hands([(True, np.ones((10, 3), np.float32))])
    with pytest.raises(ValueError, match="does not fit"):
        scene.render()


# -- parts that need no context -----------------------------------------------------------------
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


def count_contexts(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    opened: list[tuple[int, int]] = []
    really = OffscreenWindow._open

    def counted(window: OffscreenWindow) -> None:
        opened.append(window._drawn)
        really(window)

    monkeypatch.setattr(OffscreenWindow, "_open", counted)
    return opened


def test_a_view_that_shrinks_a_little_and_grows_back_keeps_its_context(scene, hands, monkeypatch):
    scene.set_hands(hands)
    before = scene.render()
    opened = count_contexts(monkeypatch)
    scene.resize((320, 220))
    assert scene.size == (320, 220)
    smaller = scene.render()
    assert smaller.shape == (220, 320, 3)
    scene.resize((320, 240))
    assert np.array_equal(scene.render(), before)
    assert opened == []
    scene.resize((330, 241))
    scene.resize((340, 250))  # as an edge that is dragged
    assert len(opened) == 1
    scene.resize((160, 120))
    assert opened[1:] == [(160, 120)]


@pytest.mark.parametrize("size", [(320, 200), (300, 240), (301, 221)])
def test_a_kept_context_draws_what_a_new_one_of_that_size_would(scene, hands, size):
    scene.set_hands(hands)
    scene.resize(size)
    kept = scene.render()
    scene.close()
    scene.open(size)
    new = scene.render()
    # Half a pixel of an odd rest moves edges; the hands are at the same place.
    apart = np.abs(kept.astype(int) - new).max(axis=2) > 40
    assert apart.mean() < 0.02
    ours, theirs = (np.argwhere(hand_pixels(image)).mean(axis=0) for image in (kept, new))
    assert np.abs(ours - theirs).max() < 0.6


def test_a_scene_that_could_not_be_resized_is_not_open(scene, hands, monkeypatch):
    def fail(window: OffscreenWindow) -> None:
        raise UserError("no OpenGL context of this size")

    scene.set_hands(hands)
    before = scene.render()
    with monkeypatch.context() as patch:
        patch.setattr(OffscreenWindow, "_open", fail)
        with pytest.raises(UserError, match="no OpenGL context"):
            scene.resize((640, 480))
    assert not scene.is_open
    scene.set_colors(SceneColors(background=(1.0, 1.0, 1.0)))
    with pytest.raises(RuntimeError, match="not open"):
        scene.render()
    scene.open((320, 240))
    assert not np.array_equal(scene.render(), before)
