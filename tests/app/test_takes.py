"""Takes on a real session: found again, renamed, deleted and brought back, exported, cancelled."""

from __future__ import annotations

import csv
import os
import shutil
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from app import recording as recording_module
from app.config import RECORD_KINDS, ModelConfig, RecordChoice
from app.recording import RecordFiles
from app.session import Session
from app.session_types import ExportState, Notice, Shown, Take
from app.take_files import scan, split
from hands3c_core.export import FORMATS, VideoWriter, read_results

MODEL = ModelConfig(estimator="landmarks")


def wait_until(condition: Callable[[], object], timeout: float = 60.0) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


@pytest.fixture(scope="module")
def recorded(hand_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one short take as raw video and JSONL, called 'take'."""
    folder = tmp_path_factory.mktemp("recorded")
    with Session(MODEL, paced=False, paints=False, max_frames=12) as session:
        session.open(str(hand_clip), play=False)
        session.wait_idle(30)
        session.start_recording(RecordFiles.named(folder / "take", ["raw", "jsonl"]))
        seen: list[Shown] = []
        session.observables.results.connect(seen.append)
        session.play()
        wait_until(lambda: len(seen) == 12)
        session.stop_recording()
        wait_until(lambda: bool(session.observables.takes.value))
    return folder


@pytest.fixture
def folder(recorded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(recorded, tmp_path / "takes"))


@pytest.fixture
def session(folder: Path) -> Iterator[Session]:
    with Session(MODEL, record=RecordChoice(folder=folder), paints=False) as made:
        made.takes.refresh()
        wait_until(lambda: made.observables.takes.value)
        yield made


@pytest.fixture
def notices(session: Session) -> list[Notice]:
    heard: list[Notice] = []
    session.observables.notices.connect(heard.append)
    return heard


def take_of(session: Session) -> Take:
    return session.observables.takes.value[0]


def names(folder: Path) -> set[str]:
    return {entry.name for entry in folder.iterdir()}


def test_takes_of_the_folder_are_listed_with_length_and_size(session, folder):
    take = take_of(session)
    assert take.name == "take"
    assert {file.name for file in take.files} == {"take.raw.mp4", "take.jsonl"}
    frames = read_results(folder / "take.jsonl").frames
    assert take.seconds == pytest.approx(frames[-1].timestamp)
    assert take.size_bytes == sum(file.stat().st_size for file in take.files)


def test_the_raw_video_holds_the_frames_as_they_came(folder, hand_clip):
    def frames(path: Path) -> list[np.ndarray]:
        with av.open(str(path)) as container:
            decoded = container.decode(video=0)
            return [next(decoded).to_ndarray(format="rgb24").astype(int) for _ in range(12)]

    for came, kept in zip(frames(hand_clip), frames(folder / "take.raw.mp4"), strict=True):
        assert kept.shape == came.shape
        assert np.abs(kept - came).mean() < 2.0


def test_other_files_of_the_folder_are_no_takes(folder, tmp_path):
    (folder / "holiday.mp4").write_bytes(b"somebody's video")
    (folder / "notes.jsonl").write_text('{"mine": 1}\n')
    (folder / "table.csv").write_text("a,b\n")
    with VideoWriter(folder / "alone.mp4", (64, 48), 10) as writer:
        for _ in range(5):
            writer.write(np.zeros((48, 64, 3), np.uint8))
    assert {take.name for take in scan(folder)} == {"take", "alone"}
    alone = next(take for take in scan(folder) if take.name == "alone")
    assert alone.seconds == pytest.approx(0.5, abs=0.01)
    assert alone.log is None
    assert scan(tmp_path / "missing") == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.raw.mp4", ("a", ".raw.mp4")),
        ("a.mp4", ("a", ".mp4")),
        ("a_obj", None),  # a file: only folders are mesh sequences
        (".mp4", None),
        ("a.mov", None),
    ],
)
def test_names_are_taken_apart(tmp_path, name, expected):
    (tmp_path / name).write_bytes(b"")
    assert split(tmp_path / name) == expected


def test_what_a_crash_left_is_found_and_named(folder):
    with VideoWriter(folder / "crashed.mp4", (64, 48), 10) as writer:
        for _ in range(12):
            writer.write(np.zeros((48, 64, 3), np.uint8))
        (folder / "copy").write_bytes(writer.part_path.read_bytes())
        # One that is still being written stays as it is.
        assert {take.name for take in scan(folder)} == {"take"}
    (folder / "crashed.mp4").unlink()
    (folder / "copy").rename(folder / "crashed.mp4.part")
    assert {take.name for take in scan(folder)} == {"take", "crashed"}
    assert (folder / "crashed.mp4").exists()


def test_rename_moves_all_files(session, folder):
    session.takes.export(take_of(session), ["csv", "ply"])
    assert session.takes.wait(60)
    session.takes.rename(take_of(session), "  wave 1 ")
    wait_until(lambda: take_of(session).name == "wave 1")
    expected = {"wave 1.raw.mp4", "wave 1.jsonl", "wave 1.csv", "wave 1_ply"}
    assert names(folder) == expected
    assert {file.name for file in take_of(session).files} == expected
    assert scan(folder)[0].name == "wave 1"


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "a\\b", "x.raw", "other"])
def test_names_that_will_not_do_are_told(session, notices, folder, name):
    (folder / "other.csv").write_text("somebody's")
    before = names(folder)
    session.takes.rename(take_of(session), name)
    wait_until(lambda: any(notice.level == "error" for notice in notices))
    assert names(folder) == before
    assert take_of(session).name == "take"


def test_delete_can_be_undone_until_the_end(folder):
    before = names(folder)
    with Session(MODEL, record=RecordChoice(folder=folder), paints=False) as session:
        session.takes.refresh()
        wait_until(lambda: session.observables.takes.value)
        take = take_of(session)
        session.takes.delete(take)
        wait_until(lambda: session.observables.deleted.value == "take")
        assert session.observables.takes.value == ()
        assert not names(folder) & before
        session.takes.undo_delete()
        wait_until(lambda: session.observables.deleted.value == "")
        assert names(folder) == before
        assert take_of(session).files == take.files
        session.takes.delete(take)
        wait_until(lambda: session.observables.deleted.value == "take")
    assert names(folder) == set()


def test_what_a_crash_left_in_the_bin_goes_after_a_day(session, folder):
    old, new = folder / ".deleted-takes" / "old", folder / ".deleted-takes" / "new"
    for place in (old, new):
        place.mkdir(parents=True)
        (place / "take.jsonl").write_text("{}")
    os.utime(old, (1.0, 1.0))
    session.takes.refresh()
    wait_until(lambda: not old.exists())
    assert new.exists()


def test_a_deleted_take_does_not_come_back_over_a_new_one(session, notices, folder):
    take = take_of(session)
    session.takes.delete(take)
    wait_until(lambda: session.observables.deleted.value)
    (folder / "take.jsonl").write_text("new")
    session.takes.undo_delete()
    wait_until(lambda: any("rename that first" in notice.text for notice in notices))
    assert (folder / "take.jsonl").read_text() == "new"


def test_an_old_take_becomes_every_format_with_progress(session, notices, folder):
    states: list[ExportState] = []
    session.observables.export.connect(states.append, now=False)
    session.takes.export(take_of(session), list(FORMATS))
    assert session.takes.wait(120)
    made = {f"take{end}" for end, _ in FORMATS.values()}
    assert names(folder) == {"take.raw.mp4", "take.jsonl", *made}
    assert {file.name for file in take_of(session).files} == names(folder)
    assert take_of(session).size_bytes > 1000
    shares = [state.fraction for state in states if state.active]
    assert shares == sorted(shares)
    assert len(shares) > 5
    assert not states[-1].active
    assert any(notice.text.startswith("Saved take.npz") for notice in notices)
    with (folder / "take.csv").open(newline="") as opened:
        assert len(list(csv.DictReader(opened))) >= 12


def test_an_export_is_cancelled_and_its_take_left_alone_meanwhile(session, notices, folder):
    take = take_of(session)
    lines = (folder / "take.jsonl").read_text().splitlines(keepends=True)
    frames = [line for line in lines if '"frame"' in line[:20]]
    (folder / "take.jsonl").write_text("".join([lines[0], *frames * 100]))
    before = names(folder)
    session.takes.export(take, ["obj"])
    session.takes.export(take, ["ply"])
    wait_until(lambda: session.observables.export.value.fraction > 0)
    session.takes.delete(take)
    wait_until(lambda: any("being exported" in notice.text for notice in notices))
    session.takes.cancel_export()
    assert session.takes.wait(30)
    assert names(folder) == before
    assert not session.observables.export.value.active


def test_what_cannot_be_exported_is_told(session, notices, folder):
    (folder / "take.jsonl").write_text("damaged")
    session.takes.export(take_of(session), ["csv"])
    assert session.takes.wait(30)
    assert any("not exported" in notice.text and notice.level == "error" for notice in notices)


def test_a_recording_brings_the_formats_that_were_chosen(folder, hand_clip):
    choice = RecordChoice(folder / "new").writing(video=False, csv=True, bvh=True, glb=False)
    assert set(choice.kinds) == {"jsonl", "csv", "bvh"}
    with Session(MODEL, record=choice, paints=False) as session:
        session.open(str(hand_clip))
        wait_until(lambda: session.shown is not None and session.shown.result.hands)
        session.start_recording()
        wait_until(lambda: session.observables.recording.value.frames >= 3)
        running = session.observables.recording.value.name
        session.takes.refresh()  # what is being recorded is no take yet
        session.stop_recording()
        wait_until(lambda: session.observables.takes.value)
        assert running == take_of(session).name
        # Closing waits for the rest.
    assert {Path(name).suffix for name in names(folder / "new")} == {".jsonl", ".csv", ".bvh"}


def test_kinds_are_those_of_the_exports():
    assert {kind for kind, _, _ in RECORD_KINDS} == {"video", "raw", "jsonl", *FORMATS}
    files = RecordFiles.named(Path("a") / "b.c", ["glb"])
    assert files.jsonl == Path("a") / "b.c.jsonl"
    assert files.video is None
    assert files.name == "b.c"


def test_a_recording_ends_before_the_disk_is_full(session, notices, hand_clip, folder, monkeypatch):
    usage = namedtuple("usage", "total used free")
    room = [10**12]
    monkeypatch.setattr(
        recording_module.shutil, "disk_usage", lambda path: usage(10**12, 0, room[0])
    )
    monkeypatch.setattr(recording_module, "_ROOM_PERIOD_S", 0.0)
    session.open(str(hand_clip))
    wait_until(lambda: session.shown is not None)
    session.start_recording()
    wait_until(lambda: session.observables.recording.value.frames >= 4)
    room[0] = 5_000_000
    wait_until(lambda: len(session.observables.takes.value) == 2)
    told = [notice.text for notice in notices if notice.level == "error"]
    assert len(told) == 1
    assert "nearly full (5 MB left)" in told[0]
    assert not session.observables.recording.value.active
    take = take_of(session)
    assert {file.suffix for file in take.files} == {".mp4", ".jsonl"}  # no GLB: it would fill it
    assert len(read_results(take.log).frames) == take.frames
    before = session.shown
    wait_until(lambda: session.shown is not before)


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions")
def test_a_folder_that_cannot_be_written_is_told(session, notices, folder):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    folder.chmod(0o500)
    session.takes.delete(take_of(session))
    wait_until(lambda: any("cannot be deleted" in notice.text for notice in notices))
    folder.chmod(0o700)
