"""Compiles the CPU kernels (``ops/cpu``) into the user's cache folder, once for each machine.

    python -m hands3c_core.ops.build            build if needed, say where
    python -m hands3c_core.ops.build --force    build again

The library has a plain C interface and threads of its own, and uses neither Python's nor torch's
headers, neither OpenMP nor a C++ library. So any GCC or Clang will do, also the one in PyPI's
``ziglang`` package; it takes some ten seconds, and what it made stays valid when any of them is
updated or removed. Its file name carries a hash of the sources and the flags; a change of either
builds a new one. Every instruction set is compiled in and the CPU's best is chosen at run time, so
the cache may be shared between machines of one architecture.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import platformdirs

SOURCES: Final = Path(__file__).with_name("cpu")
#: Seconds to wait for another process that is building.
LOCK_TIMEOUT: Final = 300.0

_COMPILE: Final = (
    *("-O3", "-std=c++17", "-fPIC", "-fvisibility=hidden"),
    *("-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"),
    *("-fno-exceptions", "-fno-rtti"),
)
#: What only GCC understands: a call of memmove costs more than copying a few vectors.
_GCC_ONLY: Final = ("-fno-tree-loop-distribute-patterns",)
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

    command: tuple[str, ...]
    """What starts it."""
    version: str
    """First line of its version."""

    @property
    def name(self) -> str:
        """As the user knows it: the program's name, or 'zig'."""
        return "zig" if "ziglang" in self.command else Path(self.command[0]).name

    @property
    def is_gcc(self) -> bool:
        """Whether it is GCC itself, rather than Clang under whatever name."""
        return self.name != "zig" and "clang" not in self.version.lower()


def find_compiler() -> Compiler | None:
    """The system's C++ compiler, else the one in the Python package ``ziglang``; or None."""
    return system_compiler() or _zig()


def system_compiler() -> Compiler | None:
    """$CXX, else c++, g++ or clang++ on the PATH; None if none answers."""
    for candidate in filter(None, (os.environ.get("CXX"), "c++", "g++", "clang++")):
        path = shutil.which(candidate)
        compiler = _answering((path,), "--version") if path else None
        if compiler:
            return compiler
    return None


def _zig() -> Compiler | None:
    if importlib.util.find_spec("ziglang") is None:
        return None
    found = _answering((sys.executable, "-m", "ziglang"), "version")
    if found is None:
        return None
    # Without a target it would compile for this very processor, and need its C library.
    target = ("-target", _zig_target())
    return Compiler((*found.command, "c++", *target), f"zig {found.version}")


def _zig_target() -> str:
    systems = {"linux": "linux-gnu.2.17", "win32": "windows-gnu", "darwin": "macos"}
    system = systems.get(sys.platform, "linux-gnu.2.17")
    if "musl" in str(sysconfig.get_config_var("SOABI")):
        system = "linux-musl"
    return f"{architecture()}-{system}"


def _answering(command: tuple[str, ...], question: str) -> Compiler | None:
    try:
        answer = subprocess.run([*command, question], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    if answer.returncode or not answer.stdout:
        return None
    return Compiler(command, answer.stdout.splitlines()[0])


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
    digest.update(repr((_COMPILE, _GCC_ONLY, _X86_SETS)).encode())
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
        raise BuildError("no C++ compiler: neither g++ or clang++ nor Python's ziglang package")
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
        objects = _compile_all(compiler, work)
        link = ["-shared", "-o", str(work / "kernels.so")]
        if sys.platform.startswith("linux"):
            link += ["-Wl,--no-undefined", "-Wl,--as-needed", "-pthread"]
        if not compiler.is_gcc:
            link.append("-nostdlib++")  # zig would compile its own C++ library first
        _run(compiler, [*link, *objects], work)
        (work / "kernels.so").replace(library)


def _compile_all(compiler: Compiler, work: Path) -> list[str]:
    """Compile every unit; returns the object files."""
    x86 = architecture() == "x86_64"
    flags = [*_COMPILE, *(["-DHANDS3C_X86"] if x86 else [])]
    flags += _GCC_ONLY if compiler.is_gcc else ()
    units = {name: [str(SOURCES / f"{name}.cpp")] for name in ("dispatch", "threads")}
    for name, set_flags in _X86_SETS.items():
        if x86 or name == "portable":
            source = str(SOURCES / "kernels.cpp")
            units[name] = [*set_flags, f"-DHANDS3C_NAMESPACE={name}", source]

    def compile_unit(name: str) -> str:
        target = str(work / f"{name}.o")
        _run(compiler, [*flags, "-c", *units[name], "-o", target], work)
        return target

    with ThreadPoolExecutor(max_workers=min(len(units), os.cpu_count() or 1)) as pool:
        return list(pool.map(compile_unit, units))


def _run(compiler: Compiler, arguments: Sequence[str], work: Path) -> None:
    # zig keeps what it built of its C++ library: not in the user's cache, it is needed only once.
    caches = {name: str(work / "zig") for name in ("ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR")}
    answer = subprocess.run(
        [*compiler.command, *arguments], capture_output=True, text=True, env=os.environ | caches
    )
    if answer.returncode:
        lines = [line for line in answer.stderr.splitlines() if "error" in line.lower()]
        reason = lines[0] if lines else f"exit code {answer.returncode}"
        raise BuildError(f"{compiler.name} failed: {reason.strip()}")


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
    """Command line; exit code 0 also where nothing can be built, as numba takes over then."""
    parser = argparse.ArgumentParser(description="Build the CPU kernels of the selective scan.")
    parser.add_argument("--force", action="store_true", help="build even if already built")
    parser.add_argument(
        "--check", action="store_true", help="exit code 3 if they could not be built as things are"
    )
    args = parser.parse_args(argv)
    if args.check:
        return 0 if library_path().is_file() or find_compiler() else 3
    try:
        print(f"CPU kernels: {ensure_built(force=args.force)}")
    except BuildError as error:
        print(f"CPU kernels not built ({error}); the slower ones that numba compiles will be used.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
