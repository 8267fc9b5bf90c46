"""Lint, types, then all tests; the window's run a second time in a real X11 window on Linux.

Run by ``scripts/bootstrap.py test``. Tests that failed are run once more, one after the other: a
machine that was busy with something else fails tests that wait for it. Those that pass then are
named all the same.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STEPS = (
    ["-m", "ruff", "check", "."],
    ["-m", "ruff", "format", "--check", "."],
    ["-m", "mypy"],
)
SCREEN = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24"]


def main() -> int:
    failed = [step for step in STEPS if run_step(step)]
    # A file's tests share what its fixtures made.
    together = ["-n", str(min(4, os.cpu_count() or 1)), "--dist", "loadfile"]
    failed += run_tests(["-m", "not stress"], together)
    if sys.platform.startswith("linux"):
        say("The window tests once more, under X11")
        failed += run_tests(["tests/app", "-m", "window and not slow and not stress"], on_x11=True)
    for step in failed:
        print(f"failed: python {' '.join(step)}", file=sys.stderr)
    return 1 if failed else 0


def run_tests(
    chosen: list[str], together: Sequence[str] = (), *, on_x11: bool = False
) -> list[list[str]]:
    """Tests, and once more those that failed. The step if they failed both times."""
    step = ["-m", "pytest", *chosen]
    if not run_step([*step, *together], on_x11=on_x11):
        return []
    again = [*step, "-v", "--last-failed", "--last-failed-no-failures", "none"]
    if run_step(again, on_x11=on_x11):
        return [step]
    say("UNSTEADY: the tests above failed at first and passed when run again")
    return []


def run_step(step: Sequence[str], *, on_x11: bool = False) -> int:
    say(f"python {' '.join(step)}")
    environment = os.environ | ({"QT_QPA_PLATFORM": "xcb"} if on_x11 else {})
    command = [*(SCREEN if on_x11 else ()), sys.executable, *step]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def say(message: str) -> None:
    print(f"[tests] {message}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
