"""The program away from its checkout, laid out as a wheel installs it (see setup.py)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def site(tmp_path):
    skip = shutil.ignore_patterns("__pycache__")
    for folder, name in (("hands3c_core", "hands3c_core"), ("app", "hands3c_live")):
        shutil.copytree(ROOT / folder, tmp_path / name, ignore=skip)
    # Another project's package, and no folder of ours.
    (tmp_path / "app.py").write_text("raise ImportError('somebody else\\'s')\n")
    for folder in ("assets", "weights"):
        place = tmp_path / "hands3c_core" / "shipped" / folder
        shutil.copytree(ROOT / folder, place, ignore=skip)
    return tmp_path


def run(site: Path, *arguments: str) -> str:
    command = [sys.executable, *arguments]
    return subprocess.check_output(command, cwd=site, text=True, stderr=subprocess.STDOUT)


def test_headless_run(site):
    printed = run(site, "-m", "hands3c_live", "--headless", "--max-frames", "3", "--out", "out")
    assert "3 frames, a hand in 100.0 %" in printed
    assert {f.suffix for f in (site / "out").iterdir()} == {".mp4", ".glb", ".jsonl"}


def test_commands_are_found(site):
    assert "import-checkpoint" in run(site, "-m", "hands3c_core.cli")
