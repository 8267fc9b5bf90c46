"""Processes killed without warning (SIGKILL) at random moments: what they left opens, and at most a
second of it is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks and SIGKILL are POSIX")


def killed(kind: str, folder: Path, count: int, seed: int = 1) -> list[dict[str, Any]]:
    """What ``nursery.py`` found after each kill."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("nursery.py")), kind, str(folder), str(count),
         str(seed)],
        cwd=ROOT, capture_output=True, text=True, timeout=3600, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "offscreen"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    failed = [entry for entry in found if "failed" in entry]
    assert not failed, (failed, done.stderr[-3000:])
    assert len(found) == count
    return found


def check(kind: str, folder: Path, count: int, most_lost: float) -> str:
    found = killed(kind, folder, count)
    lost = [value for entry in found for name, value in entry.items() if name.startswith("lost")]
    assert max(lost, default=0.0) <= most_lost, found
    return f"{kind}: {count} kills, {max(lost, default=0.0):.2f} lost at most"


#: What may be missing: seconds of a recording, saves of the others.
KINDS = {"recording": 1.0, "export": 0.0, "settings": 0.0, "checkpoints": 0.0}


@pytest.mark.parametrize("kind", ["export", "settings"])
def test_what_a_killed_process_left_opens(kind: str, tmp_path: Path) -> None:
    check(kind, tmp_path, 5, KINDS[kind])


@pytest.mark.stress
@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_kills(kind: str, tmp_path: Path, capsys) -> None:
    told = check(kind, tmp_path, 100, KINDS[kind])
    with capsys.disabled():
        print(f"\n{told}")
