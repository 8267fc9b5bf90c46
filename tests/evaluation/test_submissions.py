"""Submission files: form, frame, order, unit and number."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest

from hands3c_core.errors import UserError
from hands3c_core.evaluation import (
    BENCHMARKS,
    check_submission,
    evaluate,
    read_submission,
    write_submission,
)

OPENGL = np.array([1.0, -1.0, -1.0])
#: HO-3D's order, written out: wrist, index, middle, little, ring, thumb (3 each), tips.
HO3D_ORDER = [0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3, 4, 8, 12, 16, 20]


@pytest.fixture
def outcome(make_hands, make_guess):
    return evaluate(make_hands(4), make_guess(), keep_vertices=True)


def truth(make_hands):
    hands = []
    for sample in make_hands(4).samples:
        side = np.array([1.0 if sample.is_right else -1.0, 1.0, 1.0])
        joints = (sample.joints_3d + sample.root) * side
        hands.append((joints, (sample.vertices + sample.root) * side))
    return np.stack([h[0] for h in hands]), np.stack([h[1] for h in hands])


def test_official_numbers():
    counts = {name: benchmark.count for name, benchmark in BENCHMARKS.items()}
    assert counts == {"freihand": 3960, "ho3d_v2": 11524, "ho3d_v3": 20137}


@pytest.mark.parametrize("suffix", ["json", "zip"])
def test_freihand(outcome, make_hands, tmp_path, suffix):
    path = tmp_path / f"pred.{suffix}"
    assert write_submission(outcome, "freihand", path, count=4) == 0
    if suffix == "zip":
        with zipfile.ZipFile(path) as archive:
            assert archive.namelist() == ["pred.json"]
    joints, vertices = read_submission(path)
    true_joints, true_vertices = truth(make_hands)
    np.testing.assert_allclose(joints, true_joints, atol=2e-6)
    np.testing.assert_allclose(vertices, true_vertices, atol=2e-6)


def test_the_file_is_two_plain_lists(outcome, tmp_path):
    write_submission(outcome, "freihand", tmp_path / "pred.json", count=4)
    content = json.loads((tmp_path / "pred.json").read_text())
    assert [len(part) for part in content] == [4, 4]
    assert [len(part[0]) for part in content] == [21, 778]


def test_ho3d_frame_and_order(outcome, make_hands, tmp_path):
    write_submission(outcome, "ho3d_v3", tmp_path / "pred.zip", count=4)
    joints, vertices = read_submission(tmp_path / "pred.zip")
    true_joints, true_vertices = truth(make_hands)
    np.testing.assert_allclose(joints, (true_joints * OPENGL)[:, HO3D_ORDER], atol=2e-6)
    np.testing.assert_allclose(vertices, true_vertices * OPENGL, atol=2e-6)
    assert (joints[..., 2] < 0).all()


def test_missed_images_keep_their_place(make_hands, make_guess, tmp_path):
    outcome = evaluate(
        make_hands(4, broken=(0,)), make_guess(misses=("hand/2",)), keep_vertices=True
    )
    assert write_submission(outcome, "freihand", tmp_path / "pred.json", count=4) == 2
    joints, _ = read_submission(tmp_path / "pred.json")
    true_joints, _ = truth(make_hands)
    np.testing.assert_allclose(joints[[1, 3]], true_joints[[1, 3]], atol=2e-6)
    np.testing.assert_allclose(joints[2], joints[[1, 3]].mean(axis=0), atol=2e-6)
    np.testing.assert_allclose(joints[0], joints[2])


def test_a_part_of_the_split_is_refused(outcome, tmp_path):
    with pytest.raises(UserError, match="3960"):
        write_submission(outcome, "freihand", tmp_path / "pred.json")
    with pytest.raises(UserError, match="no benchmark"):
        write_submission(outcome, "coco", tmp_path / "pred.json")
    assert not list(tmp_path.iterdir())


def test_meshes_of_another_density_are_refused(make_hands, make_guess, tmp_path):
    guess = make_guess(lambda hand: replace(hand, vertices=hand.vertices[:700]))
    outcome = evaluate(make_hands(4), guess, keep_vertices=True)
    with pytest.raises(UserError, match="778"):
        write_submission(outcome, "freihand", tmp_path / "pred.json", count=4)


@pytest.mark.parametrize(
    ("fault", "part"),
    [
        (lambda j, v: (j[:3], v), "joints of shape"),
        (lambda j, v: (j, v[:, :700]), "vertices of shape"),
        (lambda j, v: (j * np.nan, v), "not finite"),
        (lambda j, v: (j * 1000, v * 1000), "metres"),
        (lambda j, v: (j * OPENGL, v * OPENGL), "behind the camera"),
        (lambda j, v: (j[:, HO3D_ORDER], v), "another one"),
    ],
)
def test_faults_are_found(make_hands, fault, part):
    joints, vertices = truth(make_hands)
    check_submission(joints, vertices, "freihand", count=4)
    with pytest.raises(UserError, match=part):
        check_submission(*fault(joints, vertices), "freihand", count=4)


def test_ho3d_faults_are_found(make_hands):
    joints, vertices = truth(make_hands)
    ours, theirs = joints * OPENGL, (joints * OPENGL)[:, HO3D_ORDER]
    check_submission(theirs, vertices * OPENGL, "ho3d_v2", count=4)
    with pytest.raises(UserError, match="own order"):
        check_submission(ours, vertices * OPENGL, "ho3d_v2", count=4)
    with pytest.raises(UserError, match="negative"):
        check_submission(joints[:, HO3D_ORDER], vertices, "ho3d_v2", count=4)
    root = theirs[:, :1]
    with pytest.raises(UserError, match="relative to the wrist"):
        check_submission(theirs - root, vertices * OPENGL - root, "ho3d_v2", count=4)


@pytest.mark.parametrize("content", [b"", b"[[", b"[1, 2, 3]", b'{"a": 1}'])
def test_damaged_files(tmp_path, content):
    for name in ("pred.json", "pred.zip"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(UserError, match=name):
            read_submission(tmp_path / name)
