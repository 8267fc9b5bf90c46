"""Brings the repository's own pages into the documentation site and mends links between them.

On GitHub every file is where its links say; on the site they are pages side by side.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
#: File of the repository's root -> page of the site.
PAGES = {
    "README.md": "index.md",
    "CONTEXT.md": "glossary.md",
    "CHANGELOG.md": "changes.md",
    "CONTRIBUTING.md": "contributing.md",
    "THIRD_PARTY.md": "third-party.md",
}
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s#]+)(#[^)]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages."""
    for source, page in PAGES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        # Pictures in HTML, too.
        text = text.replace('src="docs/img/', 'src="img/')
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Turn each link to a file of the repository into one to its page, or into plain text."""
    here = Path(page.file.src_uri)
    at = ROOT if here.name in PAGES.values() and here.parent == Path() else ROOT / "docs"
    folder = at if at == ROOT else (at / here).parent

    def mended(match: re.Match[str]) -> str:
        opening, target, anchor = match[1], match[2], match[3] or ""
        if "://" in target or target.startswith("mailto:"):
            return match[0]
        file = (folder / target).resolve()
        depth = "../" * (len(here.parts) - 1)
        if file.parent == ROOT and file.name in PAGES:
            return f"{opening}{depth}{PAGES[file.name]}{anchor})"
        if file == ROOT / "docs" / "adr":
            return f"{opening}{depth}adr/README.md)"
        if file.is_relative_to(ROOT / "docs") and file.exists():
            return f"{opening}{depth}{file.relative_to(ROOT / 'docs').as_posix()}{anchor})"
        return opening.lstrip("!")[1:-2]  # code, which is not on the site

    return _LINK.sub(mended, markdown)
