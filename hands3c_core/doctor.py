"""What this machine offers to HandS3C Live, what is missing, and what to do about it."""

from __future__ import annotations

import ctypes
import importlib.metadata
import os
import platform
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from hands3c_core.runtime import RuntimeChoice

Status = Literal["ok", "note", "problem"]

#: Distributions whose versions matter, and whether the program needs them.
_PACKAGES: Final = {
    "numpy": True,
    "torch": True,
    "mediapipe": True,
    "av": True,
    "PyQt6": True,
    "opencv-python-headless": True,
    "open3d-cpu|open3d": True,
    "numba": True,
    "safetensors": True,
    "trimesh": True,
    "openvino": False,
    "triton": False,
    "mamba-ssm": False,
}
_FROM_REQUIREMENTS: Final = "python scripts/bootstrap.py install"


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    section: str
    name: str
    value: str
    status: Status = "ok"
    """'note': works, but something is slower or left out. 'problem': has to be mended."""
    advice: str = ""
    """What to do about it."""


def examine() -> list[Finding]:
    """Look at everything. A check that itself fails becomes a finding, never an exception."""
    findings: list[Finding] = []
    hardware = (_machine, _packages, _devices, _kernels, _runtimes)
    for check in (*hardware, _assets, _weights, _display, _cameras):
        findings += _guarded(check)
    return findings


def exit_code(findings: Iterable[Finding]) -> int:
    """1 if there is a problem, else 0."""
    return int(any(finding.status == "problem" for finding in findings))


def as_json(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """The findings for ``json.dump``."""
    return [asdict(finding) for finding in findings]


def _guarded(check: Callable[[], list[Finding]]) -> list[Finding]:
    section = check.__name__.strip("_")
    try:
        return check()
    except Exception as error:
        value = f"{type(error).__name__}: {error}".splitlines()[0]
        return [Finding(section, "check", value, "problem", "Reinstall: " + _FROM_REQUIREMENTS)]


# ------------------------------------------------------------------------------ checks


def _machine() -> list[Finding]:
    import psutil

    from hands3c_core.runtime.selection import processor_name

    section = "machine"
    version = sys.version_info[:2]
    good = (3, 10) <= version <= (3, 13)
    python = Finding(
        section,
        "Python",
        platform.python_version(),
        "ok" if good else "problem",
        "" if good else "Use Python 3.10 to 3.13.",
    )
    memory = psutil.virtual_memory()
    free = memory.available / 1e9
    return [
        python,
        Finding(section, "system", platform.platform()),
        Finding(section, "processor", processor_name()),
        Finding(section, "cores", f"{len(psutil.Process().cpu_affinity() or [])} usable")
        if hasattr(psutil.Process, "cpu_affinity")
        else Finding(section, "cores", str(os.cpu_count())),
        Finding(
            section,
            "memory",
            f"{memory.total / 1e9:.1f} GB, {free:.1f} GB free",
            "ok" if free > 1.5 else "note",
            "" if free > 1.5 else "Close other programs: the app needs about 1 GB.",
        ),
    ]


def _packages() -> list[Finding]:
    findings = []
    for names, needed in _PACKAGES.items():
        version = next(filter(None, map(_version, names.split("|"))), None)
        label = names.partition("|")[0]
        if version is None:
            status: Status = "problem" if needed else "ok"
            advice = f"Install it: {_FROM_REQUIREMENTS}" if needed else ""
            value = "missing" if needed else "not installed (optional)"
            findings.append(Finding("packages", label, value, status, advice))
        else:
            findings.append(Finding("packages", label, version))
    return findings


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _devices() -> list[Finding]:
    import torch

    threads = Finding("devices", "cpu", f"{torch.get_num_threads()} threads")
    if not torch.cuda.is_available():
        return [threads, Finding("devices", "cuda", "none (everything runs on the CPU)")]
    names = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return [threads, *(Finding("devices", f"cuda:{i}", name) for i, name in enumerate(names))]


def _kernels() -> list[Finding]:
    import torch

    from hands3c_core.errors import UserError
    from hands3c_core.ops import active_kernel
    from hands3c_core.ops.build import find_compiler, library_path
    from hands3c_core.ops.cpu_library import load_library

    section = "kernels"
    compiler = find_compiler()
    library = load_library()
    if compiler is not None:
        compiler_finding = Finding(section, "compiler", compiler.version)
    else:
        compiler_finding = Finding(
            section,
            "compiler",
            "none",
            "ok" if library else "note",
            "" if library else "The bootstrap fetches one: python scripts/bootstrap.py install.",
        )
    if library is not None:
        built = Finding(section, "CPU kernels", f"{library.isa} ({library_path()})")
    else:
        advice = (
            f"Fetch a compiler: {_FROM_REQUIREMENTS}. Until then numba's run."
            if compiler is None
            else "See why: python -m hands3c_core.ops.build"
        )
        built = Finding(section, "CPU kernels", "not built", "note", advice)
    findings = [compiler_finding, built]
    for kind in ("cpu", *(("cuda",) if torch.cuda.is_available() else ())):
        try:
            findings.append(Finding(section, f"scan on {kind}", active_kernel(kind)))
        except UserError as error:
            advice = "Unset or correct the environment variable HANDS3C_SCAN."
            findings.append(Finding(section, f"scan on {kind}", str(error), "problem", advice))
    return findings


def _runtimes() -> list[Finding]:
    from hands3c_core.runtime import runtime_choices

    findings = []
    for choice in runtime_choices("cpu"):
        if "CUDA" in choice.problem:
            continue
        findings.append(Finding("runtimes", choice.name, choice.problem or _readiness(choice)))
    return findings


def _readiness(choice: RuntimeChoice) -> str:
    if not choice.exact:
        return "ready (half precision: only where it is asked for)"
    return "ready" if choice.automatic else "ready (only by name: a minute or more at first)"


# ------------------------------------------------------------------------------ assets

_DIGEST: Final = re.compile(r"\b[0-9a-f]{64}\b")
_ROW_NAME: Final = re.compile(r"^\|\s*`([^`]+)`")


def _assets() -> list[Finding]:
    from hands3c_core.assets import asset_path, weights_path

    findings = []
    for folder in (asset_path("."), weights_path(".")):
        for card in sorted(folder.rglob("*.md")):
            for path, digest in checksums(card):
                findings.append(_check_file(path, path.relative_to(folder).as_posix(), digest))
    return findings


def _weights() -> list[Finding]:
    from hands3c_core.weights import default_estimator, read_card, shipped_weights

    default = default_estimator("cpu")
    findings = [Finding("weights", "hands come from", f"{default} (on the CPU)")]
    for file in shipped_weights().values():
        card = read_card(file)
        if card.sha256:
            for name, digest in {file.name: card.sha256, **card.further_parts}.items():
                findings.append(_check_file(file.with_name(name), name, digest, "weights"))
        else:
            advice = f"Restore {file.with_suffix('.json').name}: its figures cannot be shown."
            findings.append(Finding("weights", file.name, "no card", "note", advice))
    return findings


def checksums(card: Path) -> list[tuple[Path, str]]:
    """Files that a card (a Markdown file beside them) gives a SHA-256 for.

    A table row that begins with a file's name is about that file; any other line with a checksum is
    about the file that the card is named after.
    """
    found = []
    for line in card.read_text(encoding="utf-8").splitlines():
        digest = _DIGEST.search(line)
        if digest is None:
            continue
        row = _ROW_NAME.match(line)
        if row is None or "sha" in row.group(1).lower():
            named = [p for p in sorted(card.parent.glob(f"{card.stem}.*")) if p != card]
            found += [(path, digest.group()) for path in named[:1]]
        elif (card.parent / row.group(1)).exists() or card.name == "README.md":
            found.append((card.parent / row.group(1), digest.group()))
    return found


def _check_file(path: Path, name: str, expected: str, section: str = "assets") -> Finding:
    advice = "Restore it: git checkout -- the file, or clone the repository again."
    if not path.is_file():
        return Finding(section, name, "missing", "problem", advice)
    from hands3c_core.digest import sha256_of

    actual = sha256_of(path)
    if actual != expected:
        return Finding(section, name, f"sha256 {actual[:12]}... differs", "problem", advice)
    return Finding(section, name, f"sha256 {actual[:12]}...")


# ------------------------------------------------------------------------------ peripherals


def _display() -> list[Finding]:
    section = "display"
    findings = []
    if sys.platform.startswith("linux"):
        names = ("WAYLAND_DISPLAY", "DISPLAY")
        given = [f"{name}={os.environ[name]}" for name in names if os.environ.get(name)]
        findings.append(
            Finding(section, "screen", ", ".join(given))
            if given
            else Finding(
                section,
                "screen",
                "none",
                "note",
                "The app runs headless and writes files; start it in a desktop session for a "
                "window.",
            )
        )
        for library, package in (("libEGL.so.1", "libegl1"), ("libGL.so.1", "libgl1")):
            findings.append(_library(section, library, package))
    else:
        findings.append(Finding(section, "screen", "the system's"))
    return findings


def _library(section: str, name: str, package: str) -> Finding:
    try:
        ctypes.CDLL(name)
    except OSError:
        advice = f"Needed for the 3D view: sudo apt-get install -y {package}"
        return Finding(section, name, "missing", "problem", advice)
    return Finding(section, name, "found")


def _cameras() -> list[Finding]:
    from hands3c_core.sources.camera_list import list_cameras

    cameras = list_cameras()
    if not cameras:
        advice = "Plug in a camera or name a file; without either the app plays its clip."
        return [Finding("cameras", "camera", "none", "note", advice)]
    return [_camera(camera.index, camera.name) for camera in cameras]


def _camera(index: int, name: str) -> Finding:
    device = Path(f"/dev/video{index}")
    if sys.platform.startswith("linux") and not os.access(device, os.R_OK | os.W_OK):
        advice = "Allow it: sudo usermod -aG video $USER, then log in again."
        return Finding("cameras", f"camera {index}", f"{name}: no permission", "problem", advice)
    return Finding("cameras", f"camera {index}", name)
