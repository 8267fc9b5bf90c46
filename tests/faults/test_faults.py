"""Faults of the machine, made with the real thing: a disk that is full, a process that is stopped,
a clock that is set back, memory that is used up, a network camera that stalls or dies."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import av
import numpy as np
import pytest
import trimesh

from hands3c_core.assets import asset_path
from hands3c_core.benchmark.loopback_camera import loopback_camera
from hands3c_core.export import read_results
from hands3c_core.gaps import MOST_GAP_S

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.stress,
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="made with Linux's means"),
]


@pytest.fixture(scope="module")
def clip() -> Path:
    return asset_path("demo.mp4")


def environment() -> dict[str, str]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return {k: v for k, v in os.environ.items() if k not in hidden} | {"PYTHONPATH": str(ROOT)}


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """A process that runs ``code``."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        cwd=ROOT, env=environment(), text=True, stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def app(*arguments: str | Path, before: str = "") -> subprocess.Popen[str]:
    """The app without a window; ``before`` is code that is run first."""
    code = (
        f"import sys\n{before}\nfrom app.__main__ import main\nsys.exit(main(sys.argv[1:]) or 0)\n"
    )
    return python(code, "--headless", "--estimator", "landmarks", *map(str, arguments))


def wait_for(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def lines_of(log: Path) -> int:
    return log.read_bytes().count(b"\n") if log.exists() else 0


def ended(process: subprocess.Popen[str], code: int) -> str:
    """What it said, once it has ended with ``code``."""
    _, told = process.communicate(timeout=900)
    assert process.returncode == code, told
    assert "Traceback" not in told
    assert "terminate" not in told
    return told


def decoded(video: Path) -> list[float]:
    with av.open(str(video)) as container:
        return [float(frame.time or 0.0) for frame in container.decode(video=0)]


# ------------------------------------------------------------------------------------------ disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True
    )
    if made.returncode:
        pytest.skip("a small file system can be mounted by root alone")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_that_fills_up_under_five_writers(small_disk: Path, clip: Path) -> None:
    """Without the reserve that usually ends a recording in time, the disk really is full."""
    process = app(
        clip, "--loop", "--out", small_disk,
        "--write", "video", "raw", "jsonl", "glb", "bvh", "csv",
        before="import app.recording\napp.recording.RESERVE = 0",
    )  # fmt: skip
    told = ended(process, 2)
    (line,) = [line for line in told.splitlines() if line.startswith("hands3c-live: ")]
    assert str(small_disk) in line
    frames = read_results(small_disk / "demo.jsonl").frames
    assert len(frames) > 10
    for entry in small_disk.iterdir():
        if entry.suffix == ".mp4":
            times = decoded(entry)
            assert frames[-1].timestamp - times[-1] <= 1.0, entry.name
        elif entry.suffix == ".glb":
            assert trimesh.load(entry).geometry
        else:
            assert entry.suffix in (".jsonl", ".bvh", ".csv", ".part"), entry.name


# ------------------------------------------------------------------------------------- the clock


def test_a_computer_that_sleeps_for_a_minute(tmp_path: Path, clip: Path) -> None:
    """Stopped for 60 s (SIGSTOP, as suspend does to it) while it records a network camera."""
    with loopback_camera(clip, fps=10.0) as address:
        process = app(address, "--out", tmp_path, "--write", "video", "jsonl")
        wait_for(lambda: any(lines_of(file) > 15 for file in tmp_path.glob("*.jsonl")), process)
        (log,) = tmp_path.glob("*.jsonl")
        process.send_signal(signal.SIGSTOP)
        before = lines_of(log)
        time.sleep(60)
        process.send_signal(signal.SIGCONT)
        wait_for(lambda: lines_of(log) > before + 15, process)
        process.send_signal(signal.SIGINT)
        ended(process, 130)
    times = [frame.timestamp for frame in read_results(log).frames]
    assert len(times) > before + 10
    assert np.all(np.diff(times) > 0)
    assert np.diff(times).max() <= MOST_GAP_S + 1.0
    (video,) = tmp_path.glob("*.mp4")
    assert decoded(video)[-1] == pytest.approx(times[-1], abs=1.0)


#: The clock is an hour slow from the moment a file is there.
CLOCK_SET_BACK = """
import os, time
true, sign = time.time, {sign!r}
time.time = lambda: true() - (3600 if os.path.exists(sign) else 0)
"""


def test_a_clock_that_is_set_back_an_hour(tmp_path: Path, clip: Path) -> None:
    sign, out = tmp_path / "set back", tmp_path / "out"
    process = app(
        clip, "--loop", "--out", out, "--write", "video", "jsonl",
        before=CLOCK_SET_BACK.format(sign=str(sign)),
    )  # fmt: skip
    log = out / "demo.jsonl"
    try:
        wait_for(lambda: lines_of(log) > 20, process)
        sign.touch()
        before = lines_of(log)
        wait_for(lambda: lines_of(log) > before + 20, process)
    finally:
        process.send_signal(signal.SIGINT)
    ended(process, 130)
    frames = read_results(log).frames
    clock = [datetime.fromisoformat(frame.captured_at or "").timestamp() for frame in frames]
    steps = np.diff(clock)
    assert np.sum(steps < -3500) == 1, "the clock was not seen to jump"
    times = [frame.timestamp for frame in frames]
    assert np.all(np.diff(times) > 0)
    assert np.diff(times).max() < 1.0
    assert decoded(out / "demo.mp4")[-1] == pytest.approx(times[-1], abs=1.0)


# ---------------------------------------------------------------------------------------- memory

LITTLE_MEMORY = """
    import resource, sys, threading, time
    from pathlib import Path
    import torch
    from app.config import ModelConfig
    from app.session import Session
    from hands3c_core.models import build_model, save_weights

    folder, clip = Path(sys.argv[1]), sys.argv[2]
    weights = folder / "large.safetensors"
    save_weights(build_model("hands3c"), weights)
    told = []
    with Session(ModelConfig(estimator="landmarks"), paints=False) as session:
        session.observables.notices.connect(told.append)
        session.open(clip)
        while session.shown is None or session.shown.model is None:
            time.sleep(0.05)
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (used + (int(sys.argv[3]) << 20), most))
        session.set_model(ModelConfig(estimator=str(weights)))
        deadline = time.monotonic() + 240
        while not any(notice.key == "model" and notice.level == "error" for notice in told):
            assert time.monotonic() < deadline, "nothing was said"
            time.sleep(0.05)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        print([notice.text for notice in told if notice.level == "error"], flush=True)
        before = session.shown
        while session.shown is before:
            time.sleep(0.05)
        print("goes on with", session.shown.model.config.estimator, flush=True)
"""


@pytest.mark.parametrize("megabytes", [20, 100])
def test_no_memory_for_a_large_network(tmp_path: Path, clip: Path, megabytes: int) -> None:
    process = python(LITTLE_MEMORY, str(tmp_path), str(clip), str(megabytes))
    out, told = process.communicate(timeout=600)
    assert process.returncode == 0, told[-3000:]
    assert "memory" in out
    assert "goes on with landmarks" in out


@pytest.fixture(scope="module")
def large_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from hands3c_core.models import build_model, save_weights

    path = tmp_path_factory.mktemp("weights") / "large.safetensors"
    save_weights(build_model("hands3c"), path)
    return path


@pytest.mark.parametrize("megabytes", [300, 500, 600, 900, 1300, 1800, 2200, 2600, 3000])
def test_a_start_without_memory_is_one_line(
    large_network: Path, tmp_path: Path, clip: Path, megabytes: int
) -> None:
    """``ulimit -v``, from less than any library needs to a little less than the network needs."""
    command = ["-m", "app", clip, "--headless", "--estimator", large_network, "--out", tmp_path]
    words = " ".join(shlex.quote(str(word)) for word in [sys.executable, *command])
    process = subprocess.Popen(
        f"ulimit -v {megabytes << 10}; exec {words} --max-frames 3 --write jsonl",
        shell=True, cwd=ROOT, env=environment(), text=True, stderr=subprocess.PIPE,
    )  # fmt: skip
    told = ended(process, 2)
    assert told.count("memory") == 1, told
    assert told.splitlines()[-1].startswith("hands3c-live: ")
    assert not list(tmp_path.iterdir())


# --------------------------------------------------------------------------------------- network

#: Reads a stream until it was lost and has come back; prints the states it went through.
FOLLOW = """
    import sys, time
    from hands3c_core.sources import SourceReader
    from hands3c_core.sources.stream import StreamSource
    seen = []
    source = StreamSource(sys.argv[1], read_timeout=2.0)
    def say(state, message):
        seen.append(state.value)
        print(state.value, flush=True)
    with SourceReader(source, on_state=say, first_backoff=0.2) as reader:
        assert reader.next(60) is not None
        print("frames", flush=True)
        deadline, last, count = time.monotonic() + 200, -1.0, 0
        while count < 20 and time.monotonic() < deadline:
            frame = reader.next(5)
            if frame is None:
                continue
            assert frame.timestamp > last
            last = frame.timestamp
            count += seen[-1:] == ["running"]
    print("after", count, flush=True)
"""


@pytest.mark.parametrize("fault", ["stalls", "dies"])
def test_rtsp_that_stalls_or_dies_and_comes_back(fault: str) -> None:
    script = Path(__file__).with_name("rtsp_camera.py")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])

    def serve() -> subprocess.Popen[str]:
        server = subprocess.Popen(
            [sys.executable, str(script), port], stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        assert server.stdout.readline().strip() == "ready"
        return server

    server = serve()
    process = python(FOLLOW, f"rtsp://127.0.0.1:{port}/live")
    try:
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "frames", process.communicate()[1]
        server.send_signal(signal.SIGSTOP if fault == "stalls" else signal.SIGKILL)
        assert process.stdout.readline().strip() == "lost"
        assert process.stdout.readline().strip() == "reconnecting"
        if fault == "stalls":
            server.send_signal(signal.SIGCONT)
        else:
            server.wait()
            server = serve()
        out, told = process.communicate(timeout=900)
        assert process.returncode == 0, told
        assert "after 20" in out
    finally:
        process.kill()
        server.kill()


# -------------------------------------------------------------------------------------- children


def test_a_network_camera_whose_process_is_killed(tmp_path: Path, clip: Path) -> None:
    """The recording goes on to wait for it, says so, and ends whole on Ctrl+C."""
    code = """
        import sys, time
        from hands3c_core.benchmark.loopback_camera import loopback_camera
        with loopback_camera(sys.argv[1], fps=10.0) as address:
            print(address, flush=True)
            sys.stdin.read()
    """
    camera = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(clip)],
        cwd=ROOT, env=environment(), text=True, stdout=subprocess.PIPE, stdin=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    assert camera.stdout is not None
    address = camera.stdout.readline().strip()
    process = app(address, "--out", tmp_path, "--write", "jsonl", "csv")
    try:
        wait_for(lambda: any(lines_of(file) > 10 for file in tmp_path.glob("*.jsonl")), process)
    finally:
        os.killpg(camera.pid, signal.SIGKILL)
    time.sleep(8)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    told = ended(process, 130)
    assert "Reconnecting" in told
    (log,) = tmp_path.glob("*.jsonl")
    assert len(read_results(log).frames) >= 10
    assert (log.with_suffix(".csv")).exists()
