"""The soft wrist, the backdrop of the 3D view, and the tiles of before, after and difference."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from hands3c_core.explain.maps import ColorScale
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.hand_model.shipped import skin_texture_path
from hands3c_core.render import MeshInstance, MeshRasterizer, draw_comparison, hand_meshes
from hands3c_core.render.backdrop import Backdrop, paint_backdrop
from hands3c_core.render.feather import FADE_M, feather_wrists
from hands3c_core.types import AttentionMaps, Camera, CropBox

CAMERA = Camera(600.0, 600.0, 319.5, 239.5, 640, 480)


@pytest.fixture(scope="module")
def hand():
    model = load_hand_model("hand_mid")
    pose = np.zeros((16, 3), np.float32)
    pose[0] = (-1.2092, -1.2092, 1.2092)  # fingers up, back to the camera
    vertices, joints = FastHandLayer(model)(pose, np.zeros(10, np.float32))
    shift = np.array([0.0, 0.0, 0.5], np.float32) - joints.mean(axis=0)
    return model, (vertices + shift).astype(np.float32), joints + shift


def test_the_wrist_fades_and_the_fingers_do_not(hand):
    model, vertices, joints = hand
    mesh = MeshInstance(hand_meshes(model, skin_texture_path())[True], vertices)
    plain = MeshRasterizer().render([mesh], CAMERA)
    soft = MeshRasterizer().render([mesh], CAMERA)
    feather_wrists(soft, [mesh], CAMERA)
    share = np.divide(
        soft.rgba[..., 3], plain.rgba[..., 3],
        out=np.ones_like(plain.rgba[..., 3]), where=plain.rgba[..., 3] > 0.99,
    )  # fmt: skip
    assert share.min() < 0.1
    pixels = joints[:, :2] / joints[:, 2:] * 600.0 + (319.5, 239.5)
    for u, v in pixels[1:]:
        row, column = round(v) - soft.y0, round(u) - soft.x0
        if 0 <= row < share.shape[0] and 0 <= column < share.shape[1]:
            assert share[row, column] == 1.0
    # From the edge on, each row is at least as opaque as the one below it.
    column = round(float(pixels[0, 0])) - soft.x0
    line = share[:, column][plain.rgba[:, column, 3] > 0.99]
    fading = line[line < 1.0]
    assert len(fading) == pytest.approx(FADE_M / 0.5 * 600, rel=0.4)
    assert (np.diff(fading) <= 1e-3).all()


def test_a_backdrop_changes_background_only():
    image = np.full((40, 20, 3), 0.12, np.float32)
    image[10:20, 5:15] = (0.8, 0.6, 0.5)
    paint_backdrop(image, Backdrop((0.12, 0.12, 0.12), 0.08))
    assert image[0, 0, 0] == pytest.approx(0.16)
    assert image[-1, 0, 0] == pytest.approx(0.08)
    assert (np.diff(image[:, 0, 0]) < 0).all()
    assert (image[10:20, 5:15] == np.array([0.8, 0.6, 0.5], np.float32)).all()


def test_a_few_large_values_do_not_leave_the_rest_one_colour():
    """The channel branch of the shipped network: 5 to 6,242."""
    values = np.full((32, 32), 5.0, np.float32)
    values += np.linspace(0, 30, 1024, dtype=np.float32).reshape(32, 32)
    values[:4, :4] = 6242.0
    maps = AttentionMaps(values, values, values, values)
    scale = ColorScale()
    scale.update([maps], 0.0)
    level = scale("channel", values)
    assert 0.25 < float(np.median(level)) < 0.75
    assert np.ptp(level[8:]) > 0.5
    assert (np.diff(level.reshape(-1)[np.argsort(values.reshape(-1))]) >= 0).all()
    skewed = np.exp(np.linspace(0, 7, 1024, dtype=np.float32)).reshape(32, 32)
    scale = ColorScale()
    scale.update([AttentionMaps(skewed, skewed, skewed, skewed)], 0.0)
    assert float(np.median(scale("channel", skewed))) == pytest.approx(0.3, abs=0.02)
    low, high = scale.limits("channel")
    assert low < scale.value_at("channel", 0.5) < (low + high) / 2
    even = AttentionMaps(*(np.linspace(0, 1, 64, dtype=np.float32).reshape(8, 8),) * 2)
    plain = ColorScale()
    plain.update([even], 0.0)
    assert plain.power("after") == 1.0


@pytest.mark.parametrize("is_right", [True, False])
def test_the_difference_shows_where_the_module_added(is_right):
    before = np.ones((16, 16), np.float32)
    after = before.copy()
    after[:, 12:] = 3.0  # on the right of what the network saw
    hand = SimpleNamespace(
        is_right=is_right, attention=AttentionMaps(before, after), crop=CropBox(320, 200, 150)
    )
    frame = np.full((400, 640, 3), 128, np.uint8)
    image = frame.copy()
    assert draw_comparison(image, frame, [hand], None, 12)
    changed = (image != frame).any(axis=2)
    rows, columns = np.nonzero(changed)
    side = (columns.max() - columns.min()) // 3
    third = image[rows.min() + side // 2, columns.max() - side + 4 : columns.max() - 3].astype(int)
    red = third[:, 0] - third[:, 2]
    where = np.argmax(red) / len(red)
    assert bool(where > 0.5) is is_right
    assert not draw_comparison(image, frame, [], None, 12)
