"""Building the CPU kernels: cached, locked, and doing without a compiler."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from hands3c_core.ops import build

ROOT = Path(build.__file__).resolve().parents[2]
needs_compiler = pytest.mark.skipif(build.find_compiler() is None, reason="no C++ compiler")

#: A compiler that takes its time, writes down that it ran, and makes an empty file.
FAKE_COMPILER = """#!/bin/sh
case "$*" in *--version*) echo "fake 1.0"; exit 0;; esac
echo run >> "{log}"
sleep 0.2
while [ $# -gt 0 ]; do if [ "$1" = "-o" ]; then : > "$2"; fi; shift; done
"""


def environment(cache: Path, **extra: str) -> dict[str, str]:
    return os.environ | {"HANDS3C_KERNEL_CACHE": str(cache), "PYTHONPATH": str(ROOT)} | extra


def test_two_processes_build_once(tmp_path: Path) -> None:
    log = tmp_path / "runs"
    compiler = tmp_path / "c++"
    compiler.write_text(FAKE_COMPILER.format(log=log), encoding="utf-8")
    compiler.chmod(0o755)
    cache = tmp_path / "cache"
    command = [sys.executable, "-m", "hands3c_core.ops.build"]
    processes = [
        subprocess.Popen(command, env=environment(cache, CXX=str(compiler))) for _ in range(2)
    ]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    libraries = list(cache.glob("*.so"))
    assert len(libraries) == 1
    units = 5 if build.architecture() == "x86_64" else 3
    assert len(log.read_text().splitlines()) == units + 1  # and one link
    assert not list(cache.glob("build-*"))


def test_a_built_library_is_not_built_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDS3C_KERNEL_CACHE", str(tmp_path))
    build.library_path().write_bytes(b"")
    monkeypatch.setattr(build, "find_compiler", lambda: pytest.fail("looked for a compiler"))
    assert build.ensure_built() == build.library_path()


def test_name_depends_on_the_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = build.library_path()
    changed = tmp_path / "cpu"
    changed.mkdir()
    for path in build.source_files():
        (changed / path.name).write_bytes(path.read_bytes())
    monkeypatch.setattr(build, "SOURCES", changed)
    assert build.library_path() == before
    (changed / "tiles.h").write_text("// other\n", encoding="utf-8")
    assert build.library_path() != before


def test_a_failing_compiler_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = tmp_path / "c++"
    script = (
        '#!/bin/sh\n[ "$1" = --version ] && echo v && exit 0\necho "x: error: no" >&2; exit 1\n'
    )
    compiler.write_text(script, encoding="utf-8")
    compiler.chmod(0o755)
    monkeypatch.setenv("CXX", str(compiler))
    monkeypatch.setenv("HANDS3C_KERNEL_CACHE", str(tmp_path / "cache"))
    with pytest.raises(build.BuildError, match="x: error: no"):
        build.ensure_built()
    assert not list((tmp_path / "cache").glob("*.so"))


def test_zig_is_taken_where_the_system_has_no_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A package that answers as ziglang does; it must be told a target, or it would compile for
    this very processor."""
    package = tmp_path / "ziglang"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    main = "import sys; print('0.17.1' if sys.argv[1:] == ['version'] else '')"
    (package / "__main__.py").write_text(main, encoding="utf-8")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert build.system_compiler() is None
    compiler = build.find_compiler()
    assert compiler is not None
    assert (compiler.name, compiler.version, compiler.is_gcc) == ("zig", "zig 0.17.1", False)
    assert compiler.command[-3:-1] == ("c++", "-target")
    assert compiler.command[-1].startswith(build.architecture())


def test_the_bootstrap_can_ask_whether_there_is_a_compiler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDS3C_KERNEL_CACHE", str(tmp_path))
    monkeypatch.setattr(build, "find_compiler", lambda: None)
    assert build.main(["--check"]) == 3
    build.library_path().write_bytes(b"")
    assert build.main(["--check"]) == 0


@needs_compiler
def test_builds_for_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build in the user's cache (made by the bootstrap or now) loads and names a known set."""
    from hands3c_core.ops.cpu_library import CpuLibrary

    library = CpuLibrary(str(build.ensure_built()))
    assert library.isa in ("avx512", "avx2", "portable")


def test_without_compiler_numba_takes_over_and_says_so_once(tmp_path: Path) -> None:
    code = (
        "import logging, torch; logging.basicConfig()\n"
        "from hands3c_core.ops import active_kernel, selective_scan\n"
        "a = torch.ones(1, 2, 3)\n"
        "for _ in range(3): y = selective_scan(a, a, -a[0], a[:, :1].expand(1, 3, 3), a.mT @ a)\n"
        "print(active_kernel('cpu'), tuple(y.shape))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(tmp_path / "cache", PATH=str(tmp_path), CXX=""),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert answer.stdout.split() == ["numba", "(1,", "2,", "3)"], answer.stderr
    assert answer.stderr.count("no C++ compiler") == 1
