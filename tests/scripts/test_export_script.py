"""scripts/export.py as a user runs it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from hands3c_core.export import ResultLog
from hands3c_core.hand_model import FastHandLayer, load_hand_model
from hands3c_core.types import Camera, CropBox, Frame, FrameResult, Hand

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "export.py"


def write_take(path: Path, frames: int) -> Path:
    """A take of one resting hand that moves sideways."""
    layer = FastHandLayer(load_hand_model("hand_mano778"))
    pose, shape = np.zeros((16, 3), np.float32), np.zeros(10, np.float32)
    with ResultLog(path, hand_model="hand_mano778", estimator="landmarks") as log:
        for n in range(frames):
            move = np.array([0.001 * n, 0.0, 0.5], np.float32)
            joints = layer.joints(pose, shape, move)
            flat = np.ascontiguousarray(joints[:, :2])
            hand = Hand(
                1, True, 0.9, np.zeros((0, 3), np.float32), joints, flat, flat, pose, shape, move,
                CropBox(1.0, 1.0, 1.0), 0.5, "landmarks",
            )  # fmt: skip
            frame = Frame(np.zeros((2, 2, 3), np.uint8), n / 30, n, 0.0)
            log.write(FrameResult(frame, Camera(500, 500, 320, 240, 640, 480), (hand,)))
    return path


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(SCRIPT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_a_take_becomes_what_was_asked_for(tmp_path: Path) -> None:
    write_take(tmp_path / "take.jsonl", 5)
    (tmp_path / "take.raw.mp4").write_bytes(b"")
    done = run(tmp_path / "take.raw.mp4", "--to", "csv", "bvh", "--out", tmp_path / "made")
    assert done.returncode == 0, done.stderr
    assert sorted(file.name for file in (tmp_path / "made").iterdir()) == ["take.bvh", "take.csv"]
    assert len((tmp_path / "made" / "take.csv").read_text().splitlines()) == 6
    assert "5 frames" in done.stdout


@pytest.mark.parametrize(
    ("name", "told"), [("missing.jsonl", "cannot read"), ("video.mp4", "video.jsonl")]
)
def test_what_the_user_can_put_right_is_one_line_and_code_2(
    tmp_path: Path, name: str, told: str
) -> None:
    done = run(tmp_path / name, "--to", "csv")
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_ctrl_c_leaves_nothing_half_written(tmp_path: Path) -> None:
    take = write_take(tmp_path / "take.jsonl", 3000)
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(take), "--to", "obj", "csv"],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    deadline = time.monotonic() + 60
    while len(list(tmp_path.rglob("*.obj"))) < 5:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert [file.name for file in tmp_path.iterdir()] == ["take.jsonl"]
