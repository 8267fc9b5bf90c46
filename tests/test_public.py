"""What ``import hands3c_core`` offers, used as a program would use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import hands3c_core
from hands3c_core import (
    FrameResult,
    HandMeshPipeline,
    PipelineConfig,
    UserError,
    draw_overlay,
    write_obj,
)
from hands3c_core.assets import asset_path
from hands3c_core.export import (
    AngleTable,
    ArrayRecorder,
    BvhRecorder,
    GlbRecorder,
    ResultLog,
    write_ply,
)
from hands3c_core.sources import open_source

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """Three moments of the bundled clip, seconds apart: nothing to follow from one to the next."""
    found = []
    with open_source(asset_path("demo.mp4")) as source:
        for second in (1.0, 5.0, 9.0):
            source.seek(second)
            frame = source.read()
            assert frame is not None
            found.append(frame.image)
    return found


@pytest.fixture(scope="module")
def result(pictures) -> FrameResult:
    with HandMeshPipeline(mode="image") as pipeline:
        return pipeline(pictures[0])


def test_every_public_name_is_there_and_importing_costs_nothing():
    for name in hands3c_core.__all__:
        assert getattr(hands3c_core, name) is not None
        assert name in dir(hands3c_core)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        hands3c_core.nothing  # noqa: B018
    code = "import sys, hands3c_core; assert not {'numpy', 'cv2', 'rich'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_image_mode_equals_a_fresh_pipeline_for_every_picture(pictures):
    check_alone("landmarks", [*pictures, pictures[0]])


@pytest.mark.slow
def test_image_mode_of_a_network_equals_a_fresh_pipeline(pictures):
    check_alone("auto", pictures[:2])


def check_alone(estimator: str, images: list[np.ndarray]) -> None:
    with HandMeshPipeline(estimator, mode="image") as pipeline:
        for image in images:
            ours = pipeline(image)
            with HandMeshPipeline(estimator) as fresh:
                theirs = fresh(image)
            assert len(ours.hands) == len(theirs.hands) > 0
            for a, b in zip(ours.hands, theirs.hands, strict=True):
                assert (a.track_id, a.is_right) == (b.track_id, b.is_right)
                assert a.estimator == b.estimator
                np.testing.assert_allclose(a.vertices, b.vertices, atol=2e-5)
                np.testing.assert_allclose(a.joints_2d, b.joints_2d, atol=0.05)


def test_an_unknown_mode_is_refused():
    with pytest.raises(UserError, match="'video' or 'image'"):
        HandMeshPipeline(mode="photo")


def test_a_whole_source_is_run_in_order(tmp_path, pictures):
    for number, image in enumerate(pictures):
        cv2.imwrite(str(tmp_path / f"{number}.png"), image[..., ::-1])
    with HandMeshPipeline() as pipeline:
        assert [r.index for r in pipeline.run(tmp_path)] == [0, 1, 2]
        with open_source(tmp_path) as source:
            (last,) = pipeline.run(source, start=source.duration)
        assert last.index == 2
        assert last.hands[0].track_id == 1
        with pytest.raises(UserError):
            list(pipeline.run(tmp_path / "nothing.mp4"))


def test_a_result_needs_nothing_beside_it(tmp_path, pictures, result):
    hand = result.hands[0]
    assert result.model is hand.model
    assert hand.faces.max() < len(hand.vertices)
    left = next(hand for hand in result.hands if not hand.is_right)
    right = next(hand for hand in result.hands if hand.is_right)
    for side in (left, right):  # outward: the volume enclosed is positive
        a, b, c = (side.vertices[side.faces[:, k]].astype(float) for k in range(3))
        assert np.einsum("ij,ij->i", a, np.cross(b, c)).sum() > 0
    drawn = draw_overlay(pictures[0], result)
    assert (drawn != pictures[0]).any(axis=2).mean() > 0.02
    record = json.loads(json.dumps(result.to_dict(vertices=True), allow_nan=False))
    assert record["camera"]["width"] == pictures[0].shape[1]
    assert record["hand_model"] == "hand_mid"
    assert np.allclose(record["hands"][0]["vertices"], hand.vertices, atol=1e-6)


def test_every_recorder_takes_a_result(tmp_path, result):
    model = result.model
    recorders = {
        "npz": ArrayRecorder({}),
        "csv": AngleTable(model),
        "glb": GlbRecorder(model),
        "bvh": BvhRecorder(model),
    }
    for kind, recorder in recorders.items():
        recorder.add(result)
        recorder.save(tmp_path / f"take.{kind}")
        assert (tmp_path / f"take.{kind}").stat().st_size > 500
    with ResultLog(tmp_path / "take.jsonl") as log:
        log.write(result)
    take = hands3c_core.read_take(tmp_path / "take.jsonl")
    assert len(take.frames) == 1
    assert take.header["hand_model"] == model.name
    assert take.header["estimator"] == "landmarks"


def test_meshes_are_written_from_a_result_alone(tmp_path, result):
    written = write_obj(tmp_path / "hands.obj", result)
    assert [file.name for file in written] == ["hands.obj", "hands.mtl", "hands_skin.jpg"]
    count = (tmp_path / "hands.obj").read_text().count("\nv ")
    assert count == sum(len(hand.vertices) for hand in result.hands)
    assert write_ply(tmp_path / "hands.ply", result).stat().st_size > 1e5
    with pytest.raises(UserError, match="pass it as model"):
        write_obj(tmp_path / "x.obj", result.hands)


def test_a_config_makes_the_pipeline(pictures):
    config = PipelineConfig(estimator="landmarks", hand_model="hand_mano778", max_hands=1)
    with HandMeshPipeline.of(config, mode="image") as pipeline:
        (hand,) = pipeline(pictures[0]).hands
    assert len(hand.vertices) == 778
    assert not config.needs_rebuild(PipelineConfig("landmarks", hand_model="hand_mano778"))
    assert config.needs_rebuild(PipelineConfig("landmarks"))
