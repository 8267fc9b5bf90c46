"""The headless command as a user runs it: a process of its own, real files, no network."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
import trimesh

from hands3c_core.assets import asset_path
from hands3c_core.errors import UserError
from hands3c_core.export import read_results
from hands3c_core.weights import shipped_weights

ROOT = Path(__file__).resolve().parents[2]

#: For what has nothing to do with the estimator: the other one takes a while to get ready.
QUICK = ("--estimator", "landmarks")

#: Runs the app and fails on any attempt to reach another machine, whichever library makes it from
#: Python; /proc tells of connections made below Python.
AUDITED = """
import socket, sys, threading, time
reached = []
def audit(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo"):
        target = arguments[1] if event == "socket.connect" else arguments[0]
        reached.append((event, repr(target)))
sys.addaudithook(audit)
local = ("00000000", "0100007F", "0" * 32, "0" * 24 + "01000000")
def watch():
    while True:
        for name in ("tcp", "tcp6", "udp", "udp6"):
            try:
                lines = open(f"/proc/self/net/{name}").read().splitlines()[1:]
            except OSError:
                continue
            own = inodes()
            for line in lines:
                fields = line.split()
                if fields[9] in own and fields[2].split(":")[0] not in local:
                    reached.append((name, fields[2]))
        time.sleep(0.05)
def inodes():
    import os
    found = set()
    for handle in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{handle}")
        except OSError:
            continue
        if target.startswith("socket:["):
            found.add(target[8:-1])
    return found
threading.Thread(target=watch, daemon=True).start()
from app.__main__ import main
code = main(sys.argv[1:])
print("REACHED", reached)
sys.exit(code or bool(reached))
"""


def environment() -> dict[str, str]:
    """This one's without a display, with the checkout first."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    }
    return kept | {"PYTHONPATH": str(ROOT)}


def run(*arguments: str, cwd: Path, code: str | None = None) -> subprocess.CompletedProcess[str]:
    start = ["-c", code] if code else ["-m", "app"]
    return subprocess.run(
        [sys.executable, *start, *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def clip(request: pytest.FixtureRequest) -> Path:
    try:
        return asset_path("demo.mp4")
    except UserError:
        return Path(request.getfixturevalue("shared")) / "media" / "hands_360p.mp4"


def check_outputs(folder: Path, stem: str, frames: int) -> None:
    with av.open(str(folder / f"{stem}.mp4")) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in container.decode(video=0)) == frames
    log = read_results(folder / f"{stem}.jsonl")
    assert len(log.frames) == frames
    assert sum(bool(frame.hands) for frame in log.frames) >= 0.9 * frames
    assert trimesh.load(folder / f"{stem}.glb").geometry


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the display rule is Linux's")
def test_with_no_source_and_no_display_it_runs_on_the_bundled_clip(tmp_path):
    try:
        asset_path("demo.mp4")
    except UserError as error:
        pytest.skip(str(error))
    done = run("--max-frames", "25", cwd=tmp_path, code=AUDITED)
    assert done.returncode == 0, done.stderr
    assert "REACHED []" in done.stdout
    assert "bundled clip" in done.stderr
    origin = "the network hands3c_lite" if shipped_weights() else "landmark estimator"
    assert origin in " ".join(done.stderr.split())
    for suffix in ("mp4", "glb", "jsonl"):
        assert f"demo.{suffix}" in done.stderr
    check_outputs(tmp_path / "out", "demo", 25)


def test_a_given_file_goes_to_the_given_folder_without_any_connection(tmp_path, clip):
    done = run(
        str(clip), "--headless", "--out", "made/here", "--max-frames", "20", *QUICK,
        cwd=tmp_path, code=AUDITED,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "REACHED []" in done.stdout
    check_outputs(tmp_path / "made" / "here", clip.stem, 20)


def test_ctrl_c_ends_cleanly_and_keeps_the_files(tmp_path, clip):
    process = subprocess.Popen(
        [sys.executable, "-m", "app", str(clip), "--headless", "--loop", *QUICK],
        cwd=tmp_path,
        env=environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        log = tmp_path / "out" / f"{clip.stem}.jsonl"
        deadline = time.monotonic() + 120
        while not (log.exists() and log.read_text().count("\n") > 10):
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Traceback" not in told
    frames = len(read_results(log).frames)
    assert frames >= 10
    check_outputs(tmp_path / "out", clip.stem, frames)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["missing.mp4"], "missing.mp4"),
        (["broken.mp4"], "broken.mp4"),
        (["--fov", "500"], "--fov"),
    ],
)
def test_what_the_user_can_put_right_is_one_line_and_code_2(tmp_path, arguments, told):
    (tmp_path / "broken.mp4").write_bytes(b"no video" * 50)
    done = run(*arguments, "--headless", *QUICK, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert any(
        line.startswith("hands3c-live: ") and told in line for line in done.stderr.splitlines()
    )


def test_a_missing_hand_model_is_one_line_and_code_2(tmp_path, clip):
    done = run(str(clip), "--hand-model", "none.npz", "--headless", *QUICK, cwd=tmp_path)
    assert done.returncode == 2
    assert "none.npz" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_output_never_overwrites_the_source(tmp_path, clip):
    source = tmp_path / "mine.mp4"
    source.write_bytes(clip.read_bytes())
    done = run(str(source), "--headless", "--out", ".", *QUICK, cwd=tmp_path)
    assert done.returncode == 2
    assert "overwrite" in done.stderr
    assert source.read_bytes() == clip.read_bytes()


def test_help_reads_well(tmp_path):
    done = run("--help", cwd=tmp_path)
    assert done.returncode == 0
    for word in ("SOURCE", "--headless", "--out", "--max-frames", "landmark estimator"):
        assert word in done.stdout
    assert "None" not in done.stdout


@pytest.mark.parametrize("further", [(), ("--live", "osc:9")])
def test_a_photograph_is_one_frame_and_the_run_ends(tmp_path, further):
    picture = np.full((240, 320, 3), 90, np.uint8)
    cv2.imwrite(str(tmp_path / "photo.png"), picture)
    done = run("photo.png", "--headless", "--write", "jsonl", "csv", *QUICK, *further, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert len(read_results(tmp_path / "out" / "photo.jsonl").frames) == 1
