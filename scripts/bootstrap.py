#!/usr/bin/env python3
"""From a fresh clone to a running app or test suite, with nothing but Python's standard library.

python3 scripts/bootstrap.py app [app arguments]      install what is missing, start the app
python3 scripts/bootstrap.py test [pytest arguments]  the same for the checks and the tests
python3 scripts/bootstrap.py install                  only install

Works on Linux; written for Windows and macOS too, untested there.
"""

from __future__ import annotations

import argparse
import ctypes
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "scripts"))
from _install_lock import exclusive, write_atomically  # noqa: E402

TORCH = "torch==2.13.0"
#: A C++ compiler as a Python package, for machines that have none.
ZIG = "ziglang==0.17.1"
#: PyTorch's own index of CPU builds: on Linux the default build brings gigabytes of CUDA libraries.
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
#: Every package of an installation with its hashes; scripts/hash_packages.py writes them.
HASHED = ROOT / "constraints" / "hashed"
EXTRAS = ("app", "dev", "train", "export", "cluster", "cuda", "docs")

#: Shared library -> Debian package, for everything the wheels expect from the system.
BASE_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libusb-1.0.so.0": "libusb-1.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libdbus-1.so.3": "libdbus-1-3",
}
WINDOW_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-image.so.0": "libxcb-image0",
}
TEST_PROGRAMS = {"Xvfb": "xvfb", "xauth": "xauth"}


class BootstrapError(Exception):
    """Something the user has to fix; the message says how."""


def main(argv: Sequence[str] | None = None) -> int:
    args, rest = parse_arguments(sys.argv[1:] if argv is None else argv)
    try:
        check_python()
        check_system(args.command, allowed=not args.no_system)
        extras = {"app"} | ({"dev", "export", "train"} if args.command == "test" else set())
        wanted = sorted(extras | set(args.extra))
        python = ensure_environment(args.venv, wanted, args.torch_index, hashes=not args.no_hashes)
        if args.command == "install":
            say(f"Ready. Start the app with: {python.parent / 'hands3c-live'}")
            return 0
        return run_tests(python, rest) if args.command == "test" else run_app(python, rest)
    except BootstrapError as error:
        print(f"bootstrap: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nbootstrap: stopped; run the same command again to go on.", file=sys.stderr)
        return 130


def parse_arguments(argv: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The bootstrap's own options and, untouched, whatever belongs to the app or to pytest."""
    parser = argparse.ArgumentParser(
        description="Install what HandS3C Live needs into .venv, then start it or test it.",
        epilog="Arguments the bootstrap does not know go to the app or to pytest.",
        allow_abbrev=False,
    )
    parser.add_argument("command", choices=("app", "test", "install"))
    parser.add_argument(
        "--no-system", action="store_true", help="install no system packages, only name them"
    )
    parser.add_argument("--torch-index", metavar="URL", help="package index to take torch from")
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv", help="default: .venv")
    parser.add_argument(
        "--extra", action="append", default=[], choices=EXTRAS, help="also install this extra"
    )
    parser.add_argument(
        "--no-hashes",
        action="store_true",
        help="install the tested versions without comparing files with their hashes",
    )
    if len(argv) > 1 and argv[0] in ("app", "test") and argv[1] in ("-h", "--help"):
        return parser.parse_args([argv[0]]), [argv[1]]  # their help, not ours
    return parser.parse_known_args(list(argv))


# ---------------------------------------------------------------------------- this machine


def check_python() -> None:
    if not (3, 10) <= sys.version_info[:2] <= (3, 13):
        raise BootstrapError(
            f"Python {platform.python_version()} is not supported: "
            "start this script with Python 3.10 to 3.13."
        )


def check_system(command: str, *, allowed: bool) -> None:
    """Install the system packages that are missing on Linux, or name them where that cannot be.

    Root installs them, and so does sudo where it asks for no password; else a user at a terminal
    is asked once.
    """
    if not sys.platform.startswith("linux"):
        return
    missing = missing_packages(command)
    if missing and allowed and (prefix := apt_prefix(sorted(missing))) is not None:
        apt_install(prefix, sorted(missing))
        missing = missing_packages(command)
    if not missing:
        return
    names = " ".join(sorted(missing))
    raise BootstrapError(
        f"system packages are missing. Install them, then run the same command again:\n"
        f"  sudo apt-get install -y {names}\n"
        f"  on other distributions, the packages that hold: {', '.join(sorted(missing.values()))}"
    )


def missing_packages(command: str) -> dict[str, str]:
    """Debian package -> the file it should have brought, for all that cannot be found."""
    libraries = dict(BASE_LIBRARIES)
    if command == "test" or os.environ.get("DISPLAY"):
        libraries |= WINDOW_LIBRARIES
    missing = {package: name for name, package in libraries.items() if not loads(name)}
    if importlib.util.find_spec("ensurepip") is None:  # Debian keeps it apart from python3
        missing["python3-venv"] = "Python's ensurepip"
    if not has_fonts():
        missing["fonts-dejavu-core"] = "a TrueType font"
    if command == "test":
        missing |= {pkg: name for name, pkg in TEST_PROGRAMS.items() if not shutil.which(name)}
    return missing


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_fonts() -> bool:
    folders = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
    return any(True for f in folders if f.is_dir() for _ in f.rglob("*.[to]tf"))


def apt_prefix(packages: Sequence[str]) -> list[str] | None:
    """What starts apt-get with the rights to install: [] for root; None where nothing may."""
    if not shutil.which("apt-get"):
        return None
    if os.geteuid() == 0:
        return []
    if not shutil.which("sudo"):
        return None
    if subprocess.run(["sudo", "-n", "true"], check=False, capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    question = f"Install the system packages {' '.join(packages)} with sudo apt-get? [Y/n] "
    return ["sudo"] if input(question).strip().lower() in ("", "y", "yes") else None


def apt_install(prefix: Sequence[str], packages: Sequence[str]) -> None:
    say(f"Installing system packages: {' '.join(packages)} (--no-system: only name them)")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    quick = ["-o", "Dpkg::Use-Pty=0", "--no-install-recommends"]
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", *quick, *packages]):
        if subprocess.run([*apt, *arguments], check=False).returncode:
            raise BootstrapError(f"apt-get {arguments[0]} failed; see its output above.")


def has_nvidia_gpu() -> bool:
    return Path("/proc/driver/nvidia/version").exists() or bool(shutil.which("nvidia-smi"))


# ---------------------------------------------------------------------------- the environment


def ensure_environment(
    venv: Path, extras: Sequence[str], torch_index: str | None, *, hashes: bool
) -> Path:
    """Create and fill the virtual environment if its stamp is out of date; returns its python."""
    python = venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = venv / "hands3c-installed.json"
    wanted = fingerprint(extras)
    if python.exists() and covers(stamp, wanted):
        return python
    with exclusive(venv.with_name(venv.name + ".lock")):
        if python.exists() and covers(stamp, wanted):  # another bootstrap did it meanwhile
            return python
        create_venv(venv, python)
        if hashes:
            install_hashed(python, extras, torch_index)
        else:
            install_torch(python, torch_index)
            say("Installing the pinned packages (a few minutes the first time), unchecked ...")
            pip(python, "install", *package_arguments(extras))
        build_kernels(python)
        prepare_first_start(python)
        write_atomically(stamp, json.dumps(read_stamp(stamp) | wanted, indent=1))
    return python


def install_hashed(python: Path, extras: Sequence[str], torch_index: str | None) -> None:
    """Install exactly the files whose hashes are known, and this checkout.

    Without a hash come what an index of PyTorch's own gives, and extras that are compiled here.
    """
    say("Installing the pinned packages, each checked (a few minutes the first time) ...")
    known = [file for extra in sorted({"app", *extras}) if (file := hashed(extra)).exists()]
    pip(python, "install", *checked(*known))
    install_torch(python, torch_index, hashes=True)
    others = [extra for extra in extras if not hashed(extra).exists()]
    if others:
        say(f"Installing the extra {', '.join(others)}, whose files have no known hashes")
        pip(python, "install", *package_arguments(others))
    pip(python, "install", "--no-deps", "--no-build-isolation", *package_arguments(extras))


def hashed(name: str) -> Path:
    return HASHED / f"{name}.txt"


def checked(*files: Path) -> list[str]:
    """Of pip: install what is in ``files`` and nothing else, wheels with the right hashes only."""
    lists = [argument for file in files for argument in ("-r", str(file))]
    return ["--require-hashes", "--no-deps", "--only-binary", ":all:", *lists]


def package_arguments(extras: Sequence[str]) -> list[str]:
    """This checkout, itself editable, with the extras in their tested versions."""
    pins = [argument for file in constraints(extras) for argument in ("-c", str(file))]
    return [*pins, "-e", f"{ROOT}[{','.join(extras)}]"]


def constraints(extras: Sequence[str]) -> list[Path]:
    """The files of tested versions: that of the core and the app, and those of the extras."""
    files = (ROOT / "constraints" / f"{name}.txt" for name in sorted({"app", *extras}))
    return [file for file in files if file.exists()]


def fingerprint(extras: Sequence[str]) -> dict[str, str]:
    """Hash of what is to be installed: the dependencies, and the pins of each extra."""
    project = ROOT / "pyproject.toml"
    files = {"project": project, **{file.stem: file for file in constraints(extras)}}
    files |= {f"hashed {file.stem}": file for extra in extras if (file := hashed(extra)).exists()}
    files |= {extra: project for extra in extras if extra not in files}
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}


def covers(stamp: Path, wanted: dict[str, str]) -> bool:
    """Whether everything in ``wanted`` was installed before, in the same version."""
    installed = read_stamp(stamp)
    return all(installed.get(name) == digest for name, digest in wanted.items())


def read_stamp(stamp: Path) -> dict[str, str]:
    try:
        return dict(json.loads(stamp.read_text()))
    except (OSError, ValueError, TypeError):
        return {}


def create_venv(venv: Path, python: Path) -> None:
    if python.exists():
        return
    say(f"Creating {venv}")
    result = subprocess.run([sys.executable, "-m", "venv", str(venv)], check=False)
    if result.returncode:
        shutil.rmtree(venv, ignore_errors=True)
        raise BootstrapError("could not create a virtual environment; see the output above.")


def install_torch(python: Path, index: str | None, *, hashes: bool = False) -> None:
    """Install torch, sparing a Linux machine without an NVIDIA GPU the CUDA build if it can.

    With ``hashes`` the default build's files are checked, and what the CPU build needs is there.
    """
    if torch_installed(python):
        return
    default = checked(hashed("torch")) if hashes else [TORCH]
    alone = [TORCH, "--no-deps"] if hashes else [TORCH]
    if index:
        say(f"Installing {TORCH} from {index}")
        pip(python, "install", TORCH, "--index-url", index)
        return
    if not sys.platform.startswith("linux") or has_nvidia_gpu():
        say(f"Installing {TORCH}")
        pip(python, "install", *default)
        return
    if configured_build_is_cpu(python):
        say(f"Installing {TORCH} as pip is configured here")
        pip(python, "install", *alone)
        return
    say(f"Installing {TORCH} (CPU build; --torch-index URL to choose another)")
    quick = ("--timeout", "15", "--retries", "1")
    if pip_status(python, "install", *alone, "--index-url", TORCH_CPU_INDEX, *quick) == 0:
        return
    say("The CPU build cannot be reached: installing the default build (several gigabytes).")
    pip(python, "install", *default)


def torch_installed(python: Path) -> bool:
    code = "from importlib.metadata import version; print(version('torch'))"
    result = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)
    return result.stdout.strip().split("+")[0] == TORCH.partition("==")[2]


def configured_build_is_cpu(python: Path) -> bool:
    """Whether pip, as the user has configured it, would take a torch build without CUDA."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        arguments = ("install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet")
        if pip_status(python, *arguments, "--report", str(report), TORCH):
            return False
        metadata = json.loads(report.read_text())["install"][0]["metadata"]
    return not any("nvidia" in need or "cuda" in need for need in metadata.get("requires_dist", []))


def build_kernels(python: Path) -> None:
    """Compile the CPU scan kernels, with a compiler that is fetched for it and removed again where
    there is none. Where that fails too, numba takes over."""
    code = "import sys; from hands3c_core.ops.build import main; sys.exit(main(sys.argv[1:]))"
    build = [str(python), "-c", code]
    can_build = subprocess.run([*build, "--check"], cwd=ROOT, check=False).returncode != 3
    with tempfile.TemporaryDirectory() as folder:
        environment = dict(os.environ)
        if not can_build:
            say(f"Fetching a C++ compiler for the CPU kernels ({ZIG}, 100 MB, removed afterwards)")
            pip_status(python, "install", "--target", folder, *checked(hashed("zig")))
            paths = (folder, os.environ.get("PYTHONPATH"))
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        say("Building the CPU kernels")
        subprocess.run(build, cwd=ROOT, env=environment, check=False)


def prepare_first_start(python: Path) -> None:
    """Compile and measure now what the first start would otherwise wait for."""
    say("Preparing the first start (a minute or two) ...")
    code = "import sys; from hands3c_core.first_start import main; sys.exit(main())"
    if subprocess.run([str(python), "-c", code], cwd=ROOT, check=False).returncode:
        say("That did not work; the first start will do it, and be slow.")


def pip_status(python: Path, *arguments: str) -> int:
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    if not sys.stdout.isatty() and "--quiet" not in arguments:
        command.append("--quiet")
    return subprocess.run(command, check=False).returncode


def pip(python: Path, *arguments: str) -> None:
    if pip_status(python, *arguments):
        raise BootstrapError(
            "pip failed; see its output above. Check the network and the free disk space (4 GB), "
            "then run the same command again: it goes on where it stopped. If it says that hashes "
            "do not match, files were replaced on the way or in the index: ask its keeper; "
            "--no-hashes installs without comparing."
        )


# ---------------------------------------------------------------------------- the commands


def run_app(python: Path, arguments: Sequence[str]) -> int:
    command = [str(python), "-m", "app", *arguments]
    environment = os.environ | {"PYTHONPATH": python_path()}
    if os.name == "nt":
        return subprocess.run(command, env=environment, check=False).returncode
    sys.stdout.flush()
    os.execve(command[0], command, environment)


def python_path() -> str:
    """The checkout first, so that the app starts from any folder and sees relative paths there."""
    return os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))


def run_tests(python: Path, arguments: Sequence[str]) -> int:
    """Pytest with these arguments; without any, lint, types and the whole suite."""
    step = ["-m", "pytest", *arguments] if arguments else ["tests/run_suite.py"]
    say(f"python {' '.join(step)}")
    return subprocess.run([str(python), *step], cwd=ROOT, check=False).returncode


def say(message: str) -> None:
    print(f"[bootstrap] {message}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
