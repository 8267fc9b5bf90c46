"""Every input of the developers' ``shared/failing``, run as its README says.

One process does them all, so that the slow imports are paid once; what may take a process down, or
depends on how one ends, has a process of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest

from hands3c_core.export import read_results

pytestmark = pytest.mark.stress

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def failing(request: pytest.FixtureRequest) -> Path:
    folder = Path(request.getfixturevalue("shared")) / "failing"
    if not folder.is_dir():
        pytest.skip("the developers' reference data has no folder failing")
    return folder


@pytest.fixture
def app(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    """Runs the app without a window; returns its exit code, what it said and its results."""
    from app.__main__ import main

    def run(source: str | Path, *options: str | Path, write: str = "jsonl"):
        out = tmp_path / "out"
        shutil.rmtree(out, ignore_errors=True)
        arguments = [str(source), "--headless", "--estimator", "landmarks", "--out", str(out)]
        code = main([*arguments, "--write", *write.split(), *map(str, options)])
        told = " ".join(capfd.readouterr().err.split())
        assert "Traceback" not in told
        logs = list(out.glob("*.jsonl")) if out.is_dir() else []
        return code, told, read_results(logs[0]).frames if logs else []

    return run


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]):
    """Runs ``hands3c NAME ...``; returns its exit code and what it said."""
    from hands3c_core.cli import main

    def run(*arguments: str | Path) -> tuple[int, str]:
        code = main([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        assert "Traceback" not in captured.err
        return code, " ".join((captured.out + captured.err).split())

    return run


def python(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd, capture_output=True, text=True, timeout=1200, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip


# ------------------------------------------------------------------------------------- pictures


@pytest.fixture
def photos(failing: Path, tmp_path: Path) -> Path:
    with tarfile.open(failing / "nonutf8_folder.tar", errors="surrogateescape") as archive:
        archive.extractall(tmp_path, filter="data")
    return tmp_path / "photos"


def test_file_names_that_are_no_text(photos, app):
    code, told, frames = app(photos)
    assert code == 0, told
    assert len(frames) == 2


def test_labels_of_pictures_whose_names_are_no_text(photos, command, tmp_path):
    code, told = command("label", photos, "--out", tmp_path / "labels")
    assert code in (0, 2), told
    assert "Segmentation" not in told


def test_tiled_heic(failing, app):
    code, told, frames = app(failing / "heic_grid.heic")
    assert ("1200 x 900" in told and len(frames) == 1) if code == 0 else code == 2, told


def test_folder_with_a_tiny_picture(failing, app):
    code, told, frames = app(failing / "folder_one_tiny")
    assert code == 0, told
    assert len(frames) == len(list((failing / "folder_one_tiny").iterdir())) - 1
    assert re.search(r"\b1 ", told)


@pytest.mark.parametrize(("name", "count"), [("animated.webp", 10), ("raw.mjpeg", 6)])
def test_moving_pictures_are_played(failing, app, name, count):
    code, told, frames = app(failing / name)
    assert code == 0, told
    assert len(frames) == count


def test_a_still_is_one_frame_in_every_run(failing, app):
    counts = []
    for _ in range(8):
        code, told, frames = app(failing / "still_prog.jpg", write="jsonl csv")
        assert code == 0, told
        counts.append(len(frames))
    assert counts == [1] * 8


# --------------------------------------------------------------------------------------- videos


def test_avi_with_side_data_of_an_unknown_kind(failing, app):
    code, told, frames = app(failing / "mjpeg_exif.avi")
    assert code == 0, told
    assert frames


def test_a_stream_whose_time_jumps_back_goes_on_at_frame_periods(failing, app):
    code, told, frames = app(failing / "ts_concatenated.ts")
    assert code == 0, told
    steps = np.diff([frame.timestamp for frame in frames])
    assert len(steps) > 10
    assert steps.min() > 0.5 * np.median(steps)
    assert steps.max() < 2.5 * np.median(steps)


@pytest.mark.parametrize(
    "name",
    ["video [abc123].mp4", "take :smile: :100:.mp4", "a" * 250 + ".mp4", "手" * 83 + ".mp4"],
    ids=["brackets", "colons", "250 letters", "83 letters of three bytes"],
)
def test_names_are_printed_as_they_are_and_cut_where_they_are_too_long(
    failing, app, tmp_path, name
):
    shutil.copy(failing / "base.mp4", tmp_path / name)
    code, told, frames = app(tmp_path / name)
    assert code == 0, told
    assert frames
    (written,) = [entry.name for entry in (tmp_path / "out").iterdir()]
    assert written in told.replace(" ", "") or written in told
    assert len(os.fsencode(written)) <= 255


@pytest.mark.parametrize("source", ["~nouser/x.mp4", ""])
def test_a_source_that_is_none(app, source):
    code, told, _ = app(source)
    assert code == 2
    assert "does not exist" in told


# ---------------------------------------------------------------------------------- calibrations


def wrist_of(frames) -> float:
    return next(float(hand.joints_3d[0, 0]) for frame in frames for hand in frame.hands)


def test_calibration_of_open3d(failing, app):
    code, told, frames = app(failing / "base.mp4", "--calibration", failing / "calib_open3d.json")
    assert code == 0, told
    assert wrist_of(frames) == pytest.approx(0.089, abs=0.02)


@pytest.mark.parametrize(
    "name",
    ["huge_size.json", "huge_fx.json", "trunc.npz", "zlib.npz", "deep.json"],
)
def test_damaged_calibrations_are_one_line(failing, app, name):
    file = failing / f"calib_{name}"
    code, told, _ = app(failing / "base.mp4", "--calibration", file)
    assert code == 2
    assert file.name in told


def test_calibration_with_a_byte_order_mark(failing, app):
    code, told, frames = app(failing / "base.mp4", "--calibration", failing / "calib_bom.json")
    assert code == 0, told
    assert frames


# ---------------------------------------------------------------------------------------- takes


@pytest.mark.parametrize(
    "name", ["timings_null", "time_400_digits", "track_2e70", "camera_null", "time_1e300"]
)
def test_logs_with_impossible_values_name_the_line(failing, command, tmp_path, name):
    file = failing / f"jsonl_{name}.jsonl"
    code, told = command("export", file, "--to", "csv", "npz", "glb", "--out", tmp_path)
    assert code == 2
    assert re.search(r"line \d+:", told), told
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["bom", "camera_extra_key"])
def test_logs_that_are_right_are_read(failing, command, tmp_path, name):
    file = failing / f"jsonl_{name}.jsonl"
    code, told = command("export", file, "--to", "csv", "npz", "glb", "--out", tmp_path)
    assert code == 0, told
    assert len(list(tmp_path.iterdir())) == 3


def test_a_gap_in_time_does_not_grow_the_output(failing, command, tmp_path):
    file = failing / "jsonl_time_gap_1e5.jsonl"
    code, told = command("export", file, "--to", "bvh", "--out", tmp_path)
    assert code == 0, told
    assert sum(entry.stat().st_size for entry in tmp_path.iterdir()) < 1_000_000
    assert "gap" in told


# ----------------------------------------------------------------------------- weights, training


def test_weights_whose_header_has_thousands_of_digits(failing, command, tmp_path):
    code, told = command(
        "predict", "--weights", failing / "st_input_size_5000_digits.safetensors",
        "--crops", failing / "folder_one_tiny" / "1.jpg", "--out", tmp_path / "o.npz",
    )  # fmt: skip
    assert code == 2
    assert "input_size" in told


def test_labels_with_a_damaged_line(failing, tmp_path):
    done = python(
        "scripts/train.py", "--model", "hands3c_tiny", "--max-steps", "1",
        "--data", f"pseudo:{failing / 'pseudo_deep'}", "--out", tmp_path / "t",
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 2), done.stderr
    assert "damaged" in done.stdout + done.stderr


def test_mano_files_of_ninety_kinds(failing, tmp_path):
    done = python("-W", "ignore", failing / "mano_variants.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    assert not [line for line in done.stdout.splitlines() if "!!!!" in line]
    assert not list(tmp_path.rglob("PWNED"))
    for kind in ("weights_zero", "weights_neg", "mm_template", "nan_template"):
        (line,) = [line for line in done.stdout.splitlines() if line.split()[0] == kind]
        assert "UserError" in line, line


# -------------------------------------------------------------------------------------- streams


def test_mjpeg_servers_of_every_habit(failing):
    done = python(failing / "mjpeg_servers.py")
    assert done.returncode == 0, done.stderr[-2000:]
    assert "!!!!" not in done.stdout
    frames = {
        line[:42].strip(): int(match[1])
        for line in done.stdout.splitlines()
        if (match := re.search(r"frames (\d+)", line[42:]))
    }
    nothing = {"html login page", "empty body"}
    single = {name for name in frames if name.startswith("one snapshot")}
    assert len(frames) >= 25
    for name, count in frames.items():
        if name == "mp4 file":  # a file, not a stream, whose index comes last: refused in a line
            continue
        if name in nothing:
            assert count == 0, name
        elif name in single:
            assert count >= 1, name
        else:
            assert count >= 6, (name, count)


# ------------------------------------------------------------------------------------- identity


def test_no_track_goes_over_to_the_other_hand(failing):
    done = python("-W", "ignore", failing / "cross.py")
    assert done.returncode == 0, done.stderr[-2000:]
    for line in done.stdout.splitlines():
        print(line)
    sides: dict[str, set[str]] = {}
    for block in re.split(r"^right", done.stdout, flags=re.M)[1:]:
        sides.clear()
        for track, side in re.findall(r"\((\d+), '([RL])'", block):
            sides.setdefault(track, set()).add(side)
        assert all(len(seen) == 1 for seen in sides.values()), block


# ------------------------------------------------------------------------------ how runs end


def test_a_missing_source_is_one_line_in_every_run(tmp_path):
    for _ in range(3):
        done = python("-m", "app", "nosuch.mp4", "--headless", "--out", tmp_path)
        assert done.returncode == 2
        assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="pipes of a shell")
def test_nobody_reads_what_a_script_prints():
    done = subprocess.run(
        f"{sys.executable} scripts/models.py --json | head -1",
        shell=True, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.stdout.strip()
    assert not done.stderr
