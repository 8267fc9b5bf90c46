"""What the overlay draws lies where the hand is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hands3c_core.conventions import FINGER_COLORS
from hands3c_core.explain.maps import ColorScale
from hands3c_core.hand_model import HandLayer
from hands3c_core.render import (
    MapStyle,
    MeshInstance,
    MeshRasterizer,
    OverlayStyle,
    attention_map,
    color_table,
    draw_overlay,
    joint_heatmap,
    legend_ends,
    legend_title,
    normalise_map,
    warp_to_image,
)
from hands3c_core.types import AttentionMaps, Camera, CropBox, Frame, FrameResult, Hand

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "hand"
CAMERA = Camera(554.0, 554.0, 319.5, 239.5, 640, 480)
#: Fingers up, back of the hand to the camera.
UPRIGHT = (-1.2092, -1.2092, 1.2092)


def make_hand(model, is_right: bool, at=(0.0, 0.05, 0.55), **fields) -> Hand:
    pose = torch.zeros(1, 16, 3)
    pose[0, 0] = torch.tensor(UPRIGHT)
    output = HandLayer(model)(pose, torch.zeros(1, 10))
    vertices, joints = output.vertices[0].numpy(), output.joints[0].numpy()
    centre = joints.mean(axis=0)
    side = np.array([1.0 if is_right else -1.0, 1.0, 1.0], np.float32)
    vertices = ((vertices - centre) * side + at).astype(np.float32)
    joints = ((joints - centre) * side + at).astype(np.float32)
    joints_2d = joints[:, :2] / joints[:, 2:] * 554.0 + [319.5, 239.5]
    low, high = joints_2d.min(axis=0), joints_2d.max(axis=0)
    crop = CropBox(*((low + high) / 2).tolist(), 1.5 * float((high - low).max()))
    arguments = {
        "track_id": 3,
        "is_right": is_right,
        "confidence": 0.87,
        "vertices": vertices,
        "joints_3d": joints,
        "joints_2d": joints_2d.astype(np.float32),
        "landmarks_2d": joints_2d.astype(np.float32),
        "pose": pose[0].numpy(),
        "shape": np.zeros(10, np.float32),
        "translation": np.zeros(3, np.float32),
        "crop": crop,
        "reprojection_error_px": 0.0,
        "estimator": "landmarks",
    }
    return Hand(**{**arguments, **fields})


def make_result(*hands: Hand) -> FrameResult:
    image = np.full((480, 640, 3), 60, np.uint8)
    return FrameResult(Frame(image, 0.0, 0, 0.0), CAMERA, tuple(hands))


NOTHING = OverlayStyle(mesh=None)


@pytest.mark.parametrize("is_right", [True, False])
def test_the_mesh_covers_the_joints(model, meshes, is_right):
    hand = make_hand(model, is_right)
    layer = MeshRasterizer().render([MeshInstance(meshes[is_right], hand.vertices)], CAMERA)
    mask = layer.mask()
    columns, rows = np.round(hand.joints_2d).astype(int).T
    inside = mask[rows, columns] > 0
    tips = [4, 8, 12, 16, 20]  # on the skin, so their pixel may be just outside
    assert np.delete(inside, tips).all()
    for joint in tips:
        window = mask[rows[joint] - 2 : rows[joint] + 3, columns[joint] - 2 : columns[joint] + 3]
        assert window.max() > 0
    assert 8_000 < mask.sum() < 40_000
    # In front of the joints' depth by at most half a palm.
    depth = layer.depth()[rows[0], columns[0]]
    assert 0 < hand.joints_3d[0, 2] - depth < 0.04


@pytest.mark.parametrize("mode", ["textured", "shaded", "wireframe", "normals"])
def test_only_the_hand_changes(model, meshes, mode):
    result = make_result(make_hand(model, True))
    before = result.frame.image.copy()
    drawn = draw_overlay(result.frame.image, result, OverlayStyle(mesh=mode), meshes)
    assert np.array_equal(result.frame.image, before)
    changed = (drawn != before).any(axis=2)
    mask = (
        MeshRasterizer()
        .render([MeshInstance(meshes[True], result.hands[0].vertices)], CAMERA)
        .mask()
    )
    assert not changed[mask == 0].any()
    assert changed[mask == 1].mean() > (0.1 if mode == "wireframe" else 0.95)


def test_skin_looks_like_skin(model, meshes):
    result = make_result(make_hand(model, True))
    drawn = draw_overlay(result.frame.image, result, OverlayStyle(mesh_opacity=1.0), meshes)
    mask = (
        MeshRasterizer()
        .render([MeshInstance(meshes[True], result.hands[0].vertices)], CAMERA)
        .mask()
    )
    red, green, blue = drawn[mask == 1].reshape(-1, 3).mean(axis=0)
    assert red > green > blue
    assert 120 < red < 245


def test_skeleton_has_the_fingers_colours_at_the_tips(model, meshes):
    hand = make_hand(model, True)
    drawn = draw_overlay(
        np.zeros((480, 640, 3), np.uint8),
        make_result(hand),
        OverlayStyle(mesh=None, skeleton=True),
        meshes,
    )
    for finger, tip in zip(FINGER_COLORS, (4, 8, 12, 16, 20), strict=True):
        u, v = np.round(hand.joints_2d[tip]).astype(int)
        window = drawn[v - 2 : v + 3, u - 2 : u + 3].astype(int)
        difference = np.abs(window - FINGER_COLORS[finger]).max(axis=2)
        assert (difference < 20).sum() >= 6  # a nearer joint may hide part of the disc


def test_each_switch_draws_something_and_none_draws_nothing(model, meshes):
    rng = np.random.default_rng(0)
    maps = AttentionMaps(*rng.random((2, 32, 32)).astype(np.float32))
    hand = make_hand(
        model, False, heatmaps=rng.random((21, 32, 32)).astype(np.float32), attention=maps
    )
    result = make_result(hand)
    image = result.frame.image
    assert np.array_equal(draw_overlay(image, result, NOTHING, meshes), image)
    for switch in (
        {"skeleton": True},
        {"boxes": True},
        {"labels": True},
        {"landmarks": True},
        {"map": MapStyle("heatmaps")},
        {"map": MapStyle("heatmaps", joint=8)},
        {"map": MapStyle("before")},
    ):
        drawn = draw_overlay(image, result, OverlayStyle(mesh=None, **switch), meshes)
        assert (drawn != image).any(), switch


def test_maps_the_estimator_lacks_draw_nothing(model, meshes):
    result = make_result(make_hand(model, True))
    for kind in ("heatmaps", "channel"):
        style = OverlayStyle(mesh=None, map=MapStyle(kind))
        drawn = draw_overlay(result.frame.image, result, style, meshes)
        assert np.array_equal(drawn, result.frame.image)


def test_the_overlay_labels_a_hand_beside_its_wrist(model, meshes):
    hand = make_hand(model, False)
    result = make_result(hand)
    drawn = draw_overlay(result.frame.image, result, OverlayStyle(mesh=None, labels=True), meshes)
    rows, columns = np.nonzero((drawn != 60).any(axis=2))
    middle = np.array([columns.mean(), rows.mean()])
    distances = np.linalg.norm(hand.joints_2d - middle, axis=1)
    assert distances.argmin() == 0
    assert distances[0] < 60


def test_hands_that_are_not_finite_or_far_off_screen_do_no_harm(model, meshes):
    everything = OverlayStyle(skeleton=True, boxes=True, labels=True, landmarks=True)
    for joints in (np.full((21, 2), np.nan), np.full((21, 2), 1e9), np.full((21, 2), -np.inf)):
        joints = joints.astype(np.float32)
        hand = make_hand(
            model,
            True,
            joints_2d=joints,
            landmarks_2d=joints,
            crop=CropBox(float(joints[0, 0]), 1e8, 1e9),
            vertices=np.full((1500, 3), np.nan, np.float32),
        )
        result = make_result(hand)
        drawn = draw_overlay(result.frame.image, result, everything, meshes)
        assert drawn.shape == result.frame.image.shape


def test_two_hands_hide_each_other_by_depth(model, meshes):
    near, far = make_hand(model, True, (0, 0, 0.5)), make_hand(model, False, (0.02, 0, 0.7))
    style = OverlayStyle(mesh_opacity=1.0)
    one = make_result(near, far)
    two = make_result(far, near)
    image = one.frame.image
    assert np.array_equal(
        draw_overlay(image, one, style, meshes), draw_overlay(image, two, style, meshes)
    )


# -- maps ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_peak_in_the_map_lands_on_its_place_in_the_frame(mirrored):
    crop = CropBox(200.0, 120.0, 128.0)
    values = np.zeros((32, 32), np.float32)
    values[8, 24] = 1.0
    window, x0, y0 = warp_to_image(values, crop, mirrored, 640, 480)
    row, column = np.unravel_index(window.argmax(), window.shape)
    # Cell (8, 24) of 32 over a 128 px window: 4 px a cell, centre at 34 and 98 px.
    expected_u = 136 + 98 if not mirrored else 136 + 128 - 98
    assert abs(x0 + column - expected_u) <= 2
    assert abs(y0 + row - (56 + 34)) <= 2
    assert window.sum() == pytest.approx(16.0, rel=0.05)  # the area of one cell


def test_a_map_partly_or_wholly_outside_the_frame():
    values = np.tile(np.linspace(0, 1, 16, dtype=np.float32), (16, 1))
    window, x0, y0 = warp_to_image(values, CropBox(0.0, 0.0, 100.0), False, 640, 480)
    assert (x0, y0) == (0, 0)
    assert window.shape == (51, 51)
    assert window[0, 0] == pytest.approx(0.5, abs=0.02)
    for crop in (CropBox(-500, 0, 100), CropBox(np.nan, 0, 10), CropBox(5, 5, 0)):
        assert warp_to_image(values, crop, False, 640, 480)[0].size == 0


def test_heatmaps_scale_each_joint_to_its_own_peak():
    heatmaps = np.zeros((21, 8, 8), np.float32)
    heatmaps[0, 1, 1] = 1.0
    heatmaps[1, 6, 6] = 0.01
    combined = joint_heatmap(heatmaps)
    assert combined[1, 1] == pytest.approx(1.0)
    assert combined[6, 6] == pytest.approx(1.0)
    assert combined.sum() == pytest.approx(2.0)
    assert np.isfinite(joint_heatmap(np.full((21, 4, 4), np.nan))).all()


def test_one_joints_heatmap_is_its_own():
    heatmaps = np.zeros((21, 8, 8), np.float32)
    heatmaps[0, 1, 1], heatmaps[7, 6, 6] = 1.0, 0.2
    alone = joint_heatmap(heatmaps, 7)
    assert alone[6, 6] == pytest.approx(1.0)
    assert alone.sum() == pytest.approx(1.0)


def heated(model, is_right: bool, joint: int) -> Hand:
    """A hand whose joint's heatmap peaks where the joint is, in the crop as the network saw it."""
    hand = make_hand(model, is_right)
    left = hand.crop.center_x - hand.crop.side / 2
    top = hand.crop.center_y - hand.crop.side / 2
    column, row = ((hand.joints_2d[joint] - (left, top)) / hand.crop.side * 32).astype(int)
    heatmaps = np.zeros((21, 32, 32), np.float32)
    heatmaps[joint, row, column if is_right else 31 - column] = 1.0
    return replace(hand, heatmaps=heatmaps)


@pytest.mark.parametrize("is_right", [True, False])
def test_a_heatmap_lights_up_its_joint_on_either_hand(model, meshes, is_right):
    result = make_result(heated(model, is_right, 8))
    style = OverlayStyle(mesh=None, map=MapStyle("heatmaps", 8, opacity=1.0), legend=False)
    changed = draw_overlay(result.frame.image, result, style, meshes).astype(int) - 60
    rows, columns = np.nonzero(np.abs(changed).max(axis=2) > 30)
    crop_cell = result.hands[0].crop.side / 32
    assert abs(columns.mean() - result.hands[0].joints_2d[8, 0]) < crop_cell
    assert abs(rows.mean() - result.hands[0].joints_2d[8, 1]) < crop_cell


def test_a_map_lies_over_the_mesh_and_can_keep_to_the_hand(model, meshes):
    maps = AttentionMaps(*np.ones((2, 32, 32), np.float32))
    result = make_result(make_hand(model, True, attention=maps))
    image = result.frame.image
    mask = (
        MeshRasterizer()
        .render([MeshInstance(meshes[True], result.hands[0].vertices)], CAMERA)
        .mask()
    )
    whole = OverlayStyle(mesh_opacity=1.0, map=MapStyle("after", opacity=1.0), legend=False)
    drawn = draw_overlay(image, result, whole, meshes)
    brightest = color_table("viridis")[255]
    assert (drawn[mask == 1] == brightest).all()
    assert (drawn[(mask == 0)] != 60).any()
    kept = replace(whole, map=MapStyle("after", opacity=1.0, on_hand=True))
    for mesh in ("textured", None):
        drawn = draw_overlay(image, result, replace(kept, mesh=mesh), meshes)
        assert (drawn[mask == 1] == brightest).all()
        assert (drawn[mask == 0] == 60).all()


def test_a_given_scale_sets_the_colours_and_the_legends_numbers(model, meshes):
    maps = AttentionMaps(*np.full((2, 32, 32), 3.0, np.float32))
    result = make_result(make_hand(model, True, attention=maps))
    scale = ColorScale()
    scale.update([AttentionMaps(*np.linspace(0, 12, 2048, dtype=np.float32).reshape(2, 32, 32))], 0)
    style = MapStyle("after", opacity=1.0)
    drawn = draw_overlay(
        result.frame.image,
        result,
        OverlayStyle(mesh=None, map=style, legend=False),
        meshes,
        scale=scale,
    )
    x, y = int(result.hands[0].crop.center_x), int(result.hands[0].crop.center_y)
    low, high = scale.limits("after")
    level = round(255 * (3.0 - low) / (high - low))
    assert np.abs(drawn[y, x].astype(int) - color_table("viridis")[level]).max() <= 3
    assert legend_ends(style, scale) == (f"{low:.3g}", f"{high:.3g}")
    assert legend_ends(style) == ("low", "high")
    assert legend_title(style) == "After attention"
    assert legend_title(MapStyle("heatmaps", 6)) == "Heatmap: Index PIP"
    assert legend_ends(MapStyle("heatmaps")) == ("0", "peak")


def test_the_legend_can_be_left_to_the_window(model, meshes):
    maps = AttentionMaps(*np.ones((2, 32, 32), np.float32))
    result = make_result(make_hand(model, True, attention=maps))
    image = result.frame.image
    with_legend, without = (
        draw_overlay(
            image, result, OverlayStyle(mesh=None, map=MapStyle("after"), legend=on), meshes
        )
        for on in (True, False)
    )
    assert (with_legend != without).any(axis=2)[440:, :200].sum() > 500
    assert np.array_equal(with_legend[:400], without[:400])


def test_normalising_and_colours():
    values = np.array([[0.0, 2.0], [np.nan, 4.0]])
    assert normalise_map(values).tolist() == [[0.0, 0.5], [0.0, 1.0]]
    assert normalise_map(values, peak=8.0).max() == 0.5
    assert normalise_map(np.zeros((2, 2))).max() == 0
    table = color_table("viridis")
    assert table.shape == (256, 3)
    assert table[0].tolist() == pytest.approx([68, 1, 84], abs=3)
    assert table[255].tolist() == pytest.approx([253, 231, 37], abs=4)
    with pytest.raises(ValueError, match="unknown colour map"):
        color_table("rainbow")
    maps = AttentionMaps(values.astype(np.float32), values.astype(np.float32))
    assert attention_map(maps, "spatial") is None
    with pytest.raises(ValueError, match="unknown attention"):
        attention_map(maps, "sideways")
