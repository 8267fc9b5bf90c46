"""Shards on disk: resumable, split among workers, read back exactly, damage reported."""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from hands3c_core.data import open_data, project_sample
from hands3c_core.data.contact_sheet import contact_sheet
from hands3c_core.data.synthetic import (
    SyntheticConfig,
    SyntheticRenderer,
    read_shard,
    render_shards,
)
from hands3c_core.data.synthetic.shards import shard_path, shard_paths
from hands3c_core.errors import UserError

CONFIG = SyntheticConfig(size=48, samples=1, shadows=False)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve samples in three shards."""
    place = tmp_path_factory.mktemp("synthetic")
    assert render_shards(place, 12, CONFIG, seed=7, shard_size=5) == 12
    return place


def contents(place):
    return {path.name: path.read_bytes() for path in shard_paths(place)}


def test_samples_come_back_as_they_were_rendered(folder):
    dataset = open_data(f"synthetic:{folder}", crop_size=48)
    renderer = SyntheticRenderer(CONFIG, seed=7)
    assert len(dataset) == 12
    for index in (0, 4, 5, 11):
        hand, sample = renderer.render(index), dataset[index]
        assert np.array_equal(sample.joints_2d, hand.joints_2d)
        assert np.array_equal(sample.pose, hand.pose)
        assert np.allclose(sample.joints_3d, hand.joints_3d - hand.joints_3d[0])
        # JPEG of quality 95: nearly the same picture.
        assert np.abs(sample.crop.astype(int) - hand.crop).mean() < 6
        assert np.abs(project_sample(sample) - sample.joints_2d).max() < 0.02


def test_vertices_are_those_of_the_asked_for_hand(folder):
    sample = open_data(f"synthetic:{folder}")[3]
    assert sample.vertices.shape == (778, 3)
    assert sample.valid.vertices
    assert np.linalg.norm(sample.vertices, axis=1).max() < 0.25
    assert open_data(f"synthetic:{folder}?vertices=hand_mid")[3].vertices.shape == (1500, 3)
    bare = open_data(f"synthetic:{folder}?vertices=none")[3]
    assert bare.vertices is None
    assert not bare.valid.vertices


def test_resizing_keeps_labels_on_the_picture(folder):
    small, large = (open_data(f"synthetic:{folder}", crop_size=s)[2] for s in (48, 96))
    assert large.crop.shape == (96, 96, 3)
    assert np.allclose((small.joints_2d + 0.5) * 2, large.joints_2d + 0.5, atol=1e-4)
    assert np.abs(project_sample(large) - large.joints_2d).max() < 0.05


def test_a_second_run_renders_nothing(folder):
    before = contents(folder)
    seen = []
    assert render_shards(folder, 12, CONFIG, seed=7, shard_size=5, progress=seen.append) == 0
    assert sum(seen) == 12
    assert contents(folder) == before


def test_a_lost_or_truncated_shard_is_rendered_again_the_same(folder, tmp_path):
    for name, data in contents(folder).items():
        (tmp_path / name).write_bytes(data)
    shard_path(tmp_path, 7, 0).unlink()
    half = shard_path(tmp_path, 7, 1)
    half.write_bytes(half.read_bytes()[:3000])
    assert render_shards(tmp_path, 12, CONFIG, seed=7, shard_size=5) == 10
    for name, path in ((path.name, path) for path in shard_paths(tmp_path)):
        ours, theirs = read_shard(path), read_shard(folder / name)
        assert all(np.array_equal(ours.rows[key], theirs.rows[key]) for key in ours.rows)
        assert np.array_equal(ours.jpeg, theirs.jpeg)


def test_parts_together_make_the_whole(folder, tmp_path):
    done = [render_shards(tmp_path, 12, CONFIG, seed=7, shard_size=5, part=(i, 2)) for i in (0, 1)]
    assert done == [7, 5]
    whole, parts = (open_data(f"synthetic:{place}?vertices=none") for place in (folder, tmp_path))
    assert all(np.array_equal(whole[k].pose, parts[k].pose) for k in range(12))


def test_worker_processes_render_the_same(folder, tmp_path):
    assert render_shards(tmp_path, 12, CONFIG, seed=7, shard_size=5, workers=2) == 12
    for path in shard_paths(tmp_path):
        assert np.array_equal(read_shard(path).jpeg, read_shard(folder / path.name).jpeg)


def test_killed_in_the_middle_it_resumes(folder, tmp_path):
    out = tmp_path / "data"
    command = [sys.executable, str(ROOT / "scripts" / "render_dataset.py"), "--out", str(out)]
    command += ["--count", "4000", "--shard-size", "5", "--seed", "7", "--workers", "1"]
    command += ["--render.size", "48", "--render.samples", "1", "--render.no-shadows"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(1200):
            if len(shard_paths(out)) >= 2 or process.poll() is not None:
                break
            time.sleep(0.1)
        assert process.poll() is None, "it ended by itself"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    finished = len(shard_paths(out))
    assert finished >= 2
    assert all(len(read_shard(path)) == 5 for path in shard_paths(out))  # none is half written
    # Twelve samples are wanted now: the last shard of two is in a finished one already.
    left = render_shards(out, 12, CONFIG, seed=7, shard_size=5)
    assert left == max(12 - 5 * finished, 0)
    assert np.array_equal(
        read_shard(shard_path(out, 7, 0)).jpeg, read_shard(shard_path(folder, 7, 0)).jpeg
    )


def test_seeds_share_a_folder_without_a_common_sample(folder, tmp_path):
    for seed in (1, 2):
        render_shards(tmp_path, 6, CONFIG, seed=seed, shard_size=3)
    dataset = open_data(f"synthetic:{tmp_path}?vertices=none")
    assert len(dataset) == 12
    assert len({sample.pose.tobytes() for sample in dataset}) == 12


def test_other_options_do_not_mix_into_a_folder(folder):
    with pytest.raises(UserError, match="other options"):
        render_shards(folder, 12, SyntheticConfig(size=64), seed=7, shard_size=5)


def test_a_damaged_picture_is_skipped_and_counted(folder, tmp_path):
    path = shard_path(tmp_path, 7, 0)
    path.write_bytes(shard_path(folder, 7, 0).read_bytes())
    shard = read_shard(path)
    data = bytearray(path.read_bytes())
    start = data.index(bytes(shard.image_bytes(1)))
    data[start : start + 200] = bytes(200)
    path.write_bytes(data)
    dataset = open_data(f"synthetic:{tmp_path}")
    assert dataset[1].name == dataset[2].name  # the next one takes its place
    assert len(dataset.skipped) == 1
    assert len(list(dataset)) == 4


def test_the_dataset_can_be_sent_to_workers(folder):
    dataset = open_data(f"synthetic:{folder}")
    state = pickle.dumps(dataset)
    again = pickle.loads(state)
    assert np.array_equal(again[9].crop, dataset[9].crop)
    # The images stay on disk, and so do the labels.
    assert dataset[0].crop.tobytes() not in state
    assert bytes(dataset.locate(9)[0].image_bytes(4)) not in state


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04" + bytes(100)])
def test_what_is_no_shard_is_named(tmp_path, content):
    path = tmp_path / "seed0000_000000.npz"
    path.write_bytes(content)
    with pytest.raises(UserError, match="seed0000_000000"):
        open_data(f"synthetic:{tmp_path}")


def test_missing_folders_say_how_to_make_them(tmp_path):
    with pytest.raises(UserError, match=r"render_dataset\.py"):
        open_data(f"synthetic:{tmp_path / 'nowhere'}")
    with pytest.raises(UserError, match=r"render_dataset\.py"):
        open_data(f"synthetic:{tmp_path}")
    with pytest.raises(UserError, match="no option"):
        open_data(f"synthetic:{tmp_path}?colour=red")


def test_bad_numbers_are_refused(tmp_path):
    for options in ({"part": (2, 2)}, {"workers": 0}, {"seed": -1}, {"shard_size": 0}):
        with pytest.raises(UserError):
            render_shards(tmp_path, 5, CONFIG, **options)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    out = tmp_path / "data"
    out.mkdir()
    # A folder where the shard belongs: renaming onto it fails on every system.
    (out / "seed0000_000000.npz").mkdir()
    with pytest.raises(UserError, match="cannot write"):
        render_shards(out, 2, CONFIG)
    assert [path.name for path in out.iterdir()] == ["seed0000_000000.npz"]


def test_the_contact_sheet_shows_pictures_and_labels(folder):
    dataset = open_data(f"synthetic:{folder}")
    samples = [dataset[k] for k in range(5)]
    plain = contact_sheet(samples, columns=3, size=64, labels=False)
    drawn = contact_sheet(samples, columns=3, size=64, labels=True, vertices=True)
    assert plain.shape == drawn.shape == (2 * 67 + 3, 3 * 67 + 3, 3)
    assert (plain != drawn).any(axis=2).mean() > 0.05
    assert (drawn[70:, 140:] == 24).any()  # the sixth place is empty


def test_preview_command_writes_a_sheet_and_explains_errors(folder, tmp_path):
    script = [sys.executable, str(ROOT / "scripts" / "preview_data.py")]
    out = tmp_path / "sheet.png"
    made = subprocess.run(
        [*script, f"synthetic:{folder}", "--out", str(out), "--count", "6", "--columns", "3"],
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    assert cv2.imread(str(out)).shape == (2 * 195 + 3, 3 * 195 + 3, 3)
    failed = subprocess.run([*script, "synthetic:nowhere"], capture_output=True, text=True)
    assert failed.returncode == 2
    assert failed.stderr.startswith("error: synthetic: the folder nowhere")
    assert len(failed.stderr.splitlines()) == 1


@pytest.mark.slow
def test_an_engines_workers_render_the_same(folder, tmp_path):
    from hands3c_core.commands.render_dataset import Options, on_engine

    run = on_engine(Options(workers=2))
    assert render_shards(tmp_path, 12, CONFIG, seed=7, shard_size=5, run=run) == 12
    for path in shard_paths(tmp_path):
        assert np.array_equal(read_shard(path).jpeg, read_shard(folder / path.name).jpeg)
