"""Build the documentation site from docs/ and the docstrings, or show it while you write."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from hands3c_core.command import missing_package
from hands3c_core.errors import UserError

_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Options:
    """Build the documentation site from docs/ and the docstrings, or show it while you write."""

    out: Path = Path("site")
    """Folder for the site."""
    serve: bool = False
    """Show it at http://127.0.0.1:8000/ instead, and follow what is changed."""
    strict: bool = False
    """Fail where a link leads nowhere."""


def run(options: Options) -> int:
    """Run MkDocs; returns its exit code."""
    config = _CHECKOUT / "mkdocs.yml"
    if not config.is_file():
        raise UserError("The documentation is built in a checkout; an installed wheel has none.")
    for package in ("mkdocs", "mkdocstrings", "material"):
        if find_spec(package) is None:
            raise UserError(missing_package("mkdocs"))
    words = ["serve"] if options.serve else ["build", "--site-dir", str(options.out.resolve())]
    words += ["--strict"] if options.strict else []
    command = [sys.executable, "-m", "mkdocs", *words, "-f", str(config), "--quiet"]
    quiet = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, env=quiet, check=False)
    if not options.serve and done.returncode == 0:
        print(f"wrote {options.out / 'index.html'}")
    return done.returncode
