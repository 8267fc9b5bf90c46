"""A limit on the process's memory is told before a library runs into it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hands3c_core.memory_limit import COMMAND_MB, LANDMARKS_MB, NETWORK_MB

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux holds a process to such a limit"
)


def limited(megabytes: int, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f'ulimit -v {megabytes << 10}; exec "$0" "$@"', sys.executable, *words],
        cwd=ROOT, text=True, capture_output=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("megabytes", [500, LANDMARKS_MB - 100, NETWORK_MB - 100])
def test_the_app_says_what_it_needs(tmp_path: Path, megabytes: int) -> None:
    out = tmp_path / "out"
    done = limited(megabytes, "-m", "app", "--headless", "--out", str(out), "--max-frames", "1")
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"hands3c-live: the memory limit is {megabytes} MB (ulimit -v)")
    assert not out.exists()


def test_a_command_says_what_it_needs() -> None:
    done = limited(COMMAND_MB - 1, "scripts/models.py")
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert "the memory limit is" in line


def test_a_network_that_finds_no_room_is_refused_and_the_process_goes_on() -> None:
    code = """
import resource
from hands3c_core.errors import UserError
from hands3c_core.estimators.choose import make_estimator
from hands3c_core.hand_model import load_hand_model
from pathlib import Path
hand = load_hand_model("hand_mano778")
make_estimator("landmarks", hand)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (60 << 20), resource.RLIM_INFINITY))
try:
    make_estimator("hands3c_lite", hand)
except UserError as error:
    print(error)
make_estimator("landmarks", hand)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, text=True, capture_output=True, check=True
    )
    assert done.stdout.startswith("the memory limit (ulimit -v) leaves ")
    assert "a network needs" in done.stdout
