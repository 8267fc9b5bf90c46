"""The Rerun recording, verified and read by Rerun's own program; live, by a Rerun server."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hands3c_core.export import ResultLog, VideoWriter, convert_take

rerun = pytest.importorskip("rerun", reason="rerun-sdk is not installed (extra 'export')")


def program() -> str:
    beside = Path(sys.executable).with_name("rerun")
    found = str(beside) if beside.exists() else shutil.which("rerun")
    if found is None:
        pytest.skip("no rerun program on this machine")
    return found


def run(*arguments: object) -> str:
    command = [program(), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("with_video", [True, False])
def test_rerun_verifies_and_tells_what_is_in_it(tmp_path, session, model, with_video):
    with ResultLog(tmp_path / "take.jsonl", hand_model=model, estimator="landmarks") as log:
        for result in session:
            log.write(result)
    if with_video:
        with VideoWriter(tmp_path / "take.raw.mp4", (64, 48), 25) as video:
            for n in range(len(session)):
                video.write(np.zeros((48, 64, 3), np.uint8), n / 25)
    (file,) = convert_take(log.path, ["rrd"]).files
    run("rrd", "verify", file)
    told = run("rrd", "stats", file)
    for entity in (
        "/world/right_hand/mesh", "/world/left_hand/joints", "/world/camera/image",
        "/world/camera/image/right_hand/joints", "/flexion_deg/right_hand",
        "/confidence/left_hand", "take_time", "captured_at",
    ):  # fmt: skip
        assert entity in told, entity
    assert ("/world/camera/image/video" in told) is with_video
    left = {"take.jsonl", "take.rrd", *(["take.raw.mp4"] if with_video else [])}
    assert {entry.name for entry in tmp_path.iterdir()} == left


def test_live_frames_are_sent_and_nobody_there_is_no_error(session, model):
    from hands3c_core.live import LiveOut, Target

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with LiveOut([Target("rerun", port=port)]) as live:
        for result in session[:3]:
            live.send(result, model)
        assert live.status.rerun_frames == 3
