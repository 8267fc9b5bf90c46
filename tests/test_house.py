"""Rules of the house that a reader would otherwise have to check by eye."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hands3c_core import __version__

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted(
    path for folder in ("app", "hands3c_core", "scripts") for path in (ROOT / folder).rglob("*.py")
)


def imported_from(node: ast.ImportFrom, path: Path) -> str:
    """The whole name of the module, also of a relative import in the file ``path``."""
    package = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
    return ".".join((*package, *filter(None, [node.module])))


def imported_modules(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(imported_from(node, path))
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_flow_one_way(path):
    """The core knows neither Qt nor the app; nothing imports the scripts."""
    names = {name.split(".")[0] for name in imported_modules(path)}
    assert "scripts" not in names
    if path.is_relative_to(ROOT / "hands3c_core"):
        assert not names & {"PyQt6", "app"}
    if path.is_relative_to(ROOT / "scripts"):
        assert "PyQt6" not in names


def test_the_core_imports_by_whole_names_and_the_app_by_relative_ones():
    """Installed, ``app`` is called ``hands3c_live``; it must not need its name in the checkout,
    which may be that of somebody else's package."""
    wrong = []
    for path in SOURCES:
        inside_app = path.is_relative_to(ROOT / "app")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                named = (node.module or "").split(".")[0]
                bad = named in {"app", "hands3c_live"} and node.level == 0 and inside_app
                bad = bad or (node.level > 0 and not inside_app)
            elif isinstance(node, ast.Import):
                bad = inside_app and any(alias.name.split(".")[0] == "app" for alias in node.names)
            else:
                continue
            if bad:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not wrong


def test_the_rooms_import_only_what_lies_below_them():
    """The contracts in pyproject.toml: layers of the core, and what knows no Qt."""
    pytest.importorskip("importlinter", reason="needs import-linter (the extra dev)")
    code = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


#: Code that mirrors a hand by itself: x negated, u counted from the other edge, winding reversed.
MIRRORS = re.compile(
    r"\[\s*-1(?:\.0?)?,\s*1(?:\.0?)?,\s*1(?:\.0?)?\s*\]|width - 1 - |\[\.*,? ?:?, ?0\] \*= -1"
    r"|faces\[:, ::-1\]|is_right else -1|is_right else mirror_"
)
#: What has another reason: axes of other programs, a data set's own fault.
MIRRORS_ELSEWHERE = {
    "hands3c_core/model_space.py",
    "hands3c_core/hand_model/mirror.py",  # a whole hand model, shape directions among it
    "hands3c_core/hand_model/mano_files.py",  # a sign in the published left hand's file
    "hands3c_core/data/sample.py",  # the matrix of a mirrored camera
    "hands3c_core/live/vmc.py",  # Unity's axes
    "hands3c_core/ops/numba_cpu/cross_scan.py",  # a plane of features, not a hand
}


def test_hands_are_mirrored_in_one_place():
    assert MIRRORS.search("points[..., 0] *= -1")
    assert MIRRORS.search("flip = np.array([-1.0, 1.0, 1.0])")
    found = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if MIRRORS.search(path.read_text(encoding="utf-8"))
    }
    assert found <= MIRRORS_ELSEWHERE, "say it with model_space"


def imports_of_modules(folder: str) -> dict[str, set[str]]:
    """What each module imports when it is read, by a reader of types too."""
    files = {}
    for path in (ROOT / folder).rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        files[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path

    def named(statements: list[ast.stmt], path: Path) -> set[str]:
        found: set[str] = set()
        for node in statements:
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                module = imported_from(node, path)
                inner = {f"{module}.{alias.name}" for alias in node.names}
                found |= (inner & files.keys()) or {module}
            elif isinstance(node, (ast.If, ast.Try)):
                found |= named(node.body, path) | named(node.orelse, path)
        return found

    return {
        name: (named(ast.parse(path.read_text(encoding="utf-8")).body, path) & files.keys())
        - {name}
        for name, path in files.items()
    }


@pytest.mark.parametrize("folder", ["app", "hands3c_core"])
def test_no_imports_go_in_a_circle_not_even_for_types(folder):
    left = imports_of_modules(folder)
    assert len(left) > 50
    while free := {name for name, wanted in left.items() if not wanted & left.keys()}:
        left = {name: wanted for name, wanted in left.items() if name not in free}
    assert not left, f"these import each other: {sorted(left)}"


def test_only_who_makes_the_window_knows_it():
    """Its parts know the session and the small ``Shell``."""
    knows = {
        str(path.relative_to(ROOT))
        for path in SOURCES
        if any(
            name == "app.windows.main_window" or "MainWindow" in name
            for name in imported_modules(path)
        )
    }
    assert knows == {"app/gui.py", "app/benchmark.py"}


def test_files_stay_readable():
    long = {
        str(path.relative_to(ROOT)): lines
        for path in SOURCES
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 450
    }
    assert not long, f"split these rooms: {long}"


def test_the_live_path_loads_no_qt_no_window_and_no_torch():
    """torch costs seconds of start-up and 250 MB that the landmark estimator does not need."""
    code = (
        "import sys\n"
        "from hands3c_core.pipeline import HandMeshPipeline\n"
        "HandMeshPipeline().close()\n"
        "heavy = {'PyQt6', 'app', 'torch', 'open3d'} & {m.split('.')[0] for m in sys.modules}\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_the_version_is_the_changelogs():
    """That of the newest dated section, or a development version of what comes after it."""
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## (\d+\.\d+\.\d+) \(\d{4}-\d\d-\d\d\)$", changes, re.M)
    version, _, development = __version__.partition(".dev")

    def numbers(version: str) -> list[int]:
        return [int(part) for part in version.split(".")]

    newest = max(map(numbers, released))
    assert numbers(released[0]) == newest
    if development:
        assert numbers(version) > newest
        assert "\n## Unreleased\n" in changes
    else:
        assert numbers(version) == newest


def test_every_dependency_is_listed_with_its_licence():
    listed = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8").lower()
    called = {"torch": "pytorch", "av": "pyav"}  # listed under their own names
    for file in (ROOT / "constraints").glob("*.txt"):
        for name in re.findall(r"^([A-Za-z][\w-]*)\s*[=>]=", file.read_text(), re.M):
            plain = name.lower().replace("open3d-cpu", "open3d").replace("pyqt6-", "")
            assert called.get(plain, plain.replace("qt6", "qt").replace("sip", "pyqt6")) in listed
