"""Workers and drivers killed at random moments: in the end it is as if nothing had been."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from short_clips import cut
from test_process import contents

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "process.py"
#: Each, workers and drivers.
KILLS = int(os.environ.get("HANDS3C_STRESS", "3"))

pytestmark = [
    pytest.mark.stress,
    pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's"),
]


@pytest.fixture(scope="module")
def many(tmp_path_factory) -> Path:
    """Six sound clips, a long one that is cut, two damaged ones."""
    folder = tmp_path_factory.mktemp("many")
    for number in range(4):
        cut(folder / f"{number}.mp4", 1.5 * number, 8, (320, 240))
    cut(folder / "long.mp4", 1.0, 160, (320, 240))
    whole = (folder / "1.mp4").read_bytes()
    (folder / "damaged.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "none.mp4").write_bytes(b"")
    return folder


def command(many: Path, out: Path, *further: str) -> list[str]:
    settings = ["--estimator", "landmarks", "--hand-model", "hand_mano778", "--segment", "2"]
    settings += ["--overlap", "1", "--to", "npz", "csv", "--workers", "2"]
    return [sys.executable, str(SCRIPT), str(many), "--out", str(out), *settings, *further]


def workers_of(driver: subprocess.Popen) -> list[psutil.Process]:
    try:
        children = psutil.Process(driver.pid).children(recursive=True)
        return [c for c in children if "spawn_main" in " ".join(c.cmdline())]
    except psutil.Error:
        return []


def test_kills_at_random_moments_leave_no_trace(many, tmp_path):
    undisturbed = tmp_path / "undisturbed"
    begun = time.monotonic()
    done = subprocess.run(command(many, undisturbed), capture_output=True, text=True, check=False)
    length = time.monotonic() - begun
    assert done.returncode == 1, done.stderr  # two of the clips are damaged
    assert "5 of 7 clips done" in done.stdout
    assert contents(undisturbed)
    generator = random.Random(20)
    out = tmp_path / "disturbed"
    kinds = ["driver", "worker"] * KILLS
    generator.shuffle(kinds)
    told = []
    for kind in kinds:
        driver = subprocess.Popen(
            command(many, out, "--resume"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(generator.uniform(0.1, 0.8) * length)
        crew = workers_of(driver)
        victim = generator.choice(crew).pid if kind == "worker" and crew else driver.pid
        if driver.poll() is None:
            os.kill(victim, signal.SIGKILL)
            told.append((kind, len(crew)))
        time.sleep(0.05 * length)
        driver.kill()
        driver.wait()
        psutil.wait_procs(crew, timeout=300)
    for _ in range(2):  # the second has nothing to do
        last = subprocess.run(
            command(many, out, "--resume"), capture_output=True, text=True, check=False
        )
    assert told
    assert "0 of 7 clips done, 7 were there already" in last.stdout
    assert contents(out) == contents(undisturbed)
    assert not [path for path in (out / "clips").iterdir() if path.name.startswith(".")]
