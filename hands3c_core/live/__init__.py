"""Hands out live: joints and parameters over WebSocket and OSC. ``docs/live-out.md`` has the
schema. The packages behind it are imported when a sender starts."""

from hands3c_core.live.messages import LIVE_FORMAT, LIVE_VERSION, frame_message, hello_message
from hands3c_core.live.origins import parse_origin
from hands3c_core.live.out import LiveOut, LiveStatus
from hands3c_core.live.targets import (
    KINDS,
    OSC_PORT,
    WEBSOCKET_PORT,
    Target,
    exposure_warning,
    parse_targets,
)
from hands3c_core.live.websocket import LiveClient

__all__ = [
    "KINDS",
    "LIVE_FORMAT",
    "LIVE_VERSION",
    "OSC_PORT",
    "WEBSOCKET_PORT",
    "LiveClient",
    "LiveOut",
    "LiveStatus",
    "Target",
    "exposure_warning",
    "frame_message",
    "hello_message",
    "parse_origin",
    "parse_targets",
]
