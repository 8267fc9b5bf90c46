"""Labels made by several workers are those of one process."""

from __future__ import annotations

from pathlib import Path

import pytest

from hands3c_core.assets import asset_path
from hands3c_core.batch import make_engine
from hands3c_core.batch.engine import Outcome
from hands3c_core.errors import UserError
from hands3c_core.export import VideoWriter
from hands3c_core.labelling import LabelSettings, find_clips, label_clips
from hands3c_core.labelling.shared import PARTS
from hands3c_core.sources import open_source

SPARSE = LabelSettings(every=4)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Two short videos."""
    folder = tmp_path_factory.mktemp("clips")
    for name, start in (("one.mp4", 0.0), ("two.mp4", 3.0)):
        writer = VideoWriter(folder / name, (640, 360), 30.0)
        with open_source(asset_path("demo.mp4")) as source:
            source.seek(start)
            for number in range(9):
                writer.write(source.read().image[:360, :640].copy(), number / 30.0)
        writer.close()
    return find_clips([folder / "one.mp4", folder / "two.mp4"])


def everything(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def alone(clips, tmp_path_factory):
    folder = tmp_path_factory.mktemp("alone") / "labels"
    label_clips(clips, folder, SPARSE)
    return folder


def test_two_workers_label_as_one_process_does(clips, alone, tmp_path):
    steps = []
    label_clips(
        clips, tmp_path / "shared", SPARSE, lambda *step: steps.append(step), make_engine(workers=2)
    )
    assert everything(tmp_path / "shared") == everything(alone)
    assert {clip.name for clip, *_ in steps} == {"one.mp4", "two.mp4"}


def test_what_workers_had_done_is_taken_in_by_the_next_run(clips, alone, tmp_path):
    """As a driver leaves it that was killed with one clip labelled and not taken in."""
    out = tmp_path / "labels"
    label_clips(clips[1:], out / PARTS / clips[1].session, SPARSE)
    (out / "progress.json").write_text('{"version": 1, "clips": {}}')
    label_clips(clips, out, SPARSE, engine=make_engine(workers=2))
    assert everything(out) == everything(alone)


def test_a_clip_that_cannot_be_read_is_named(clips, tmp_path):
    class Broken:
        workers = 2

        def run(self, queue, work):
            while queue:
                yield Outcome(queue.popleft(), 0, 0.0, None, "it is damaged")

    with pytest.raises(UserError, match=r"one\.mp4: it is damaged"):
        label_clips(clips, tmp_path / "labels", SPARSE, engine=Broken())
