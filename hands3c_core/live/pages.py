"""The files the WebSocket server shows to browsers: the page that draws the hands."""

from __future__ import annotations

from hands3c_core.assets import asset_path
from hands3c_core.errors import UserError

#: Path of the address -> (asset, type). Nothing else is ever read.
_PAGES = {
    "/": ("live/index.html", "text/html; charset=utf-8"),
    "/hands.js": ("live/hands.js", "text/javascript; charset=utf-8"),
    "/skin.jpg": ("hand/hand_skin_512.jpg", "image/jpeg"),
    **{
        f"/vendor/{name}": (f"live/vendor/{name}", "text/javascript; charset=utf-8")
        for name in ("three.module.min.js", "three.core.min.js", "OrbitControls.js")
    },
}


def page(path: str) -> tuple[bytes, str] | None:
    """Content and type of the page at ``path``; None if there is none."""
    entry = _PAGES.get(path.partition("?")[0])
    if entry is None:
        return None
    try:
        return asset_path(entry[0]).read_bytes(), entry[1]
    except (OSError, UserError):
        return None
