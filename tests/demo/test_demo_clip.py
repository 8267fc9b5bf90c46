"""The bundled clip: what it shows is what it claims, and the committed file is that clip."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from hands3c_core.demo.arm import Arm, knit
from hands3c_core.demo.clip import HEIGHT, WIDTH, DemoClip
from hands3c_core.demo.motion import DURATION, LEFT_KEYS, RIGHT_KEYS, HandMotion
from hands3c_core.hand_model import load_hand_model

ASSETS = Path(__file__).resolve().parents[2] / "assets"
SKIN = ASSETS / "hand" / "hand_skin_512.jpg"


@pytest.fixture(scope="module")
def model():
    return load_hand_model("hand_mid")


@pytest.fixture(scope="module")
def clip(model):
    return DemoClip(model, SKIN)


def test_a_frame_shows_both_hands_where_the_truth_says(clip):
    image = clip.frame(0.5)
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert image.dtype == np.uint8
    for hand in clip.hands(0.5):
        middle = hand.joints[9, :2] / hand.joints[9, 2] * clip.camera.fx
        u, v = np.round(middle + np.array([clip.camera.cx, clip.camera.cy])).astype(int)
        red, green, blue = image[v - 4 : v + 5, u - 4 : u + 5].reshape(-1, 3).mean(axis=0)
        assert red > 1.15 * green > 1.15 * blue  # skin
        assert hand.joints[9, 0] < 0 if hand.is_right else hand.joints[9, 0] > 0


def test_frames_are_the_same_every_time_and_differ_over_time(model, clip):
    again = DemoClip(model, SKIN)
    assert np.array_equal(clip.frame(3.2), again.frame(3.2))
    assert np.abs(clip.frame(3.2).astype(int) - clip.frame(4.4)).mean() > 1


def test_hands_stay_in_view_and_in_front(clip):
    for time in np.arange(0, DURATION, 0.25):
        for hand in clip.hands(time):
            uv = hand.joints[:, :2] / hand.joints[:, 2:] * clip.camera.fx
            uv += [clip.camera.cx, clip.camera.cy]
            assert (uv > 4).all()
            assert (uv < [WIDTH - 5, HEIGHT - 5]).all()
            assert hand.vertices[:, 2].min() > 0.3


@pytest.mark.parametrize("keys", [RIGHT_KEYS, LEFT_KEYS])
def test_motion_is_smooth_and_loops(model, keys):
    motion = HandMotion(model, keys, seed=1)
    times = np.arange(0, DURATION + 1e-9, 1 / 60)
    places = np.array([motion.at(t).knuckle for t in times])
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() * 60 < 1.0  # metres a second
    fingers = np.array([motion.at(t).pose[1:] for t in times])
    assert np.abs(np.diff(fingers, axis=0)).max() < 0.25
    first, last = motion.at(0), motion.at(DURATION)
    np.testing.assert_allclose(first.pose, last.pose, atol=1e-9)
    np.testing.assert_allclose(first.knuckle, last.knuckle, atol=1e-9)


def test_the_arm_continues_the_hand_outward(model):
    arm = Arm(model, np.full((8, 8, 3), 200, np.uint8), knit(0, (90, 100, 130), 32))
    vertices = model.v_template.astype(np.float32)
    skin, sleeve = arm.place(vertices, np.array([1.0, 0, 0]), np.array([0.4, 0.05, 0]))
    np.testing.assert_array_equal(skin[: len(vertices)], vertices)
    for template, points in ((arm.skin, skin), (arm.sleeve, sleeve)):
        assert template.faces.max() < len(points)
        a, b, c = (points[template.faces[:, k]] for k in range(3))
        normal = np.cross(b - a, c - a)
        new = slice(len(model.faces), None) if template is arm.skin else slice(None)
        centre = (a + b + c)[new] / 3
        axis = np.stack([centre[:, 0], *np.zeros((2, len(centre)))], axis=1)
        axis[:, 1] = np.interp(centre[:, 0], [0.1, 0.4], [0.0, 0.05])
        assert ((normal[new] * (centre - axis)).sum(axis=1) >= -1e-12).mean() > 0.95


def test_the_committed_clip_is_playable_and_small():
    path = ASSETS / "demo.mp4"
    assert path.stat().st_size < 3_000_000
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (WIDTH, HEIGHT)
        assert 25 <= float(stream.average_rate) <= 30
        frames = sum(1 for _ in container.decode(video=0))
    assert frames / float(stream.average_rate) >= 10


def test_the_committed_clip_was_made_by_this_code(clip):
    with av.open(str(ASSETS / "demo.mp4")) as container:
        frame = next(container.decode(video=0)).to_ndarray(format="rgb24")
    # Compression, and a denser hand in the committed clip.
    assert np.abs(frame.astype(int) - clip.frame(0.0)).mean() < 3
