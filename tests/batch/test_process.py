"""A run from files to a folder, and again."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from short_clips import FRAMES, Here

from hands3c_core.batch import BatchConfig, iter_takes, process
from hands3c_core.batch.driver import holds_run
from hands3c_core.batch.run_folder import RunFolder
from hands3c_core.batch.takes import original_of
from hands3c_core.errors import UserError
from hands3c_core.export.results import read_results
from hands3c_core.pipeline import HandMeshPipeline
from hands3c_core.pipeline_config import PipelineConfig

QUICK = PipelineConfig(estimator="landmarks", hand_model="hand_mano778")
CONFIG = BatchConfig(QUICK, formats=("jsonl", "npz", "csv", "glb"))


def contents(folder: Path) -> dict[str, str]:
    """Hash of every file that does not tell when it was made."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in ("log.jsonl", ".lock")
    }


@pytest.fixture(scope="module")
def made(clips, tmp_path_factory):
    """The run that everything is compared with, and what it was told."""
    out = tmp_path_factory.mktemp("run") / "hands"
    told = []
    progress = process(
        [clips],
        out,
        CONFIG,
        engine=Here(),
        watch=lambda p: told.append((p.finished, p.frames)),
    )
    return out, progress, told


def test_every_clip_has_its_hands_and_a_damaged_one_its_reason(made):
    out, progress, told = made
    assert (progress.clips, progress.done, progress.failed) == (5, 3, 2)
    assert told[-1] == (5, 2 * FRAMES + 1)
    reasons = dict(progress.failures)
    assert set(reasons) == {"cut_off", "text"}
    assert "not a video" in reasons["text"]
    takes = {take.name: take for take in iter_takes(out)}
    assert set(takes) == {"one", "more__two", "photos"}
    for name in ("one", "more__two"):
        assert takes[name].record["frames"] == FRAMES
        assert takes[name].record["frames_with_hands"] == FRAMES
        endings = {path.name.removeprefix(name) for path in takes[name].folder.iterdir()}
        assert endings == {".jsonl", ".npz", ".csv", ".glb", "result.json", "best.jpg", "worst.jpg"}
        frames = list(takes[name].frames())
        assert [frame.index for frame in frames] == list(range(FRAMES))
        assert {hand.is_right for frame in frames for hand in frame.hands} == {True, False}
    assert holds_run(out)


def test_the_manifest_says_of_what_it_is(made, clips):
    out, _, _ = made
    manifest = json.loads((out / "manifest.json").read_text())
    entry = next(entry for entry in manifest["clips"] if entry["name"] == "one")
    file = clips / "one.mp4"
    assert entry["path"] == str(file)
    assert entry["size"] == file.stat().st_size
    assert entry["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert manifest["settings"]["pipeline"]["estimator"] == "landmarks"
    assert manifest["settings"]["code"]


def test_the_page_shows_all_and_fetches_nothing(made):
    out, _, _ = made
    page = (out / "summary.html").read_text()
    for name in ("one", "more__two", "photos", "cut_off", "text"):
        assert name in page
    assert "clips/one/best.jpg" in page
    assert "http" not in page.replace("http-equiv", "")
    assert (out / "summary.csv").exists() or (out / "summary.parquet").exists()


def test_a_take_knows_what_it_is_of(made, clips):
    out, _, _ = made
    clip = original_of(out / "clips" / "one" / "one.jsonl")
    assert clip is not None
    assert clip.path == str(clips / "one.mp4")
    assert original_of(clips / "one.jsonl") is None


def test_going_on_does_only_what_is_missing_and_ends_alike(made, clips, here, tmp_path):
    out, _, _ = made
    import shutil

    again = tmp_path / "again"
    shutil.copytree(out, again)
    shutil.rmtree(again / "clips" / "one")
    (again / "clips" / ".more__two.12345678.part").mkdir()  # what a killed worker leaves
    progress = process([clips], again, CONFIG, engine=here, resume=True)
    assert here.done == ["one"]
    assert (progress.kept, progress.done) == (4, 1)
    assert contents(again) == contents(out)


def test_going_on_redoes_what_changed_and_adds_formats_without_looking_again(
    made, clips, here, tmp_path, monkeypatch
):
    out, _, _ = made
    import shutil

    again = tmp_path / "again"
    shutil.copytree(out, again)
    monkeypatch.setattr("hands3c_core.batch.work.observe", lambda *_, **__: 1 / 0)
    more = replace(CONFIG, formats=(*CONFIG.formats, "bvh"))
    progress = process([clips], again, more, engine=here, resume=True)
    assert progress.done == 3
    assert (again / "clips" / "one" / "one.bvh").exists()
    monkeypatch.undo()
    other = replace(CONFIG, formats=("jsonl",), offline=False, end=0.1)
    here.done.clear()
    process([clips / "one.mp4"], again, other, engine=here, resume=True)
    assert here.done == ["one"]
    assert len(read_results(again / "clips" / "one" / "one.jsonl").frames) == 3
    assert not (again / "clips" / "one" / "one.bvh").exists()


def test_a_run_is_not_overwritten_by_accident(made, clips, here):
    out, _, _ = made
    with pytest.raises(UserError, match="--resume"):
        process([clips], out, CONFIG, engine=here)


def test_two_runs_do_not_write_to_one_folder(clips, here, tmp_path, monkeypatch):
    folder = RunFolder(tmp_path)
    with folder.owned(), pytest.raises(UserError, match="another run"):
        process([clips], tmp_path, CONFIG, engine=here)


def test_frame_by_frame_it_is_the_live_path(clips, here, tmp_path):
    config = BatchConfig(QUICK, offline=False)
    process([clips / "one.mp4"], tmp_path / "out", config, engine=here)
    (take,) = iter_takes(tmp_path / "out")
    with HandMeshPipeline.of(QUICK) as pipeline:
        live = list(pipeline.run(clips / "one.mp4"))
    for frame, result in zip(take.frames(), live, strict=True):
        assert frame.source_time == pytest.approx(result.timestamp, abs=1e-6)
        for ours, theirs in zip(frame.hands, result.hands, strict=True):
            assert ours.track_id == theirs.track_id
            assert np.abs(ours.joints_3d - theirs.joints_3d).max() < 2e-5


def test_every_nth_frame_between_two_times(clips, here, tmp_path):
    config = BatchConfig(QUICK, every=3, start=0.1, end=0.4)
    process([clips / "one.mp4"], tmp_path / "out", config, engine=here)
    (take,) = iter_takes(tmp_path / "out")
    assert [frame.index for frame in take.frames()] == [3, 6, 9]


def test_a_setting_that_cannot_be_stops_before_anything_is_done(clips, here, tmp_path):
    for wrong in ({"every": 0}, {"end": 0.0}, {"formats": ("gif",)}, {"overlap_s": 100.0}):
        with pytest.raises(UserError):
            process([clips], tmp_path / "out", replace(CONFIG, **wrong), engine=here)
    missing = replace(CONFIG, pipeline=replace(QUICK, estimator="no_such"))
    with pytest.raises(UserError, match="no_such"):
        process([clips], tmp_path / "out", missing, engine=here)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(clips, here, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="cannot write"):
        process([clips], tmp_path / "out", CONFIG, engine=here)
