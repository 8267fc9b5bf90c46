"""Open a clip of a run (hands3c process) in the app: its hands over its pictures."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from hands3c_core.errors import UserError

if TYPE_CHECKING:
    from hands3c_core.batch import Take


@dataclass(frozen=True)
class Options:
    """Open a clip of a run (hands3c process) in the app: its hands over its pictures."""

    folder: Annotated[Path, tyro.conf.Positional]
    """Folder of the run (its --out)."""
    clip: Annotated[str | None, tyro.conf.Positional] = None
    """Name of the clip, or how it begins; that with the least certain hands unless given."""
    list: bool = False
    """Only list the clips, the least certain first."""


def run(options: Options) -> int:
    """Find the take, open it; returns the app's exit code."""
    from hands3c_core.batch import iter_takes

    takes = sorted(iter_takes(options.folder), key=_certainty)
    if not takes:
        raise UserError(f"{options.folder} holds no clip that was processed.")
    if options.list:
        for take in takes:
            sure = take.record.get("confidence")
            told = "no hands" if sure is None else f"{sure:.2f}"
            print(f"{told:8}  {take.record.get('frames', 0):7,}  {take.name}")
        return 0
    take = _chosen(takes, options.clip)
    return subprocess.run([*app_command(), str(take.log)], check=False).returncode


def _certainty(take: Take) -> tuple[bool, float, str]:
    sure = take.record.get("confidence")
    return sure is None, sure or 0.0, take.name


def _chosen(takes: list[Take], name: str | None) -> Take:
    """Raises UserError if there is no such clip."""
    if name is None:
        return takes[0]
    exact = [take for take in takes if take.name == name]
    found = exact or [take for take in takes if take.name.startswith(name)]
    if not found:
        raise UserError(f"there is no clip {name!r} in the run: --list names them.")
    return found[0]


def app_command() -> list[str]:
    """What starts the app: the installed one, or that of the checkout.

    Raises:
        UserError: there is none.
    """
    if find_spec("hands3c_live") is not None:
        return [sys.executable, "-m", "hands3c_live"]
    root = Path(__file__).resolve().parents[2]
    if (root / "app" / "__main__.py").is_file():
        # With the checkout first on its path, from wherever it is called.
        code = (
            f"import sys; sys.path.insert(0, {str(root)!r}); from app.__main__ import main; main()"
        )
        return [sys.executable, "-c", code]
    raise UserError("the app is not installed: pip install 'hands3c-live[app]'.")
