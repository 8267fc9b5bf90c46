"""A headless recording that is killed, or whose disk fills up, as a user would meet it: a process
of its own and real files."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import av
import pytest
from test_headless import ROOT, environment

from app.take_files import scan
from hands3c_core.assets import asset_path
from hands3c_core.errors import UserError
from hands3c_core.export import read_results

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits are POSIX")


@pytest.fixture(scope="module")
def clip(request: pytest.FixtureRequest) -> Path:
    try:
        return asset_path("demo.mp4")
    except UserError:
        return Path(request.getfixturevalue("shared")) / "media" / "hands_360p.mp4"


def count_frames(video: Path) -> tuple[int, float]:
    """How many frames can be decoded, and the time of the last."""
    with av.open(str(video)) as container:
        times = [frame.time for frame in container.decode(video=0)]
    return len(times), times[-1]


def test_a_killed_recording_is_there_up_to_the_last_second(tmp_path: Path, clip: Path) -> None:
    command = [sys.executable, "-m", "app", str(clip), "--headless", "--loop", "--estimator"]
    command += ["landmarks", "--write", "video", "raw", "jsonl", "glb", "--out", str(tmp_path)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    log = tmp_path / f"{clip.stem}.jsonl"
    try:
        deadline = time.monotonic() + 240
        while not (log.exists() and log.read_bytes().count(b"\n") > 75):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    finally:
        process.kill()
    logged = read_results(log)
    assert len(logged.frames) >= 74
    last = logged.frames[-1].timestamp
    assert sorted(path.name for path in tmp_path.glob("*.part")) == [
        f"{clip.stem}.mp4.part", f"{clip.stem}.raw.mp4.part",
    ]  # fmt: skip
    (take,) = scan(tmp_path)
    assert {path.name for path in take.files} == {
        f"{clip.stem}.mp4", f"{clip.stem}.raw.mp4", log.name
    }  # fmt: skip
    assert take.seconds == pytest.approx(last)
    assert not list(tmp_path.glob("*.part"))
    for video in take.files:
        if video.suffix == ".mp4":
            frames, end = count_frames(video)
            assert last - end <= 1.0, f"{video.name} lost {last - end:.2f} s"
            assert frames <= len(logged.frames)


@pytest.mark.parametrize("limited", ["both", "log"])
def test_a_full_disk_stops_cleanly_and_keeps_what_is_there(
    tmp_path: Path, clip: Path, limited: str
) -> None:
    """The system lets no file grow beyond a limit, as a full disk would: one line, code 2."""
    kinds = ["video", "jsonl", "glb"] if limited == "both" else ["jsonl", "csv"]
    code = f"""
        import resource, sys
        from app.__main__ import main
        resource.setrlimit(resource.RLIMIT_FSIZE, (250_000, resource.RLIM_INFINITY))
        sys.exit(main([{str(clip)!r}, "--headless", "--loop", "--estimator", "landmarks",
                       "--out", {str(tmp_path)!r}, "--write", *{kinds!r}]))
    """
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    (told,) = [line for line in ended.stderr.splitlines() if line.startswith("hands3c-live: ")]
    assert str(tmp_path) in told
    assert "Wrote" in ended.stderr
    log = read_results(tmp_path / f"{clip.stem}.jsonl")
    assert not log.truncated
    assert len(log.frames) >= 15
    expected = {f"{clip.stem}.jsonl"}
    if limited == "both":
        expected.add(f"{clip.stem}.mp4")
        frames, _ = count_frames(tmp_path / f"{clip.stem}.mp4")
        assert frames >= 10
    assert {path.name for path in tmp_path.iterdir()} == expected
