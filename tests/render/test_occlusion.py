"""Ambient occlusion and the shadow on the ground."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.hand_model import vertex_normals
from hands3c_core.render.backdrop import Backdrop, paint_backdrop
from hands3c_core.render.occlusion import ground_shadow, hand_spheres, open_sky
from hands3c_core.render.open3d_scene import SceneHand
from hands3c_core.render.orbit_camera import OrbitCamera

BACKGROUND = (0.115, 0.12, 0.135)


def test_a_sphere_hides_as_much_sky_as_it_takes():
    """Straight above: the square of radius over distance, less the little that ends its reach."""
    points = np.array([[0, 0, 0], [0, 0, 0], [0.2, 0, 0]], np.float32)
    normals = np.array([[0, -1, 0], [0, 1, 0], [0, -1, 0]], np.float32)
    sky = open_sky(points, normals, np.array([[0, -0.03, 0, 0.01]], np.float32))
    assert sky[0] == pytest.approx(1 - 1 / 9 + 1 / 64, abs=1e-4)
    assert sky[1] == 1.0  # behind the surface
    assert sky[2] == 1.0  # too far


def test_spheres_lie_inside_the_hand_and_on_its_bones(hands):
    hand = hands[0]
    spheres = hand_spheres(hand.joints)
    near = np.linalg.norm(hand.vertices[:, None] - spheres[:, :3], axis=2).min(axis=0)
    assert (near < 0.02).all()
    assert (spheres[:, 3] > 0.004).all()
    assert (spheres[:, 3] < 0.016).all()
    assert np.abs(spheres[:, :3] - hand.joints[JOINT_NAMES.index("middle1")]).sum(1).min() < 1e-6


def test_a_hand_darkens_between_its_fingers_and_where_another_comes_near(hands, meshes):
    hand = hands[0]
    normals = vertex_normals(hand.vertices, meshes[True].faces)
    alone = open_sky(hand.vertices, normals, hand.spheres)
    assert np.median(alone) > 0.9  # most of an open hand sees the sky
    assert alone.min() < 0.6  # where fingers meet it does not
    other = hand.spheres - np.array([0, 0, 0.03, 0], np.float32)  # three centimetres before it
    both = open_sky(hand.vertices, normals, np.concatenate([hand.spheres, other]))
    facing = normals[:, 2] < -0.7
    assert both[facing].mean() < alone[facing].mean() - 0.2
    assert both[normals[:, 2] > 0.7].mean() == pytest.approx(
        alone[normals[:, 2] > 0.7].mean(), abs=0.03
    )


def test_the_shadow_lies_below_the_hand_and_is_darker_the_nearer_it_is(hands):
    spheres = hands[0].spheres
    lowest = float(spheres[:, 1].max())
    near = ground_shadow([spheres], lowest + 0.03)
    far = ground_shadow([spheres], lowest + 0.15)
    assert near.darkness.max() > 1.5 * far.darkness.max() > 0
    row, column = np.unravel_index(near.darkness.argmax(), near.darkness.shape)
    step = near.side / (near.darkness.shape[0] - 1)
    assert near.corner[0] + column * step == pytest.approx(spheres[:, 0].mean(), abs=0.05)
    assert near.corner[1] + row * step == pytest.approx(spheres[:, 2].mean(), abs=0.05)
    assert near.darkness[[0, -1]].max() == near.darkness[:, [0, -1]].max() == 0.0
    assert ground_shadow([spheres], lowest - 0.5) is None
    assert ground_shadow([], 0.2) is None
    assert ground_shadow([np.full((3, 4), np.nan, np.float32)], 0.2) is None


def test_a_shadow_falls_where_the_ground_is_seen(hands):
    view = OrbitCamera()
    image = np.empty((240, 320, 3), np.float32)
    image[:] = BACKGROUND
    image[200:, 100:120] = 0.7
    shadow = ground_shadow([hands[0].spheres], 0.15)
    spans = paint_backdrop(image, Backdrop(BACKGROUND), view, shadow)
    assert (image[200:, 100:120] == np.float32(0.7)).all()
    assert spans[100].tolist() == [320, 0]
    assert spans[210].tolist() == [100, 120]
    darkness = 1.0 - image[..., 0] / BACKGROUND[0]
    row, column = np.unravel_index(shadow.darkness.argmax(), shadow.darkness.shape)
    step = shadow.side / (shadow.darkness.shape[0] - 1)
    deepest = (shadow.corner[0] + column * step, 0.15, shadow.corner[1] + row * step)
    ((u, v, _),) = view.project(np.array([deepest]), (320, 240))
    assert darkness[round(v), round(u)] == pytest.approx(shadow.darkness.max(), abs=0.02)
    assert darkness[:60].max() == pytest.approx(0.0, abs=1e-6)  # above the horizon


def test_the_scene_shows_occlusion_and_shadow(scene, hands):
    """The same hands without joints throw no shadow and hide nothing."""
    bare = [SceneHand(hand.is_right, hand.vertices) for hand in hands]
    scene.set_hands(bare)
    plain = scene.render().astype(int)
    scene.set_hands(hands)
    shaded = scene.render().astype(int)
    change = (shaded - plain).sum(axis=2)
    assert (change < -20).sum() > 100
    assert (change > 12).sum() < 50  # nothing gets brighter but by smoothed edges
    scene.show_ground(False)
    without = scene.render().astype(int)
    background = np.abs(without[0, 0] - without[-1, -1]).max() < 2
    assert background
    ground = np.abs(without - without[0, 0]).max(axis=2) < 3  # no hand there
    assert (change[cv2.erode(ground.astype(np.uint8), np.ones((9, 9))) > 0] < -2).any()


def test_the_wrist_fades_into_the_background(scene, hands, meshes):
    scene.show_ground(False)
    scene.set_hands([hands[0]])
    scene.set_preset("front")
    image = scene.render().astype(int)
    away = np.abs(image - image[0, 0]).max(axis=2)
    ring = hands[0].vertices[np.unique(meshes[True].cap_faces)].mean(axis=0)
    palm = hands[0].joints[[0, JOINT_NAMES.index("middle1")]].mean(axis=0)
    places = scene.view.project(np.array([ring, palm]), scene.size)
    (u, v), (x, y) = places[:, :2].round().astype(int)
    assert away[v, u] < 25
    assert away[y, x] > 100
    line = [away[round(v + t * (y - v)), round(u + t * (x - u))] for t in np.linspace(0, 0.5, 12)]
    assert max(np.diff(line)) < 60  # it comes gently


def test_a_cut_out_still_has_a_soft_wrist_and_no_fringe(scene, hands):
    scene.set_hands([hands[0]])
    scene.set_preset("front")
    still = scene.render_still((320, 240), cut_out=True)
    alpha = still[..., 3]
    assert ((alpha > 20) & (alpha < 235)).sum() > 100
    solid = still[alpha > 250][:, :3].mean(axis=0)
    soft = still[(alpha > 100) & (alpha < 200)][:, :3].mean(axis=0)
    assert np.abs(solid - soft).max() < 70  # the dark background does not shine through
    assert scene.size == (320, 240)
