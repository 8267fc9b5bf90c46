"""Ctrl+C at each place of a run without a window: one line that says so, and code 130."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hands3c_core.assets import asset_path

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends a signal as POSIX has it")

#: Runs the real app; as the named function begins (or has ended), the process gets a real SIGINT.
_RUN = """
import functools, os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job ignores it
import app.headless, app.session, app.__main__
place, when, *arguments = sys.argv[1:]
owner, name = place.split(".")
owner = getattr(app.headless, owner, None) or app.headless
whole = getattr(owner, name)
sent = []

@functools.wraps(whole)
def watched(*given, **named):
    interrupt = not sent and (name != "print" or "480" in str(given[1]))
    if interrupt and when == "before":
        sent.append(os.kill(os.getpid(), signal.SIGINT))
    done = whole(*given, **named)
    if interrupt and when == "after":
        sent.append(os.kill(os.getpid(), signal.SIGINT))
    return done

setattr(owner, name, watched)
sys.argv = ["hands3c-live", *arguments]
app.__main__.main()
"""


def lines_after(place: str, when: str, out: Path, *arguments: str) -> tuple[int, list[str]]:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY")
    done = subprocess.run(
        [sys.executable, "-c", _RUN, place, when, "--headless", str(asset_path("demo.mp4")),
         "--estimator", "landmarks", "--out", str(out), *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=600,
        env={name: value for name, value in os.environ.items() if name not in hidden},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, [line for line in done.stderr.splitlines() if "topped" in line]


@pytest.mark.stress
@pytest.mark.parametrize(
    ("place", "when", "line"),
    [
        ("module.output_files", "after", "Stopped."),
        ("Session.open", "after", "Stopped."),
        ("Console.print", "before", "Stopped early; nothing was written: there was no frame."),
        ("Console.print", "after", "Stopped early; nothing was written: there was no frame."),
        ("Session.start_recording", "before", "Stopped early; nothing was written: there was no"),
        ("Session.start_recording", "after", "Stopped early; nothing was written: there was no"),
        ("_Run._progress", "before", "Stopped early; nothing was written: there was no frame."),
        ("Session.play", "after", "Stopped early; "),
        ("Session.pause", "before", "Stopped early; what was written is complete."),
        ("_Run._finish", "after", "Stopped early; what was written is complete."),
        ("Session.close", "before", "Stopped."),
    ],
)
def test_each_place_ends_with_one_line(place: str, when: str, line: str, tmp_path: Path) -> None:
    code, said = lines_after(place, when, tmp_path, "--write", "jsonl", "--max-frames", "3")
    assert code == 130
    assert len(said) == 1, said
    assert said[0].startswith(line)


@pytest.mark.slow
def test_a_run_that_writes_nothing_says_so_too(tmp_path: Path) -> None:
    """It only sends live hands; nothing was told of its end."""
    code, said = lines_after("Session.pause", "before", tmp_path, "--write", "--max-frames", "3")
    assert (code, said) == (130, ["Stopped early."])


@pytest.mark.stress
def test_what_comes_too_late_changes_nothing(tmp_path: Path) -> None:
    code, said = lines_after(
        "_Run._report", "after", tmp_path, "--write", "jsonl", "--max-frames", "3"
    )
    assert (code, said) == (0, [])
