"""Pinhole cameras, calibration files and the translation solve."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hands3c_core.errors import UserError
from hands3c_core.geometry import (
    default_camera,
    load_camera,
    project,
    resize_camera,
    solve_translation,
)
from hands3c_core.model_space import mirror_camera
from hands3c_core.types import Camera

K = np.array([[600.0, 0.0, 319.5], [0.0, 610.0, 239.5], [0.0, 0.0, 1.0]])


def test_default_camera_sees_sixty_degrees_across_the_width():
    camera = default_camera(640, 480)
    edge = math.tan(math.radians(30.0))
    left, right = project([[-edge, 0.0, 1.0], [edge, 0.0, 1.0]], camera)
    assert left[0] == pytest.approx(-0.5, abs=1e-3)
    assert right[0] == pytest.approx(639.5, abs=1e-3)
    assert project([0.0, 0.0, 2.0], camera) == pytest.approx([319.5, 239.5])


@pytest.mark.parametrize("arguments", [(0, 480), (640, -1), (640, 480, 0.0), (640, 480, 180.0)])
def test_impossible_cameras(arguments):
    with pytest.raises(UserError):
        default_camera(*arguments)


@given(x=st.floats(-0.5, 0.5), y=st.floats(-0.5, 0.5), z=st.floats(0.1, 3.0))
def test_resizing_and_mirroring_move_pixels_as_they_move_the_image(x, y, z):
    camera = Camera(600.0, 610.0, 310.0, 250.0, 640, 480)
    u, v = project([x, y, z], camera)
    small = project([x, y, z], resize_camera(camera, 320, 120))
    assert small == pytest.approx([(u + 0.5) / 2 - 0.5, (v + 0.5) / 4 - 0.5], abs=1e-2)
    mirrored = project([-x, y, z], mirror_camera(camera))
    assert mirrored == pytest.approx([639 - u, v], abs=1e-2)


def _write(path, kind):
    if kind == "npz":
        np.savez(path.with_suffix(".npz"), camera_matrix=K, dist=np.zeros(5))
        return path.with_suffix(".npz")
    if kind == "npy":
        np.save(path.with_suffix(".npy"), K)
        return path.with_suffix(".npy")
    texts = {
        "size.json": json.dumps({"K": K.tolist(), "width": 640, "height": 480}),
        "flat.json": json.dumps({"fx": 600, "fy": 610, "cx": 319.5, "cy": 239.5}),
        "list.json": json.dumps(K.tolist()),
        "ros.yaml": "image_width: 640\nimage_height: 480\ncamera_matrix:\n  rows: 3\n  cols: 3\n"
        f"  data: {K.ravel().tolist()}\n",
        "opencv.yml": "%YAML:1.0\n---\nimage_size: [640, 480]\ncameraMatrix: !!opencv-matrix\n"
        f"   rows: 3\n   cols: 3\n   dt: d\n   data: {K.ravel().tolist()}\n",
    }
    file = path.with_name(f"cam_{kind}")
    file.write_text(texts[kind])
    return file


KINDS = ["npz", "npy", "size.json", "flat.json", "list.json", "ros.yaml", "opencv.yml"]


@pytest.mark.parametrize("kind", KINDS)
def test_calibration_files(tmp_path, kind):
    if kind.endswith(("yaml", "yml")):
        pytest.importorskip("yaml")
    camera = load_camera(_write(tmp_path / "cam", kind), 640, 480)
    assert camera == Camera(600.0, 610.0, 319.5, 239.5, 640, 480)


def test_calibration_scales_to_the_images(tmp_path):
    camera = load_camera(_write(tmp_path / "cam", "size.json"), 1280, 960)
    assert (camera.fx, camera.fy) == (1200.0, 1220.0)
    assert (camera.cx, camera.cy) == (639.5, 479.5)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", "{"),
        ("a.json", "{}"),
        ("a.json", '{"K": [[1, 2], [3, 4]]}'),
        ("a.json", '{"K": "abc"}'),
        ("a.json", '{"fx": -1, "fy": 1, "cx": 0, "cy": 0}'),
        ("a.json", '{"fx": 1, "fy": 1, "cx": 0, "cy": 0, "image_size": [0, 3]}'),
        ("a.json", '{"fx": 1, "fy": 1, "cx": 0, "cy": 0, "image_size": 7}'),
        ("a.json", "3"),
        ("a.txt", "K"),
        ("a.npz", "no archive"),
        ("a.npy", ""),
    ],
)
def test_bad_calibrations_say_so_in_one_line(tmp_path, name, text):
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(UserError) as caught:
        load_camera(file, 640, 480)
    assert "\n" not in str(caught.value)


def test_missing_calibration(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        load_camera(tmp_path / "none.json", 640, 480)


def test_pickled_calibration_is_refused(tmp_path):
    np.save(tmp_path / "evil.npy", np.array([{"K": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(UserError):
        load_camera(tmp_path / "evil.npy", 640, 480)


@given(seed=st.integers(0, 10_000))
@settings(max_examples=40)
def test_translation_is_recovered_exactly_without_noise(seed):
    rng = np.random.default_rng(seed)
    joints = rng.normal(scale=0.05, size=(21, 3))
    translation = np.array([rng.uniform(-0.3, 0.3), rng.uniform(-0.2, 0.2), rng.uniform(0.3, 2)])
    camera = default_camera(640, 480)
    found = solve_translation(joints, project(joints + translation, camera), camera)
    assert found == pytest.approx(translation, abs=5e-4)


def test_refinement_minimises_the_distance_in_the_image():
    rng = np.random.default_rng(0)
    camera = default_camera(640, 480)
    joints = rng.normal(scale=0.08, size=(21, 3))
    noise = rng.normal(scale=4.0, size=(21, 2))
    seen = project(joints + np.array([0.1, 0.0, 0.35]), camera) + noise

    def error(translation):
        return ((project(joints + translation, camera) - seen) ** 2).sum()

    found = solve_translation(joints, seen, camera)
    assert error(found) <= error(solve_translation(joints, seen, camera, refinements=0))
    for nudge in np.vstack([np.eye(3), -np.eye(3)]) * 2e-3:
        assert error(found) < error(found + nudge)


def test_weightless_joints_are_ignored():
    rng = np.random.default_rng(0)
    camera = default_camera(640, 480)
    joints = rng.normal(scale=0.05, size=(21, 3))
    seen = project(joints + np.array([0.0, 0.1, 0.5]), camera)
    seen[5] += 500.0
    weights = np.ones(21)
    weights[5] = 0.0
    assert solve_translation(joints, seen, camera, weights) == pytest.approx(
        [0.0, 0.1, 0.5], abs=5e-4
    )


def test_translation_stays_in_front_of_the_camera():
    joints = np.random.default_rng(0).normal(scale=0.05, size=(21, 3))
    camera = default_camera(640, 480)
    seen = project(joints + np.array([0.0, 0.0, 0.4]), camera)
    mirrored = 2 * np.array([camera.cx, camera.cy]) - seen
    translation = solve_translation(joints, mirrored, camera)
    assert (joints[:, 2] + translation[2]).min() > 0.0
