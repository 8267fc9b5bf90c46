from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hands3c_core import jit

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of two modules that compile, whose cache folder is asked for afresh."""
    (tmp_path / "inner.py").write_text("from jit import njit  # one")
    (tmp_path / "plain.py").write_text("x = 1")
    monkeypatch.setattr(jit, "_PACKAGE", tmp_path)
    monkeypatch.setattr(jit.platformdirs, "user_cache_path", lambda name: tmp_path / "cache" / name)
    jit.cache_folder.cache_clear()
    yield tmp_path
    jit.cache_folder.cache_clear()


def test_cache_folder_follows_the_text_of_compiling_modules(package):
    first = jit.cache_folder()
    (package / "plain.py").write_text("x = 2")
    jit.cache_folder.cache_clear()
    assert jit.cache_folder() == first
    (package / "inner.py").write_text("from jit import njit  # two")
    jit.cache_folder.cache_clear()
    assert jit.cache_folder() != first


def test_unwritable_cache_falls_back_to_a_folder_of_this_process(package):
    (package / "cache").write_text("a file where the folder should be")
    folder = jit.cache_folder()
    assert folder.is_dir()
    assert not folder.is_relative_to(package)


def test_folders_of_old_versions_are_removed_once_unused_for_a_week(package):
    current = jit.cache_folder()
    cache = current.parent
    now = time.time()
    for name, days in (("numba-replaced", 8), ("numba-other-checkout", 6), ("kernels", 99)):
        (cache / name / "inside").mkdir(parents=True)
        os.utime(cache / name, (now, now - days * 24 * 3600))
    os.utime(current, (now, now - 99 * 24 * 3600))
    jit.cache_folder.cache_clear()
    assert jit.cache_folder() == current
    assert {path.name for path in cache.iterdir()} == {
        current.name,
        "numba-other-checkout",
        "kernels",
    }


def test_threads_that_compile_at_once_keep_their_folder(package, monkeypatch):
    monkeypatch.setattr(jit.settings, "CACHE_DIR", "")
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def compile_some(_: int) -> list[str]:
        names = []
        for _ in range(50):
            dispatcher = jit.njit(lambda x: x)
            names.append(dispatcher._cache.cache_path)
        return names

    try:
        with ThreadPoolExecutor(4) as pool:
            folders = [Path(name) for names in pool.map(compile_some, range(4)) for name in names]
    finally:
        sys.setswitchinterval(before)
    assert all(folder.is_relative_to(jit.cache_folder()) for folder in folders)


def test_second_process_compiles_nothing():
    code = (
        "import numpy as np; from hands3c_core.hand_model import FastHandLayer, load_hand_model\n"
        "from hands3c_core.hand_model import fast\n"
        "FastHandLayer(load_hand_model()).joints(np.zeros((16, 3)), np.zeros(10))\n"
        "stats = [v.stats for v in vars(fast).values() if hasattr(v, 'stats')]\n"
        "print(sum(sum(s.cache_misses.values()) for s in stats))"
    )
    run = [sys.executable, "-c", code]
    subprocess.run(run, cwd=ROOT, check=True)
    assert subprocess.check_output(run, cwd=ROOT, text=True).strip() == "0"
