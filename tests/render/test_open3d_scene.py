"""The off-screen 3D scene. Needs an EGL context; skipped with the reason where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from open3d_views import CAMERA, hand_pixels

from hands3c_core.render.orbit_camera import PRESETS, OrbitCamera
from hands3c_core.render.scene_geometry import (
    SceneColors,
    camera_frustum,
    normal_colors,
)


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
    # At the wrist, which fades into either background, redness says less.
    assert (hand_pixels(image) & ~hand_pixels(dark)).sum() < 0.02 * hand_pixels(dark).sum()
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
