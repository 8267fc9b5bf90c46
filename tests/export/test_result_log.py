"""The log of results (JSON lines) is read back and compared with what went in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sample_hands import CAMERA, make_result

from hands3c_core.conventions import JOINT_NAMES
from hands3c_core.errors import UserError
from hands3c_core.export import (
    ResultLog,
    read_results,
)
from hands3c_core.types import Camera


def write_log(path, results, **options) -> Path:
    with ResultLog(path, hand_model="hand_mano778", estimator="landmarks", **options) as log:
        for result in results:
            log.write(result)
    return path


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("translation", [0.0, 0.0, 500.0]),
        ("translation", [-30.0, 0.0, 0.5]),
        ("joints_3d", [[0.0, 0.0, 99.0]] * 21),
        ("pose", [[0.0, 0.0, 300.0]] * 16),
        ("shape", [1e3] * 10),
        ("confidence", 1.5),
        ("confidence", -3),
        ("reprojection_error_px", -1.0),
        ("joint_sigma", [-0.1] * 21),
        ("crop_angle", 1e4),
    ],
)
def test_values_that_no_hand_has_are_refused_by_line_and_key(key, value, session, tmp_path):
    path = write_log(tmp_path / "log.jsonl", session[:2])
    lines = path.read_text().splitlines()
    frame = json.loads(lines[2])
    frame["hands"][0][key] = value
    path.write_text("\n".join([*lines[:2], json.dumps(frame)]) + "\n")
    with pytest.raises(UserError, match=rf"line 3: hands\[0\]\.{key} .*outside"):
        read_results(path)


@pytest.mark.parametrize(
    ("key", "value"), [("fx", 1e-2), ("fy", 1e7), ("cx", 1e6), ("cy", -1e6), ("width", 0)]
)
def test_cameras_that_no_picture_has_are_refused(key, value, session, tmp_path):
    path = write_log(tmp_path / "log.jsonl", session[:1])
    header, *rest = path.read_text().splitlines()
    camera = json.loads(header)
    camera["camera"][key] = value
    path.write_text("\n".join([json.dumps(camera), *rest]) + "\n")
    with pytest.raises(UserError, match=rf"line 1: camera\.{key} is .*outside"):
        read_results(path)


@pytest.mark.parametrize("change", ["far", "near", "turned", "telephoto", "unknown"])
def test_what_is_written_can_be_read(change, session, tmp_path):
    """A hand that no reader would believe is left out; one that a long lens sees far away is not,
    nor one of which something is not known."""
    result = session[0]
    hand = result.hands[0]
    move = {"far": 21.0, "telephoto": 90.0, "near": 19.5}.get(change, 0.5)
    moved = replace(
        hand,
        translation=np.array([0.0, 0.0, move], np.float32),
        joints_3d=hand.joints_3d - hand.joints_3d[:1] + np.float32([0, 0, move]),
        vertices=hand.vertices - hand.joints_3d[:1] + np.float32([0, 0, move]),
    )
    if change == "turned":
        moved = replace(moved, pose=np.full((16, 3), 90.0, np.float32))
    if change == "unknown":
        moved = replace(moved, translation=np.full(3, np.nan, np.float32), confidence=np.nan)
    camera = replace(CAMERA, fx=6400.0, fy=6400.0) if change == "telephoto" else CAMERA
    given = replace(result, hands=(moved,), camera=camera)
    kept = 0 if change in ("far", "turned") else 1
    log = read_results(write_log(tmp_path / "log.jsonl", [given], vertices=True))
    assert len(log.frames[0].hands) == kept


def test_log_reads_back(session, tmp_path):
    log = read_results(write_log(tmp_path / "log.jsonl", session, source="clip.mp4", vertices=True))
    assert log.header["version"] == 1
    assert log.header["joint_names"] == list(JOINT_NAMES)
    assert log.header["source"] == "clip.mp4"
    assert not log.truncated
    assert [frame.index for frame in log.frames] == list(range(30))
    for logged, result in zip(log.frames, session, strict=True):
        assert logged.camera == CAMERA
        assert logged.timestamp == pytest.approx(result.frame.timestamp)
        assert logged.timings_ms["total"] == pytest.approx(12.346)
        for a, b in zip(logged.hands, result.hands, strict=True):
            assert (a.track_id, a.is_right, a.estimator) == (b.track_id, b.is_right, b.estimator)
            np.testing.assert_allclose(a.vertices, b.vertices, atol=1e-6)
            np.testing.assert_allclose(a.joints_3d, b.joints_3d, atol=1e-6)
            np.testing.assert_allclose(a.joints_2d, b.joints_2d, atol=0.01)
            np.testing.assert_allclose(a.pose, b.pose, atol=1e-5)
            assert a.crop == b.crop


def test_each_line_is_on_disk_at_once(session, tmp_path):
    log = ResultLog(tmp_path / "log.jsonl", hand_model="m", estimator="e")
    assert not log.path.exists()
    for n, result in enumerate(session[:3], start=1):
        log.write(result)
        assert len(read_results(log.path).frames) == n
    log.close()
    log.close()
    with pytest.raises(ValueError, match="closed"):
        log.write(session[3])


@pytest.mark.parametrize("cut", [1, 2, 100, 700])
def test_a_log_cut_off_in_its_last_line(session, tmp_path, cut):
    path = write_log(tmp_path / "log.jsonl", session)
    path.write_bytes(path.read_bytes()[:-cut])
    log = read_results(path)
    assert len(log.frames) == (30 if cut == 1 else 29)  # without its line end it is still whole
    assert log.truncated == (cut > 1)


def test_a_new_camera_is_logged(session, tmp_path):
    wide = Camera(300.0, 300.0, 319.5, 239.5, 640, 480)
    results = [session[0], make_result(1, camera=wide), make_result(2, camera=wide)]
    frames = read_results(write_log(tmp_path / "log.jsonl", results)).frames
    assert [frame.camera for frame in frames] == [CAMERA, wide, wide]


def test_numbers_that_are_not_finite_survive(session, tmp_path):
    hand = session[0].hands[0]
    joints = hand.joints_2d.copy()
    joints[3] = np.nan, np.inf
    odd = replace(hand, joints_2d=joints, reprojection_error_px=float("nan"))
    path = write_log(tmp_path / "log.jsonl", [make_result(0, odd)])
    assert "NaN" not in path.read_text()
    back = read_results(path).frames[0].hands[0]
    assert np.isnan(back.joints_2d[3]).all()
    assert np.isnan(back.reprojection_error_px)
    np.testing.assert_allclose(back.joints_2d[:3], joints[:3], atol=0.01)


def test_files_that_are_no_logs_are_clear_errors(session, tmp_path):
    def refused(content: str, words: str) -> None:
        path = tmp_path / "bad.jsonl"
        path.write_text(content)
        with pytest.raises(UserError, match=words):
            read_results(path)

    lines = write_log(tmp_path / "log.jsonl", session).read_text().splitlines()
    refused("", "no hands3c-results header")
    refused('{"format": "other"}\n', "no hands3c-results header")
    refused("[1, 2]\n", "no hands3c-results header")
    refused("not json\n", "line 1: not JSON")
    refused(lines[0].replace('"version": 1', '"version": 99'), "version 99")
    refused("\n".join([lines[0], "{broken", lines[1]]) + "\n", "line 2: not JSON")
    refused(lines[0] + '\n{"type":"frame"}\n', "line 2: index is missing")
    short = json.loads(lines[1])
    short["hands"][0]["pose"] = [[0, 0, 0]]
    refused("\n".join([lines[0], json.dumps(short), ""]), "pose has shape")
    with pytest.raises(UserError, match="cannot read"):
        read_results(tmp_path / "none.jsonl")


def test_a_log_where_nothing_can_be_written(session, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    log = ResultLog(blocked / "log.jsonl", hand_model="m", estimator="e")
    with pytest.raises(UserError, match="cannot write"):
        log.write(session[0])
