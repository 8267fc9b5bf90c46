"""Rendered samples: the same on every run, and labels that lie where the picture shows them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from hands3c_core.data import project_sample
from hands3c_core.data.synthetic import SyntheticConfig, SyntheticRenderer
from hands3c_core.data.synthetic.backgrounds import room_background
from hands3c_core.data.synthetic.camera_effects import motion_kernel
from hands3c_core.data.synthetic.shadow_maps import lit_shares
from hands3c_core.data.synthetic.skins import SkinBank, nearest_skin
from hands3c_core.errors import UserError
from hands3c_core.hand_model import FastHandLayer, HandLayer, load_hand_model


@pytest.fixture(scope="module")
def clean():
    """Renders of bare arms without occluders or effects, and their renderer."""
    renderer = SyntheticRenderer(SyntheticConfig(size=96, clean=True, sleeves=0.0), seed=3)
    return renderer, [renderer.render(k) for k in range(24)]


@pytest.fixture(scope="module")
def full():
    renderer = SyntheticRenderer(SyntheticConfig(size=96), seed=3)
    return renderer, [renderer.render(k) for k in range(40)]


def test_the_same_index_gives_the_same_sample_whatever_came_before(full):
    _, hands = full
    other = SyntheticRenderer(SyntheticConfig(size=96), seed=3)
    for index in (17, 2):
        again = other.render(index)
        assert np.array_equal(again.crop, hands[index].crop)
        assert np.array_equal(again.joints_2d, hands[index].joints_2d)
        assert np.array_equal(again.pose, hands[index].pose)


def test_seeds_have_no_sample_in_common(full):
    _, hands = full
    other = SyntheticRenderer(SyntheticConfig(size=96), seed=4)
    poses = {hand.pose.tobytes() for hand in hands} | {
        other.render(k).pose.tobytes() for k in range(20)
    }
    assert len(poses) == 60


def test_labels_agree_with_each_other(full):
    renderer, hands = full
    layer = FastHandLayer(renderer.model)
    for hand in hands:
        vertices, joints = layer.forward(hand.pose, hand.shape, hand.translation)
        assert np.allclose(joints, hand.joints_3d, atol=1e-5)
        sample = hand.to_sample(vertices)
        projected = project_sample(sample)
        assert np.abs(projected - hand.joints_2d).max() < 0.02
        assert sample.valid.vertices
        assert np.allclose(sample.joints_3d[0], 0)
        assert hand.crop.shape == (96, 96, 3)
        assert hand.crop.dtype == np.uint8


def test_the_differentiable_layer_gives_the_same_joints(full):
    torch = pytest.importorskip("torch")
    renderer, hands = full
    layer = HandLayer(renderer.model)
    pose, shape, move = (
        torch.from_numpy(np.stack([getattr(h, name) for h in hands[:6]]))
        for name in ("pose", "shape", "translation")
    )
    joints = layer(pose, shape, move).joints.numpy()
    assert np.allclose(joints, np.stack([h.joints_3d for h in hands[:6]]), atol=1e-4)


def test_joints_project_onto_the_rendered_silhouette(clean):
    _, hands = clean
    inside, total = 0, 0
    for hand in hands:
        near = cv2.dilate(hand.mask, np.ones((5, 5)))
        for u, v in np.round(hand.joints_2d).astype(int):
            if 0 <= u < 96 and 0 <= v < 96:
                total += 1
                inside += near[v, u] > 0.5
    assert total > 400
    assert inside / total > 0.99


def test_every_vertex_triangle_lies_in_the_rendered_silhouette(clean):
    renderer, hands = clean
    layer = FastHandLayer(renderer.model)
    faces = np.concatenate([renderer.model.faces, renderer.model.cap_faces])
    for hand in hands[:8]:
        vertices, joints = layer.forward(hand.pose, hand.shape, hand.translation)
        dots = project_sample(hand.to_sample(vertices), vertices - joints[0])
        drawn = np.zeros((96, 96), np.uint8)
        for triangle in dots[faces]:
            cv2.fillConvexPoly(drawn, np.round(triangle).astype(np.int32), 1)
        outline = cv2.dilate((hand.mask > 0).astype(np.uint8), np.ones((3, 3)))
        assert (drawn & outline).sum() > 0.995 * drawn.sum()


def test_visibility_tells_what_is_hidden(full):
    _, hands = full
    shares = np.array([hand.visible.mean() for hand in hands])
    assert (shares * 21 >= 9).mean() > 0.9
    assert 0.4 < shares.mean() < 0.98
    for hand in hands:
        outside = ((hand.joints_2d < -0.5) | (hand.joints_2d > 95.5)).any(axis=1)
        assert not hand.visible[outside].any()


def test_the_crop_holds_the_hand(full):
    _, hands = full
    sizes = [np.ptp(hand.joints_2d, axis=0).max() / 96 for hand in hands]
    assert min(sizes) > 1 / 1.85
    assert max(sizes) < 1 / 1.25


def test_a_dark_hand_is_darker_than_a_light_one():
    model = load_hand_model("hand_mano778")
    bank = SkinBank(model, seed=0, count=12, size=64)
    levels = [texture.levels[0].mean() for texture in bank.textures]
    assert levels[nearest_skin(bank.tones, 0.0)] > 2.5 * levels[nearest_skin(bank.tones, 1.0)]
    assert np.corrcoef(levels, bank.tones)[0, 1] < -0.9
    # The palms of dark hands are lighter than their backs.
    darkest = bank.textures[nearest_skin(bank.tones, 1.0)].levels[0]
    assert np.quantile(darkest, 0.95) > 2 * np.quantile(darkest, 0.2)


def test_photographs_are_used_as_backgrounds(tmp_path):
    picture = np.zeros((120, 160, 3), np.uint8)
    picture[..., 1] = 200
    cv2.imwrite(str(tmp_path / "green.png"), picture)
    config = SyntheticConfig(size=64, clean=True, backgrounds=str(tmp_path), made_up_share=0.0)
    hand = SyntheticRenderer(config).render(0)
    behind = hand.crop[hand.mask == 0]
    assert (np.abs(behind.astype(int) - (0, 200, 0)).max(axis=1) < 30).mean() > 0.5


def test_a_damaged_background_is_passed_over(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8no image")
    config = SyntheticConfig(size=64, backgrounds=str(tmp_path), made_up_share=0.0)
    assert SyntheticRenderer(config).render(0).crop.std() > 0


def test_background_folders_are_checked(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        SyntheticRenderer(SyntheticConfig(backgrounds=str(tmp_path / "nowhere")))
    with pytest.raises(UserError, match="holds no"):
        SyntheticRenderer(SyntheticConfig(backgrounds=str(tmp_path)))


@pytest.mark.parametrize(
    "options", [{"size": 8}, {"samples": 3}, {"occluders": 1.5}, {"crop_scale_low": 0.5}]
)
def test_impossible_options_are_refused(options):
    with pytest.raises(UserError):
        SyntheticConfig(**options).check()


def test_rooms_differ():
    rooms = [room_background(64, np.random.default_rng(k)) for k in range(12)]
    assert len({room.tobytes() for room in rooms}) == 12
    assert np.mean([room.std() for room in rooms]) > 15


def test_shadow_maps_hide_what_lies_behind():
    low = [(-1, -1, 0), (1, -1, 0), (1, 1, 0), (-1, 1, 0)]
    roof = [(-0.4, -0.4, 0.5), (0.4, -0.4, 0.5), (0.4, 0.4, 0.5), (-0.4, 0.4, 0.5)]
    floor_points = [(x, 0, 0) for x in (-0.9, -0.6, 0.0, 0.6, 0.9)]
    points = np.array(low + roof + floor_points, np.float32)
    faces = np.array([(0, 1, 2), (0, 2, 3), (4, 5, 6), (4, 6, 7)], np.int32)
    normals = np.tile(np.array([0, 0, 1], np.float32), (len(points), 1))
    seen = lit_shares(points, normals, faces, np.array([[0.0, 0.0, 1.0]]), bias=0.02, reach=9.0)[
        :, 0
    ]
    assert (seen[4:8] == 1).all()
    assert np.array_equal(seen[8:] > 0.5, [True, True, False, True, True])


@pytest.mark.parametrize("length", [0.4, 3.0, 11.5])
def test_motion_keeps_brightness(length):
    kernel = motion_kernel(length, 0.7)
    assert kernel.sum() == pytest.approx(1.0, abs=1e-5)
    spread = np.argwhere(kernel > 0)
    assert np.ptp(spread, axis=0).max() <= length + 2
