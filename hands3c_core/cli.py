"""The ``hands3c`` command: one name for every module of ``hands3c_core/commands``."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from hands3c_core import __version__
from hands3c_core.command import BAD_INPUT, leave, outcome, parse_arguments
from hands3c_core.memory_limit import COMMAND_MB, require_limit
from hands3c_core.threads import configure_threads

_COMMANDS = "hands3c_core.commands"


def main(argv: Sequence[str] | None = None, *, program: str | None = None) -> int:
    """Run ``hands3c COMMAND [arguments]``; without a command, list them.

    Args:
        argv: the command's name and its arguments, by default those of the process, which
            then ends.
        program: what help and messages call the command, by default ``hands3c NAME``.

    Returns:
        The exit code: the command's own, or one of ``command.outcome``.
    """
    if argv is None:
        leave(main(sys.argv[1:], program=program))
    if not argv or argv[0] in ("-h", "--help"):
        return outcome(_print_commands)
    if argv[0] == "--version":
        return outcome(lambda: print(f"hands3c {__version__}"))
    name, *rest = argv
    name = name.replace("_", "-")
    if name not in find_commands():
        return _unknown(name)
    module = f"{_COMMANDS}.{name.replace('-', '_')}"
    return outcome(
        lambda: _run(module, rest, program or f"hands3c {name}"),
        stopped=lambda: getattr(sys.modules.get(module), "STOPPED", "Stopped."),
    )


def find_commands() -> dict[str, Path]:
    """Command name (``import-checkpoint``) -> its module's file, sorted by name."""
    files = sorted(Path(__file__).with_name("commands").glob("[!_]*.py"))
    return {file.stem.replace("_", "-"): file for file in files}


def _run(name: str, arguments: list[str], program: str) -> int | None:
    require_limit(COMMAND_MB, program)
    configure_threads()  # before torch
    module = import_module(name)
    parse: Callable[..., Any] | None = getattr(module, "parse", None)
    try:
        if parse is not None:
            options = parse(arguments, program)
        else:
            options = parse_arguments(module.Options, arguments, prog=program)
    except SystemExit:  # --help has been printed
        return 0
    return module.run(options)


def _unknown(name: str) -> int:
    import difflib

    close = difflib.get_close_matches(name, find_commands(), n=1)
    meant = f"did you mean {close[0]}?" if close else "hands3c --help lists them."
    print(f"hands3c: there is no command {name!r}; {meant}", file=sys.stderr)
    return BAD_INPUT


def _print_commands() -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 2))
    for name, path in find_commands().items():
        lines = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").splitlines()
        table.add_row(f"[bold]{name}[/bold]", lines[0] if lines else "")
    console = Console()
    console.print("Usage: hands3c COMMAND \\[arguments]; hands3c COMMAND --help tells more.\n")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
