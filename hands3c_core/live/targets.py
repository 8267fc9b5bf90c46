"""Where live hands go, as the command line names it: ``ws``, ``ws:8765``, ``osc:HOST:9000``."""

from __future__ import annotations

import ipaddress
import re
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hands3c_core.errors import UserError

LOOPBACK: Final = "127.0.0.1"
LOOPBACK_IPV6: Final = "::1"
WEBSOCKET_PORT: Final = 8765
OSC_PORT: Final = 9000
#: Where VMC receivers (VSeeFace, VNyan, Warudo) listen unless told otherwise.
VMC_PORT: Final = 39539
#: Where a Rerun viewer listens.
RERUN_PORT: Final = 9876
#: Every kind of target and its usual port.
KINDS: Final = {"ws": WEBSOCKET_PORT, "osc": OSC_PORT, "vmc": VMC_PORT, "rerun": RERUN_PORT}


#: A part of a computer's name; underscores are not allowed and used all the same.
_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)")


@dataclass(frozen=True, slots=True)
class Target:
    """A WebSocket address to serve on, or an address to send OSC, VMC or Rerun to."""

    kind: str
    """Key of ``KINDS``."""
    host: str = LOOPBACK
    port: int = WEBSOCKET_PORT

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}:{host}:{self.port}"


def parse_target(text: str) -> Target:
    """``KIND``, ``KIND:PORT``, ``KIND:HOST`` or ``KIND:HOST:PORT``; the host is this computer
    unless named.

    Raises:
        UserError: it is none of these.
    """
    kind, colon, rest = text.partition(":")
    if kind not in KINDS:
        raise UserError(
            f"{text!r} is no live target: use {', '.join(KINDS)}, and if wanted :PORT, :HOST or "
            ":HOST:PORT after it"
        )
    if colon and not rest:
        raise UserError(f"{text!r} ends with a colon: put a port or a host after it, or leave it")
    host, port = LOOPBACK, str(KINDS[kind])
    if rest.startswith("["):  # an IPv6 address in brackets
        host, bracket, after = rest[1:].partition("]")
        port = after[1:] if after.startswith(":") else after or port
        if not (bracket and _is_ipv6(host)) or after[:1] not in ("", ":"):
            raise UserError(f"{text!r}: write an IPv6 address as [::1] or [::1]:8765")
    elif _is_ipv6(rest):  # one without brackets
        host = rest
    elif ":" in rest:
        host, _, port = rest.rpartition(":")
    elif rest and _is_meant_as_port(rest):
        port = rest
    elif rest:
        host = rest
    if not (port.isascii() and port.isdecimal() and len(port) < 6 and 1 <= int(port) <= 65535):
        raise UserError(f"{text!r}: {port!r} is no port; use a number from 1 to 65535")
    if not host.strip():
        raise UserError(f"{text!r} names no host; leave it out for this computer")
    check_host(host)
    return Target(kind, host, int(port))


def _is_meant_as_port(text: str) -> bool:
    """Whether what stands alone is a port, right or wrong: such a host needs its port beside it."""
    return "." not in text and (text[:1].isdigit() or not text[:1].isalpha())


def check_host(host: str) -> None:
    """Raise UserError if ``host`` can be neither an address nor a computer's name (RFC 1123; names
    in other scripts as IDNA writes them)."""
    try:
        ipaddress.ip_address(host)
        return
    except ValueError:
        pass
    try:
        name = host.encode("idna").decode("ascii").removesuffix(".")
    except UnicodeError:
        name = ""
    labels = name.split(".")
    if len(name) > 253 or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise UserError(
            f"{host!r} is no host: use a computer's name or its address, such as 192.168.1.9"
        )


def parse_targets(texts: Sequence[str]) -> tuple[Target, ...]:
    """Each of ``texts`` as a target; raises UserError as ``parse_target`` does, and for two of a
    kind."""
    targets = tuple(parse_target(text) for text in texts)
    for kind in KINDS:
        if sum(target.kind == kind for target in targets) > 1:
            raise UserError(f"give {kind} only once")
    return targets


def check_port(target: Target) -> None:
    """Raise UserError if the WebSocket ``target`` could not listen now; others always can send."""
    if target.kind != "ws":
        return
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            if sys.platform != "win32":  # there it would share the port
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except (OSError, UnicodeError, OverflowError) as error:
        raise cannot_listen(target, error) from error


def cannot_listen(target: Target, error: Exception) -> UserError:
    """What to tell of a WebSocket that cannot be served at ``target``."""
    return UserError(
        f"WebSocket: cannot listen on {target.host} port {target.port} "
        f"({getattr(error, 'strerror', None) or error}); choose another port"
    )


def exposure_warning(targets: Sequence[Target]) -> str | None:
    """What to tell a user whose WebSocket others than this computer can reach; None if they
    cannot."""
    for target in targets:
        if target.kind == "ws" and not is_loopback(target.host):
            return (
                f"Warning: {target} can be reached from the network and has no password: whoever "
                "can reach the port can watch the hands. Leave the host out for this computer "
                "alone."
            )
    return None


def _is_ipv6(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).version == 6
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach ``host``."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
