#!/usr/bin/env python3
"""Write constraints/hashed: every package of an installation, with the hashes of all its files.

python3 scripts/hash_packages.py      needs uv (pip install uv) and the package index

The versions of constraints/*.txt stay; what they need gets the newest version that fits. The files
hold for every Python and system that is supported. Developers run this after changing a version.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PLACE = ROOT / "constraints" / "hashed"
EXTRAS = ("app", "dev", "train", "export", "cluster", "docs")
#: What PyTorch's default build brings along and its CPU build does not.
OF_TORCH = re.compile(r"(torch|triton|nvidia-.*|cuda-.*)$")
HEAD = """\
# {what}, with the hashes of every file on PyPI: written by scripts/hash_packages.py.
# Installed by scripts/bootstrap.py with --require-hashes.
"""


def main() -> int:
    pins = sorted((ROOT / "constraints").glob("*.txt"))
    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        everything = Path(folder) / "everything.txt"
        project = [str(ROOT / "pyproject.toml")]
        options = [option for extra in EXTRAS for option in ("--extra", extra)]
        everything.write_text(compiled([*project, *options], pins), encoding="utf-8")
        pins = [everything]
        bootstrap = (ROOT / "scripts" / "bootstrap.py").read_text(encoding="utf-8")
        alone = {
            name.lower(): f"{package}=={version}"
            for name, package, version in re.findall(
                r'^(TORCH|ZIG) = "(.+)==(.+)"', bootstrap, re.M
            )
        }
        written: set[str] = set()
        for extra in EXTRAS:  # "app" first: the others hold what they need beyond it
            found = blocks(compiled([*project, "--extra", extra], pins))
            mine = {name: text for name, text in found.items() if name not in written}
            mine = {name: text for name, text in mine.items() if not OF_TORCH.match(name)}
            beyond = "" if extra == "app" else ", beyond the app"
            write(extra, f'What the extra "{extra}" needs{beyond}', mine)
            written |= set(mine) if extra == "app" else set()
        for name, package in alone.items():
            needs = Path(folder) / f"{name}.in"
            needs.write_text(package + "\n", encoding="utf-8")
            found = blocks(compiled([str(needs)], pins))
            write(name.lower(), f"{package} and what it needs", found)
    return 0


def compiled(arguments: Sequence[str], pins: Sequence[Path]) -> str:
    """What uv makes of ``arguments``, for every system and every supported Python."""
    command = ["uv", "pip", "compile", "--universal", "--python-version", "3.10", "--no-header"]
    command += ["--generate-hashes", "--no-annotate", "--quiet", *arguments]
    command += [option for file in pins for option in ("--constraints", str(file))]
    done = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE)
    if done.returncode:  # uv has said why
        sys.exit(2)
    return done.stdout


def blocks(text: str) -> dict[str, str]:
    """Package -> its lines; a package may have several versions, for several Pythons."""
    found: dict[str, str] = {}
    for block in re.findall(r"^\S.*(?:\n    .*)*\n", text, re.M):
        name = re.split(r"[=\s]", block, maxsplit=1)[0]
        found[name] = found.get(name, "") + block
    return found


def write(name: str, what: str, packages: dict[str, str]) -> None:
    text = HEAD.format(what=what) + "".join(packages[name] for name in sorted(packages))
    (PLACE / f"{name}.txt").write_text(text, encoding="utf-8")
    print(f"{name}: {len(packages)} packages")


if __name__ == "__main__":
    sys.exit(main())
