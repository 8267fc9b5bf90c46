"""Starts that fail, and starts that are broken off, two hundred of each: one line and the right
code, however busy the machine (several run at once)."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hands3c_core.assets import asset_path

ROOT = Path(__file__).resolve().parents[2]
#: Starts of each kind, and how many run at once.
STARTS = int(os.environ.get("HANDS3C_STARTS", "200"))
AT_ONCE = int(os.environ.get("HANDS3C_AT_ONCE", "4"))

pytestmark = [
    pytest.mark.stress,
    pytest.mark.skipif(sys.platform == "win32", reason="sends a signal as POSIX has it"),
]


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return subprocess.Popen(
        [sys.executable, "-m", "app", "--headless", *map(str, arguments)],
        cwd=ROOT, env=environment, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _ctrl_c_is_not_ignored() -> Iterator[None]:
    """A shell's background jobs ignore it, and so would what is started here."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def many(one) -> Counter[str]:
    """What came of each of the starts."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(pool.map(one, range(STARTS)))


def tell(capsys: pytest.CaptureFixture[str], kind: str, found: Counter[str]) -> None:
    with capsys.disabled():
        print(f"\n{kind}: {dict(found)}")


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(random.Random(0).randbytes(20_000))
    return path


@pytest.mark.parametrize("kind", ["missing source", "unreadable file", "port taken"])
def test_starts_that_fail(
    kind: str, damaged: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        arguments: tuple[str | Path, ...] = {
            "missing source": (tmp_path / "nosuch.mp4",),
            "unreadable file": (damaged,),
            "port taken": (asset_path("demo.mp4"), "--live", f"ws:{port}"),
        }[kind]

        def one(number: int) -> str:
            process = start(*arguments, "--out", tmp_path / str(number))
            _, told = process.communicate(timeout=600)
            lines = [line for line in told.splitlines() if line.strip()]
            sound = process.returncode == 2 and len(lines) == 1
            sound = sound and lines[0].startswith("hands3c-live: ")
            return "one line, code 2" if sound else f"code {process.returncode}: {told}"

        found = many(one)
    tell(capsys, kind, found)
    assert found == {"one line, code 2": STARTS}


def told_of(process: subprocess.Popen[str]) -> str:
    """What came of a start in which something goes wrong at a moment of its own."""
    _, told = process.communicate(timeout=600)
    lines = [line for line in told.splitlines() if line.strip()]
    if process.returncode == 0:
        return "it came too late to matter, code 0"
    if process.returncode == 2 and lines and lines[-1].startswith("hands3c-live: "):
        rest = [
            line for line in lines[:-1] if not line.startswith(("Live: ", "Hands ", "clip.mp4"))
        ]
        return "one line, code 2" if not rest else f"code 2: {told}"
    return f"code {process.returncode}: {told}"


def length_of(*arguments: str | Path) -> float:
    """How long a start takes to the first frame here and now, beside as many as there will be."""
    began = time.monotonic()
    for process in [start(*arguments) for _ in range(AT_ONCE)]:
        process.communicate(timeout=600)
    return time.monotonic() - began


@pytest.mark.parametrize("fault", ["port taken late", "source gone late", "source damaged late"])
def test_starts_that_fail_late(
    fault: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was fine when it began, at a random moment is not."""
    chance = random.Random(2)
    end = "--max-frames", "1", "--estimator", "landmarks", "--write", "jsonl"
    whole = length_of(asset_path("demo.mp4"), "--out", tmp_path / "first", *end)
    moments = [chance.uniform(0.0, whole) for _ in range(STARTS)]

    def one(number: int) -> str:
        folder = tmp_path / str(number)
        folder.mkdir()
        clip = folder / "clip.mp4"
        shutil.copyfile(asset_path("demo.mp4"), clip)
        with socket.socket() as taker:
            taker.bind(("127.0.0.1", 0))
            port = taker.getsockname()[1]
        live = ("--live", f"ws:{port}") if fault == "port taken late" else ()
        process = start(clip, "--out", folder / "out", *end, *live)
        time.sleep(moments[number])
        if fault == "source gone late":
            clip.unlink()
        elif fault == "source damaged late":
            clip.write_bytes(random.Random(number).randbytes(20_000))
        else:
            with socket.socket() as taker:
                try:
                    taker.bind(("127.0.0.1", port))
                    taker.listen()
                except OSError:
                    pass  # the app has it
                return told_of(process)
        return told_of(process)

    found = many(one)
    tell(capsys, fault, found)
    assert set(found) <= {"one line, code 2", "it came too late to matter, code 0"}


def test_starts_that_are_broken_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl+C at a random moment between the first instruction and the first frames."""
    clip, chance = asset_path("demo.mp4"), random.Random(1)
    arguments = (clip, "--estimator", "landmarks", "--loop", "--write", "jsonl")
    began = time.monotonic()
    with start(*arguments, "--out", tmp_path / "first") as process:
        assert process.stderr is not None
        process.stderr.readline()  # the source is open
        whole = time.monotonic() - began
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=600)
    moments = [chance.uniform(0.0, 1.3 * AT_ONCE * whole) for _ in range(STARTS)]

    def one(number: int) -> str:
        process = start(*arguments, "--out", tmp_path / str(number))
        time.sleep(moments[number])
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=600)
        if process.returncode == -signal.SIGINT and str(ROOT) not in told:
            return "before the program was read"  # the interpreter itself was still starting
        if process.returncode == 130 and told == "Stopped.\n":
            return "one line, code 130, while it started"
        ending = "Stopped early; what was written is complete.", "Stopped early; nothing was"
        sound = process.returncode == 130 and told.count("topped") == 1
        sound = sound and any(text in told for text in ending)
        if sound and "Traceback" not in told and "terminate" not in told:
            return "code 130, while it ran"
        return f"code {process.returncode}: {told}"

    found = many(one)
    tell(capsys, "Ctrl+C", found)
    allowed = {
        "one line, code 130, while it started",
        "code 130, while it ran",
        "before the program was read",
    }
    assert set(found) <= allowed
    assert found["one line, code 130, while it started"]
