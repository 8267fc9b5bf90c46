"""Which web pages may listen. Any page a browser shows may try a WebSocket to this computer; the
browser only tells where the page came from, and it is for the server to refuse."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from .targets import is_loopback


def origin_allowed(origin: str | None, host: str | None) -> bool:
    """Whether a connection may be answered.

    Args:
        origin: the ``Origin`` header: who made the page; None for programs other than browsers.
        host: the ``Host`` header: what the client calls this server.

    Pages of this computer may listen, and so may the page that this server itself serves. For the
    latter the server must have been called by address or by this computer's name: a foreign name
    that was made to point here (DNS rebinding) is refused.
    """
    if origin is None:
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


def _is_own_name(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        own = socket.gethostname().lower()
        return name in (own, f"{own}.local")
    return True
