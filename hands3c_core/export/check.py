"""Checks exported files with the readers and validators of their trades.

Each check uses a program or package that we did not write; where it is not installed, the check is
skipped and says what to install.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

_TIMEOUT_S: Final = 300
#: Prints the validator's report of the GLB it is given.
_GLTF_SCRIPT: Final = """
const fs = require('fs');
require('gltf-validator').validateBytes(new Uint8Array(fs.readFileSync(process.argv[1])))
  .then((report) => console.log(JSON.stringify(report.issues)));
"""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a reader said of a file."""

    file: Path
    reader: str
    """Whose word it is: 'gltf-validator', 'pyarrow', ..."""
    outcome: Literal["ok", "wrong", "skipped"]
    about: str
    """What was found, or why it was skipped, in one line."""


class _Missing(Exception):
    """The reader is not installed; the text says what to install."""


class _Wrong(Exception):
    """The file is not right; the text says why."""


def check_export(file: Path, kind: str) -> Checked:
    """Have ``file``, exported as ``kind`` (key of ``EXPORT_FORMATS``), read by another program."""
    reader, check = _CHECKS[kind]
    try:
        return Checked(file, reader, "ok", check(file))
    except _Missing as missing:
        return Checked(file, reader, "skipped", str(missing))
    except ModuleNotFoundError as missing:  # the reader is there and what it needs is not
        return Checked(file, reader, "skipped", f"{missing.name} is missing: pip install {reader}")
    except Exception as error:  # whatever a foreign reader says of the file
        return Checked(file, reader, "wrong", f"{error}".strip().splitlines()[0][:300])


def _package(module: str, name: str) -> None:
    if find_spec(module) is None:
        raise _Missing(f"not installed: pip install {name}")


def _gltf(file: Path) -> str:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None:
        raise _Missing("not installed: Node, then npm install -g gltf-validator")
    environment = dict(os.environ)
    if npm is not None:
        root = subprocess.run(
            [npm, "root", "-g"], capture_output=True, text=True, timeout=60, check=False
        ).stdout.strip()
        paths = [environment.get("NODE_PATH", ""), root]
        environment["NODE_PATH"] = os.pathsep.join(filter(None, paths))
    done = subprocess.run(
        [node, "-e", _GLTF_SCRIPT, str(file)],
        capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, env=environment,
    )  # fmt: skip
    if "Cannot find module" in done.stderr:
        raise _Missing("not installed: npm install -g gltf-validator")
    issues = json.loads(done.stdout)
    if issues["numErrors"] or issues["numWarnings"]:
        raise _Wrong("; ".join(message["message"] for message in issues["messages"][:3]))
    return "no error, no warning"


def _bvh(file: Path) -> str:
    _package("bvhio", "bvhio")
    import bvhio

    root = bvhio.readAsHierarchy(str(file))
    frames = len(root.Keyframes)
    names = [joint.Name for joint, _, _ in root.layout()]
    if len(set(names)) != len(names):
        raise _Wrong("two joints have the same name")
    return f"{len(names)} joints, {frames} frames"


def _meshes(file: Path) -> str:
    _package("trimesh", "trimesh")
    import trimesh

    files = sorted(entry for entry in file.iterdir() if entry.suffix in (".obj", ".ply"))
    for entry in files:
        mesh: Any = trimesh.load(entry, process=False, force="mesh")
        if not np.isfinite(mesh.vertices).all() or len(mesh.faces) == 0 or mesh.volume <= 0:
            raise _Wrong(f"{entry.name} is no closed mesh that faces outwards")
    return f"{len(files)} meshes, closed, facing outwards"


def _parquet(file: Path) -> str:
    import pyarrow.parquet as pq

    table = pq.read_table(file)
    table.validate(full=True)
    return f"{table.num_rows} rows, {table.num_columns} columns"


def _usd(file: Path) -> str:
    from pxr import Usd, UsdValidation

    stage = Usd.Stage.Open(str(file))
    validators = UsdValidation.ValidationRegistry().GetOrLoadAllValidators()
    errors = UsdValidation.ValidationContext(validators).Validate(stage)
    if errors:
        raise _Wrong("; ".join(f"{error.GetName()}: {error.GetMessage()}" for error in errors[:3]))
    return f"{len(validators)} validators find nothing"


def _rerun(file: Path) -> str:
    import sys

    beside = Path(sys.executable).with_name("rerun")
    program = str(beside) if beside.exists() else shutil.which("rerun")
    if program is None:
        raise _Missing("the program rerun is not on the PATH")
    done = subprocess.run(
        [program, "rrd", "verify", str(file)],
        capture_output=True, text=True, timeout=_TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode:
        raise _Wrong((done.stderr or done.stdout).strip() or "rerun does not read it")
    return "verified"


def _npz(file: Path) -> str:
    with np.load(file, allow_pickle=False) as arrays:
        return f"{len([arrays[name] for name in arrays])} arrays, none pickled"


def _csv(file: Path) -> str:
    import csv

    with file.open(newline="", encoding="utf-8") as opened:
        header, *rows = csv.reader(opened, strict=True)
    if any(len(row) != len(header) for row in rows):
        raise _Wrong("a row has another number of cells than the header")
    return f"{len(rows)} rows, {len(header)} columns"


def _json_lines(file: Path) -> str:
    def refuse(constant: str) -> Any:
        raise _Wrong(f"{constant} is not JSON")

    with file.open(encoding="utf-8") as opened:
        lines = [json.loads(line, parse_constant=refuse) for line in opened]
    return f"{len(lines)} lines"


#: Format -> (whose word it is, the check; it returns what was found).
_CHECKS: Final[dict[str, tuple[str, Callable[[Path], str]]]] = {
    "npz": ("numpy", _npz),
    "csv": ("csv", _csv),
    "glb": ("gltf-validator", _gltf),
    "bvh": ("bvhio", _bvh),
    "bvh_mixamo": ("bvhio", _bvh),
    "obj": ("trimesh", _meshes),
    "ply": ("trimesh", _meshes),
    "openxr": ("json", _json_lines),
    "openxr_npz": ("numpy", _npz),
    "parquet": ("pyarrow", _parquet),
    "usdz": ("UsdValidation", _usd),
    "rrd": ("rerun", _rerun),
}
