"""Commands that the documents show are understood by the commands themselves."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

from hands3c_core.command import parse_arguments
from hands3c_core.errors import UserError

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"\s*(?:python scripts/(\w+)\.py|hands3c ([\w-]+))(?: (.*))?$")


def documented() -> list[tuple[str, str, list[str]]]:
    """Page, name of the command and its arguments; without what the text leaves open ("...") and
    what goes on with a run that is not there."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\\\n", " ")
        for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL):
            for match in filter(None, map(COMMAND.match, block.splitlines())):
                words = shlex.split((match[3] or "").split(" | ")[0], comments=True)
                if "..." not in words and "--resume" not in words[:1]:
                    name = match[1] or match[2].replace("-", "_")
                    found.append((page.name, name, words))
    return found


def test_documented_commands_are_understood() -> None:
    refused = []
    commands = documented()
    for page, name, words in commands:
        file = ROOT / "hands3c_core" / "commands" / f"{name}.py"
        if not file.is_file():  # bootstrap and the like are scripts by themselves
            assert (ROOT / "scripts" / f"{name}.py").is_file(), f"{page}: no command {name}"
            continue
        module = importlib.import_module(f"hands3c_core.commands.{name}")
        try:
            if hasattr(module, "parse"):
                module.parse(words, name)
            else:
                parse_arguments(module.Options, words, prog=name)
        except UserError as error:
            refused.append(f"{page}: {name} {shlex.join(words)}: {error}")
    assert len(commands) > 50
    assert not refused, "\n".join(refused)
