"""The folder of a training run, and what it says of where the run took place."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch

from hands3c_core.atomic import write_atomically
from hands3c_core.errors import UserError
from hands3c_core.reading import read_json

ENVIRONMENT = "environment.json"
#: The processes of one run find its folder here.
_SHARED = "HANDS3C_RUN_FOLDER"
_PACKAGES = ("torch", "lightning", "numpy", "opencv-python-headless", "numba", "safetensors")


def make_run_folder(out: Path | None, model: str) -> Path:
    """Make a new run directory; the further processes of the run find the same one.

    Args:
        out: the directory, new or empty; None makes runs/DATE-TIME-MODEL.
        model: name of the network.

    Raises:
        UserError: the directory is a run's already or cannot be made, or several machines have
            not been told a common one.
    """
    if _SHARED in os.environ:
        return Path(os.environ[_SHARED])
    if out is None:
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            raise UserError("Several processes need a common run directory: give --out.")
        out = Path("runs") / f"{datetime.now():%Y%m%d-%H%M%S}-{model}"
    if int(os.environ.get("RANK", "0")) == 0:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise UserError(f"{out} is not empty; use --resume {out}, or another directory.")
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{out} cannot be made ({error.strerror}); choose another.") from None
    os.environ[_SHARED] = str(out)
    return out


def forget_run_folder() -> None:
    """The run is over: the next one of this process has its own folder."""
    os.environ.pop(_SHARED, None)


def write_environment(folder: Path) -> None:
    """Record where and with what the run takes place; further parts of it are added."""
    path = folder / ENVIRONMENT
    parts = read_json(path) if path.exists() else []
    if not isinstance(parts, list):
        raise UserError(f"{path} is no list of a run's parts: remove it.")
    write_atomically(path, (json.dumps([*parts, environment()], indent=2) + "\n").encode())


def environment() -> dict[str, Any]:
    """Versions, machine, git revision and command line."""
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "time": datetime.now().astimezone().isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "git": git_revision(),
        "python": platform.python_version(),
        "packages": {name: metadata.version(name) for name in _PACKAGES},
        "platform": platform.platform(),
        "cpu": _cpu_name(),
        "cores": os.cpu_count(),
        "torch_threads": torch.get_num_threads(),
        "gpus": gpus,
    }


def git_revision() -> str | None:
    """The checkout's commit, with '+' where files differ from it; None outside a checkout."""
    root = Path(__file__).resolve().parents[2]

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", *words], cwd=root, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return None


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
