"""The files the WebSocket server shows to browsers: the page that draws the hands."""

from __future__ import annotations

from ..assets import asset_path
from ..errors import UserError

#: Path of the address -> (file in assets/live, type). Nothing else is ever read.
_PAGES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/hands.js": ("hands.js", "text/javascript; charset=utf-8"),
    **{
        f"/vendor/{name}": (f"vendor/{name}", "text/javascript; charset=utf-8")
        for name in ("three.module.min.js", "three.core.min.js", "OrbitControls.js")
    },
}


def page(path: str) -> tuple[bytes, str] | None:
    """Content and type of the page at ``path``; None if there is none."""
    entry = _PAGES.get(path.partition("?")[0])
    if entry is None:
        return None
    try:
        return asset_path(f"live/{entry[0]}").read_bytes(), entry[1]
    except (OSError, UserError):
        return None
