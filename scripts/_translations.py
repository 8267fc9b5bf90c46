#!/usr/bin/env python3
"""Brings app/translations up to date: finds every text of the window, keeps what is translated,
lists what is not, and compiles. Needs lrelease (Debian: qt6-l10n-tools).

    python scripts/_translations.py            write the .ts files and compile them
    python scripts/_translations.py --missing  print what has no translation yet

A new language begins as an empty file, app/translations/CODE.ts.
"""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "app" / "translations"
LANGUAGES = tuple(sorted(file.stem for file in FOLDER.glob("*.ts")))
CONTEXT = "app"
#: Where tables of texts lie that are translated when they are shown.
_TABLES = (
    "app/config.py",
    "app/wording.py",
    "app/curves.py",
    "app/history.py",
    "app/messages.py",
    "hands3c_core/export_formats.py",
)
#: What reads like words; what names keys.
_WORDS = re.compile(r"(&|[A-Z0-9].).*[a-z]|.* |[A-Z]{3,}", re.DOTALL)
_KEYS = re.compile(r"((Ctrl|Alt|Shift)\+)*([A-Z0-9.,]|F\d+|Space|Left|Right|Home|End|[+-])|MB|kB")
#: Words that come from the core.
_WORDS_OF_THE_CORE = (
    *("tip", "flexion", "abduction", "twist"),
    *("real hands", "renders", "video clips"),
)
_ROOMS = ("app/panels", "app/views", "app/windows")


def messages() -> list[str]:
    """Every text that may be shown, in the order of the files."""
    found: dict[str, None] = dict.fromkeys(_WORDS_OF_THE_CORE)
    for path in sorted((ROOT / "app").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if name in _TABLES or name.startswith(_ROOMS):
            found.update(dict.fromkeys(_table_texts(tree)))
        found.update(dict.fromkeys(_said(tree)))
    for name in _TABLES:
        tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
        found.update(dict.fromkeys(_table_texts(tree)))
    return list(found)


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def _said(tree: ast.Module) -> Iterator[str]:
    """Literals in calls of ``tr`` and ``counted``."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
            continue
        if node.func.id == "tr" and (text := _text(node.args[0])):
            yield text
        elif node.func.id == "counted" and len(node.args) > 1 and (one := _text(node.args[1])):
            yield one
            yield (_text(node.args[2]) or "") if len(node.args) > 2 else one + "s"


def _table_texts(tree: ast.Module) -> Iterator[str]:
    """What reads like words in the tables of a module, and in defaults of its functions."""
    roots: list[ast.AST] = [
        node for node in tree.body if isinstance(node, ast.Assign | ast.AnnAssign)
    ]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            roots += node.args.defaults
    for root in roots:
        for node in ast.walk(root):
            text = _text(node)
            if text and "|" not in text and _WORDS.match(text) and not _KEYS.fullmatch(text):
                yield text


def read(language: str) -> dict[str, str]:
    """The translations that are there."""
    file = FOLDER / f"{language}.ts"
    if not file.is_file() or not file.stat().st_size:
        return {}
    known = {}
    for message in ET.parse(file).iter("message"):
        source, translation = message.findtext("source"), message.findtext("translation")
        if source and translation:
            known[source] = translation
    return known


def write(language: str, texts: list[str], known: dict[str, str]) -> None:
    """The .ts file of a language and its .qm file."""
    root = ET.Element("TS", version="2.1", language=language, sourcelanguage="en")
    context = ET.SubElement(root, "context")
    ET.SubElement(context, "name").text = CONTEXT
    for text in texts:
        message = ET.SubElement(context, "message")
        ET.SubElement(message, "source").text = text
        translation = ET.SubElement(message, "translation")
        translation.text = known.get(text)
        if not translation.text:
            translation.set("type", "unfinished")
    ET.indent(root)
    file = FOLDER / f"{language}.ts"
    text = ET.tostring(root, encoding="unicode")
    file.write_text(
        f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{text}\n', encoding="utf-8"
    )
    tool = shutil.which("lrelease") or shutil.which("/usr/lib/qt6/bin/lrelease")
    if tool is None:
        raise SystemExit("lrelease is missing: install qt6-l10n-tools")
    subprocess.run([tool, "-silent", str(file), "-qm", str(file.with_suffix(".qm"))], check=True)


def main() -> None:
    texts = messages()
    for language in LANGUAGES:
        known = read(language)
        missing = [text for text in texts if text not in known]
        if "--missing" in sys.argv:
            for text in missing:
                print(f"{language}\t{text!r}")
        else:
            write(language, texts, known)
            print(f"{language}: {len(texts)} texts, {len(missing)} without a translation")


if __name__ == "__main__":
    main()
