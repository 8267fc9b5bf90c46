"""A take has one shape a hand in all of its files, however it ended."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from glb_reader import Glb, mesh_nodes
from sample_hands import CAMERA, make_hand, make_result
from test_bvh import Bvh

from hands3c_core import HandMeshPipeline
from hands3c_core.assets import asset_path
from hands3c_core.errors import UserError
from hands3c_core.export import ResultLog, convert_take, read_results
from hands3c_core.export.results import LoggedFrame
from hands3c_core.export.settling import SETTLED, settle_log
from hands3c_core.geometry import project
from hands3c_core.hand_model import FastHandLayer, HandModelData, load_hand_model

SETTLES_AT = 9


@pytest.fixture(scope="module")
def settling(model, layer):
    """Both hands; their sizes are guessed at first and settle."""
    found = {True: np.linspace(0.5, -0.4, 10).round(5), False: np.linspace(-0.2, 0.6, 10).round(5)}
    results = []
    for n in range(24):
        guess = 1.5 * max(0, SETTLES_AT - n) / SETTLES_AT
        hands = [
            make_hand(
                layer, side, np.full((16, 3), 0.02 * n), found[side] + guess,
                np.array([0.1, 0.01 * n, 0.5]), 1 if side else 2,
            )
            for side in ((True, False) if n > 2 else (True,))
        ]  # fmt: skip
        results.append(LoggedFrame.of(make_result(n, *hands)))
    return results


def write(path: Path, results, **settings) -> ResultLog:
    log = ResultLog(path, **settings)
    for result in results:
        log.write(result if isinstance(result, LoggedFrame) else LoggedFrame.of(result))
    return log


def check_one_shape(path: Path, model: HandModelData) -> float:
    """The take's files agree with each other; returns by how much the GLB's vertices are off, m."""
    done = read_results(path)
    for side in (True, False):
        shapes = {tuple(h.shape) for f in done.frames for h in f.hands if h.is_right == side}
        assert len(shapes) <= 1
    glb_file, bvh_file, arrays = convert_take(path, ["glb", "bvh", "npz"], hand_model=model).files
    glb, bvh, layer = Glb(glb_file.read_bytes()), Bvh(bvh_file), FastHandLayer(model)
    with np.load(arrays) as npz:
        np.testing.assert_array_equal(
            npz["shape"], [hand.shape for frame in done.frames for hand in frame.hands]
        )
    nodes = {glb.doc["nodes"][node]["name"]: node for node in mesh_nodes(glb)}
    seam = np.zeros(len(model.vt), int)
    seam[model.ft.reshape(-1)] = model.faces.reshape(-1)
    used, worst = np.unique(model.ft), 0.0
    for number, frame in list(enumerate(done.frames))[::3]:
        for hand in frame.hands:
            name = "right_hand" if hand.is_right else "left_hand"
            vertices, joints = layer.posed(hand)
            np.testing.assert_allclose(hand.joints_3d, joints, atol=2e-5)
            np.testing.assert_allclose(hand.joints_2d, project(joints, frame.camera), atol=0.1)
            assert np.linalg.norm(bvh.hand(number, name) - joints, axis=1).max() < 1e-4
            at = frame.timestamp - done.frames[0].timestamp
            shown = glb.posed(nodes[f"{name}_mesh"], 0, at) * [1, -1, -1]
            apart = np.linalg.norm(shown[used] - vertices[seam][used], axis=1)
            worst = max(worst, float(apart.max()))
    return worst


def test_a_closed_log_has_one_shape_a_hand(tmp_path, model, settling):
    path = tmp_path / "take.jsonl"
    raw = tmp_path / "raw.jsonl"
    write(raw, settling, hand_model=model).close()
    log = write(path, settling, hand_model=model, settle=True)
    assert read_results(path).header[SETTLED] is False
    log.close()
    assert read_results(path).header[SETTLED] is True
    assert SETTLED not in read_results(raw).header
    before, after = read_results(raw).frames, read_results(path).frames
    for n, (old, new) in enumerate(zip(before, after, strict=True)):
        assert (old.index, old.timestamp, old.captured_at) == (n, new.timestamp, new.captured_at)
        for hand, settled in zip(old.hands, new.hands, strict=True):
            np.testing.assert_array_equal(hand.pose, settled.pose)
            change = np.linalg.norm(hand.joints_2d - settled.joints_2d, axis=1)
            assert change.mean() < 3.0  # it is seen where it was
            assert np.isfinite(settled.reprojection_error_px)
    # From where the shape has settled on, nothing is touched.
    lines = [file.read_bytes().splitlines()[1 + SETTLES_AT :] for file in (raw, path)]
    assert lines[0] == lines[1]
    assert check_one_shape(path, model) < 1e-4


def test_logged_vertices_and_what_others_wrote_in_a_line_are_kept(tmp_path, model, settling):
    path = tmp_path / "take.jsonl"
    write(path, settling, hand_model=model, vertices=True, settle=True)  # never closed: killed
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[1]["hands"][0]["note"] = lines[1]["note"] = {"a": [1]}
    lines.insert(5, {"type": "remark", "text": "x"})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert settle_log(path, model)
    again = [json.loads(line) for line in path.read_text().splitlines()]
    assert again[1]["hands"][0]["note"] == again[1]["note"] == {"a": [1]}
    assert again[5] == {"type": "remark", "text": "x"}
    layer = FastHandLayer(model)
    for frame in read_results(path).frames:
        for hand in frame.hands:
            np.testing.assert_allclose(hand.vertices, layer.posed(hand)[0], atol=2e-5)


def test_the_log_of_a_killed_recording_is_completed_when_it_is_exported(tmp_path, model, settling):
    path = tmp_path / "take.jsonl"
    write(path, settling, hand_model=model, settle=True)
    path.write_bytes(path.read_bytes()[:-300])
    assert convert_take(path, ["csv"]).truncated
    done = read_results(path)
    assert done.header[SETTLED] is True
    assert len(done.frames) == len(settling) - 1
    assert check_one_shape(path, model) < 1e-4


def test_a_log_that_is_still_written_is_left_alone(tmp_path, model, settling):
    path = tmp_path / "take.jsonl"
    log = write(path, settling, hand_model=model, settle=True)
    content = path.read_bytes()
    assert not settle_log(path, model)
    (arrays,) = convert_take(path, ["npz"]).files  # what is made of it has one shape already
    assert path.read_bytes() == content
    with np.load(arrays) as npz:
        assert len(np.unique(npz["shape"][npz["is_right"]], axis=0)) == 1
    log.write(replace(settling[-1], timestamp=2.0))
    log.close()
    assert len(read_results(path).frames) == len(settling) + 1
    assert read_results(path).header[SETTLED] is True


def test_a_hand_model_that_does_not_fit_changes_nothing(tmp_path, model, settling):
    path = tmp_path / "take.jsonl"
    write(path, settling, hand_model=model, settle=True)
    other = replace(
        load_hand_model("hand_mano778"), v_template=1.2 * model.v_template, name="another"
    )
    content = path.read_bytes()
    with pytest.raises(UserError, match="was not made with"):
        convert_take(path, ["csv"], hand_model=other)
    assert path.read_bytes() == content


def test_hands_with_numbers_missing_are_left_as_they_are(tmp_path, model, settling):
    hand = settling[0].hands[0]
    holes = replace(hand, joints_2d=np.full((21, 2), np.nan, np.float32))
    unknown = replace(hand, pose=np.full((16, 3), np.nan, np.float32))
    results = [make_result(0, holes), make_result(1, unknown), *settling[2:]]
    path = tmp_path / "take.jsonl"
    write(path, results, hand_model=model, settle=True).close()
    frames = read_results(path).frames
    np.testing.assert_allclose(frames[0].hands[0].shape, hand.shape, atol=1e-5)
    assert np.isnan(frames[1].hands[0].pose).all()
    assert frames[0].camera == CAMERA


@pytest.mark.slow
def test_a_real_clip(tmp_path):
    """The bundled one as it is recorded: everything agrees, and the picture hardly notices."""
    with HandMeshPipeline("landmarks") as pipeline:
        model = pipeline.hand_model
        results = list(islice(pipeline.run(asset_path("demo.mp4")), 60))
    results = [LoggedFrame.of(result) for result in results]
    path, raw = tmp_path / "take.jsonl", tmp_path / "raw.jsonl"
    write(raw, results, hand_model=model).close()
    write(path, results, hand_model=model, settle=True).close()
    assert check_one_shape(path, model) < 1e-4
    changes = [
        np.linalg.norm(hand.joints_2d - settled.joints_2d, axis=1).max()
        for old, new in zip(read_results(raw).frames, read_results(path).frames, strict=True)
        for hand, settled in zip(old.hands, new.hands, strict=True)
    ]
    assert np.median(changes) < 1.0
