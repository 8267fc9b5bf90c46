"""The tone of the person's skin, measured where the mesh lies, and what else hands are made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hands3c_core.geometry import crop_box, default_camera, project
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.hand_model.shipped import skin_texture_path
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.render import (
    HandLook,
    Lighting,
    MeshInstance,
    MeshRasterizer,
    OverlayStyle,
    SkinTones,
    draw_overlay,
    hand_meshes,
)
from hands3c_core.render.overlay import own_meshes
from hands3c_core.render.shade_kernels import SRGB_TO_LINEAR
from hands3c_core.render.skin import (
    HEAT_M,
    PICTURE,
    TEXTURE,
    TONES,
    dress,
    glass_alpha,
    heat_colors,
    measure_tone,
    tint_for,
    vertex_albedo,
)
from hands3c_core.sources import open_source
from hands3c_core.types import Frame, FrameResult, Hand

CAMERA = default_camera(480, 360, 60.0)
TINT = np.array([0.34, 0.27, 0.24])


@pytest.fixture(scope="module")
def model():
    return load_hand_model("hand_mid")


@pytest.fixture(scope="module")
def meshes(model):
    return hand_meshes(model, skin_texture_path())


@pytest.fixture(scope="module")
def hand(model) -> Hand:
    """An open right hand that faces the camera, 45 cm away."""
    layer = FastHandLayer(model)
    pose, shape = np.zeros((16, 3), np.float32), np.zeros(10, np.float32)
    place = np.array([0.0, 0.0, 0.45], np.float32)
    best = None
    for turn in ((np.pi / 2, 0, 0), (0, np.pi / 2, 0), (0, 0, np.pi / 2), (0, 0, 0)):
        pose[0] = turn
        vertices, joints = layer(pose, shape, place)
        across = np.ptp(vertices[:, :2], axis=0).prod()
        if best is None or across > best[0]:
            best = across, pose.copy(), vertices, joints
    _, pose, vertices, joints = best
    shift = np.array([0.0, 0.0, 0.45], np.float32) - vertices.mean(axis=0)
    joints_2d = project(joints + shift, CAMERA)
    return Hand(
        track_id=1, is_right=True, confidence=0.9, vertices=vertices + shift,
        joints_3d=joints + shift, joints_2d=joints_2d, landmarks_2d=joints_2d, pose=pose,
        shape=shape, translation=place + shift, crop=crop_box(joints_2d),
        reprojection_error_px=0.0, estimator="test", model=model,
    )  # fmt: skip


def photograph(hand: Hand, meshes, tint=TINT, lighting: Lighting | None = None) -> np.ndarray:
    """A picture of a hand of that tone before a grey-blue wall."""
    image = np.empty((CAMERA.height, CAMERA.width, 3), np.uint8)
    image[:] = (96, 110, 132)
    template = meshes[hand.is_right]
    material = replace(template.material, base_color=tuple(tint), specular=0.0, rim=0.0)
    rasterizer = MeshRasterizer(lighting=lighting or Lighting.studio())
    return rasterizer.draw(image, [MeshInstance(template, hand.vertices, material)], CAMERA)


def result_of(image: np.ndarray, hand: Hand, time: float = 0.0) -> FrameResult:
    return FrameResult(Frame(image, time, 0, time), CAMERA, (hand,), model=hand.model)


def test_a_known_tone_is_found_also_in_other_light(hand, meshes):
    dim_from_the_left = Lighting.from_suns(
        [(-0.9, -0.2, -0.4)], [(0.5, 0.5, 0.5)], (0.22, 0.22, 0.22), (0.16, 0.16, 0.16)
    )
    for lighting in (None, dim_from_the_left):
        image = photograph(hand, meshes, lighting=lighting)
        tint, _ = measure_tone(image, hand, CAMERA, meshes[True])
        # The hue is the skin's; how bright it is, is the skin's and the light's together.
        np.testing.assert_allclose(tint / tint.mean(), TINT / TINT.mean(), rtol=0.06)
        if lighting is None:
            np.testing.assert_allclose(tint, TINT, rtol=0.15)


def test_what_covers_a_quarter_of_the_hand_does_not_colour_it(hand, meshes):
    image = photograph(hand, meshes)
    clean, _ = measure_tone(image, hand, CAMERA, meshes[True])
    low, high = np.percentile(hand.joints_2d, (0, 25), axis=0)
    covered = image.copy()
    covered[:, int(low[0]) : int(high[0])] = (20, 40, 220)
    assert (covered != image).any(axis=2).mean() > 0.02
    tint, _ = measure_tone(covered, hand, CAMERA, meshes[True])
    np.testing.assert_allclose(tint, clean, rtol=0.1)


def shaded(image: np.ndarray, hand: Hand, share: float) -> np.ndarray:
    """The picture with a part of the hand, from the left, in shadow."""
    edge = int(np.percentile(hand.joints_2d[:, 0], 100 * share))
    dark = image.copy()
    dark[:, :edge] = (dark[:, :edge] * 0.5).astype(np.uint8)  # about a fifth of the light
    return dark


def test_a_shadow_on_a_third_of_the_hand_does_not_darken_its_skin(hand, meshes):
    image = photograph(hand, meshes)
    clean, _ = measure_tone(image, hand, CAMERA, meshes[True])
    tint, _ = measure_tone(shaded(image, hand, 0.35), hand, CAMERA, meshes[True])
    np.testing.assert_allclose(tint, clean, rtol=0.15)


def test_a_hand_that_closes_for_seconds_keeps_its_tone(hand, meshes):
    """Nearly all of it is then in its own shadow: the skin seemed half as bright."""
    tones = SkinTones()
    open_, closed = photograph(hand, meshes), shaded(photograph(hand, meshes), hand, 0.9)
    tones.update(open_, result_of(open_, hand, 0.0), meshes)
    first = tones.tint(hand)
    raw, _ = measure_tone(closed, hand, CAMERA, meshes[True])
    assert (raw < first / 2).all()
    for step in range(1, 21):
        tones.update(closed, result_of(closed, hand, 0.1 * step), meshes)
    assert (tones.tint(hand) > 0.7 * first).all()


@pytest.mark.slow
def test_the_tone_of_a_real_hand_holds_still(shared):
    """A hand that opens and closes: its tone went from 0.54 at 1 s to 0.30 later on."""
    tones, seen = SkinTones(), []
    clip = shared / "media" / "one_hand_720p.mp4"
    with HandMeshPipeline("landmarks") as pipeline, open_source(clip) as source:
        for frame in source:
            if frame.timestamp > 11.5:
                break
            if frame.index % 6:
                continue
            result = pipeline.process(frame)
            tones.update(frame.image, result, own_meshes(result.model))
            if result.hands and frame.timestamp > 0.5:
                seen.append(tones.tint(result.hands[0]).mean())
    assert len(seen) > 40
    assert max(seen) < 1.25 * min(seen)


def test_too_little_to_see_gives_no_tone(hand, meshes, model):
    black = np.zeros((CAMERA.height, CAMERA.width, 3), np.uint8)
    assert measure_tone(black, hand, CAMERA, meshes[True]) is None
    away = replace(hand, vertices=hand.vertices + np.array([5.0, 0, 0], np.float32))
    image = photograph(hand, meshes)
    assert measure_tone(image, away, CAMERA, meshes[True]) is None
    behind = replace(hand, vertices=hand.vertices * np.float32(-1))
    assert measure_tone(image, behind, CAMERA, meshes[True]) is None
    broken = replace(hand, vertices=np.full_like(hand.vertices, np.nan))
    assert measure_tone(image, broken, CAMERA, meshes[True]) is None
    plain = hand_meshes(model)
    assert measure_tone(image, hand, CAMERA, plain[True]) is None


def test_the_mesh_looks_like_the_picture(hand, meshes):
    image = photograph(hand, meshes)
    result = result_of(image, hand)
    on_hand = np.abs(image.astype(int) - (96, 110, 132)).sum(axis=2) > 30

    def off(tone: str) -> float:
        style = OverlayStyle(mesh_opacity=1.0, look=HandLook(tone))
        drawn = draw_overlay(image, result, style, meshes)
        return float(np.abs(drawn.astype(int) - image)[on_hand].mean())

    assert off(PICTURE) < 12
    assert off(PICTURE) < off(TEXTURE) / 3
    np.testing.assert_array_equal(
        draw_overlay(image, result, OverlayStyle(), meshes),
        draw_overlay(image, result, OverlayStyle(look=HandLook(TEXTURE)), meshes),
    )


def test_a_track_keeps_its_tone_and_takes_another_one_slowly(hand, meshes):
    tones = SkinTones()
    np.testing.assert_array_equal(tones.tint(hand), 1.0)
    dark = photograph(hand, meshes)
    tones.update(dark, result_of(dark, hand, 0.0), meshes)
    first = tones.tint(hand)
    light = photograph(hand, meshes, TINT * 2.5)
    tones.update(light, result_of(light, hand, 0.1), meshes)
    soon = tones.tint(hand)
    assert (soon > first * 1.02).all()
    assert (soon < first * 1.3).all()
    for step in range(2, 60):
        tones.update(light, result_of(light, hand, 0.1 * step), meshes)
    np.testing.assert_allclose(tones.tint(hand), first * 2.5, rtol=0.1)
    # The same picture again, as after another choice of the view, changes nothing.
    before = tones.tint(hand)
    tones.update(dark, result_of(dark, hand, 5.9), meshes)
    np.testing.assert_allclose(tones.tint(hand), before)
    # Another picture from elsewhere starts anew.
    tones.update(dark, result_of(dark, hand, 0.0), meshes)
    np.testing.assert_allclose(tones.tint(hand), first, rtol=1e-6)


def test_a_chosen_tone_is_the_skins_colour(hand, meshes):
    albedo = vertex_albedo(meshes[True], len(hand.vertices))
    for name, color in TONES.items():
        tint = tint_for(name, hand, meshes[True], None)
        np.testing.assert_allclose(
            np.median(albedo * tint, axis=0), SRGB_TO_LINEAR[np.array(color)], rtol=0.02
        )


def test_materials(hand, meshes):
    image = photograph(hand, meshes)
    result = result_of(image, hand)

    def drawn(material: str, given: FrameResult = result) -> np.ndarray:
        style = OverlayStyle(mesh_opacity=1.0, look=HandLook(PICTURE, material))
        return draw_overlay(image, given, style, meshes).astype(int)

    middle = tuple(np.round(hand.joints_2d[9]).astype(int)[::-1])
    skin, clay, glass, heat = (drawn(name) for name in ("skin", "clay", "glass", "heat"))
    assert np.ptp(clay[middle]) < 60  # grey
    # Through glass most of the picture is seen.
    assert np.abs(glass - image)[middle].max() < np.abs(clay - image)[middle].max() + 1
    assert heat[middle][2] > heat[middle][0]  # confident: blue
    unsure = replace(hand, joint_sigma=np.full(21, HEAT_M, np.float32))
    hot = drawn("heat", result_of(image, unsure))
    assert hot[middle][0] > hot[middle][2]
    assert (skin != clay).any()
    mode, made = dress((hand,), meshes, HandLook(PICTURE, "heat"))
    assert mode == "shaded"
    assert made[0].vertex_light.shape == hand.vertices.shape
    assert glass_alpha(np.array([1.0]))[0] < 0.3 < 0.8 < glass_alpha(np.array([0.0]))[0]
    with pytest.raises(ValueError, match="tone"):
        HandLook("purple")
    with pytest.raises(ValueError, match="material"):
        HandLook(material="wood")


def test_heat_follows_the_joints(hand):
    sigma = np.zeros(21, np.float32)
    sigma[8] = HEAT_M  # the index finger's tip
    colors = heat_colors(hand.joints_3d, hand.joints_3d, sigma, 0.9)
    assert colors[8, 0] > colors[8, 2]
    assert colors[0, 2] > colors[0, 0]


def test_heat_says_what_its_colours_mean(hand, meshes):
    image = photograph(hand, meshes)
    sure = replace(hand, joint_sigma=np.full(21, 0.002, np.float32))
    result = result_of(image, sure)

    def drawn(**style) -> np.ndarray:
        style = OverlayStyle(look=HandLook(material="heat"), **style)
        return draw_overlay(image, result, style, meshes)

    plain, named = drawn(legend=False), drawn()
    rows, columns = np.nonzero((plain != named).any(axis=2))
    assert columns.max() < CAMERA.width * 0.7
    assert rows.min() > CAMERA.height * 0.5
    np.testing.assert_array_equal(drawn(mesh=None), drawn(mesh=None, legend=False))
    nobody = replace(result, hands=())
    style = OverlayStyle(look=HandLook(material="heat"))
    np.testing.assert_array_equal(draw_overlay(image, nobody, style, meshes), image)
