"""Compiles the CPU kernels (``ops/cpu``) into the user's cache folder, once for each machine.

    python -m hands3c_core.ops.build            build if needed, say where
    python -m hands3c_core.ops.build --force    build again

The library has a plain C interface and uses neither Python's nor torch's headers, so it needs only
GCC or Clang, takes some ten seconds, and stays valid when either of them is updated. Its file name
carries a hash of the sources, the compiler and the flags; a change of any of them builds a new
one. Every instruction set is compiled in and the CPU's best is chosen at run time, so the cache may
be shared between machines of one architecture.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs
import torch

SOURCES: Final = Path(__file__).with_name("cpu")
#: Seconds to wait for another process that is building.
LOCK_TIMEOUT: Final = 300.0

_COMPILE: Final = (
    *("-O3", "-std=c++17", "-fPIC", "-fvisibility=hidden"),
    *("-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"),
    "-fno-tree-loop-distribute-patterns",  # a call of memmove costs more than copying a few vectors
)
#: Instruction set -> flags of its translation unit.
_X86_SETS: Final[dict[str, tuple[str, ...]]] = {
    "portable": (),
    "avx2": ("-mavx2", "-mfma"),
    "avx512": ("-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma"),
}


class BuildError(Exception):
    """The kernels cannot be built here; the message says why in one line."""


@dataclass(frozen=True)
class Compiler:
    """A C++ compiler that was found."""

    path: str
    version: str
    """First line of ``--version``."""


def find_compiler() -> Compiler | None:
    """The C++ compiler: $CXX, else c++, g++ or clang++ on the PATH; None if none answers."""
    candidates = (os.environ.get("CXX"), "c++", "g++", "clang++")
    for candidate in filter(None, candidates):
        path = shutil.which(candidate)
        if path is None:
            continue
        try:
            answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if answer.returncode == 0 and answer.stdout:
            return Compiler(path, answer.stdout.splitlines()[0])
    return None


def cache_folder() -> Path:
    """Where built kernels lie: ``$HANDS3C_KERNEL_CACHE`` or the user's cache folder."""
    chosen = os.environ.get("HANDS3C_KERNEL_CACHE")
    if chosen:
        return Path(chosen)
    return Path(platformdirs.user_cache_dir("hands3c", appauthor=False)) / "kernels"


def source_files() -> list[Path]:
    """The C++ sources and headers, sorted."""
    return sorted(path for path in SOURCES.iterdir() if path.suffix in (".cpp", ".h"))


def architecture() -> str:
    """'x86_64', 'aarch64' or as the platform says, lower case."""
    machine = platform.machine().lower()
    return {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)


def library_path() -> Path:
    """File the library for these sources and this kind of machine has, built or not."""
    digest = hashlib.sha256()
    for path in source_files():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    # Not the compiler: a library that was built stays usable when the compiler is gone.
    digest.update(repr((_COMPILE, _X86_SETS, _openmp_library())).encode())
    name = f"scan-{architecture()}-{sys.platform}-{digest.hexdigest()[:16]}"
    return cache_folder() / f"{name}.so"


def ensure_built(*, force: bool = False) -> Path:
    """Path of the built library; builds it if it is not there.

    Safe against several processes at once: one builds, the others wait for it.

    Raises:
        BuildError: no compiler, or it failed, or the cache folder cannot be written.
    """
    library = library_path()
    if library.is_file() and not force:
        return library
    compiler = find_compiler()
    if compiler is None:
        raise BuildError("no C++ compiler (g++ or clang++) on the PATH")
    if architecture() not in ("x86_64", "aarch64"):
        raise BuildError(f"no kernels for the {architecture()} architecture")
    try:
        library.parent.mkdir(parents=True, exist_ok=True)
        with _locked(library.with_suffix(".lock")):
            if force or not library.is_file():
                _build(compiler, library)
    except OSError as error:
        raise BuildError(f"cannot write to {library.parent}: {error}") from None
    return library


def _build(compiler: Compiler, library: Path) -> None:
    with tempfile.TemporaryDirectory(dir=library.parent, prefix="build-") as folder:
        work = Path(folder)
        try:
            built = _compile_all(compiler, work, openmp=True)
        except BuildError:  # for example Apple's clang, which has no OpenMP: one thread then
            built = _compile_all(compiler, work, openmp=False)
        built.replace(library)


def _compile_all(compiler: Compiler, work: Path, *, openmp: bool) -> Path:
    x86 = architecture() == "x86_64"
    common = [compiler.path, *_COMPILE, *(["-DHANDS3C_X86"] if x86 else [])]
    common += ["-fopenmp"] if openmp else []
    units: dict[str, list[str]] = {"dispatch": [str(SOURCES / "dispatch.cpp")]}
    for name, flags in _X86_SETS.items():
        if x86 or name == "portable":
            source = str(SOURCES / "kernels.cpp")
            units[name] = [*flags, f"-DHANDS3C_NAMESPACE={name}", source]

    def compile_unit(name: str) -> str:
        target = str(work / f"{name}.o")
        _run([*common, "-c", *units[name], "-o", target])
        return target

    with ThreadPoolExecutor(max_workers=min(len(units), os.cpu_count() or 1)) as pool:
        objects = list(pool.map(compile_unit, units))
    library = work / "kernels.so"
    link = [compiler.path, "-shared", *objects, "-o", str(library)]
    if openmp:
        # Clang's OpenMP calls are not libgomp's, so it has to bring its own runtime.
        own = None if "clang" in compiler.version.lower() else _openmp_library()
        link += [str(own), "-lpthread"] if own else ["-fopenmp"]
    if sys.platform.startswith("linux"):
        link.append("-Wl,--no-undefined")
    _run(link)
    return library


def _openmp_library() -> Path | None:
    """The OpenMP runtime that torch brings, so that both share one pool of threads."""
    if not sys.platform.startswith("linux"):
        return None
    folder = Path(torch.__file__).parent
    found = sorted((*folder.glob("lib/libgomp*.so*"), *folder.parent.glob("torch.libs/libgomp*")))
    return found[0] if found else None


def _run(command: Sequence[str]) -> None:
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        lines = [line for line in answer.stderr.splitlines() if "error" in line.lower()]
        reason = lines[0] if lines else f"exit code {answer.returncode}"
        raise BuildError(f"{Path(command[0]).name} failed: {reason.strip()}")


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; the system frees it if the process dies."""
    import filelock

    try:
        with filelock.FileLock(path, timeout=LOCK_TIMEOUT):
            yield
    except filelock.Timeout:
        raise BuildError(f"another process has been building for {LOCK_TIMEOUT:.0f} s") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; exit code 0 also without a compiler, as torch code takes over then."""
    parser = argparse.ArgumentParser(description="Build the CPU kernels of the selective scan.")
    parser.add_argument("--force", action="store_true", help="build even if already built")
    args = parser.parse_args(argv)
    try:
        print(f"CPU kernels: {ensure_built(force=args.force)}")
    except BuildError as error:
        print(f"CPU kernels not built ({error}); the slower torch version will be used.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
