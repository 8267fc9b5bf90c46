"""The ``hands3c`` command: one name for every script, in a checkout or an installed wheel."""

from __future__ import annotations

import ast
import runpy
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from rich.console import Console
from rich.table import Table

_CHECKOUT = Path(__file__).resolve().parents[1] / "scripts"
#: The package that carries scripts/ in an installed wheel.
_INSTALLED = "hands3c_scripts"
#: Scripts that only make sense in a checkout.
_NOT_COMMANDS = {"__init__", "bootstrap"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``hands3c COMMAND [arguments]``; without a command, list them.

    The exit code is the command's own, 2 for an unknown command.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    commands = find_commands()
    if not arguments or arguments[0] in ("-h", "--help"):
        _print_commands(commands)
        return 0
    name, *rest = arguments
    script = commands.get(name.replace("_", "-"))
    if script is None:
        known = ", ".join(commands)
        print(f"hands3c: there is no command {name!r}; there are: {known}.", file=sys.stderr)
        return 2
    before = sys.argv
    sys.argv = [f"hands3c {name}", *rest]
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as exit_:
        return exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    finally:
        sys.argv = before
    return 0


def find_commands() -> dict[str, Path]:
    """Command name (``import-checkpoint``) -> script, sorted by name."""
    folder = _CHECKOUT
    if not folder.is_dir():
        spec = find_spec(_INSTALLED)
        folder = Path(next(iter((spec and spec.submodule_search_locations) or ()), ""))
    return {
        path.stem.replace("_", "-"): path
        for path in sorted(folder.glob("*.py"))
        if path.stem not in _NOT_COMMANDS
    }


def _print_commands(commands: dict[str, Path]) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2))
    for name, path in commands.items():
        lines = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()
        table.add_row(f"[bold]{name}[/bold]", lines[0] if lines else "")
    console = Console()
    console.print("Usage: hands3c COMMAND \\[arguments]; hands3c COMMAND --help tells more.\n")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
