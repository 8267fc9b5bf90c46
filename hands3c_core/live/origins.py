"""Which web pages may listen. Any page a browser shows may try a WebSocket to this computer; the
browser only tells where the page came from, and it is for the server to refuse."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from hands3c_core.errors import UserError
from hands3c_core.live.targets import is_loopback

_ORIGIN: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/?#\s]*)")


def origin_allowed(origin: str | None, host: str | None, chosen: Sequence[str] = ()) -> bool:
    """Whether a connection may be answered.

    Args:
        origin: the ``Origin`` header: who made the page; None for programs other than browsers.
        host: the ``Host`` header: what the client calls this server.
        chosen: origins that the user lets listen, as ``parse_origin`` reads them.

    Pages of this computer may listen, and so may the page that this server itself serves. For the
    latter the server must have been called by address or by this computer's name: a foreign name
    that was made to point here (DNS rebinding) is refused.
    """
    if origin is None or _is_chosen(origin, chosen):
        return True
    try:
        page = urlsplit(origin)
        own = urlsplit(f"//{host}")
        page_name, page_port, own_name, own_port = page.hostname, page.port, own.hostname, own.port
    except ValueError:
        return False
    if page.scheme not in ("http", "https") or page_name is None:  # 'null': a file, a sandbox
        return False
    if is_loopback(page_name):
        return True
    return (page_name, page_port) == (own_name, own_port) and _is_own_name(page_name)


def parse_origin(text: str) -> str:
    """An origin as a user names it: 'https://studio.example', 'app://obsidian.md', 'tauri://' for
    all pages of a scheme that is not the web's.

    Raises:
        UserError: it is none.
    """
    match = _ORIGIN.fullmatch(text.strip().rstrip("/") if "://" in text.rstrip("/") else text)
    if match is None or (
        match["scheme"].lower() in ("http", "https", "file") and not match["host"]
    ):
        raise UserError(
            f"{text!r} is no origin: use SCHEME://HOST as a page has it (app://obsidian.md, "
            "https://studio.example), or SCHEME:// for all pages of an app's own scheme"
        )
    return f"{match['scheme']}://{match['host']}".lower()


def _is_chosen(origin: str, chosen: Sequence[str]) -> bool:
    named = origin.lower()
    return any(named.startswith(text) if text.endswith("://") else named == text for text in chosen)


def _is_own_name(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        own = socket.gethostname().lower()
        return name in (own, f"{own}.local")
    return True
