"""The Qt-free session on real files with the real pipeline."""

from __future__ import annotations

import json
import logging
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
import trimesh

from app.config import ModelConfig, RecordChoice, ViewState
from app.recording import TakeClock
from app.session import Session
from app.session_types import Notice, Picture, Shown, State
from hands3c_core.errors import UserError
from hands3c_core.export import read_results


def wait_until(condition: Callable[[], bool], timeout: float = 120.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with Session(record=RecordChoice(folder=tmp_path / "takes")) as made:
        yield made


@pytest.fixture
def notices(session: Session) -> list[Notice]:
    heard: list[Notice] = []
    session.observables.notices.connect(heard.append)
    return heard


def open_paused(session: Session, clip: Path) -> None:
    """Open ``clip`` and show its first frame."""
    session.open(str(clip), play=False)
    session.seek(0.0)
    wait_until(lambda: session.shown is not None)
    assert session.wait_idle(10)


def test_session_needs_no_qt():
    import subprocess

    code = "import sys, app.session, app.headless; assert 'PyQt6' not in ' '.join(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2])


def test_a_clip_gives_hands_pictures_and_figures(session, hand_clip):
    pictures: list[Picture] = []
    session.observables.pictures.connect(pictures.append)
    session.set_display_size(400, 400)
    session.open(str(hand_clip))
    wait_until(lambda: session.observables.stats.value.fps > 0 and bool(pictures))
    wait_until(lambda: session.shown is not None and bool(session.shown.result.hands))
    wait_until(lambda: bool(pictures[-1].result.hands))
    picture = pictures[-1]
    assert max(picture.display.shape[:2]) == 400
    assert not np.array_equal(picture.image, picture.result.frame.image)
    assert session.observables.model_status.value.ready
    assert "landmark estimator" in session.observables.model_status.value.note
    assert {"detect", "estimate", "total"} <= set(session.observables.stats.value.stages_ms)


def test_the_log_tells_what_a_bug_report_needs(session, plain_clip, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    session.open(str(plain_clip))
    session.open(str(tmp_path / "gone.mp4"))
    wait_until(lambda: "gone.mp4 does not exist" in caplog.text)
    wait_until(lambda: "model: Meshes come from the landmark estimator" in caplog.text)
    assert "source plain.mp4: 320 x 240, 20 frames/s, 40 frames" in caplog.text
    session.start_recording()
    session.stop_recording()
    wait_until(lambda: "recording ends" in caplog.text)


def test_pause_step_and_seek_show_the_frames_they_should(session, plain_clip):
    seen: list[Shown] = []
    session.observables.results.connect(seen.append)
    open_paused(session, plain_clip)
    for _ in range(3):
        session.step(1)
    wait_until(lambda: len(seen) == 4)
    assert [shown.result.frame.index for shown in seen] == [0, 1, 2, 3]
    session.step(-1)
    wait_until(lambda: len(seen) == 5)
    assert seen[-1].result.frame.index == 2
    session.seek(1.5)
    wait_until(lambda: len(seen) == 6)
    frame = seen[-1].result.frame
    assert frame.timestamp == pytest.approx(1.5, abs=0.03)
    assert frame.image[200, 200].mean() == pytest.approx(4 * 30, abs=4)
    assert session.observables.playback.value.state is State.PAUSED
    time.sleep(0.15)
    assert len(seen) == 6


def test_a_clip_ends_and_plays_again_or_loops(session, plain_clip):
    session.set_loop(False)
    session.set_speed(4.0)
    session.open(str(plain_clip))
    wait_until(lambda: session.observables.playback.value.state is State.ENDED)
    assert session.shown.result.frame.index == 39
    session.set_loop(True)
    session.play()
    wait_until(lambda: session.observables.playback.value.state is State.PLAYING)
    wait_until(lambda: session.shown.result.frame.index < 20)
    wait_until(lambda: session.shown.result.frame.index > 30)
    wait_until(lambda: session.shown.result.frame.index < 20)


@pytest.mark.parametrize("content", [b"", b"this is no video" * 100])
def test_a_bad_file_is_told_and_the_old_source_goes_on(
    session, notices, plain_clip, tmp_path, content
):
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(content)
    session.open(str(plain_clip))
    wait_until(lambda: session.shown is not None)
    session.open(str(bad))
    wait_until(lambda: any(notice.level == "error" for notice in notices))
    told = next(notice for notice in notices if notice.level == "error")
    assert "bad.mp4" in told.text
    assert "\n" not in told.text
    assert session.observables.source.value.name == "plain.mp4"
    before = session.shown
    wait_until(lambda: session.shown is not before)
    assert session.observables.playback.value.state is State.PLAYING


def test_mirror_flips_the_picture_and_nothing_else(session, hand_clip):
    pictures: list[Picture] = []
    session.observables.pictures.connect(pictures.append)
    # Words are not mirrored.
    session.set_view(ViewState(skeleton=True, labels=False))
    open_paused(session, hand_clip)
    wait_until(lambda: bool(pictures))
    plain = pictures[-1]
    session.set_view(replace(session.observables.view.value, mirror=True))
    wait_until(lambda: pictures[-1].mirrored)
    mirrored = pictures[-1]
    assert mirrored.result is plain.result
    np.testing.assert_array_equal(mirrored.image, plain.image)
    np.testing.assert_array_equal(mirrored.display, plain.display[:, ::-1])


def test_overlay_toggles_redraw_the_paused_frame(session, hand_clip):
    pictures: list[Picture] = []
    session.observables.pictures.connect(pictures.append)
    open_paused(session, hand_clip)
    wait_until(lambda: bool(pictures))
    assert session.shown.result.hands
    frame = session.shown.result.frame.image
    changed: dict[str, int] = {}
    for name in ("mesh", "skeleton", "boxes"):
        count = len(pictures)
        only = ViewState(mesh=False, labels=False)
        session.set_view(replace(only, **{name: True}))
        wait_until(lambda count=count: len(pictures) > count)
        assert session.wait_idle(5)
        changed[name] = int((pictures[-1].image != frame).any(axis=2).sum())
    assert min(changed.values()) > 100
    assert len(set(changed.values())) == 3


def test_a_recording_writes_three_valid_files(session, hand_clip, tmp_path):
    session.open(str(hand_clip))
    wait_until(lambda: session.shown is not None)
    session.start_recording()
    wait_until(lambda: session.observables.recording.value.frames >= 12)
    session.stop_recording()
    wait_until(lambda: bool(session.observables.takes.value))
    assert session.takes.wait(60)
    take = session.observables.takes.value[0]
    assert {file.suffix for file in take.files} == {".mp4", ".glb", ".jsonl"}
    assert {file.parent for file in take.files} == {tmp_path / "takes"}
    video, glb, log = (
        next(file for file in take.files if file.suffix == suffix)
        for suffix in (".mp4", ".glb", ".jsonl")
    )
    with av.open(str(video)) as container:
        assert sum(1 for _ in container.decode(video=0)) == take.frames
    assert len(read_results(log).frames) == take.frames
    assert json.loads(log.read_text().splitlines()[0])["estimator"] == "auto"
    assert len(trimesh.load(glb).geometry) >= 1
    assert take.size_bytes == sum(file.stat().st_size for file in take.files)


def test_closing_finishes_a_recording(hand_clip, tmp_path):
    with Session(record=RecordChoice(tmp_path).writing(glb=False)) as session:
        session.open(str(hand_clip))
        wait_until(lambda: session.shown is not None)
        session.start_recording()
        wait_until(lambda: session.observables.recording.value.frames >= 3)
    assert len(list(tmp_path.glob("take-*.mp4"))) == 1
    assert len(list(tmp_path.glob("take-*.jsonl"))) == 1


def test_recording_into_a_place_that_cannot_be_made_is_told(session, notices, plain_clip, tmp_path):
    (tmp_path / "file").write_text("in the way")
    session.set_record_choice(RecordChoice(folder=tmp_path / "file" / "takes"))
    session.open(str(plain_clip))
    wait_until(lambda: session.shown is not None)
    session.start_recording()
    wait_until(lambda: any(notice.key == "record" and notice.text for notice in notices))
    assert not session.observables.recording.value.active
    before = session.shown
    wait_until(lambda: session.shown is not before)


def test_a_recording_whose_folder_goes_away_ends_all_the_same(session, hand_clip, tmp_path):
    session.set_loop(True)
    session.open(str(hand_clip))
    session.start_recording()
    wait_until(lambda: session.observables.recording.value.frames > 3)
    shutil.rmtree(tmp_path / "takes")
    session.stop_recording()

    def is_over() -> bool:
        state = session.observables.recording.value
        return not state.active and not state.saving

    wait_until(is_over)
    assert session.wait_idle(60)


def test_nobody_waits_for_an_engine_that_is_gone(tmp_path):
    with Session(record=RecordChoice(folder=tmp_path)) as session:
        assert session.wait_idle(60)
    assert not session.is_running
    assert not session.wait_idle()


def test_snapshots_save_meshes_and_picture(session, notices, hand_clip, tmp_path):
    open_paused(session, hand_clip)
    for suffix in (".obj", ".ply", ".png"):
        file = tmp_path / f"frame{suffix}"
        session.snapshot(suffix, file)
        wait_until(file.exists)
    mesh = trimesh.load(tmp_path / "frame.ply")
    assert len(mesh.vertices) == 1500 * len(session.shown.result.hands)
    wait_until(lambda: sum(notice.text.startswith("Saved") for notice in notices) == 3)


def test_model_changes_live_and_a_bad_one_leaves_the_good_one(
    session, notices, hand_clip, tmp_path
):
    open_paused(session, hand_clip)
    near = session.shown.result.camera.fx
    session.set_model(replace(session.observables.model.value, fov_deg=90.0, smoothing=0.0))
    wait_until(lambda: session.shown.result.camera.fx != near)
    good = session.observables.model.value
    session.set_model(replace(good, hand_model=str(tmp_path / "no_such_hand.npz")))
    wait_until(lambda: any(notice.key == "model" and notice.text for notice in notices))
    wait_until(lambda: session.observables.model.value == good)
    assert session.observables.model_status.value.ready
    session.set_model(replace(good, hand_model="hand_mano778"))
    wait_until(lambda: len(session.shown.result.hands[0].vertices) == 778)


def test_a_missing_calibration_is_told(tmp_path, plain_clip):
    config = ModelConfig(calibration=tmp_path / "none.json")
    with Session(config) as session:
        told: list[Notice] = []
        session.observables.notices.connect(told.append)
        session.set_model(replace(config, smoothing=0.1))
        wait_until(lambda: any(notice.level == "error" for notice in told))
        assert any("none.json" in notice.text for notice in told)


@pytest.mark.parametrize(
    ("times", "jumps", "expected"),
    [
        ([5.0, 5.1, 5.3], [True, False, False], [0.0, 0.1, 0.3]),
        ([0.0, 0.1, 0.0, 0.1], [True, False, True, False], [0.0, 0.1, 0.15, 0.25]),
        ([1.0, 9.0], [False, True], [0.0, 0.05]),
    ],
)
def test_take_clock_runs_on_over_jumps(times, jumps, expected):
    clock = TakeClock(0.05)
    made = [clock.advance(time, jumped=jump) for time, jump in zip(times, jumps, strict=True)]
    assert made == pytest.approx(expected)


def test_another_model_goes_on_with_the_detector_that_is_there(session, hand_clip):
    """It takes a second to open and a fifth of the app's memory."""
    session.open(str(hand_clip))
    wait_until(lambda: session.shown is not None and bool(session.shown.result.hands))
    before = session.shown.model
    session.set_model(replace(session.observables.model.value, hand_model="hand_high", max_hands=1))
    wait_until(lambda: session.shown.model is not before and bool(session.shown.result.hands))
    after = session.shown.model
    assert after.pipeline.detector is before.pipeline.detector
    assert after.pipeline.detector.max_hands == 1
    assert len(session.shown.result.hands) == 1
    session.close()  # its new owner closes it
    with pytest.raises(UserError, match="closed"):
        after.pipeline.detector.detect(np.zeros((64, 64, 3), np.uint8))
