"""LeRobot data sets in and out, against the documented layouts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from short_clips import FRAMES
from test_process import QUICK

from hands3c_core.batch import BatchConfig, iter_takes, process
from hands3c_core.batch.inputs import find_clips
from hands3c_core.batch.lerobot import LeRobotSet
from hands3c_core.errors import UserError

KEY = "observation.images.top"
FEATURES = {
    KEY: {"dtype": "video", "shape": [360, 480, 3], "names": ["height", "width", "channels"]},
    "action": {"dtype": "float32", "shape": [2], "names": None},
}


def describe(root: Path, layout: str, **paths: str) -> None:
    (root / "meta").mkdir(parents=True)
    info = {"codebase_version": layout, "fps": 30, "chunks_size": 1000, "features": FEATURES}
    (root / "meta" / "info.json").write_text(json.dumps(info | paths))


@pytest.fixture
def v21(clips, tmp_path) -> Path:
    """Two episodes, a video each."""
    root = tmp_path / "v21"
    describe(
        root,
        "v2.1",
        data_path="data/chunk-{episode_chunk:03d}/episode_{episode_index:06d}.parquet",
        video_path="videos/chunk-{episode_chunk:03d}/{video_key}/episode_{episode_index:06d}.mp4",
    )
    lines = [json.dumps({"episode_index": n, "length": FRAMES, "tasks": ["x"]}) for n in (0, 1)]
    (root / "meta" / "episodes.jsonl").write_text("\n".join(lines) + "\n")
    folder = root / "videos" / "chunk-000" / KEY
    folder.mkdir(parents=True)
    for number, name in enumerate(("one.mp4", "more/two.mp4")):
        os.link(clips / name, folder / f"episode_{number:06d}.mp4")
    return root


def table_of(episodes: list[int], length: int):
    import pyarrow as pa

    count = len(episodes) * length
    return pa.table(
        {
            "episode_index": pa.array(np.repeat(episodes, length), pa.int64()),
            "frame_index": pa.array(np.tile(np.arange(length), len(episodes)), pa.int64()),
            "action": pa.array([[0.0, 1.0]] * count, pa.list_(pa.float32())),
        }
    ).replace_schema_metadata({"huggingface": "{}", "kept": "yes"})


def test_each_camera_of_each_episode_is_a_clip(v21):
    names = [clip.name for clip in find_clips([v21])]
    assert names == [f"{KEY}__episode_000000", f"{KEY}__episode_000001"]


def test_a_description_that_leads_out_of_the_folder_is_refused(v21):
    info = json.loads((v21 / "meta" / "info.json").read_text())
    for wrong in ("../{episode_index}.mp4", "/etc/{episode_index}", "{video_key.__class__}", 7):
        info["video_path"] = wrong
        (v21 / "meta" / "info.json").write_text(json.dumps(info))
        with pytest.raises(UserError):
            find_clips([v21])
    info["codebase_version"] = "v9.0"
    (v21 / "meta" / "info.json").write_text(json.dumps(info))
    with pytest.raises(UserError, match=r"v9\.0"):
        LeRobotSet.open(v21)


def test_hands_become_columns_beside_what_was_there(v21, here, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow (the extra export)")
    from hands3c_core.batch.lerobot_out import annotate

    (v21 / "data" / "chunk-000").mkdir(parents=True)
    for number in (0, 1):
        file = v21 / "data" / "chunk-000" / f"episode_{number:06d}.parquet"
        pq.write_table(table_of([number], FRAMES), file)
    process([v21], tmp_path / "run", BatchConfig(QUICK), engine=here)
    out = annotate(v21, tmp_path / "run", tmp_path / "out")
    table = pq.read_table(out / "data" / "chunk-000" / "episode_000001.parquet")
    name = "observation.hands.right.joints_3d"
    joints = np.array(table[name].to_pylist(), np.float32).reshape(-1, 21, 3)
    take = next(t for t in iter_takes(tmp_path / "run") if t.name.endswith("1"))
    for row, frame in enumerate(take.frames()):
        (hand,) = [hand for hand in frame.hands if hand.is_right]
        assert np.allclose(joints[row], hand.joints_3d, atol=1e-6)
    assert table["action"].to_pylist()[0] == [0.0, 1.0]
    assert table.schema.metadata == {b"kept": b"yes"}
    info = json.loads((out / "meta" / "info.json").read_text())
    assert info["features"][name] == {"dtype": "float32", "shape": [63], "names": None}
    assert set(table.column_names) - {"episode_index", "frame_index", "action"} == set(
        info["features"]
    ) - {KEY, "action"}
    assert (out / "videos" / "chunk-000" / KEY / "episode_000000.mp4").is_file()
    with pytest.raises(UserError, match="not empty"):
        annotate(v21, tmp_path / "run", out)


def test_episodes_of_one_file_are_told_apart(clips, here, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet", reason="needs pyarrow (the extra export)")
    import pyarrow as pa

    root = tmp_path / "v30"
    describe(
        root,
        "v3.0",
        data_path="data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        video_path="videos/{video_key}/chunk-{chunk_index:03d}/file-{file_index:03d}.mp4",
    )
    half, at = FRAMES // 2, f"videos/{KEY}/"
    rows = [
        {
            "episode_index": number,
            "length": half,
            f"{at}chunk_index": 0,
            f"{at}file_index": 0,
            f"{at}from_timestamp": number * half / 30,
            f"{at}to_timestamp": (number + 1) * half / 30,
            "stats/action/min": [0.0],
        }
        for number in (0, 1)
    ]
    for name, table in (
        ("meta/episodes/chunk-000/file-000.parquet", pa.Table.from_pylist(rows)),
        ("data/chunk-000/file-000.parquet", table_of([0, 1], half)),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, root / name)
    folder = root / "videos" / KEY / "chunk-000"
    folder.mkdir(parents=True)
    os.link(clips / "one.mp4", folder / "file-000.mp4")
    process([root], tmp_path / "run", BatchConfig(QUICK), engine=here)
    takes = list(iter_takes(tmp_path / "run"))
    assert [[frame.index for frame in take.frames()] for take in takes] == [
        list(range(half)),
        list(range(half, 2 * half)),
    ]
    assert takes[1].record["sha256"] == takes[0].record["sha256"]
    from hands3c_core.batch.lerobot_out import annotate

    out = annotate(root, tmp_path / "run", tmp_path / "out")
    table = pq.read_table(out / "data" / "chunk-000" / "file-000.parquet")
    sure = np.array(table["observation.hands.left.confidence"].to_pylist())
    assert (sure > 0).all()
