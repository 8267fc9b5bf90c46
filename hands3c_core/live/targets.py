"""Where live hands go, as the command line names it: ``ws``, ``ws:8765``, ``osc:HOST:9000``."""

from __future__ import annotations

import ipaddress
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
    kind, _, rest = text.partition(":")
    if kind not in KINDS:
        raise UserError(
            f"{text!r} is no live target: use {', '.join(KINDS)}, and if wanted :PORT, :HOST or "
            ":HOST:PORT after it"
        )
    host, port = LOOPBACK, str(KINDS[kind])
    if rest.startswith("["):  # an IPv6 address in brackets
        host, _, after = rest[1:].partition("]")
        port = after.removeprefix(":") or port
    elif _is_ipv6(rest):  # one without brackets
        host = rest
    elif ":" in rest:
        host, _, port = rest.rpartition(":")
    elif rest[:1].isdigit() and "." not in rest:  # such a host needs its port beside it
        port = rest
    elif rest:
        host = rest
    if not (port.isascii() and port.isdecimal() and len(port) < 6 and 1 <= int(port) <= 65535):
        raise UserError(f"{text!r}: {port!r} is no port; use a number from 1 to 65535")
    if not host.strip():
        raise UserError(f"{text!r} names no host; leave it out for this computer")
    return Target(kind, host, int(port))


def parse_targets(texts: Sequence[str]) -> tuple[Target, ...]:
    """Each of ``texts`` as a target; raises UserError as ``parse_target`` does, and for two of a
    kind."""
    targets = tuple(parse_target(text) for text in texts)
    for kind in KINDS:
        if sum(target.kind == kind for target in targets) > 1:
            raise UserError(f"give {kind} only once")
    return targets


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
